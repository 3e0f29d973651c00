/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Documents that are whole, and every way in which one may not be; what differs between two, and
 * what must not; names of units that stay.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "document/compare.h"
#include "document/read.h"
#include "document/transient.h"

/* Everything that a comparison reads. */
#define COLUMNS                                                                                    \
	"\"protocol\",\"local_address\",\"local_port\",\"remote_address\",\"remote_port\","        \
	"\"state\",\"interface\",\"dual_stack\",\"user\",\"cookie\",\"unit\",\"container\","       \
	"\"exposure\",\"direction\",\"probable_client\",\"owner\",\"processes\",\"recv_q\""
#define HEAD_OF(host, states, filter, columns)                                                     \
	"{\"schema\":\"portscope/1\",\"time\":\"2026-11-22T09:00:00Z\",\"host\":{\"name\":"        \
	"\"h\",\"machine_id\":" host "},\"query\":{\"command\":\"list\",\"protocols\":"            \
	"[\"tcp\",\"udp\"],\"families\":[\"inet\",\"inet6\"],\"states\":[" states                  \
	"],\"filter\":" filter ",\"columns\":[" columns "]},"
#define HEAD  HEAD_OF("null", "\"listen\",\"unconnected\"", "null", COLUMNS)
#define WHOLE "\"complete\":true,\"warnings\":[],"

/* One socket, as a test says it; zeroed members have the values of an sshd on *:22. */
struct said {
	const char *protocol, *address, *peer, *interface, *dual_stack, *user, *unit, *container;
	const char *exposure, *direction, *client, *owner, *processes, *state, *cookie;
	unsigned port, peer_port;
};

#define SSHD "[{\"pid\":1,\"program\":\"sshd\",\"exe\":\"/usr/sbin/sshd\"}]"

static const char *or_else(const char *text, const char *otherwise)
{
	return text ? text : otherwise;
}

/* A string in quotes, or null. */
static void put_string(struct out *o, const char *key, const char *text)
{
	out_format(o, text ? ",\"%s\":\"%s\"" : ",\"%s\":null", key, text);
}

static void put_said(struct out *o, const struct said *s)
{
	out_format(o, "{\"recv_q\":0");
	put_string(o, "protocol", or_else(s->protocol, "tcp"));
	put_string(o, "local_address", or_else(s->address, "0.0.0.0"));
	out_format(o, ",\"local_port\":%u", s->port ? s->port : 22);
	put_string(o, "remote_address", s->peer);
	if (s->peer)
		out_format(o, ",\"remote_port\":%u", s->peer_port);
	else
		out_text(o, ",\"remote_port\":null");
	put_string(o, "state", or_else(s->state, s->peer ? "established" : "listen"));
	put_string(o, "interface", s->interface);
	out_format(o, ",\"dual_stack\":%s", or_else(s->dual_stack, "false"));
	put_string(o, "user", or_else(s->user, "root"));
	put_string(o, "cookie", or_else(s->cookie, "1a"));
	put_string(o, "unit", or_else(s->unit, "ssh.service"));
	out_format(o, ",\"container\":%s", or_else(s->container, "null"));
	put_string(o, "exposure", or_else(s->exposure, "any"));
	put_string(o, "direction", s->direction);
	out_format(o, ",\"probable_client\":%s", or_else(s->client, "false"));
	put_string(o, "owner", or_else(s->owner, "known"));
	out_text(o, ",\"processes\":");
	out_text(o, or_else(s->processes, SSHD));
	out_char(o, '}');
}

/** A text that is read a few bytes at a time, so that everything meets the end of a buffer. */
struct source {
	const char *text;
	size_t length, at, step;
};

static ssize_t read_source(void *userdata, void *buffer, size_t size)
{
	struct source *s = userdata;
	size_t n = MIN(MIN(size, s->step), s->length - s->at);

	memcpy(buffer, s->text + s->at, n);
	s->at += n;
	return (ssize_t)n;
}

static int read_bytes(
	const char *text, size_t length, size_t step, struct portscope_document **ret, char **error)
{
	struct source s = {text, length, 0, step};

	return document_read(read_source, &s, ret, error);
}

/* The document that a text is; it has to be one, however it is cut into reads. */
static struct portscope_document *document(const char *text)
{
	struct portscope_document *d = NULL;
	char *error = NULL;
	int r;

	for (size_t step = 1; step < 9000; step = step * 7 + 3) {
		portscope_document_free(d);
		d = NULL;
		r = read_bytes(text, strlen(text), step, &d, &error);
		if (r < 0)
			fail_msg("%s: %s", or_else(error, strerror(-r)), text);
	}
	return d;
}

static struct portscope_document *listing(const char *head, const struct said *sockets, size_t n)
{
	AUTO_OUT struct out o = {.fd = -1};

