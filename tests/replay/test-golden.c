/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text of a recorded host in every format, compared with the files in golden/. Nothing of the
 * machine that runs this goes into them: dumps, interfaces, /proc, /etc and the clock are given.
 *
 * After a wanted change of the output, or a new recording, write them anew and read the difference:
 *     REPLAY_UPDATE=1 meson test -C build replay-golden && git diff tests/replay/golden
 */
#include <setjmp.h>
#include <stdarg.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "listing/snapshot.h"
#include "collect/host.h"
#include "format/format.h"
#include "model/owner-index.h"
#include "owner/owner.h"
#include "replay.h"
#include "util/file.h"

#define LISTENING  "protocol,local,service,port_range,exposure"
#define CONNECTION "protocol,state,recv_q,send_q,local,peer,service,direction"
#define EVERY_FIELD                                                                                \
	"protocol,family,dual_stack,state,local_address,local_port,remote_address,remote_port,"    \
	"interface,ifindex,recv_q,send_q,uid,inode,cookie,mark,netns,service,service_source,"      \
	"service_hint,port_service,port_range,ephemeral,exposure,direction,probable_client"

static const struct golden {
	const char *name; /**< of the file */
	const struct format *format;
	uint32_t states;
	const char *columns;
	const char *sort; /**< a field; NULL: the natural order */
	bool descending;
	bool unsorted;
	bool streams; /**< rows come as the dump is read, and in its order */
	bool colour;
	bool merge;    /**< what differs only in its endpoint */
	bool keep_all; /**< as if every column had been asked for by name */
	unsigned width;
	unsigned families; /**< 0: both */
	bool without_sock_diag;
} goldens[] = {
	{"listening.txt", &format_table, PORTSCOPE_STATES_LISTENING, LISTENING},
	{"listening-ipv4.txt", &format_table, PORTSCOPE_STATES_LISTENING, LISTENING,
		.families = PORTSCOPE_INET},
	{"listening-ipv6.txt", &format_table, PORTSCOPE_STATES_LISTENING, LISTENING,
		.families = PORTSCOPE_INET6},
	{"listening-80.txt", &format_table, PORTSCOPE_STATES_LISTENING, LISTENING ",uid,inode",
		.width = 80},
	{"listening-40.txt", &format_table, PORTSCOPE_STATES_LISTENING, LISTENING, .width = 40,
		.keep_all = true},
	{"listening-200.txt", &format_table, PORTSCOPE_STATES_LISTENING, LISTENING ",uid,inode",
		.width = 200, .colour = true},
	{"listening-merged.txt", &format_table, PORTSCOPE_STATES_LISTENING, LISTENING ",uid",
		.width = 100, .merge = true},
	{"all.txt", &format_table, PORTSCOPE_STATES_ALL, CONNECTION},
	{"all-80.txt", &format_table, PORTSCOPE_STATES_ALL, CONNECTION, .width = 80},
	{"all-200.txt", &format_table, PORTSCOPE_STATES_ALL, CONNECTION, .width = 200},
	{"all-by-service.txt", &format_table, PORTSCOPE_STATES_ALL, "service,local,peer",
		.sort = "service", .descending = true},
	{"none.txt", &format_table, 1u << PORTSCOPE_UNCONNECTED, LISTENING,
		.without_sock_diag = true, .families = PORTSCOPE_INET6},
	{"all.json", &format_json, PORTSCOPE_STATES_ALL, EVERY_FIELD},
	{"all-procfs.json", &format_json, PORTSCOPE_STATES_ALL, EVERY_FIELD,
		.without_sock_diag = true},
	{"all.jsonl", &format_json_lines, PORTSCOPE_STATES_ALL, EVERY_FIELD, .unsorted = true},
	{"stream.jsonl", &format_json_lines, PORTSCOPE_STATES_ALL,
		"protocol,state,local,peer,port_service,exposure,ephemeral", .unsorted = true,
		.streams = true},
	{"stream-facts.jsonl", &format_json_lines, PORTSCOPE_STATES_ALL,
		"protocol,local_port,dual_stack,interface,ifindex,inode,cookie,mark,netns",
		.unsorted = true, .streams = true},
	{"stream-procfs.jsonl", &format_json_lines, PORTSCOPE_STATES_ALL,
		"protocol,state,local_address,local_port,remote_address,remote_port,uid,send_q",
		.unsorted = true, .streams = true, .without_sock_diag = true},
	{"all.csv", &format_csv, PORTSCOPE_STATES_ALL, EVERY_FIELD, .unsorted = true},
};

