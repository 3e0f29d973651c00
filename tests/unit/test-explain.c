/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every port is explained and agrees with the imported tables, which are read again here; names,
 * aliases and globs lead to ports; the settings of the kernel are those that stand in its files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "explain/knowledge.h"

#define PORTS 65536

/* The facts of an invented host, shared with the pages. */
static struct portscope_knowledge *open_knowledge(void)
{
	const char *root = getenv("SOURCE_ROOT");
	struct portscope_knowledge *knowledge = NULL;
	struct sources sources = {.root_fd = -1};
	char path[4096];

	assert_non_null(root);
	snprintf(path, sizeof(path), "%s/tests/explain/proc", root);
	sources.proc_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/tests/explain/etc", root);
	sources.etc_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(sources.proc_fd >= 0 && sources.etc_fd >= 0);
	assert_int_equal(knowledge_open_from(&sources, &knowledge), 0);
	close(sources.proc_fd);
	close(sources.etc_fd);
	return knowledge;
}

static struct portscope_port *explain(const struct portscope_knowledge *k, unsigned port)
{
	struct portscope_port *ret = NULL;

	assert_int_equal(portscope_explain(k, port, &ret), 0);
	assert_non_null(ret);
	return ret;
}

static const struct portscope_use *use_of(const struct portscope_port *port, const char *protocol)
{
	for (size_t i = 0; i < port->n_uses; i++)
		if (!strcmp(port->uses[i].protocol, protocol))
			return &port->uses[i];
	return NULL;
}

/** How many facts the walk met, to be held against the tables. */
struct seen {
	struct portscope_port *ports[PORTS];
	size_t registrations, de_facto, risks, protected_by, protects;
};

static void walk_port(struct seen *seen, const struct portscope_knowledge *k, unsigned n)
{
	struct portscope_port *port = seen->ports[n] = explain(k, n);

	assert_int_equal(port->port, n);
	assert_true(port->range->low <= n && n <= port->range->high);
	assert_true(port->n_uses >= 2 && port->n_uses <= 4);
	assert_string_equal(port->uses[0].protocol, "tcp");
	assert_string_equal(port->uses[1].protocol, "udp");
	assert_int_equal(port->privileged, n > 0 && n < 1024);
	assert_int_equal(port->reserved, n == 8080 || (n >= 50100 && n <= 50110));
	assert_int_equal(port->ephemeral, n >= 32768 && n <= 60999 && !port->reserved);
	for (size_t i = 0; i < port->n_uses; i++) {
		const struct portscope_use *use = &port->uses[i];

		assert_int_equal(!use->name, !use->source);
		if (use->name)
			assert_string_equal(use->name,
				n == 7777 && i == 0    ? "billing"
				: n == 8080 && i == 0  ? "intranet"
				: n == 50005 && i == 1 ? "ledger"
				: i < 2 ? service_name(NULL, i ? IPPROTO_UDP : IPPROTO_TCP, n).name
					: use->registrations[0].name);
		seen->registrations += use->n_registrations;
		seen->de_facto += use->de_facto != NULL;
		seen->risks += use->n_risks;
		seen->protected_by += use->n_protected_by;
		seen->protects += use->n_protects;
	}
}

/** Reads a table and calls `row` with the cells of each line; returns what the calls sum up to. */
static size_t each_row(const char *file, struct seen *seen,
	size_t (*row)(struct seen *seen, char **cells, unsigned low, unsigned high))
{
	const char *root = getenv("SOURCE_ROOT");
	char path[4096], line[8192], *cells[10];
	size_t total = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/src/registry/%s", root, file);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	while (fgets(line, sizeof(line), f)) {
		char *rest = line;
		unsigned low, high;

		line[strcspn(line, "\n")] = 0;
		memset(cells, 0, sizeof(cells));
		for (size_t i = 0; i < ARRAY_SIZE(cells) && rest; i++)
			cells[i] = strsep(&rest, "\t");
		low = high = strtoul(cells[0], NULL, 10);
		if (strchr(cells[0], '-'))
			high = strtoul(strchr(cells[0], '-') + 1, NULL, 10);
		total += row(seen, cells, low, high);
	}
	fclose(f);
	return total;
}

static bool same(const char *given, const char *cell)
{
	return *cell ? given && !strcmp(given, cell) : !given;
}

static size_t check_service(struct seen *seen, char **cells, unsigned low, unsigned high)
{
	for (unsigned n = low; n <= high; n++) {
		const struct portscope_use *use = use_of(seen->ports[n], cells[1]);
		bool found = false;

		assert_non_null(use);
		for (size_t i = 0; i < use->n_registrations; i++)
			found = found ||
				(same(use->registrations[i].name, cells[2]) &&
					same(use->registrations[i].description, cells[3]) &&
					use->registrations[i].low == low &&
					use->registrations[i].high == high);
		if (!found)
			fail_msg("%u/%s lacks %s", n, cells[1], cells[2]);
	}
	return high - low + 1;
}