	out_text(&o, head);
	out_text(&o, WHOLE "\"sockets\":[");
	for (size_t i = 0; i < n; i++) {
		out_text(&o, i ? ",\n" : "\n");
		put_said(&o, &sockets[i]);
	}
	out_text(&o, "\n]}\n");
	out_char(&o, 0);
	assert_int_equal(o.error, 0);
	return document(o.buffer);
}

/* A diff as lines: sign, protocol, port, number of sockets, what differs. */
static void put_changes(struct out *o, const struct portscope_diff *d)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct change *c = &d->changes[i];
		const struct entry *e = c->kind == PORTSCOPE_CLOSED
						? &d->documents[0]->entries[c->before]
						: &d->documents[1]->entries[c->after];

		out_format(o, "%c%s %u x%zu", "+-~"[c->kind],
			e -> protocol == IPPROTO_TCP ? "tcp" : "udp", e->local_port, c->count);
		for (unsigned a = 0; portscope_aspect_name(a); a++)
			if (c->differs >> a & 1)
				out_format(o, " %s", portscope_aspect_name(a));
		out_char(o, ';');
	}
	out_char(o, 0);
}

/** What is compared, and the difference that it must make. */
struct comparing {
	struct said before[4], after[4];
	size_t n_before, n_after;
	const char *changes;
	size_t unseen;
};

static void expect(const char *head, const struct comparing *c)
{
	struct portscope_document *before = listing(head, c->before, c->n_before);
	struct portscope_document *after = listing(head, c->after, c->n_after);
	struct portscope_diff *diff;
	AUTO_OUT struct out o = {.fd = -1};
	char *error = NULL;

	assert_int_equal(portscope_diff(before, after, &diff, &error), 0);
	put_changes(&o, diff);
	assert_string_equal(o.buffer, c->changes);
	assert_int_equal(diff->unseen, c->unseen);
	portscope_diff_free(diff);
	portscope_document_free(before);
	portscope_document_free(after);
}

#define PROCESS(name, exe) "[{\"pid\":7,\"program\":\"" name "\",\"exe\":\"" exe "\"}]"
#define HIDDEN             .owner = "hidden", .processes = "null"
#define BY_NAME(id, name)                                                                          \
	"{\"runtime\":\"docker\",\"id\":\"" id "\",\"name\":\"" name "\",\"pod\":null}"
#define BY_ID(id) "{\"runtime\":\"docker\",\"id\":\"" id "\",\"name\":null,\"pod\":null}"