static struct recording recording;

int __wrap_owner_resolve(const struct owner_request *request, struct socket *sockets, size_t n,
	struct warnings *w, struct owner_index **ret);

/* The holders of the recorded sockets are not there to be found: this user sees none of them. */
int __wrap_owner_resolve(const struct owner_request *request, struct socket *sockets, size_t n,
	struct warnings *w, struct owner_index **ret)
{
	assert_int_equal(owner_index_new(sockets, n, ret), 0);
	(*ret)->hidden = true;
	return owner_index_seal(*ret);
}
static int proc_fd, etc_fd, golden_fd;

static void add_address(struct interface *i, const char *address, const char *broadcast)
{
	struct interface_address *a;

	i->addresses = reallocarray(i->addresses, i->n_addresses + 1, sizeof(*a));
	assert_non_null(i->addresses);
	a = &i->addresses[i->n_addresses++];
	*a = (struct interface_address){.family = strchr(address, ':') ? AF_INET6 : AF_INET};
	assert_int_equal(inet_pton(a->family, address, a->address), 1);
	if (broadcast)
		a->has_broadcast = inet_pton(AF_INET, broadcast, a->broadcast) == 1;
}

/* Those of the recorded namespace. */
static int give_interfaces(struct interfaces *ret)
{
	struct interface *items = calloc(3, sizeof(*items));

	if (!items)
		return -ENOMEM;
	items[0] = (struct interface){.index = 1, .name = "lo"};
	add_address(&items[0], "127.0.0.1", NULL);
	add_address(&items[0], "::1", NULL);
	items[1] = (struct interface){.index = 2, .name = "v1"};
	items[2] = (struct interface){.index = 3, .name = "v0"};
	add_address(&items[2], "10.9.8.7", "10.9.8.255");
	add_address(&items[2], "fd00:9::7", NULL);
	add_address(&items[2], "fe80::77", NULL);
	*ret = (struct interfaces){.items = items, .count = 3};
	return 0;
}

static void refuse(struct replay *r, size_t exchange, unsigned time, struct blocks *answers)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr body;
	} answer = {{sizeof(answer), NLMSG_ERROR, 0, 0, 0}, {.error = -EPERM}};

	answer.head.nlmsg_seq = block_message(&answers->items[0])->nlmsg_seq;
	answer.head.nlmsg_pid = r->transport.port_id;
	blocks_done(answers);
	blocks_add(answers, &answer, sizeof(answer));
}

static int measure_row(const struct portscope_row *row, void *userdata)
{
	struct printer *p = userdata;

	format_table.measure(p, row);
	return 0;
}

/** A printer and the format it works for, for the callback. */
struct printing {
	struct printer printer;
	const struct format *format;
};

static int print_one(const struct portscope_row *row, void *userdata)
{
	struct printing *p = userdata;

	p->format->row(&p->printer, row);
	return 0;
}

static size_t parse_columns(const char *text, uint16_t *ret)
{
	size_t n = 0;

	for (; *text; text += *text == ',') {
		size_t length = strcspn(text, ",");
		char name[64];
		int id;

		snprintf(name, sizeof(name), "%.*s", (int)length, text);
		id = portscope_field_find(name);
		assert_true(id >= 0);
		ret[n++] = id;
		text += length;
	}
	return n;
}

