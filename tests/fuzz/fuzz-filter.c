/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any text as a filter. What parses is shown, and what is shown parses to the same; its program is
 * one that the kernel would accept, and lets through a socket that matches. What does not parse has
 * an error within the text.
 */
#include <stdio.h>
#include <string.h>

#include "../unit/filter-names.h"
#include "../unit/kernel-filter.h"
#include "model/host.h"

#define REQUIRE(ok)                                                                                \
	do {                                                                                       \
		if (!(ok)) {                                                                       \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #ok);                   \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *tree_of(const struct filter *filter)
{
	struct out o;

	out_init(&o, -1);
	filter_show(filter, FILTER_TREE, 0, &o);
	out_char(&o, '\0');
	REQUIRE(!o.error);
	return o.buffer;
}

static bool is_plain(const char *text)
{
	size_t brackets = 0;

	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			return false;
		brackets += *text == '(';
	}
	/* Written out, nesting may go beyond what is parsed. */
	return brackets < 200;
}

static void check_again(const char *text, const struct filter *filter)
{
	AUTO_FREE char *first = tree_of(filter), *second = NULL;
	CLEANUP(filter_free_cleanup) struct filter *again = NULL;
	struct filter_error error;

	/* Unsafe bytes are shown as escapes, which are other bytes. */
	if (!is_plain(text) || !is_plain(first))
		return;
	REQUIRE(filter_parse(first, &test_names, &again, &error) == 0);
	second = tree_of(again);
	REQUIRE(!strcmp(first, second));
	REQUIRE(filter_needs(filter) == filter_needs(again));
}

static void check_program(const struct filter *filter, unsigned flags)
{
	AUTO_FREE uint8_t *program = NULL;
	struct socket s = {
		.protocol = IPPROTO_TCP,
		.family = AF_INET,
		.state = PORTSCOPE_LISTEN,
		.local_port = 22,
		.local_address = {127, 0, 0, 1},
		.present = SOCKET_HAS_UID | SOCKET_HAS_MARK | SOCKET_HAS_CGROUP,
	};
	struct host host = {0};
	struct portscope_row row = {.socket = &s, .host = &host};
	struct kernel_socket k = {.socket = &s};
	size_t length;
	int r = filter_compile(filter, flags, &program, &length);

	REQUIRE(r >= 0);
	REQUIRE(length <= FILTER_PROGRAM_MAX && !length == !program);
	if (program)
		REQUIRE(program_audit(program, length, flags & FILTER_MAY_MARK));
	if (filter_match(filter, &row)) {
		REQUIRE(filter_match_socket(filter, &s));
		REQUIRE(!program || program_run(program, length, &k));
		REQUIRE(filter_states_of(filter, s.protocol, s.family, PORTSCOPE_STATES_ALL) >>
				s.state &
			1);
	}
}

static void check_error(const struct filter_error *error, const char *text)
{
	AUTO_OUT struct out o;
	unsigned lines = 1;

	REQUIRE(*error->message && error->offset + error->length <= strlen(text));
	out_init(&o, -1);
	filter_error_write(error, text, &o);
	for (size_t i = 0; i < o.used; i++) {
		lines += o.buffer[i] == '\n';
		REQUIRE(o.buffer[i] == '\n' || (o.buffer[i] >= ' ' && o.buffer[i] <= '~'));
	}
	REQUIRE(lines == 3 && o.used < 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = strndup((const char *)data, size);
	CLEANUP(filter_free_cleanup) struct filter *filter = NULL;
	struct filter_error error = {0};
	AUTO_OUT struct out o;
	int r;

	REQUIRE(text);
	out_init(&o, -1);
	r = filter_parse(text, &test_names, &filter, &error);
	REQUIRE(r == 0 || r == -EINVAL);
	if (r < 0) {
		REQUIRE(!filter);
		check_error(&error, text);
		return 0;
	}
	check_again(text, filter);
	for (unsigned flags = 0; flags < 64; flags += 1 + flags / 4)
		check_program(filter, flags);
	check_program(filter, FILTER_MAY_MARK | FILTER_TCP | FILTER_INET);
	filter_explain(filter, 0, PORTSCOPE_STATES_ALL, &o);
	filter_turn_to_peer(filter);
	return 0;
}