static const struct comparing one_to_one[] = {
	/* the same, by another process: a restart */
	{{{0}},
		{{.processes = "[{\"pid\":9,\"program\":\"sshd\",\"exe\":\"/usr/sbin/sshd\"},"
			       "{\"pid\":10,\"program\":\"sshd\",\"exe\":\"/usr/sbin/sshd\"}]",
			.cookie = "ffffffffffffffff"}},
		1, 1, ""},
	/* each aspect */
	{{{0}}, {{.processes = PROCESS("nginx", "/usr/sbin/sshd")}}, 1, 1, "~tcp 22 x1 program;"},
	{{{0}}, {{.processes = PROCESS("sshd", "/tmp/sshd")}}, 1, 1, "~tcp 22 x1 executable;"},
	{{{0}}, {{.user = "ada"}}, 1, 1, "~tcp 22 x1 user;"},
	{{{0}}, {{.unit = "other.service"}}, 1, 1, "~tcp 22 x1 unit;"},
	{{{0}}, {{.container = BY_ID("aa")}}, 1, 1, "~tcp 22 x1 container;"},
	{{{0}}, {{.exposure = "link"}}, 1, 1, "~tcp 22 x1 exposure;"},
	{{{0}}, {{.dual_stack = "true"}}, 1, 1, "~tcp 22 x1 dual_stack;"},
	{{{0}},
		{{.user = "ada",
			.unit = "a.service",
			.processes = PROCESS("a", "/a"),
			.exposure = "link"}},
		1, 1, "~tcp 22 x1 program executable user unit exposure;"},
	/* a program more among the holders is a difference, its place among them none */
	{{{.processes = "[{\"program\":\"b\",\"exe\":null},{\"program\":\"a\",\"exe\":null}]"}},
		{{.processes = "[{\"program\":\"a\",\"exe\":null},{\"program\":\"b\",\"exe\":null}"
			       "]"}},
		1, 1, ""},
	{{{.processes = "[{\"program\":\"a\",\"exe\":null}]"}},
		{{.processes = "[{\"program\":\"a\",\"exe\":null},{\"program\":\"b\",\"exe\":null}"
			       "]"}},
		1, 1, "~tcp 22 x1 program;"},
	/* what names a socket */
	{{{0}}, {{.port = 23}}, 1, 1, "-tcp 22 x1;+tcp 23 x1;"},
	{{{0}}, {{.protocol = "udp"}}, 1, 1, "-tcp 22 x1;+udp 22 x1;"},
	{{{0}}, {{.address = "127.0.0.1"}}, 1, 1, "-tcp 22 x1;+tcp 22 x1;"},
	{{{0}}, {{.address = "::"}}, 1, 1, "-tcp 22 x1;+tcp 22 x1;"},
	{{{0}}, {{.interface = "eth0"}}, 1, 1, "-tcp 22 x1;+tcp 22 x1;"},
	{{{0}}, {{.state = "bound-inactive"}}, 1, 1, "-tcp 22 x1;+tcp 22 x1;"},
	{{{0}}, {{0}}, 0, 1, "+tcp 22 x1;"},
	{{{0}}, {{0}}, 1, 0, "-tcp 22 x1;"},
	{{{0}}, {{0}}, 0, 0, ""},
	/* names that are made up anew */
	{{{.unit = "session-12.scope"}}, {{.unit = "session-c3.scope"}}, 1, 1, ""},
	{{{.unit = "session-12.scope"}}, {{.unit = "ssh.service"}}, 1, 1, "~tcp 22 x1 unit;"},
	{{{.container = BY_NAME("aa", "web")}}, {{.container = BY_NAME("bb", "web")}}, 1, 1, ""},
	{{{.container = BY_NAME("aa", "web")}}, {{.container = BY_NAME("aa", "db")}}, 1, 1,
		"~tcp 22 x1 container;"},
	{{{.container = BY_ID("aa")}}, {{.container = BY_ID("bb")}}, 1, 1, "~tcp 22 x1 container;"},
	{{{.container = BY_ID("aa")}}, {{.container = BY_NAME("bb", "web")}}, 1, 1, ""},
	{{{.processes = PROCESS("server.js (node)", "/usr/bin/node")}},
		{{.processes = PROCESS("web (node)", "/usr/bin/node")}}, 1, 1, ""},
	{{{.processes = PROCESS("app", "/tmp/.mount_appX1y2Z3/app")}},
		{{.processes = PROCESS("app", "/tmp/.mount_appQ7w8E9/app")}}, 1, 1, ""},
	{{{.processes = PROCESS("postgres", "/usr/lib/postgresql/15/bin/postgres")}},
		{{.processes = PROCESS("postgres", "/usr/lib/postgresql/16/bin/postgres")}}, 1, 1,
		""},
	/* what is not known differs from nothing, and is counted */
	{{{0}}, {{HIDDEN}}, 1, 1, "", 1},
	{{{0}}, {{HIDDEN, .user = "ada", .unit = "x.service"}}, 1, 1, "", 1},
	{{{HIDDEN}}, {{HIDDEN}}, 1, 1, "", 1},
	{{{HIDDEN}}, {{HIDDEN, .user = "ada"}}, 1, 1, "~tcp 22 x1 user;", 1},
	{{{HIDDEN}}, {{HIDDEN, .exposure = "link"}}, 1, 1, "~tcp 22 x1 exposure;", 1},
	{{{0}}, {{.dual_stack = "null"}}, 1, 1, ""},
	{{{0}}, {{.processes = "[{\"program\":\"sshd\",\"exe\":null}]"}}, 1, 1, ""},
	{{{.owner = "none", .processes = "[]"}}, {{0}}, 1, 1, ""},
	{{{0}}, {{.user = "0"}}, 1, 1, ""},
	{{{.user = "1"}}, {{.user = "0"}}, 1, 1, "~tcp 22 x1 user;"},
};

static void test_one_to_one(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(one_to_one); i++)
		expect(HEAD, &one_to_one[i]);
}

#define NGINX .processes = PROCESS("nginx", "/nginx")

/* Several sockets of one name. */
static const struct comparing sets[] = {
	{{{0}, {NGINX}}, {{NGINX}, {0}}, 2, 2, ""},
	{{{0}, {0}, {0}}, {{0}}, 3, 1, "-tcp 22 x2;"},
	{{{0}}, {{0}, {0}, {0}}, 1, 3, "+tcp 22 x2;"},
	{{{0}, {0}}, {{0}, {NGINX}}, 2, 2, "~tcp 22 x1 program executable;"},
	{{{0}, {0}}, {{NGINX}, {NGINX}}, 2, 2, "~tcp 22 x2 program executable;"},
	/* the pair that differs least */
	{{{.user = "a"}, {.user = "b", NGINX}}, {{.user = "c", NGINX}, {.user = "d"}}, 2, 2,
		"~tcp 22 x1 user;~tcp 22 x1 user;"},
	{{{.user = "a"}, {.user = "b"}, {.user = "c"}}, {{.user = "c"}, {.user = "d"}}, 3, 2,
		"~tcp 22 x1 user;-tcp 22 x1;"},
	{{{0}, {.interface = "eth0"}}, {{.interface = "eth0"}, {0}}, 2, 2, ""},
};

static void test_sets(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		expect(HEAD, &sets[i]);
}

#define CURL                                                                                       \
	.processes = PROCESS("curl", "/curl"), .direction = "outbound", .peer = "192.0.2.1",       \
	.peer_port = 443
#define SERVED .direction = "inbound", .peer = "192.0.2.9"

