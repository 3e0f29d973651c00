/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* THE field table: it is whole, every getter works on the least of rows, and values are ordered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <ctype.h>
#include <stdio.h>
#include <cmocka.h>

#include "model/field.h"
#include "model/host.h"
#include "util/macros.h"

static void test_table(void **state)
{
	for (size_t i = 0; i < PORTSCOPE_FIELDS; i++) {
		const struct portscope_field *f = portscope_field_at(i);

		assert_ptr_equal(f, &field_get(i)->shown);
		assert_non_null(field_get(i)->get);
		assert_int_equal(portscope_field_find(f->name), i);
		/* snake_case */
		assert_true(islower((unsigned char)f->name[0]));
		assert_int_equal(
			strspn(f->name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(f->name));
		assert_null(strstr(f->name, "__"));
		assert_int_not_equal(f->name[strlen(f->name) - 1], '_');
		/* A title is what the head of a column can hold, help is a sentence. */
		assert_in_range(strlen(f->title), 1, 14);
		assert_int_equal(strspn(f->title, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-"), strlen(f->title));
		assert_true(isupper((unsigned char)f->help[0]));
		assert_int_equal(f->help[strlen(f->help) - 1], '.');
		assert_in_range(f->type, PORTSCOPE_BOOL, PORTSCOPE_TIME);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(portscope_field_at(k)->title, f->title);
	}
	assert_null(portscope_field_at(PORTSCOPE_FIELDS));
	assert_null(field_get(PORTSCOPE_FIELDS));
	assert_null(portscope_field_at(~0u));
	assert_int_equal(portscope_field_find(""), -ENOENT);
	assert_int_equal(portscope_field_find("PROTOCOL"), -ENOENT);
}

static void test_needs(void **state)
{
	unsigned all = 0;
	uint16_t ids[PORTSCOPE_FIELDS];

	for (size_t i = 0; i < PORTSCOPE_FIELDS; i++) {
		ids[i] = i;
		assert_int_equal(field_needs(&ids[i], 1), field_get(i)->needs);
		all |= field_get(i)->needs;
	}
	assert_int_equal(field_needs(ids, PORTSCOPE_FIELDS), all);
	assert_int_equal(field_needs(ids, 0), 0);
}

/* Fields of words have them, in words that a filter can read, and nothing else has. */
static void test_words(void **state)
{
	for (unsigned id = 0; id < PORTSCOPE_FIELDS; id++) {
		const struct vocabulary *words = field_get(id)->words;
		unsigned known = 0;

		assert_int_equal(words != NULL, portscope_field_at(id)->type == PORTSCOPE_WORD);
		for (unsigned rank = 0; words && rank < words->count; rank++) {
			const char *word = portscope_field_word(id, rank);

			assert_ptr_equal(word, words->words[rank]);
			if (!word)
				continue;
			known++;
			assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-"),
				strlen(word));
			assert_true(!words->labels || words->labels[rank]);
		}
		assert_true(!words || known > 1);
		assert_null(portscope_field_word(id, words ? words->count : 0));
	}
	assert_null(portscope_field_word(PORTSCOPE_FIELDS, 0));
}

/* What is a fact of the socket can be read before a row is computed: of a row without a host. */
static void test_facts_of_the_socket(void **state)
{
	const struct socket s = {.protocol = IPPROTO_TCP, .family = AF_INET6, .present = 0xff};
	const struct portscope_row row = {.socket = &s};
	struct portscope_value v;

	for (unsigned id = 0; id < PORTSCOPE_FIELDS; id++)
		if (field_get(id)->from == FIELD_FROM_SOCKET)
			portscope_get(&row, id, &v);
}

static void get(const struct portscope_row *row, const char *name, struct portscope_value *ret)
{
	int id = portscope_field_find(name);

	assert_true(id >= 0);
	memset(ret, 0x5a, sizeof(*ret));
	portscope_get(row, id, ret);
	assert_int_equal(ret->type, portscope_field_at(id)->type);
}

/* A socket of which nothing is known, on a host of which nothing is: no getter fails, none claims
 * to know what may be missing. */
static void test_minimal_row(void **state)
{
	static const char *const unknown[] = {"remote_address", "remote_port", "peer", "interface",
		"ifindex", "uid", "user", "inode", "cookie", "mark", "netns", "service",
		"service_source", "service_hint", "ephemeral", "direction", "send_q"};
	static const struct host host;
	const struct socket s = {.protocol = IPPROTO_UDP, .family = AF_INET};
	const struct portscope_row row = {.socket = &s, .host = &host};
	struct portscope_value v;

	for (unsigned i = 0; portscope_field_at(i); i++) {
		memset(&v, 0x5a, sizeof(v));
		portscope_get(&row, i, &v);
		assert_int_equal(v.type, portscope_field_at(i)->type);
		assert_true(v.known == true || v.known == false);
	}
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		get(&row, unknown[i], &v);
		if (v.known)
			fail_msg("%s is known", unknown[i]);
	}
	get(&row, "protocol", &v);
	assert_true(v.known);
	assert_string_equal(v.word.name, "udp");
	/* A state that we do not know stays visible as its number. */
	get(&row, "state", &v);
	assert_true(v.known);
	assert_null(v.word.name);
	assert_int_equal(v.word.rank, 0);
}

static void test_dual_stack(void **state)
{
	static const struct {
		uint8_t family, first, present, v6only;
		int expected; /**< -1: unknown */
		bool any_family;
	} cases[] = {
		{AF_INET, 0, 0, 0, 0, false},
		{AF_INET6, 0, SOCKET_HAS_V6ONLY, 0, 1, true},
		{AF_INET6, 0, SOCKET_HAS_V6ONLY, 1, 0, false},
		{AF_INET6, 0, 0, 0, -1, false},
		{AF_INET6, 0x20, SOCKET_HAS_V6ONLY, 0, 0, false},
	};
	static const struct host host;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct socket s = {.protocol = IPPROTO_TCP,
			.family = cases[i].family,
			.present = cases[i].present,
			.v6only = cases[i].v6only,
			.local_address = {cases[i].first}};
		const struct portscope_row row = {.socket = &s, .host = &host};
		struct portscope_value v;

		get(&row, "dual_stack", &v);
		assert_int_equal(v.known ? v.flag : -1, cases[i].expected);
		get(&row, "local", &v);
		assert_int_equal(v.endpoint.any_family, cases[i].any_family);
	}
}

