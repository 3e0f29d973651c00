/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why a single port is not free, in a sentence: who has it, to whom it belongs, who may bind it.
 * What is said of a socket is looked up after the choice was made, so that nothing may be found.
 */
#include "cli/free-why.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "util/macros.h"

/* Who has the port: the socket that is the most in the way, and its holder. */
struct holder {
	unsigned state; /* of enum portscope_state; 0: none was found */
	char name[128]; /* of the process with its pid; empty: not known */
};

/* A listener is in the way longer than a connection, and that longer than what is left of one. */
static unsigned weight(unsigned state)
{
	switch (state) {
	case PORTSCOPE_LISTEN:
		return 4;
	case PORTSCOPE_BOUND_INACTIVE:
		return 2;
	case PORTSCOPE_TIME_WAIT:
		return 1;
	default:
		return state ? 3 : 0;
	}
}

static int take_row(const struct portscope_row *row, void *userdata)
{
	struct portscope_value state, processes;
	struct holder *h = userdata;

	portscope_get(row, PORTSCOPE_FIELD_STATE, &state);
	portscope_get(row, PORTSCOPE_FIELD_PROCESSES, &processes);
	if (!state.known || weight(state.word.rank) <= weight(h->state))
		return 0;
	h->state = state.word.rank;
	*h->name = '\0';
	if (processes.known && processes.processes.count) {
		const struct portscope_process *p = &processes.processes.items[0];

		snprintf(h->name, sizeof(h->name), "%s/%u",
			p->program ? p->program
			: p->comm  ? p->comm
				   : "a process",
			p->pid);
	}
	return 0;
}

static void find_holder(const struct portscope_wish *wish, struct holder *ret)
{
	static const uint16_t fields[] = {PORTSCOPE_FIELD_STATE, PORTSCOPE_FIELD_PROCESSES};
	struct portscope_query query = {
		.protocols = wish->protocols,
		.families = PORTSCOPE_INET | PORTSCOPE_INET6,
		.states = PORTSCOPE_STATES_ALL,
		.fields = fields,
		.n_fields = ARRAY_SIZE(fields),
	};
	struct portscope_snapshot *snapshot;
	AUTO_FREE char *wrong = NULL;
	char text[32];

	snprintf(text, sizeof(text), "sport = :%u", wish->low);
	if (portscope_filter_parse(text, &query.filter, &wrong) < 0)
		return;
	if (portscope_open(&query, &snapshot) >= 0) {
		portscope_each(snapshot, take_row, ret);
		portscope_close(snapshot);
	}
	portscope_filter_free(query.filter);
}

static void say_in_use(const struct portscope_wish *wish)
{
	struct holder h = {0};
	const char *by;

	find_holder(wish, &h);
	by = *h.name ? " by " : "";
	if (h.state == PORTSCOPE_TIME_WAIT)
		message("port %u is held by a connection in TIME-WAIT, for up to a minute",
			wish->low);
	else if (h.state == PORTSCOPE_BOUND_INACTIVE)
		message("port %u is bound%s%s, but not listening", wish->low, by, h.name);
	else
		message("port %u is in use%s%s", wish->low, by, h.name);
}

/* The first name that one of the protocols has for the port, copied; NULL: none. */
static char *service_of(const struct portscope_wish *wish)
{
	struct portscope_knowledge *knowledge;
	struct portscope_port *port;
	char *name = NULL;

	if (portscope_knowledge_open(&knowledge) < 0)
		return NULL;
	if (portscope_explain(knowledge, wish->low, &port) >= 0) {
		for (size_t i = 0; i < port->n_uses && !name; i++) {
			const struct portscope_use *use = &port->uses[i];
			unsigned bit = !strcmp(use->protocol, "tcp")   ? PORTSCOPE_TCP
				       : !strcmp(use->protocol, "udp") ? PORTSCOPE_UDP
								       : 0;

			if (use->name && bit & wish->protocols)
				name = strdup(use->name);
		}
		portscope_port_free(port);
	}
	portscope_knowledge_close(knowledge);
	return name;
}

void free_say_why(const struct portscope_wish *wish, const struct portscope_choice *choice)
{
	AUTO_FREE char *service = choice->registered ? service_of(wish) : NULL;

	if (choice->in_use)
		say_in_use(wish);
	else if (choice->elsewhere)
		message("port %u is in use on the other host", wish->low);
	else if (choice->reserved)
		message("port %u is unused, but reserved (ip_local_reserved_ports)", wish->low);
	else if (choice->registered)
		message("port %u is unused, but registered for %s; --registered prints it",
			wish->low, service ? service : "a service");
	else if (choice->refusal == EACCES)
		message("port %u is unused, but only root may bind it", wish->low);
	else
		message("port %u cannot be bound: %s", wish->low,
			strerror(choice->refusal ? choice->refusal : EADDRINUSE));
}