/* Ports that the kernel chose name nobody. */
static const struct comparing connections[] = {
	{{{CURL, .port = 40000}}, {{CURL, .port = 50000}}, 1, 1, ""},
	{{{CURL, .port = 40000}}, {{CURL, .port = 50000, .user = "ada"}}, 1, 1,
		"-tcp 40000 x1;+tcp 50000 x1;"},
	{{{CURL, .port = 40000}}, {{CURL, .port = 1}, {CURL, .port = 2}}, 1, 2, "+tcp 2 x1;"},
	{{{SERVED, .peer_port = 1}}, {{SERVED, .peer_port = 2}}, 1, 1, ""},
	{{{SERVED, .peer_port = 1}}, {{SERVED, .peer_port = 2, .port = 23}}, 1, 1,
		"-tcp 22 x1;+tcp 23 x1;"},
	{{{.peer = "192.0.2.9", .peer_port = 1}}, {{.peer = "192.0.2.9", .peer_port = 2}}, 1, 1,
		"-tcp 22 x1;+tcp 22 x1;"},
	{{{.peer = "192.0.2.9", .peer_port = 1}},
		{{.peer = "192.0.2.9", .peer_port = 1, .user = "ada"}}, 1, 1, "~tcp 22 x1 user;"},
	{{{SERVED, .peer_port = 1}},
		{{SERVED, .peer_port = 1, .state = "time-wait", .user = "", .owner = "none",
			.processes = "[]"}},
		1, 1, ""},
	{{{.protocol = "udp", .port = 40000, .client = "true"}},
		{{.protocol = "udp", .port = 50000, .client = "true"}}, 1, 1, ""},
	{{{.protocol = "udp", .port = 40000, .client = "true"}},
		{{.protocol = "udp", .port = 50000, .client = "true", NGINX}}, 1, 1,
		"-udp 40000 x1;+udp 50000 x1;"},
	{{{.protocol = "udp", .port = 40000}}, {{.protocol = "udp", .port = 50000}}, 1, 1,
		"-udp 40000 x1;+udp 50000 x1;"},
};

static void test_connections(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(connections); i++)
		expect(HEAD_OF("null", "\"listen\",\"unconnected\",\"established\",\"time-wait\"",
			       "null", COLUMNS),
			&connections[i]);
}

/* A set that is too large to look for the closest pairs is matched all the same, and soon. */
static void test_large_set(void **state)
{
	enum { N = 3000 };
	struct said *before = calloc(N, sizeof(*before)), *after = calloc(N, sizeof(*after));
	struct portscope_document *b, *a;
	struct portscope_diff *diff;
	AUTO_OUT struct out o = {.fd = -1};
	char *error = NULL;

	assert_non_null(before);
	assert_non_null(after);
	for (size_t i = 0; i < N; i++)
		after[i].user = "ada";
	b = listing(HEAD, before, N);
	a = listing(HEAD, after, N - 10);
	assert_int_equal(portscope_diff(b, a, &diff, &error), 0);
	put_changes(&o, diff);
	assert_string_equal(o.buffer, "~tcp 22 x2990 user;-tcp 22 x10;");
	assert_int_equal(diff->counts[PORTSCOPE_CHANGED], N - 10);
	assert_int_equal(diff->counts[PORTSCOPE_CLOSED], 10);
	portscope_diff_free(diff);
	portscope_document_free(a);
	portscope_document_free(b);
	free(before);
	free(after);
}

/* The order of the output: protocol, port, address, peer; all text comes from the second. */
static void test_order(void **state)
{
	static const struct comparing all = {{{0}},
		{{.protocol = "udp", .port = 5}, {.port = 300}, {.port = 5, .address = "::1"},
			{.port = 5}},
		0, 4, "+tcp 5 x1;+tcp 5 x1;+tcp 300 x1;+udp 5 x1;"};

	expect(HEAD, &all);
}

/* Only what both documents have is compared. */
static void test_columns(void **state)
{
	static const char few[] = HEAD_OF("null", "\"listen\",\"unconnected\"", "null",
		"\"protocol\",\"local_address\",\"local_port\",\"user\",\"unknown_to_us\"");
	static const char socket[] =
		WHOLE "\"sockets\":[{\"protocol\":\"tcp\",\"local_address\":\"0.0.0.0\","
		      "\"local_port\":22,\"user\":\"ada\",\"unit\":17,\"unknown_to_us\":[1]}]}";
	char text[4096];
	struct portscope_document *b = listing(HEAD, (struct said[]){{0}}, 1), *a;
	struct portscope_diff *diff;
	AUTO_OUT struct out o = {.fd = -1};
	char *error = NULL;

	snprintf(text, sizeof(text), "%s%s", few, socket);
	a = document(text);
	assert_int_equal(portscope_diff(b, a, &diff, &error), 0);
	assert_int_equal(diff->compared, 1u << PORTSCOPE_ASPECT_USER);
	put_changes(&o, diff);
	assert_string_equal(o.buffer, "~tcp 22 x1 user;");
	assert_int_equal(diff->warnings.count, 1);
	assert_non_null(strstr(diff->warnings.items[0].text, "program, executable, unit"));
	portscope_diff_free(diff);
	portscope_document_free(a);
	portscope_document_free(b);
}

