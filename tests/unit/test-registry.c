/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables agree with the facts they were made from: the *.tsv files are read again here, row by
 * row and not as build.py does, and every port of every protocol is asked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <netinet/in.h>

#include <cmocka.h>

#include "registry/registry.h"
#include "util/macros.h"

#define ROWS_MAX    20000
#define COLUMNS_MAX 9
#define PORTS       65536

static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_DCCP, IPPROTO_SCTP};
static const char *const protocol_words[] = {"tcp", "udp", "dccp", "sctp"};

/** A file of facts: its cells, without the header. */
struct facts {
	char *text;
	char *(*cells)[COLUMNS_MAX];
	size_t count;
};

static struct facts read_facts(const char *file)
{
	struct facts facts = {.cells = calloc(ROWS_MAX, sizeof(*facts.cells))};
	const char *root = getenv("SOURCE_ROOT");
	char path[4096], *rest, *line;
	long size;
	FILE *f;

	assert_non_null(facts.cells);
	assert_non_null(root);
	snprintf(path, sizeof(path), "%s/src/registry/%s", root, file);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	rewind(f);
	facts.text = calloc(1, (size_t)size + 1);
	assert_non_null(facts.text);
	assert_int_equal(fread(facts.text, 1, (size_t)size, f), size);
	fclose(f);
	rest = facts.text;
	strsep(&rest, "\n");
	while ((line = strsep(&rest, "\n")) && *line) {
		assert_true(facts.count < ROWS_MAX);
		for (size_t i = 0; i < COLUMNS_MAX && line; i++)
			facts.cells[facts.count][i] = strsep(&line, "\t");
		facts.count++;
	}
	return facts;
}

static void free_facts(struct facts *facts)
{
	free(facts->text);
	free(facts->cells);
}

static uint8_t protocol_of(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (!strcmp(word, protocol_words[i]))
			return protocols[i];
	fail_msg("protocol %s", word);
	return 0;
}

/** True if the port range in `ports`, `lo-hi` or one number, holds `port`. */
static bool holds(const char *ports, unsigned port)
{
	const char *dash = strchr(ports, '-');
	unsigned low = (unsigned)atoi(ports);

	return port >= low && port <= (dash ? (unsigned)atoi(dash + 1) : low);
}

static bool covers(const char *protocol, const char *ports, size_t asked, unsigned port)
{
	return holds(ports, port) && strstr(protocol, protocol_words[asked]);
}

/** A string of the tables against a cell; an empty cell is NULL there. */
static void assert_cell(const char *given, const char *cell)
{
	if (*cell)
		assert_string_equal(given, cell);
	else
		assert_null(given);
}

/** The expected registered rows of each port: first those of the port itself, then ranges. */
struct expected {
	int head[4][PORTS];
	int next[ROWS_MAX];
	int ranges[64];
	size_t n_ranges;
};

static struct expected *expect(const struct facts *services)
{
	struct expected *e = calloc(1, sizeof(*e));

	assert_non_null(e);
	memset(e->head, -1, sizeof(e->head));
	for (int i = (int)services->count - 1; i >= 0; i--) {
		char **row = services->cells[i];

		if (strchr(row[0], '-')) {
			assert_true(e->n_ranges < ARRAY_SIZE(e->ranges));
			e->ranges[e->n_ranges++] = i;
			continue;
		}
		for (size_t p = 0; p < ARRAY_SIZE(protocols); p++)
			if (!strcmp(row[1], protocol_words[p])) {
				e->next[i] = e->head[p][atoi(row[0])];
				e->head[p][atoi(row[0])] = i;
			}
	}
	return e;
}

static const char *const *find_row(
	const struct facts *facts, size_t protocol, unsigned port, size_t *ret_count)
{
	const char *const *found = NULL;

	*ret_count = 0;
	for (size_t i = 0; i < facts->count; i++)
		if (covers(facts->cells[i][1], facts->cells[i][0], protocol, port)) {
			found = (const char *const *)facts->cells[i];
			(*ret_count)++;
		}
	return found;
}

static void assert_service(
	const struct registry_service *given, char *const *row, unsigned protocol)
{
	assert_string_equal(given->name, row[2]);
	assert_cell(given->description, row[3]);
	assert_int_equal(given->protocol, protocols[protocol]);
}

