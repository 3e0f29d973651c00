/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The request of a query, and the sockets of the answer that it did not mean. */
#include "listing/request.h"

#include <string.h>

#include "listing/names.h"
#include "util/address.h"

static const unsigned protocol_flags[COLLECT_PROTOCOLS] = {FILTER_TCP, FILTER_UDP};
static const unsigned family_flags[COLLECT_FAMILIES] = {FILTER_INET, FILTER_INET6};
static const uint8_t protocol_numbers[COLLECT_PROTOCOLS] = {IPPROTO_TCP, IPPROTO_UDP};
static const uint8_t family_numbers[COLLECT_FAMILIES] = {AF_INET, AF_INET6};

int filter_warn(const struct filter *filter, struct warnings *warnings)
{
	if (!filter_uses_mark(filter) || filter_compile_flags() & FILTER_MAY_MARK)
		return 0;
	return warnings_add(warnings, WARNING_INCOMPLETE,
		"firewall marks are visible only with CAP_NET_ADMIN: no socket matches by its "
		"mark");
}

/* Narrows a request to what can match: states, and a program for the kernel for each part. */
static int filter_narrow(const struct filter *filter, struct collect_request *request,
	struct filter_programs *programs, struct warnings *warnings)
{
	unsigned flags = filter_compile_flags();

	for (size_t p = 0; p < COLLECT_PROTOCOLS; p++)
		for (size_t f = 0; f < COLLECT_FAMILIES; f++) {
			struct collect_part *part = &request->parts[p][f];
			int r;

			part->states &= filter_states_of(
				filter, protocol_numbers[p], family_numbers[f], part->states);
			if (!part->states)
				continue;
			r = filter_compile(filter, flags | protocol_flags[p] | family_flags[f],
				&programs->bytes[p][f], &part->bytecode_length);
			if (r < 0)
				return r;
			part->bytecode = programs->bytes[p][f];
			if (r == 1)
				part->states = 0;
		}
	return filter_warn(filter, warnings);
}

void filter_programs_done(struct filter_programs *programs)
{
	for (size_t p = 0; p < COLLECT_PROTOCOLS; p++)
		for (size_t f = 0; f < COLLECT_FAMILIES; f++)
			free(programs->bytes[p][f]);
	*programs = (struct filter_programs){0};
}

/* All that listens, and the connections that listeners took. */
static void add_listeners(struct collect_request *request)
{
	static const uint32_t tcp = (PORTSCOPE_STATES_CONNECTED & ~(1u << PORTSCOPE_SYN_SENT)) |
				    1u << PORTSCOPE_TIME_WAIT | 1u << PORTSCOPE_SYN_RECV |
				    1u << PORTSCOPE_LISTEN;

	for (size_t p = 0; p < COLLECT_PROTOCOLS; p++)
		for (size_t f = 0; f < COLLECT_FAMILIES; f++)
			request->parts[p][f].states |= protocol_numbers[p] == IPPROTO_TCP
							       ? tcp
							       : 1u << PORTSCOPE_UNCONNECTED;
}

int request_make(const struct portscope_query *query, bool listeners, struct collect_request *ret,
	struct filter_programs *programs, struct warnings *warnings)
{
	const struct filter *filter = query->filter ? portscope_filter_parsed(query->filter) : NULL;
	unsigned families = query->families;

	if (families & PORTSCOPE_INET)
		families |= PORTSCOPE_INET6;
	*ret = (struct collect_request){.collector = query->collector};
	collect_request_fill(ret, query->protocols, families, query->states);
	if (listeners)
		add_listeners(ret);
	if (!filter)
		return 0;
	return listeners ? filter_warn(filter, warnings)
			 : filter_narrow(filter, ret, programs, warnings);
}

/* IPv4 has more sockets than those of AF_INET: an IPv6 one may take IPv4, or speak it. */
static bool takes_ipv4(const struct socket *s)
{
	if (s->family == AF_INET || address_is_mapped(s->family, s->local_address))
		return true;
	return address_is_wildcard(s->family, s->local_address) &&
	       !(s->present & SOCKET_HAS_V6ONLY && s->v6only) && !s->remote_port;
}

static bool family_wanted(const struct portscope_query *query, const struct socket *s)
{
	return (query->families & PORTSCOPE_INET6 && s->family == AF_INET6) ||
	       (query->families & PORTSCOPE_INET && takes_ipv4(s));
}

bool request_wants(const struct portscope_query *query, const struct socket *s)
{
	return family_wanted(query, s) &&
	       (!query->filter || filter_match_socket(portscope_filter_parsed(query->filter), s));
}

bool request_asked(const struct portscope_query *query, const struct socket *s)
{
	unsigned protocol = s->protocol == IPPROTO_TCP ? PORTSCOPE_TCP : PORTSCOPE_UDP;

	return query->protocols & protocol && s->state < 32 && query->states >> s->state & 1;
}

static int compare_cookies(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int filter_ask_autobound(struct filter *filter, const struct sources *sources,
	const struct collect_request *request, uint64_t **ret_cookies, struct warnings *warnings)
{
	struct collect_request asked = *request;
	struct collect_report report = {0};
	struct sockets sockets = {0};
	uint8_t program[4];
	uint64_t *cookies;
	int r;

	asked.only_netlink = true;
	asked.compared = false;
	filter_compile_autobound(program);
	for (size_t p = 0; p < COLLECT_PROTOCOLS; p++)
		for (size_t f = 0; f < COLLECT_FAMILIES; f++) {
			asked.parts[p][f].bytecode = program;
			asked.parts[p][f].bytecode_length = sizeof(program);
		}
	r = collect_all(sources, &asked, &sockets, &report, warnings);
	if (r < 0)
		return r;
	if (report.used_procfs) {
		sockets_done(&sockets);
		return warnings_add(warnings, WARNING_INCOMPLETE,
			"only sock_diag knows which ports the kernel chose: no socket matches "
			"autobound");
	}
	cookies = reallocarray(NULL, sockets.count + 1, sizeof(*cookies));
	if (!cookies) {
		sockets_done(&sockets);
		return -ENOMEM;
	}
	for (size_t i = 0; i < sockets.count; i++)
		cookies[i] = sockets.items[i].cookie;
	qsort(cookies, sockets.count, sizeof(*cookies), compare_cookies);
	filter_set_autobound(filter, cookies, sockets.count);
	sockets_done(&sockets);
	*ret_cookies = cookies;
	return 0;
}