static void test_queries(void **state)
{
	static const struct {
		const char *head, *says;
	} others[] = {
		{HEAD_OF("null", "\"listen\"", "null", COLUMNS), "states: "},
		{HEAD_OF("null", "\"listen\",\"unconnected\"", "\"ssh\\u001b\"", COLUMNS),
			"filter: none and then ssh\\x1b"},
	};
	struct portscope_document *b = listing(HEAD, NULL, 0);

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct portscope_document *a = listing(others[i].head, NULL, 0);
		struct portscope_diff *diff = NULL;
		AUTO_FREE char *error = NULL;

		assert_int_equal(portscope_diff(b, a, &diff, &error), -EINVAL);
		assert_null(diff);
		assert_non_null(strstr(error, others[i].says));
		portscope_document_free(a);
	}
	portscope_document_free(b);
}

static void test_warnings(void **state)
{
	static const char *const heads[] = {
		HEAD_OF("\"0123456789abcdef0123456789abcdef\"", "\"listen\"", "null", COLUMNS),
		HEAD_OF("\"1123456789abcdef0123456789abcdef\"", "\"listen\"", "null", COLUMNS),
	};
	struct portscope_document *documents[2];
	struct portscope_diff *diff;
	char text[4096], *error = NULL;

	for (size_t i = 0; i < 2; i++) {
		snprintf(text, sizeof(text),
			"%s\"complete\":false,\"warnings\":[{\"text\":\"a\",\"incomplete\":false},"
			"{\"text\":\"why %zu\",\"incomplete\":true}],\"sockets\":[]}",
			heads[i], i);
		documents[i] = document(text);
	}
	documents[0]->head.time++;
	assert_int_equal(portscope_diff(documents[0], documents[1], &diff, &error), 0);
	assert_int_equal(diff->warnings.count, 4);
	assert_true(warnings_incomplete(&diff->warnings));
	assert_non_null(strstr(diff->warnings.items[0].text, "first document is incomplete"));
	assert_non_null(strstr(diff->warnings.items[0].text, "why 0"));
	assert_non_null(strstr(diff->warnings.items[1].text, "why 1"));
	assert_non_null(strstr(diff->warnings.items[2].text, "another host"));
	assert_non_null(strstr(diff->warnings.items[3].text, "newer"));
	portscope_diff_free(diff);
	portscope_document_free(documents[0]);
	portscope_document_free(documents[1]);
}

#define SOCKET(members) HEAD WHOLE "\"sockets\":[\n{\"protocol\":" members "}]}"
#define REST                                                                                       \
	",\"remote_address\":null,\"remote_port\":null,\"state\":\"listen\",\"interface\":null,"   \
	"\"dual_stack\":null,\"cookie\":null,\"exposure\":null,\"direction\":null,"                \
	"\"probable_client\":null,\"owner\":null"
#define SSH "\"tcp\",\"local_address\":\"::1\",\"local_port\":22" REST
#define BODY(unit, container, processes)                                                           \
	SOCKET(SSH ",\"user\":null,\"unit\":" unit ",\"container\":" container                     \
		   ",\"processes\":" processes)