/* The scope of a peer is that of the socket, where its address has one. */
static void test_endpoints(void **state)
{
	struct interface items[] = {{.index = 3, .name = "v0"}};
	const struct host host = {.interfaces = {.items = items, .count = 1}};
	struct socket s = {.protocol = IPPROTO_TCP,
		.family = AF_INET6,
		.local_port = 22,
		.remote_port = 40000,
		.ifindex = 3,
		.local_address = {0xfe, 0x80, [15] = 1},
		.remote_address = {0xfe, 0x80, [15] = 2}};
	const struct portscope_row row = {.socket = &s, .host = &host};
	struct portscope_value v;

	get(&row, "local", &v);
	assert_string_equal(v.endpoint.interface, "v0");
	assert_int_equal(v.endpoint.port, 22);
	assert_memory_equal(v.endpoint.address, s.local_address, 16);
	get(&row, "peer", &v);
	assert_string_equal(v.endpoint.interface, "v0");
	assert_int_equal(v.endpoint.port, 40000);
	get(&row, "interface", &v);
	assert_string_equal(v.text.text, "v0");
	assert_int_equal(v.text.length, 2);
	s.remote_address[0] = 0x20;
	get(&row, "peer", &v);
	assert_true(v.known);
	assert_null(v.endpoint.interface);
	assert_int_equal(v.endpoint.ifindex, 0);
	s.ifindex = 4;
	get(&row, "local", &v);
	assert_null(v.endpoint.interface);
	assert_int_equal(v.endpoint.ifindex, 4);
	get(&row, "local_address", &v);
	assert_int_equal(v.endpoint.ifindex, 0);
}

static void assert_less(const struct portscope_value *a, const struct portscope_value *b)
{
	assert_true(value_compare(a, b) < 0);
	assert_true(value_compare(b, a) > 0);
	assert_int_equal(value_compare(a, a), 0);
	assert_int_equal(value_compare(b, b), 0);
}

static void test_order_of_values(void **state)
{
	const struct portscope_container x = {.id = "a"}, y = {.id = "b"};
#define KNOWN(kind, ...)                                                                           \
	{                                                                                          \
		.type = PORTSCOPE_##kind, .known = true, __VA_ARGS__                               \
	}
	const struct {
		struct portscope_value less, more;
	} pairs[] = {
		{KNOWN(BOOL, .flag = false), KNOWN(BOOL, .flag = true)},
		{KNOWN(NUMBER, .number = 9), KNOWN(NUMBER, .number = 10)},
		{KNOWN(NUMBER, .number = 1), KNOWN(NUMBER, .number = 1ull << 40)},
		{KNOWN(HEX, .number = 9), KNOWN(HEX, .number = UINT64_MAX)},
		{KNOWN(TEXT, .text = {"ab", 2}), KNOWN(TEXT, .text = {"b", 1})},
		{KNOWN(TEXT, .text = {"ab", 2}), KNOWN(TEXT, .text = {"abc", 3})},
		{KNOWN(TEXT, .text = {"", 0}), KNOWN(TEXT, .text = {"a", 1})},
		{KNOWN(WORD, .word = {"zz", "zz", 1}), KNOWN(WORD, .word = {"aa", "aa", 2})},
		{KNOWN(ADDRESS, .endpoint = {.family = AF_INET, .address = {9}}),
			KNOWN(ADDRESS, .endpoint = {.family = AF_INET, .address = {10}})},
		{KNOWN(ADDRESS, .endpoint = {.family = AF_INET, .address = {255}}),
			KNOWN(ADDRESS, .endpoint = {.family = AF_INET6, .address = {0}})},
		{KNOWN(ADDRESS, .endpoint = {.family = AF_INET6, .address = {[10] = 255, 255, 9}}),
			KNOWN(ADDRESS, .endpoint = {.family = AF_INET, .address = {10}})},
		{KNOWN(ENDPOINT, .endpoint = {.family = AF_INET, .port = 9}),
			KNOWN(ENDPOINT, .endpoint = {.family = AF_INET, .port = 10})},
		{KNOWN(CONTAINER, .container = &x), KNOWN(CONTAINER, .container = &y)},
		/* What is unknown comes last. */
		{KNOWN(NUMBER, .number = UINT64_MAX), {.type = PORTSCOPE_NUMBER}},
		{KNOWN(TEXT, .text = {"~", 1}), {.type = PORTSCOPE_TEXT}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		assert_less(&pairs[i].less, &pairs[i].more);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_facts_of_the_socket),
		cmocka_unit_test(test_minimal_row),
		cmocka_unit_test(test_dual_stack),
		cmocka_unit_test(test_endpoints),
		cmocka_unit_test(test_order_of_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