/** Every port of every protocol: its canonical name and its registered rows. */
static void test_every_port(void **state)
{
	struct facts services = read_facts("services.tsv"), preferred = read_facts("preferred.tsv"),
		     de_facto = read_facts("defacto.tsv");
	struct expected *e = expect(&services);
	size_t named = 0;

	assert_true(services.count > 11000);
	for (unsigned p = 0; p < ARRAY_SIZE(protocols); p++)
		for (unsigned port = 0; port < PORTS; port++) {
			size_t position = 0, n;
			struct registry_service given;
			const char *first = NULL, *name;
			const char *const *better;
			enum registry_source source, expected_source = REGISTRY_IANA;
			bool hint, expected_hint = false;

			for (int i = e->head[p][port]; i >= 0; i = e->next[i]) {
				assert_true(registry_next_service(
					protocols[p], port, &position, &given));
				assert_service(&given, services.cells[i], p);
				assert_int_equal(given.low, port);
				assert_int_equal(given.high, port);
				first = first ? first : services.cells[i][2];
			}
			for (size_t r = e->n_ranges; r-- > 0;) {
				char **row = services.cells[e->ranges[r]];

				if (!covers(row[1], row[0], p, port))
					continue;
				assert_true(registry_next_service(
					protocols[p], port, &position, &given));
				assert_service(&given, row, p);
				assert_int_equal(given.low, atoi(row[0]));
				assert_int_equal(given.high, atoi(strchr(row[0], '-') + 1));
				first = first ? first : row[2];
			}
			assert_false(registry_next_service(protocols[p], port, &position, &given));

			if ((better = find_row(&de_facto, p, port, &n))) {
				assert_int_equal(n, 1);
				first = better[2];
				expected_source = REGISTRY_DE_FACTO;
				expected_hint = strstr(better[3], "ambiguous");
			}
			if ((better = find_row(&preferred, p, port, &n))) {
				first = better[2];
				expected_source = REGISTRY_PREFERRED;
				expected_hint = false;
			}
			name = registry_name(protocols[p], port, &source, &hint);
			if (!first) {
				assert_null(name);
				continue;
			}
			named++;
			assert_string_equal(name, first);
			assert_int_equal(source, expected_source);
			if (source != REGISTRY_IANA || port < 1024)
				assert_int_equal(hint, expected_hint);
			assert_ptr_equal(registry_name(protocols[p], port, NULL, NULL), name);
		}
	assert_true(named > 11000);
	free(e);
	free_facts(&services);
	free_facts(&preferred);
	free_facts(&de_facto);
}

/** The walk over everything gives each row of the file once, by protocol. */
static void test_all_services(void **state)
{
	struct facts services = read_facts("services.tsv");
	struct registry_service service;
	size_t row = 0, n = 0;

	/* The file stands in order of ports; each protocol is a pass over it. */
	for (size_t p = 0; p < ARRAY_SIZE(protocols); p++)
		for (row = 0; row < services.count; row++) {
			char **cells = services.cells[row];

			if (strcmp(cells[1], protocol_words[p]))
				continue;
			assert_true(registry_next_service_of_all(&n, &service));
			assert_service(&service, cells, p);
			assert_int_equal(service.low, atoi(cells[0]));
		}
	assert_false(registry_next_service_of_all(&n, &service));
	assert_int_equal(n, services.count);
	free_facts(&services);
}

static void test_preferred(void **state)
{
	struct facts facts = read_facts("preferred.tsv");
	struct registry_preferred given;
	size_t n = 0;

	for (size_t i = 0; i < facts.count; i++) {
		char **cells = facts.cells[i];

		assert_true(registry_preferred(protocol_of(cells[1]), atoi(cells[0]), &given));
		assert_string_equal(given.name, cells[2]);
		assert_string_equal(given.first_name, cells[3]);
		assert_string_equal(given.reason, cells[4]);
	}
	while (registry_next_preferred_of_all(&n, &given))
		;
	assert_int_equal(n, facts.count);
	assert_false(registry_preferred(IPPROTO_UDP, 465, &given));
	free_facts(&facts);
}