/* What is no document, and the words by which a reader knows why. */
static const struct {
	const char *text;
	int code;
	const char *says;
} damaged[] = {
	{"", -EBADMSG, "it is empty"},
	{" \n\t", -EBADMSG, "it is empty"},
	{"x", -EBADMSG, "not a JSON document"},
	{"[]", -EBADMSG, "not a JSON document"},
	{"\n  17", -EBADMSG, "line 2, column 3"},
	{"{}", -EBADMSG, "schema is not portscope/1"},
	{"{", -EBADMSG, "cut off"},
	{"{\"", -EBADMSG, "cut off"},
	{"{\"schema\"", -EBADMSG, "cut off"},
	{"{\"schema\" 1}", -EBADMSG, "invalid JSON"},
	{"{\"schema\":}", -EBADMSG, "invalid JSON"},
	{"{,}", -EBADMSG, "invalid JSON"},
	{"{1:2}", -EBADMSG, "used as a key"},
	{"{\"a\":1,}", -EBADMSG, "invalid JSON"},
	{"{\"a\":1]", -EBADMSG, "invalid JSON"},
	{"{\"a\":[1}}", -EBADMSG, "invalid JSON"},
	{"{\"a\":tru}", -EBADMSG, "invalid JSON"},
	{"{\"a\":\"\xff\"}", -EBADMSG, "invalid JSON"},
	{"{\"a\":\"\\u0000\"}", -EBADMSG, "invalid JSON"},
	{"{\"a\":{\"b\":1,\"b\":2}}", -EBADMSG, "invalid JSON"},
	{"{\"a\":\n\n  {\"b\": xyz}}", -EBADMSG, "line 3, column "},
	{"{\"schema\":1}", -EBADMSG, "schema is not portscope/1"},
	{"{\"schema\":\"portscope/2\"}", -EBADMSG, "schema portscope/2"},
	{"{\"schema\":\"portscope/\\u001b[2J\"}", -EBADMSG, "portscope/\\x1b[2J"},
	{"{\"schema\":\"portscope/1\",\"schema\":\"portscope/1\"}", -EBADMSG, "appears twice"},
	{"{\"record\":\"socket\"}\n{\"record\":\"end\"}", -EBADMSG, "--json-lines"},
	{"{\"schema\":\"portscope/1\"}", -EBADMSG, "has no time"},
	{"{\"time\":\"yesterday\"}", -EBADMSG, "'yesterday' is not a time"},
	{"{\"time\":\"2026-11-22T09:00:00\"}", -EBADMSG, "is not a time"},
	{"{\"time\":\"2026-11-22T09:00:00Zulu\"}", -EBADMSG, "is not a time"},
	{"{\"time\":3}", -EBADMSG, "time is an integer"},
	{"{\"host\":null}", -EBADMSG, "host is null"},
	{"{\"host\":{\"name\":1}}", -EBADMSG, "host.name is an integer"},
	{"{\"host\":{\"name\":null}}", -EBADMSG, "host.machine_id is missing"},
	{"{\"complete\":1}", -EBADMSG, "complete is an integer"},
	{"{\"warnings\":{}}", -EBADMSG, "warnings is an object"},
	{"{\"warnings\":[{}]}", -EBADMSG, "warning 1"},
	{"{\"query\":[]}", -EBADMSG, "query is an array"},
	{"{\"query\":{}}", -EBADMSG, "query.command is missing"},
	{"{\"query\":{\"command\":\"diff\"}}", -EINVAL, "what portscope diff --json writes"},
	{"{\"query\":{\"command\":\"list\"}}", -EBADMSG, "query.protocols is missing"},
	{"{\"query\":{\"command\":\"list\",\"protocols\":[\"sctp\"]}}", -EBADMSG,
		"'sctp' is unknown"},
	{"{\"query\":{\"command\":\"list\",\"protocols\":[7]}}", -EBADMSG, "is an integer"},
	{"{\"sockets\":[{}]}", -EINVAL, "before its query"},
	{HEAD_OF("null", "\"sleepy\"", "null", COLUMNS), -EBADMSG, "'sleepy' is unknown"},
	{HEAD_OF("null", "\"listen\"", "7", COLUMNS), -EBADMSG, "query.filter is an integer"},
	{HEAD_OF("null", "\"listen\"", "null", "\"protocol\",\"local_address\""), -EINVAL,
		"lack local_port"},
	{HEAD_OF("null", "\"established\"", "null",
		 "\"protocol\",\"local_address\",\"local_port\""),
		-EINVAL, "lack remote_address"},
	{HEAD WHOLE "\"sockets\":{}}", -EBADMSG, "invalid JSON"},
	{HEAD WHOLE "\"sockets\":[", -EBADMSG, "cut off"},
	{HEAD WHOLE "\"sockets\":[]", -EBADMSG, "cut off"},
	{HEAD WHOLE "\"sockets\":[]}x", -EBADMSG, "after the end"},
	{HEAD WHOLE "\"sockets\":[]}{}", -EBADMSG, "after the end"},
	{HEAD WHOLE "\"sockets\":[1]}", -EBADMSG, "socket 1 is an integer"},
	{HEAD WHOLE "\"sockets\":[{}]}", -EBADMSG, "protocol is missing"},
	{HEAD "\"sockets\":[]}", -EBADMSG, "has no complete"},
	{HEAD "\"complete\":true,\"sockets\":[]}", -EBADMSG, "has no warnings"},
	{SOCKET("\"tcp\""), -EBADMSG, "line 2: socket 1: local_address is missing"},
	{BODY("7", "null", "null"), -EBADMSG, "unit is an integer"},
	{BODY("null", "7", "null"), -EBADMSG, "container is an integer"},
	{BODY("null", "{\"runtime\":\"lxc\"}", "null"), -EBADMSG, "container is an object"},
	{BODY("null", "null", "7"), -EBADMSG, "processes is an integer"},
	{BODY("null", "null", "[7]"), -EBADMSG, "processes is missing"},
	{BODY("null", "null", "[{\"program\":7}]"), -EBADMSG, "processes is an integer"},
	{BODY("null", "null", "[{\"name\":null}]"), -EBADMSG, "processes is missing"},
};

static void test_damaged(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++)
		for (size_t step = 1; step < 1000; step *= 10) {
			struct portscope_document *d = NULL;
			AUTO_FREE char *error = NULL;
			int r = read_bytes(
				damaged[i].text, strlen(damaged[i].text), step, &d, &error);

			if (r != damaged[i].code || !error || !strstr(error, damaged[i].says))
				fail_msg("%s: %d, %s", damaged[i].text, r,
					or_else(error, "no word"));
			assert_null(d);
		}
}

