/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every length in a recorded dump, made too short, too long and absurd: nothing is read beyond the
 * end of a datagram (replay.h says how that is seen) and the answer says that it is incomplete.
 * The damage is there in every pass; that a dump without it is believed is in test-passes.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <cmocka.h>

#include "listing/snapshot.h"
#include "format/format.h"
#include "replay.h"

/** A length in a datagram. */
struct field {
	size_t exchange;
	size_t datagram;
	size_t at;    /**< bytes from its start */
	size_t bytes; /**< its size: 4 nlmsg_len, 2 nla_len, 0: the length of the datagram itself */
	uint32_t value;
};

/** What is done to it, for the replay. */
struct damage {
	const struct field *field;
	uint32_t value;
};

static struct recording recording;
static struct field *fields;
static size_t n_fields;

static void add_field(struct field field)
{
	fields = reallocarray(fields, n_fields + 1, sizeof(*fields));
	assert_non_null(fields);
	fields[n_fields++] = field;
}

static void add_message(struct field field, const struct nlmsghdr *message)
{
	size_t at = field.at + NLMSG_SPACE(sizeof(struct inet_diag_msg));
	size_t end = field.at + message->nlmsg_len;

	field.bytes = 4;
	field.value = message->nlmsg_len;
	add_field(field);
	if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return;
	while (at < end) {
		const struct rtattr *a = (const void *)((const char *)message + at - field.at);

		add_field((struct field){field.exchange, field.datagram, at, 2, a->rta_len});
		at += RTA_ALIGN(a->rta_len);
	}
}

static void find_fields(void)
{
	for (size_t i = 0; i < recording.count; i++)
		for (size_t k = 0; k < recording.items[i].answers.count; k++) {
			const struct block *b = &recording.items[i].answers.items[k];
			struct field field = {i, k, 0, 0, b->length};

			add_field(field);
			for (; field.at < b->length;) {
				const struct nlmsghdr *m = (const void *)(b->bytes + field.at);

				add_message(field, m);
				field.at += NLMSG_ALIGN(m->nlmsg_len);
			}
		}
}

static void harm(struct replay *r, size_t exchange, unsigned time, struct blocks *answers)
{
	const struct damage *d = r->userdata;
	struct block *b = &answers->items[d->field->datagram];

	if (exchange != d->field->exchange)
		return;
	if (!d->field->bytes)
		b->claims = d->value;
	else
		memcpy(b->bytes + d->field->at, &d->value, d->field->bytes);
}

/* The conversation of one exchange, asked again. */
static struct portscope_query query_of(size_t exchange)
{
	static const uint16_t columns[] = {0, 1, 2, 3};
	const struct inet_diag_req_v2 *q =
		NLMSG_DATA(block_message(&recording.items[exchange].request));

	return (struct portscope_query){
		.protocols = q->sdiag_protocol == IPPROTO_TCP ? PORTSCOPE_TCP : PORTSCOPE_UDP,
		.families = q->sdiag_family == AF_INET ? PORTSCOPE_INET : PORTSCOPE_INET6,
		.states = q->idiag_states & 1u << PORTSCOPE_ESTABLISHED
				  ? PORTSCOPE_STATES_ALL
				  : PORTSCOPE_STATES_LISTENING,
		.fields = columns,
		.n_fields = ARRAY_SIZE(columns),
		.unsorted = false,
	};
}

/* Asks with this damage and says whether the answer admits that it is incomplete. */
static bool is_noticed(struct damage *damage)
{
	struct portscope_query query = query_of(damage->field->exchange);
	struct collect_request request = {0};
	struct replay r;
	struct sources sources = {
		.transport = &r.transport, .proc_fd = -1, .etc_fd = -1, .root_fd = -1};
	struct collect_report report = {0};
	struct sockets sockets = {0};
	struct warnings warnings = {0};
	bool noticed;
	int n;

	collect_request_fill(&request, query.protocols, query.families, query.states);
	replay_init(&r, &recording);
	r.change = harm;
	r.userdata = damage;
	n = collect_all(&sources, &request, &sockets, &report, &warnings);
	assert_int_equal(n, 0);
	assert_true(r.times[damage->field->exchange] > 0);
	noticed = warnings_incomplete(&warnings);
	sockets_done(&sockets);
	warnings_done(&warnings);
	replay_done(&r);
	return noticed;
}

static const char *name_of(const struct field *field)
{
	return field->bytes == 4 ? "nlmsg_len" : field->bytes == 2 ? "nla_len" : "datagram";
}