static void test_de_facto(void **state)
{
	struct facts facts = read_facts("defacto.tsv");
	struct registry_de_facto given;
	size_t n = 0, ambiguous = 0;

	for (size_t i = 0; i < facts.count; i++) {
		char **cells = facts.cells[i], *checked = strstr(cells[5], " [checked: ");

		assert_true(registry_de_facto(protocol_of(cells[1]), atoi(cells[0]), &given));
		assert_string_equal(given.name, cells[2]);
		assert_string_equal(given.software, cells[3]);
		assert_cell(given.registered, strcmp(cells[4], "(none)") ? cells[4] : "");
		if (checked)
			*checked = '\0';
		assert_string_equal(given.source, cells[5]);
		assert_int_equal(given.ambiguous, !!strstr(cells[3], "ambiguous"));
		ambiguous += given.ambiguous;
	}
	while (registry_next_de_facto_of_all(&n, &given))
		;
	assert_int_equal(n, facts.count);
	assert_true(ambiguous > 0 && ambiguous < facts.count);
	assert_false(registry_de_facto(IPPROTO_TCP, 22, &given));
	free_facts(&facts);
}

static void assert_insecure(const struct registry_insecure *given, char *const *cells)
{
	assert_string_equal(given->key, cells[2]);
	assert_string_equal(registry_risk_name(given->risk), cells[3]);
	assert_string_equal(registry_severity_name(given->severity), cells[4]);
	assert_string_equal(given->what, cells[5]);
	assert_string_equal(given->why, cells[6]);
	assert_string_equal(given->safer, cells[7]);
	assert_cell(given->reference, cells[8]);
}

static void test_insecure(void **state)
{
	struct facts facts = read_facts("insecure.tsv");
	struct registry_insecure given;
	size_t n = 0;

	while (registry_next_insecure_of_all(&n, &given))
		;
	assert_int_equal(n, facts.count);
	for (unsigned p = 0; p < 2; p++)
		for (unsigned port = 0; port < PORTS; port++) {
			size_t position = 0;

			for (size_t i = 0; i < facts.count; i++) {
				char **cells = facts.cells[i];

				if (!covers(cells[1], cells[0], p, port))
					continue;
				assert_true(registry_next_insecure(
					protocols[p], port, &position, &given));
				assert_insecure(&given, cells);
				assert_int_equal(given.protocol, protocols[p]);
				assert_true(given.low <= port && port <= given.high);
			}
			assert_false(registry_next_insecure(protocols[p], port, &position, &given));
		}
	free_facts(&facts);
}

static void assert_pair(const struct registry_pair *given, char *const *cells)
{
	assert_int_equal(given->port, atoi(cells[0]));
	assert_int_equal(given->protocol, protocol_of(cells[1]));
	assert_string_equal(given->name, cells[2]);
	assert_int_equal(given->secure_port, atoi(cells[3]));
	assert_int_equal(given->secure_protocol, protocol_of(cells[4]));
	assert_cell(given->secure_name, strcmp(cells[5], "(de facto)") ? cells[5] : "");
	assert_string_equal(given->mechanism, cells[6]);
	assert_string_equal(given->reference, cells[7]);
	assert_string_equal(registry_relation_name(given->relation), cells[8]);
}

static void test_pairs(void **state)
{
	struct facts facts = read_facts("pairs.tsv");
	struct registry_pair given;
	size_t n = 0;

	for (unsigned p = 0; p < 2; p++)
		for (unsigned port = 0; port < PORTS; port++) {
			size_t clear = 0, secure = 0;

			for (size_t i = 0; i < facts.count; i++) {
				char **cells = facts.cells[i];

				if (covers(cells[1], cells[0], p, port)) {
					assert_true(registry_next_pair(
						protocols[p], port, &clear, &given));
					assert_pair(&given, cells);
				}
				if (covers(cells[4], cells[3], p, port)) {
					assert_true(registry_next_pair_of_secure(
						protocols[p], port, &secure, &given));
					assert_pair(&given, cells);
				}
			}
			assert_false(registry_next_pair(protocols[p], port, &clear, &given));
			assert_false(
				registry_next_pair_of_secure(protocols[p], port, &secure, &given));
		}
	while (registry_next_pair_of_all(&n, &given))
		;
	assert_int_equal(n, facts.count);
	free_facts(&facts);
}

/** True if `id` has a place as this. */
static bool has_place(int id, const struct registry_place *wanted)
{
	struct registry_place place;

	for (size_t i = 0; registry_next_place((size_t)id, &i, &place);)
		if (place.protocol == wanted->protocol && place.low == wanted->low &&
			place.high == wanted->high && place.de_facto == wanted->de_facto)
			return true;
	return false;
}