/* Values of one socket that are wrong, each put into a socket that is right. */
static void test_wrong_values(void **state)
{
	static const struct said wrong[] = {
		{.protocol = "sctp"},
		{.address = "127.0.0"},
		{.address = "1:2"},
		{.address = ""},
		{.port = 65536},
		{.peer = "x"},
		{.peer = "::1", .peer_port = 70000},
		{.dual_stack = "1"},
		{.client = "\"no\""},
		{.cookie = ""},
		{.cookie = "xyz"},
		{.cookie = "11111111111111111"},
		{.processes = "{}"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		AUTO_OUT struct out o = {.fd = -1};
		AUTO_FREE char *error = NULL;
		struct portscope_document *d = NULL;

		out_text(&o, HEAD WHOLE "\"sockets\":[");
		put_said(&o, &wrong[i]);
		out_text(&o, "]}");
		assert_int_equal(read_bytes(o.buffer, o.used, 4096, &d, &error), -EBADMSG);
		assert_non_null(strstr(error, "socket 1: "));
	}
}

/* Wherever a document is cut off, it says so. */
static void test_truncated(void **state)
{
	AUTO_OUT struct out o = {.fd = -1};
	struct said said = {.container = BY_NAME("aa", "we\\\"b"), .peer = "::1"};
	struct portscope_document *d = NULL;
	char *error = NULL;

	out_text(&o, HEAD WHOLE "\"sockets\":[");
	put_said(&o, &said);
	out_text(&o, "]}");
	for (size_t length = 1; length < o.used; length++) {
		assert_int_equal(read_bytes(o.buffer, length, 4096, &d, &error), -EBADMSG);
		assert_non_null(strstr(error, "cut off"));
		free(error);
	}
	assert_int_equal(read_bytes(o.buffer, o.used, 4096, &d, &error), 0);
	portscope_document_free(d);
}

static ssize_t read_blanks(void *userdata, void *buffer, size_t size)
{
	memset(buffer, ' ', size);
	return (ssize_t)size;
}

static ssize_t read_string(void *userdata, void *buffer, size_t size)
{
	bool *begun = userdata;

	memset(buffer, 'a', size);
	if (!*begun)
		memcpy(buffer, "{\"", 2);
	*begun = true;
	return (ssize_t)size;
}

static ssize_t read_failing(void *userdata, void *buffer, size_t size)
{
	return -EIO;
}

/* What never ends is given up. */
static void test_endless(void **state)
{
	struct portscope_document *d = NULL;
	bool begun = false;
	char *error = NULL;

	assert_int_equal(document_read(read_blanks, NULL, &d, &error), -EFBIG);
	free(error);
	assert_int_equal(document_read(read_string, &begun, &d, &error), -EFBIG);
	assert_non_null(strstr(error, "too long for a listing"));
	free(error);
	error = NULL;
	assert_int_equal(document_read(read_failing, NULL, &d, &error), -EIO);
	assert_null(error);
	assert_null(d);
}

/* Times with fractions and offsets are the same moment. */
static void test_times(void **state)
{
	static const char *const times[] = {"2026-11-22T09:00:00Z", "2026-11-22T09:00:00.25Z",
		"2026-11-22T11:30:00+02:30", "2026-11-22T08:00:00-01:00"};

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		char text[4096];
		struct portscope_document *d;

		snprintf(text, sizeof(text), "{\"time\":\"%s\",%s%s\"sockets\":[]}", times[i],
			strstr(HEAD, "\"host\""), WHOLE "\"schema\":\"portscope/1\",");
		d = document(text);
		assert_int_equal(d->head.time, 1795338000);
		portscope_document_free(d);
	}
}

static void test_units(void **state)
{
	static const struct {
		const char *unit, *kept;
	} units[] = {
		{"ssh.service", "ssh.service"},
		{"session-12.scope", "session-*.scope"},
		{"session-c1.scope", "session-*.scope"},
		{"session-cafe.scope", "session-cafe.scope"},
		{"session-.scope", "session-.scope"},
		{"session-c.scope", "session-c.scope"},
		{"run-u7.service", "run-*.service"},
		{"run-u7.scope", "run-*.scope"},
		{"run-4711.scope", "run-*.scope"},
		{"run-r0123456789abcdef0123456789abcdef.scope", "run-*.scope"},
		{"run-p41-i42.service", "run-*.service"},
		{"run-parts.service", "run-parts.service"},
		{"run-.service", "run-.service"},
		{"runner.service", "runner.service"},
		{"user@1000/run-u7.service", "user@1000/run-*.service"},
		{"user@1000/backup.service", "user@1000/backup.service"},
		{"docker-4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970.scope",
			"docker-*.scope"},
		{"cri-containerd-0123456789ab.scope", "cri-containerd-*.scope"},
		{"vte-spawn-0f4e3b1c-9d1a-4c77-8f1e-0a1b2c3d4e5f.scope", "vte-spawn-*.scope"},
		{"decade.service", "decade.service"},
		{"deadbeef.service", "deadbeef.service"},
		{"x0123456789abcdef.service", "x0123456789abcdef.service"},
		{"0123456789abcdefx.service", "0123456789abcdefx.service"},
		{"user@1000/app-gnome-org.gnome.Terminal-2211.scope",
			"user@1000/app-gnome-org.gnome.Terminal-*.scope"},
		{"app-web-1.service", "app-web-1.service"},
		{"app-7.scope", "app-7.scope"},
		{"app-.scope", "app-.scope"},
		{"postgresql@15-main.service", "postgresql@15-main.service"},
		{"", ""},
		{"/", "/"},
		{".", "."},
	};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		AUTO_OUT struct out o = {.fd = -1};

		transient_unit(&o, units[i].unit);
		out_char(&o, 0);
		assert_string_equal(o.buffer, units[i].kept);
	}
}