static size_t check_de_facto(struct seen *seen, char **cells, unsigned low, unsigned high)
{
	const struct portscope_use *use = use_of(seen->ports[low], cells[1]);

	assert_non_null(use->de_facto);
	assert_string_equal(use->de_facto->name, cells[2]);
	assert_string_equal(use->de_facto->software, cells[3]);
	assert_int_equal(low, high);
	return 1;
}

static size_t check_risk(struct seen *seen, char **cells, unsigned low, unsigned high)
{
	size_t total = 0;

	for (unsigned n = low; n <= high; n++)
		for (size_t p = 0; p < 2; p++) {
			const struct portscope_use *use = &seen->ports[n]->uses[p];
			bool found = false;

			if (!strstr(cells[1], use->protocol))
				continue;
			for (size_t i = 0; i < use->n_risks; i++)
				found = found || (same(use->risks[i].key, cells[2]) &&
							 same(use->risks[i].risk, cells[3]) &&
							 same(use->risks[i].severity, cells[4]) &&
							 same(use->risks[i].why, cells[6]) &&
							 same(use->risks[i].safer, cells[7]) &&
							 same(use->risks[i].reference, cells[8]));
			if (!found)
				fail_msg("%u/%s lacks the risk %s", n, use->protocol, cells[2]);
			total++;
		}
	return total;
}

static bool has_counterpart(const struct portscope_counterpart *items, size_t n, const char *port,
	const char *protocol, char **cells)
{
	for (size_t i = 0; i < n; i++)
		if (items[i].port == strtoul(port, NULL, 10) &&
			!strcmp(items[i].protocol, protocol) &&
			same(items[i].mechanism, cells[6]) && same(items[i].reference, cells[7]) &&
			same(items[i].relation, cells[8]))
			return true;
	return false;
}

static size_t check_pair(struct seen *seen, char **cells, unsigned low, unsigned high)
{
	const struct portscope_use *clear = use_of(seen->ports[low], cells[1]);
	const struct portscope_use *secure =
		use_of(seen->ports[strtoul(cells[3], NULL, 10)], cells[4]);
	bool own = !strcmp(cells[0], cells[3]) && !strcmp(cells[1], cells[4]);

	assert_int_equal(low, high);
	if (!has_counterpart(clear->protected_by, clear->n_protected_by, cells[3], cells[4], cells))
		fail_msg("%s/%s lacks its protected counterpart %s", cells[0], cells[1], cells[3]);
	if (own == has_counterpart(secure->protects, secure->n_protects, cells[0], cells[1], cells))
		fail_msg("%s/%s protects %s", cells[3], cells[4], cells[0]);
	/* One that is protected on its own port is not said to protect itself. */
	return own ? 1 : 1001;
}

static void walks_all_ports(void **state)
{
	struct portscope_knowledge *k = open_knowledge();
	struct seen *seen = calloc(1, sizeof(*seen));
	size_t pairs;

	assert_non_null(seen);
	for (unsigned n = 0; n < PORTS; n++)
		walk_port(seen, k, n);
	assert_int_equal(each_row("services.tsv", seen, check_service), seen->registrations);
	assert_int_equal(each_row("defacto.tsv", seen, check_de_facto), seen->de_facto);
	assert_int_equal(each_row("insecure.tsv", seen, check_risk), seen->risks);
	pairs = each_row("pairs.tsv", seen, check_pair);
	assert_int_equal(pairs % 1000, seen->protected_by);
	assert_int_equal(pairs / 1000, seen->protects);
	assert_true(seen->registrations > 11000 && seen->risks > 100);
	for (unsigned n = 0; n < PORTS; n++)
		portscope_port_free(seen->ports[n]);
	free(seen);
	portscope_knowledge_close(k);
}

/* Programs that listen there by default, each once, with what they speak. */
static void programs_are_named(void **state)
{
	struct portscope_knowledge *k = open_knowledge();
	struct portscope_port *port;
	const struct portscope_use *tcp;

	assert_int_equal(portscope_explain(k, 11333, &port), 0);
	tcp = &port->uses[0];
	assert_true(port->named);
	assert_int_equal(tcp->n_speakers, 1);
	assert_string_equal(tcp->speakers[0].program, "rspamd");
	assert_null(tcp->speakers[0].match);
	assert_string_equal(tcp->speakers[0].service, "rspamd");
	assert_non_null(tcp->speakers[0].source);
	assert_int_equal(port->uses[1].n_speakers, 0);
	portscope_port_free(port);
	/* What carries anything is not a program of the port. */
	assert_int_equal(portscope_explain(k, 443, &port), 0);
	for (size_t i = 0; i < port->uses[0].n_speakers; i++)
		assert_string_not_equal(port->uses[0].speakers[i].program, "haproxy");
	portscope_port_free(port);
	portscope_knowledge_close(k);
}