static void render(const struct golden *g, struct portscope_snapshot *snapshot,
	const struct portscope_query *query, struct out *out)
{
	struct listing listing = {.snapshot = snapshot,
		.query = query,
		.kind = &(struct listing_kind){"list", "sockets", "socket"},
		.columns = query->fields,
		.n_columns = query->n_fields,
		.screen = g->width,
		.merge = g->merge,
		.width = g->width,
		.n_default = g->keep_all ? 0 : query->n_fields,
		.colour = g->colour};
	struct printing p = {.printer = {.listing = &listing, .out = out}, .format = g->format};
	size_t n, position = 0;
	const struct portscope_warning *w;

	g->format->begin(&p.printer);
	if (g->format->measure)
		assert_int_equal(portscope_each(snapshot, measure_row, &p.printer), 0);
	assert_int_equal(portscope_each(snapshot, print_one, &p), 0);
	g->format->end(&p.printer);
	for (const char *title; g->width && (title = table_left_out(&p.printer, &position));)
		out_format(out, "left out: %s\n", title);
	w = portscope_get_warnings(snapshot, &n);
	for (size_t i = 0; i < n && g->format == &format_table; i++)
		out_format(
			out, "warning%s: %s\n", w[i].incomplete ? " (incomplete)" : "", w[i].text);
}

static void compare(const char *name, const struct out *out)
{
	AUTO_FREE char *expected = NULL;
	size_t length;

	if (getenv("REPLAY_UPDATE")) {
		AUTO_CLOSE int fd =
			openat(golden_fd, name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);

		assert_true(fd >= 0);
		assert_int_equal(write(fd, out->buffer, out->used), out->used);
		return;
	}
	assert_int_equal(file_read(golden_fd, name, 1 << 20, &expected, &length), 0);
	if (length == out->used && !memcmp(expected, out->buffer, length))
		return;
	for (size_t i = 0, line = 1; i < MIN(length, out->used); i++) {
		if (expected[i] != out->buffer[i])
			fail_msg("%s:%zu: expected\n%.*s\nbut got\n%.*s", name, line,
				(int)strcspn(expected + i, "\n"), expected + i,
				(int)MIN(out->used - i, 200), out->buffer + i);
		line += expected[i] == '\n';
	}
	fail_msg("%s: expected %zu bytes, got %zu", name, length, out->used);
}

static void test_golden(void **state)
{
	const struct golden *g = *state;
	uint16_t columns[FORMAT_COLUMNS_MAX];
	struct portscope_sort sort = {.descending = g->descending};
	struct replay r;
	struct sources sources = {.transport = &r.transport,
		.proc_fd = proc_fd,
		.etc_fd = etc_fd,
		.root_fd = -1,
		.interfaces = give_interfaces,
		.now = 1767225600};
	struct portscope_query query = {.protocols = PORTSCOPE_TCP | PORTSCOPE_UDP,
		.families = g->families ? g->families : PORTSCOPE_INET | PORTSCOPE_INET6,
		.states = g->states,
		.fields = columns,
		.n_fields = parse_columns(g->columns, columns),
		.unsorted = g->unsorted,
		.numeric = true,
		.identity = true};
	struct portscope_snapshot *snapshot;
	AUTO_OUT struct out out = {.fd = -1};

	if (g->sort) {
		sort.field = portscope_field_find(g->sort);
		query.sort = &sort;
		query.n_sort = 1;
	}
	assert_int_equal(portscope_streams(&query), g->streams);
	replay_init(&r, &recording);
	r.change = g->without_sock_diag ? refuse : NULL;
	r.any_states = g->without_sock_diag;
	assert_int_equal(snapshot_open(&query, 0, &sources, &snapshot), 0);
	render(g, snapshot, &query, &out);
	assert_int_equal(r.unmatched, 0);
	portscope_close(snapshot);
	replay_done(&r);
	compare(g->name, &out);
}

static int open_below(const char *folder, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int set_up(void **state)
{
	const char *folder = getenv("REPLAY");
	char path[4096];

	if (!folder || !setlocale(LC_ALL, "C.UTF-8"))
		return -1;
	snprintf(path, sizeof(path), "%s/world.dump", folder);
	recording_read(path, &recording);
	proc_fd = open_below(folder, "host/proc");
	etc_fd = open_below(folder, "host/etc");
	golden_fd = open_below(folder, "golden");
	return proc_fd < 0 || etc_fd < 0 || golden_fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	recording_done(&recording);
	close_fd(proc_fd);
	close_fd(etc_fd);
	close_fd(golden_fd);
	return 0;
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(goldens)];

	for (size_t i = 0; i < ARRAY_SIZE(goldens); i++)
		tests[i] = (struct CMUnitTest){.name = goldens[i].name,
			.test_func = test_golden,
			.initial_state = (void *)&goldens[i]};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