/* A name that is not UTF-8 is the same whether it comes from the kernel or through JSON. */
static void test_bytes(void **state)
{
	struct entry_facts facts = {.aspects = {[PORTSCOPE_ASPECT_USER] = "a\xff\\\"\x1b\xc3\xa9"}};
	struct portscope_document d = {0};

	assert_int_equal(document_add(&d, &facts), 0);
	assert_string_equal(pool_text(&d.pool, d.entries[0].aspects[PORTSCOPE_ASPECT_USER]),
		"a\\xff\\\"\x1b\xc3\xa9");
	free(d.entries);
	pool_done(&d.pool);
}

static void test_pool(void **state)
{
	struct pool pool = {0};
	uint32_t number, again;
	char text[32];

	assert_int_equal(pool_intern(&pool, NULL, &number), 0);
	assert_int_equal(number, 0);
	assert_null(pool_text(&pool, 0));
	for (int pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < 10000; i++) {
			snprintf(text, sizeof(text), "%u", i);
			assert_int_equal(pool_intern(&pool, text, &number), 0);
			assert_int_equal(number, i + 1);
			assert_string_equal(pool_text(&pool, number), text);
		}
	assert_int_equal(pool_intern(&pool, "", &number), 0);
	assert_int_equal(pool_intern(&pool, "", &again), 0);
	assert_int_equal(number, again);
	assert_int_not_equal(number, 0);
	pool_done(&pool);
}

static void check_kept(
	void (*keep)(struct out *o, const char *name), const char *name, const char *kept)
{
	AUTO_OUT struct out o = {.fd = -1};

	keep(&o, name);
	out_char(&o, 0);
	assert_string_equal(o.buffer, kept);
}

static void test_transient_paths(void **state)
{
	check_kept(transient_path, "/usr/sbin/sshd", "/usr/sbin/sshd");
	check_kept(
		transient_path, "/tmp/.mount_AppX1y2Z3/usr/bin/app", "/tmp/.mount_*/usr/bin/app");
	check_kept(transient_path, "/tmp/_MEIa1B2c3/app", "/tmp/_MEI*/app");
	check_kept(transient_path, "/run/user/1000/a1b2/bin/app", "/run/user/*/*/bin/app");
	check_kept(transient_path,
		"/nix/store/0c0b0r4a7qz6p9vfdk8qv0yqvw8l4v2x-nginx-1.24.0/bin/nginx",
		"/nix/store/*-nginx-*/bin/nginx");
	check_kept(transient_path, "/opt/app/1.2.3/bin/app", "/opt/app/*/bin/app");
	check_kept(transient_path, "/opt/app-1.2.3/bin/app", "/opt/app-*/bin/app");
	check_kept(transient_path, "/usr/lib/postgresql/15/bin/postgres",
		"/usr/lib/postgresql/*/bin/postgres");
	check_kept(transient_path, "/usr/lib/jvm/java-17-openjdk-amd64/bin/java",
		"/usr/lib/jvm/java-*/bin/java");
	check_kept(transient_path,
		"/home/a/.vscode-server/bin/0123456789abcdef0123456789abcdef01234567/node",
		"/home/a/.vscode-server/bin/*/node");
	/* Names of files stay, as do folders that only begin with a digit. */
	check_kept(transient_path, "/usr/bin/python3.11", "/usr/bin/python3.11");
	check_kept(transient_path, "/opt/3proxy/bin/3proxy", "/opt/3proxy/bin/3proxy");
	check_kept(transient_path, "/memfd:x", "/memfd:x");
	check_kept(transient_path, "", "");
	check_kept(transient_program, "server.js (node)", "node");
	check_kept(transient_program, "nginx", "nginx");
	check_kept(transient_program, "x (y", "x (y");
	check_kept(transient_program, "a (b) (node)", "node");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transient_paths),
		cmocka_unit_test(test_one_to_one),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_connections),
		cmocka_unit_test(test_large_set),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_wrong_values),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