/* A family is the same whichever of its members is asked, and has the canonical names. */
static void families_agree(void **state)
{
	struct portscope_knowledge *k = open_knowledge();
	size_t found = 0;

	for (unsigned n = 1; n < PORTS; n++) {
		struct portscope_port *port = explain(k, n);

		for (size_t i = 0; i < port->n_uses; i++) {
			const struct portscope_use *use = &port->uses[i];
			bool itself = false;

			for (size_t m = 0; m < use->n_members; m++) {
				const struct portscope_member *member = &use->members[m];
				struct portscope_port *other = explain(k, member->port);
				const struct portscope_use *there = use_of(other, member->protocol);

				assert_string_equal(there->family, use->family);
				assert_int_equal(there->n_members, use->n_members);
				if (member->name)
					assert_string_equal(there->name, member->name);
				else
					assert_null(there->name);
				itself = itself || (member->port == n && !strcmp(member->protocol,
										 use->protocol));
				portscope_port_free(other);
			}
			assert_int_equal(itself, use->family != NULL);
			found += itself;
		}
		portscope_port_free(port);
	}
	assert_true(found > 50);
	portscope_knowledge_close(k);
}

/* The places of `name` as text: "22/sctp 22/tcp 22/udp", or "" where there are none. */
static void assert_places(
	const struct portscope_knowledge *k, const char *name, const char *expected)
{
	struct portscope_place *places = NULL;
	char text[4096] = "";
	size_t n = 0, used = 0;
	int r = portscope_find_ports(k, name, &places, &n);

	assert_int_equal(r, *expected ? 0 : -ENOENT);
	for (size_t i = 0; i < n; i++) {
		used += snprintf(
			text + used, sizeof(text) - used, "%s%u", i ? " " : "", places[i].low);
		if (places[i].low != places[i].high)
			used += snprintf(text + used, sizeof(text) - used, "-%u", places[i].high);
		used += snprintf(text + used, sizeof(text) - used, "/%s", places[i].protocol);
	}
	assert_string_equal(text, expected);
	free(places);
}

static void finds_names(void **state)
{
	struct portscope_knowledge *k = open_knowledge();

	assert_places(k, "ssh", "22/sctp 22/tcp 22/udp");
	assert_places(k, "SSH", "22/sctp 22/tcp 22/udp");
	assert_places(k, "imaps", "993/tcp");
	assert_places(k, "grafana", "3000/tcp");
	assert_places(k, "x11", "6000-6063/tcp 6000-6063/udp");
	assert_places(k, "php-fpm", "9000/tcp");
	assert_places(k, "bill-ing", "7777/tcp");
	assert_places(k, "Ledger", "50005/udp");
	assert_places(k, "HOME", "8080/tcp");
	assert_places(k, "snmptrap", "162/tcp 162/udp");
	assert_places(k, "imap[s3]", "220/tcp 220/udp 993/tcp");
	assert_places(k, "INTRAN?t", "8080/tcp");
	assert_places(k, "Prometh?us", "9090/tcp");
	assert_places(k, "no-such-service", "");
	assert_places(k, "no-such-*", "");
	assert_places(k, "", "");
	portscope_knowledge_close(k);
}

static void names_are_suggested(void **state)
{
	struct portscope_knowledge *k = open_knowledge();
	const char *names[3];

	assert_true(portscope_similar_names(k, "htttp", names, 3) >= 1);
	assert_string_equal(names[0], "http");
	assert_true(portscope_similar_names(k, "ledgr", names, 3) >= 1);
	assert_string_equal(names[0], "ledger");
	assert_int_equal(portscope_similar_names(k, "xqzwvjkqxqzw", names, 3), 0);
	for (size_t i = 0, n = portscope_similar_names(k, "imap", names, 3); i + 1 < n; i++)
		assert_string_not_equal(names[i], names[i + 1]);
	portscope_knowledge_close(k);
}

/* Without /proc and /etc the tables still answer, and what is not known is not said. */
static void works_without_a_host(void **state)
{
	struct sources sources = {.proc_fd = -1, .etc_fd = -1, .root_fd = -1};
	struct portscope_knowledge *k = NULL;
	struct portscope_kernel_ports kernel;
	struct portscope_port *port;
	size_t n;

	assert_int_equal(knowledge_open_from(&sources, &k), 0);
	kernel = portscope_kernel_ports(k);
	assert_false(kernel.ephemeral_known);
	assert_false(kernel.privileged_known);
	portscope_knowledge_warnings(k, &n);
	assert_int_equal(n, 2);
	port = explain(k, 22);
	assert_string_equal(port->uses[0].name, "ssh");
	assert_false(port->privileged);
	portscope_port_free(port);
	port = explain(k, 7777);
	assert_string_equal(port->uses[0].name, "cbt");
	portscope_port_free(port);
	portscope_knowledge_close(k);
}

static void ranges_cover_all_ports(void **state)
{
	unsigned next = 0, i = 0;
	const struct portscope_range *range;

	for (; (range = portscope_range_at(i)); i++) {
		assert_int_equal(range->low, next);
		next = range->high + 1;
	}
	assert_int_equal(i, 3);
	assert_int_equal(next, PORTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks_all_ports),
		cmocka_unit_test(families_agree),
		cmocka_unit_test(programs_are_named),
		cmocka_unit_test(finds_names),
		cmocka_unit_test(names_are_suggested),
		cmocka_unit_test(works_without_a_host),
		cmocka_unit_test(ranges_cover_all_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
