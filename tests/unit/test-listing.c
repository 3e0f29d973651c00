/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A listing with findings: one answer of the kernel and one scan of owners serve rows and rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "listing/snapshot.h"
#include "model/field.h"
#include "owner/owner.h"

static unsigned dumps, scans;
static struct collect_request asked;
static size_t scanned;

int __wrap_collect_all(const struct sources *sources, const struct collect_request *request,
	struct sockets *ret, struct collect_report *report, struct warnings *warnings);
int __real_owner_resolve(const struct owner_request *request, struct socket *sockets, size_t n,
	struct warnings *w, struct owner_index **ret);
int __wrap_owner_resolve(const struct owner_request *request, struct socket *sockets, size_t n,
	struct warnings *w, struct owner_index **ret);

static void add(struct sockets *to, uint8_t state, uint16_t port, uint8_t peer)
{
	static uint64_t cookie;
	struct socket s = {
		.protocol = IPPROTO_TCP,
		.family = AF_INET,
		.state = state,
		.present = SOCKET_HAS_COOKIE,
		.cookie = ++cookie,
		.local_port = port,
	};

	if (peer) {
		memcpy(s.local_address, (uint8_t[]){127, 0, 0, 1}, 4);
		memcpy(s.remote_address, (uint8_t[]){127, 0, 0, peer}, 4);
		s.remote_port = 40000;
	}
	assert_int_equal(sockets_add(&s, to), 0);
}

/* IMAP and its protected twin listen, and IMAP has a client on this host. */
int __wrap_collect_all(const struct sources *sources, const struct collect_request *request,
	struct sockets *ret, struct collect_report *report, struct warnings *warnings)
{
	dumps++;
	asked = *request;
	if (request->parts[0][0].states >> PORTSCOPE_LISTEN & 1) {
		add(ret, PORTSCOPE_LISTEN, 993, 0);
		add(ret, PORTSCOPE_LISTEN, 143, 0);
	}
	if (request->parts[0][0].states >> PORTSCOPE_ESTABLISHED & 1)
		add(ret, PORTSCOPE_ESTABLISHED, 143, 1);
	return 0;
}

int __wrap_owner_resolve(const struct owner_request *request, struct socket *sockets, size_t n,
	struct warnings *w, struct owner_index **ret)
{
	struct owner_request none = *request;

	scans++;
	scanned = n;
	none.backend = "procfs";
	return __real_owner_resolve(&none, sockets, n, w, ret);
}

static int no_interfaces(struct interfaces *ret)
{
	*ret = (struct interfaces){0};
	return 0;
}

/** What the rows of a listing say. */
struct seen {
	size_t rows;
	uint16_t port; /**< of the last */
	char rules[256];
};

static int look(const struct portscope_row *row, void *userdata)
{
	struct seen *seen = userdata;
	struct portscope_value v;

	seen->rows++;
	seen->port = row->socket->local_port;
	portscope_get(row, (unsigned)portscope_field_find("findings"), &v);
	seen->rules[0] = 0;
	for (size_t i = 0; v.known && i < v.texts.count; i++) {
		strcat(seen->rules, v.texts.items[i]);
		strcat(seen->rules, " ");
	}
	return 0;
}

static struct seen list(uint32_t states, const char *filter, const char *field)
{
	static const struct sources sources = {
		.proc_fd = -1, .etc_fd = -1, .root_fd = -1, .interfaces = no_interfaces, .now = 1};
	uint16_t fields[] = {(uint16_t)portscope_field_find(field)};
	struct portscope_query query = {
		.protocols = PORTSCOPE_TCP,
		.families = PORTSCOPE_INET | PORTSCOPE_INET6,
		.states = states,
		.fields = fields,
		.n_fields = 1,
	};
	struct portscope_snapshot *snapshot;
	struct seen seen = {0};
	char *error = NULL;

	dumps = scans = 0;
	if (filter)
		assert_int_equal(portscope_filter_parse(filter, &query.filter, &error), 0);
	assert_int_equal(snapshot_open(&query, 0, &sources, &snapshot), 0);
	assert_int_equal(portscope_each(snapshot, look, &seen), 0);
	portscope_close(snapshot);
	portscope_filter_free(query.filter);
	return seen;
}

static void test_one_dump_one_scan(void **state)
{
	struct seen seen = list(PORTSCOPE_STATES_LISTENING, NULL, "findings");

	assert_int_equal(dumps, 1);
	assert_int_equal(scans, 1);
	assert_int_equal(seen.rows, 2);
	assert_int_equal(scanned, 2); /* not the client's connection */
	for (size_t p = 0; p < COLLECT_PROTOCOLS; p++)
		for (size_t f = 0; f < COLLECT_FAMILIES; f++)
			assert_true(asked.parts[p][f].states);
}

/* The rules see what the filter leaves out, and the listing does not show it. */
static void test_filter(void **state)
{
	struct seen seen = list(PORTSCOPE_STATES_LISTENING, "sport = 143", "findings");

	assert_int_equal(dumps, 1);
	assert_int_equal(scans, 1);
	assert_int_equal(seen.rows, 1);
	assert_int_equal(seen.port, 143);
	assert_null(asked.parts[0][0].bytecode);
	assert_non_null(strstr(seen.rules, "encrypted-twin-open"));
	assert_non_null(strstr(seen.rules, "local-clients-only"));
}

/* Findings move with their sockets when the filter reads them. */
static void test_filter_by_findings(void **state)
{
	struct seen seen = list(PORTSCOPE_STATES_ALL, "findings = encrypted-twin-open", "findings");

	assert_int_equal(dumps, 1);
	assert_int_equal(seen.rows, 1);
	assert_int_equal(seen.port, 143);
	assert_non_null(strstr(seen.rules, "encrypted-twin-open"));
}

static void test_without_findings(void **state)
{
	struct seen seen = list(PORTSCOPE_STATES_LISTENING, NULL, "local_port");

	assert_int_equal(dumps, 1);
	assert_int_equal(scans, 0);
	assert_int_equal(seen.rows, 2);
	assert_false(asked.parts[0][0].states >> PORTSCOPE_ESTABLISHED & 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_dump_one_scan),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_filter_by_findings),
		cmocka_unit_test(test_without_findings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