/** Every name of the files leads to its ports, and nothing else does. */
static void test_names(void **state)
{
	struct facts facts[] = {read_facts("services.tsv"), read_facts("defacto.tsv")};
	size_t places = 0;
	struct registry_place place;

	for (size_t f = 0; f < ARRAY_SIZE(facts); f++)
		for (size_t i = 0; i < facts[f].count; i++) {
			char **cells = facts[f].cells[i], *dash = strchr(cells[0], '-');
			int id = registry_find_name(cells[2], strlen(cells[2]));

			assert_true(id >= 0);
			assert_string_equal(registry_name_at((size_t)id), cells[2]);
			assert_true(has_place(
				id, &(struct registry_place){protocol_of(cells[1]), atoi(cells[0]),
					    dash ? atoi(dash + 1) : atoi(cells[0]), f == 1}));
		}
	for (size_t id = 0; id < registry_name_total(); id++) {
		if (id)
			assert_true(strcmp(registry_name_at(id - 1), registry_name_at(id)) < 0);
		for (size_t i = 0; registry_next_place(id, &i, &place);)
			places++;
	}
	/* Names that only programs have add to them. */
	assert_true(places > facts[0].count + facts[1].count);
	free_facts(&facts[0]);
	free_facts(&facts[1]);
}

static void test_find_name(void **state)
{
	struct registry_place place;
	size_t i = 0;
	int ssh = registry_find_name("ssh", 3);

	assert_true(ssh >= 0);
	assert_int_equal(registry_find_name("SsH", 3), ssh);
	assert_int_equal(registry_find_name("sshd", 3), ssh);
	assert_true(registry_next_place((size_t)ssh, &i, &place));
	assert_int_equal(place.protocol, IPPROTO_TCP);
	assert_int_equal(place.low, 22);
	assert_int_equal(place.high, 22);
	assert_int_equal(registry_find_name("", 0), -ENOENT);
	assert_int_equal(registry_find_name("ss", 2), -ENOENT);
	assert_int_equal(registry_find_name("no such service", 15), -ENOENT);
	assert_int_equal(registry_find_name("ssh\0", 4), -ENOENT);
	assert_true(registry_knows_name("Kafka", 5));
	/* Only a program is known for it. */
	i = 0;
	assert_true(
		registry_next_place((size_t)registry_find_name("rspamd-proxy", 12), &i, &place));
	assert_int_equal(place.low, 11332);
	assert_true(place.de_facto);
	/* What is registered is not where else programs speak it. */
	i = 0;
	while (registry_next_place((size_t)registry_find_name("http", 4), &i, &place))
		assert_int_equal(place.low, 80);
	assert_false(registry_knows_name("sshh", 4));
}

/** What is asked of protocols that the registry does not have. */
static void test_other_protocols(void **state)
{
	struct registry_service service;
	size_t position = 0;

	assert_string_equal(registry_name(IPPROTO_SCTP, 9, NULL, NULL), "discard");
	assert_null(registry_name(IPPROTO_SCTP, 8, NULL, NULL));
	assert_null(registry_name(IPPROTO_ICMP, 22, NULL, NULL));
	assert_null(registry_name(255, 65535, NULL, NULL));
	assert_false(registry_next_service(IPPROTO_ICMP, 22, &position, &service));
}

static void test_families(void **state)
{
	struct facts facts = read_facts("families.tsv");
	struct registry_member member;
	size_t none = 0;

	for (size_t i = 0; i < facts.count; i++) {
		char **cells = facts.cells[i];
		uint8_t protocol = protocol_of(cells[2]);
		uint16_t port = (uint16_t)atoi(cells[1]);
		size_t position = 0, same = 0;
		bool found = false;

		for (size_t k = 0; k < facts.count; k++)
			same += !strcmp(facts.cells[k][0], cells[0]);
		while (registry_next_member(protocol, port, &position, &member)) {
			assert_string_equal(member.family, cells[0]);
			if (member.protocol != protocol || member.port != port)
				continue;
			assert_string_equal(member.role, cells[3]);
			assert_string_equal(member.source, cells[4]);
			found = true;
		}
		assert_true(found);
		assert_int_equal(position, same);
	}
	assert_false(registry_next_member(IPPROTO_UDP, 21, &none, &member));
	free_facts(&facts);
}

