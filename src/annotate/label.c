/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weighs what the holders of a socket speak against the name of its port. */
#include "annotate/label.h"

#include <string.h>

#include "annotate/program.h"
#include "annotate/service.h"
#include "model/host.h"

/** What the holders of a socket say of its service. */
struct testimony {
	const char *spoken; /**< what one of them speaks here; NULL: none does */
	bool sure;          /**< a trusted executable says so, not only a name */
	bool refuted;       /**< every holder is known to speak something else */
};

/* The port, and no more than the port, can be a client's that the kernel chose. */
static bool may_be_client(const struct portscope_row *row)
{
	return row->socket->protocol == IPPROTO_UDP && row->ephemeral;
}

/*
 * What a program speaks on the socket's port: by its number, else what it speaks on ports that the
 * kernel chooses, else on those it is configured for. Where it speaks several on one port, the one
 * that the port is called decides.
 */
static const char *find_spoken(
	const struct registry_program *program, const struct portscope_row *row, const char *name)
{
	const struct socket *s = row->socket;
	const char *here = NULL, *chosen = NULL, *any = NULL;
	struct registry_speech speech;

	for (size_t i = 0; registry_next_speech(program, &i, &speech);) {
		if (speech.protocol != s->protocol)
			continue;
		if (speech.chosen)
			chosen = chosen ? chosen : speech.service;
		else if (speech.any)
			any = any ? any : speech.service;
		else if (s->local_port < speech.low || s->local_port > speech.high)
			continue;
		else if (!here || (name && !strcmp(speech.service, name)))
			here = speech.service;
	}
	if (here)
		return here;
	if (row->ephemeral && chosen)
		return chosen;
	return may_be_client(row) ? NULL : any;
}

static struct testimony ask_holders(const struct portscope_row *row, const char *name)
{
	struct testimony t = {.refuted = row->n_processes > 0};

	for (size_t i = 0; i < row->n_processes; i++) {
		enum program_proof proof;
		const struct registry_program *program = program_of(row, i, &proof);
		const char *spoken;
		bool sure = proof >= PROGRAM_BY_ARGUMENTS;

		if (!program || !sure || registry_program_is_carrier(program))
			t.refuted = false;
		/* What it carries is not its own: it never decides. */
		if (!program || registry_program_is_carrier(program))
			continue;
		spoken = find_spoken(program, row, name);
		if (spoken && (!t.spoken || (sure && !t.sure))) {
			t.spoken = spoken;
			t.sure = sure;
		}
	}
	return t;
}

/* True if the programs of a service are known, and the executables of all holders are others. */
static bool is_held_by_others(const struct portscope_row *row, const char *name)
{
	const struct socket *s = row->socket;

	if (!row->n_processes || !registry_name_is_spoken(s->protocol, s->local_port))
		return false;
	for (size_t i = 0; i < row->n_processes; i++) {
		enum program_proof proof;
		const struct registry_program *program = program_of(row, i, &proof);

		if (!row->processes[i].exe || (program && program_speaks(program, name)))
			return false;
	}
	return true;
}

/* A service of the kernel's own: no process holds its sockets. */
static const char *ask_kernel(const struct portscope_row *row)
{
	struct registry_kernel_service kernel;

	if (row->n_processes || (row->owner != OWNER_UNKNOWN && row->owner != OWNER_NONE) ||
		!registry_kernel_service(row->socket->protocol, row->socket->local_port, &kernel))
		return NULL;
	return kernel.service;
}

/* True if something waits here for whoever comes. */
static bool is_listener(const struct socket *s)
{
	return s->state == PORTSCOPE_LISTEN || s->state == PORTSCOPE_UNCONNECTED;
}

/* A site's own words are not guessed from the number. */
static bool is_site_name(const struct service *service)
{
	return service->source == SERVICE_PORTSCOPE || service->source == SERVICE_SITE;
}

static void label_local(struct portscope_row *row)
{
	struct service *label = &row->service;
	struct testimony t;
	const char *kernel;

	if (label->name && label->source == SERVICE_PORTSCOPE)
		return;
	t = ask_holders(row, label->name);
	kernel = ask_kernel(row);
	if (kernel)
		t = (struct testimony){.spoken = kernel, .sure = true};
	/* A name that a process gave itself does not outweigh one that is not a guess. */
	if (t.spoken && (t.sure || !label->name || label->hint)) {
		*label = (struct service){t.spoken, SERVICE_PROGRAM, !t.sure};
		return;
	}
	if (!label->name || is_site_name(label))
		return;
	if (t.refuted || (label->hint && is_held_by_others(row, label->name)) ||
		(row->ephemeral && is_listener(row->socket)))
		*label = (struct service){0};
}

void label_row(struct portscope_row *row)
{
	const struct socket *s = row->socket;
	bool local = service_is_local(row->host, s);
	uint16_t port = local ? s->local_port : s->remote_port;

	row->port_service = service_name(row->host->services, s->protocol, port);
	row->service = row->port_service;
	if (local)
		label_local(row);
}