/* Values that a length of `field` must not be taken for. */
static size_t wrong_values(const struct field *field, uint32_t *ret)
{
	uint32_t v = field->value;
	uint32_t values[] = {0, 1, 0xffff, 0x10001, 0x7fffffff, 0x80000000, 0xffffffff, v - 1,
		v + 1, v - 2, v + 2, v - 3, v + 3, v - 4, v + 4, v - 16, v + 16, v / 2, 2 * v};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		/* An attribute's length has 16 bits. */
		if (field->bytes != 2 || values[i] < 0x10000)
			ret[n++] = values[i];
	return n;
}

/*
 * The one damage that cannot be seen: a datagram that ends early, but between two messages, with
 * another one after it. Every length holds, the end of the dump follows, and nothing says how many
 * messages there are: it is what the kernel sends of a host that has fewer sockets.
 */
static bool is_cut_between_messages(const struct field *field, uint32_t value)
{
	const struct blocks *answers = &recording.items[field->exchange].answers;
	const struct block *b = &answers->items[field->datagram];
	size_t at = 0;

	if (field->bytes || !value || field->datagram + 1 == answers->count)
		return false;
	while (at < value && at < b->length)
		at += NLMSG_ALIGN(((const struct nlmsghdr *)(b->bytes + at))->nlmsg_len);
	return at == value;
}

static void test_every_length(void **state)
{
	size_t unnoticed = 0;

	for (size_t i = 0; i < n_fields; i++) {
		uint32_t values[32];
		size_t n = wrong_values(&fields[i], values);

		for (size_t k = 0; k < n; k++) {
			struct damage damage = {.field = &fields[i], .value = values[k]};

			if (is_noticed(&damage) == !is_cut_between_messages(&fields[i], values[k]))
				continue;
			print_message("exchange %zu, datagram %zu, %s at %zu: %u for %u\n",
				fields[i].exchange, fields[i].datagram, name_of(&fields[i]),
				fields[i].at, values[k], fields[i].value);
			unnoticed++;
		}
	}
	assert_int_equal(unnoticed, 0);
	/* The recording has all three kinds, and enough of them to mean something. */
	assert_true(n_fields > 300);
}

/* Cut at every byte. */
static void test_every_cut(void **state)
{
	for (size_t i = 0; i < n_fields; i++)
		if (!fields[i].bytes)
			for (uint32_t n = 0; n < fields[i].value; n++) {
				struct damage damage = {.field = &fields[i], .value = n};

				if (is_noticed(&damage) == is_cut_between_messages(&fields[i], n))
					fail_msg("%u bytes of %u", n, fields[i].value);
			}
}

static int print_row(const struct portscope_row *row, void *userdata)
{
	format_json.row(userdata, row);
	return 0;
}

/* What a reader of the JSON sees of it: once for each kind of length. */
static void test_json_says_so(void **state)
{
	unsigned seen = 0;

	for (size_t i = 0; i < n_fields; i++) {
		struct portscope_query query = query_of(fields[i].exchange);
		struct damage damage = {.field = &fields[i], .value = fields[i].value - 1};
		struct replay r;
		struct sources sources = {
			.transport = &r.transport, .proc_fd = -1, .etc_fd = -1, .root_fd = -1};
		struct listing listing = {.query = &query,
			.kind = &(struct listing_kind){"list", "sockets", "socket"},
			.columns = query.fields,
			.n_columns = query.n_fields};
		struct portscope_snapshot *snapshot;
		AUTO_OUT struct out out = {.fd = -1};
		struct printer printer = {.listing = &listing, .out = &out};

		if (seen & 1u << fields[i].bytes)
			continue;
		seen |= 1u << fields[i].bytes;
		replay_init(&r, &recording);
		r.change = harm;
		r.userdata = &damage;
		assert_int_equal(snapshot_open(&query, 0, &sources, &snapshot), 0);
		listing.snapshot = snapshot;
		format_json.begin(&printer);
		assert_int_equal(portscope_each(snapshot, print_row, &printer), 0);
		format_json.end(&printer);
		out_char(&out, 0);
		assert_non_null(strstr(out.buffer, "\"complete\":false"));
		assert_non_null(strstr(out.buffer, "was cut short or damaged"));
		portscope_close(snapshot);
		replay_done(&r);
	}
	assert_int_equal(seen, 1 << 0 | 1 << 2 | 1 << 4);
}

static int set_up(void **state)
{
	const char *folder = getenv("REPLAY");
	char path[4096];

	if (!folder)
		return -1;
	snprintf(path, sizeof(path), "%s/world.dump", folder);
	recording_read(path, &recording);
	find_fields();
	return 0;
}

static int tear_down(void **state)
{
	recording_done(&recording);
	free(fields);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_json_says_so),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