static void test_kernel(void **state)
{
	struct facts facts = read_facts("kernel.tsv");
	struct registry_kernel_service kernel;

	for (size_t i = 0; i < facts.count; i++) {
		char **cells = facts.cells[i];

		assert_true(registry_kernel_service(
			protocol_of(cells[1]), (uint16_t)atoi(cells[0]), &kernel));
		assert_true(holds(cells[0], kernel.low) && holds(cells[0], kernel.high));
		assert_string_equal(kernel.service, cells[2]);
		assert_string_equal(kernel.module, cells[3]);
		assert_string_equal(kernel.what, cells[4]);
		assert_string_equal(kernel.source, cells[5]);
	}
	assert_true(registry_kernel_service(IPPROTO_TCP, 7799, &kernel));
	assert_false(registry_kernel_service(IPPROTO_TCP, 7800, &kernel));
	assert_false(registry_kernel_service(IPPROTO_SCTP, 2049, &kernel));
	free_facts(&facts);
}

/** The program of a row of programs.tsv. */
static const struct registry_program *program_of_row(char *const *cells)
{
	const struct registry_program *program;

	for (size_t i = 0; (program = registry_program_at(i)); i++) {
		const char *match = registry_program_match(program);

		if (!strcmp(registry_program_pattern(program), cells[0]) &&
			!strcmp(match ? match : "-", cells[1]))
			return program;
	}
	fail_msg("no program %s %s", cells[0], cells[1]);
	return NULL;
}

static bool is_spoken(const struct registry_program *program, char *const *cells,
	const char *protocol, const char *ports)
{
	static const char *const tls[] = {"-", "no", "starttls", "option", "yes", "own"};
	struct registry_speech speech;

	for (size_t i = 0; registry_next_speech(program, &i, &speech);)
		if (speech.protocol == protocol_of(protocol) && !strcmp(speech.service, cells[2]) &&
			!strcmp(speech.source, cells[8]) && !strcmp(tls[speech.tls], cells[5]) &&
			(speech.any ? *ports == '*'
				: speech.chosen
					? *ports == 'a'
					: holds(ports, speech.low) && holds(ports, speech.high)))
			return true;
	return false;
}

static void test_programs(void **state)
{
	struct facts facts = read_facts("programs.tsv");

	for (size_t i = 0; i < facts.count; i++) {
		char **cells = facts.cells[i], *port, *ports;
		const struct registry_program *program;

		if (*cells[0] == '@')
			continue;
		program = program_of_row(cells);
		assert_int_equal(registry_program_needs_root(program), *cells[6] == 'y');
		assert_int_equal(registry_program_is_carrier(program), *cells[7] == 'y');
		if (*cells[2] == '@')
			continue;
		ports = cells[3];
		while ((port = strsep(&ports, ",")))
			for (size_t k = 0; k < 2; k++)
				if (strstr(cells[4], protocol_words[k]))
					assert_true(
						is_spoken(program, cells, protocol_words[k], port));
	}
	free_facts(&facts);
}

/** The patterns of the programs that fit an executable, in their order, by blanks. */
static void assert_programs(const char *executable, const char *patterns)
{
	const struct registry_program *program;
	char found[256] = "";
	size_t position = 0;

	while ((program = registry_next_program(executable, &position)))
		snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%s",
			*found ? " " : "", registry_program_pattern(program));
	assert_string_equal(found, patterns);
	assert_null(registry_next_program(executable, &position));
}

static void test_next_program(void **state)
{
	assert_programs("/usr/sbin/sshd", "sshd");
	assert_programs("sshd", "sshd");
	assert_programs("/usr/sbin/sshd2", "");
	assert_programs("/usr/lib/postfix/sbin/master", "*/postfix/sbin/master */postfix/sbin/*");
	assert_programs("/usr/lib/postfix/sbin/smtpd", "*/postfix/sbin/*");
	assert_programs("master", "");
	assert_programs("/usr/sbin/php-fpm8.2", "php-fpm* php*");
	assert_programs("", "");
	assert_programs("/", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_port),
		cmocka_unit_test(test_all_services),
		cmocka_unit_test(test_preferred),
		cmocka_unit_test(test_de_facto),
		cmocka_unit_test(test_insecure),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_next_program),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_find_name),
		cmocka_unit_test(test_other_protocols),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
