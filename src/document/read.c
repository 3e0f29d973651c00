/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The document around its sockets: members in any order, each at most once. */
#include "document/read.h"

enum member {
	MEMBER_SCHEMA,
	MEMBER_TIME,
	MEMBER_HOST,
	MEMBER_QUERY,
	MEMBER_COMPLETE,
	MEMBER_WARNINGS,
	MEMBER_SOCKETS,
	MEMBERS,
};

static const char *const member_names[MEMBERS] = {
	[MEMBER_SCHEMA] = "schema",
	[MEMBER_TIME] = "time",
	[MEMBER_HOST] = "host",
	[MEMBER_QUERY] = "query",
	[MEMBER_COMPLETE] = "complete",
	[MEMBER_WARNINGS] = "warnings",
	[MEMBER_SOCKETS] = "sockets",
};

/* What the scanner could not do. */
static int scan_fault(struct reader *r, int code)
{
	const struct scan *s = &r->scan;

	if (code == -ENODATA && s->nothing)
		return reader_fault(
			r, -EBADMSG, "it is empty; expected the output of portscope --json");
	if (code == -ENODATA)
		return reader_fault(r, -EBADMSG,
			"it is cut off at line %zu, column %zu: take it again", s->line, s->column);
	if (code == -EFBIG)
		return reader_fault(r, -EFBIG,
			"line %zu, column %zu: the value that begins here is too long for a "
			"listing",
			r->line, r->column);
	return code;
}

/* Parses the next value, of at most the usual size; the caller releases it. */
static int next_value(struct reader *r, json_t **ret)
{
	json_error_t error;
	json_t *value;
	int c = scan_peek(&r->scan);

	r->line = r->scan.line;
	r->column = r->scan.column;
	if (c >= 0)
		c = scan_value(&r->scan, &r->piece);
	if (c < 0)
		return scan_fault(r, c);
	value = json_loadb(r->piece.used ? r->piece.buffer : "", r->piece.used,
		JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
	if (!value)
		return reader_fault(r, -EBADMSG, "line %zu, column %zu: invalid JSON: %s",
			r->line + (size_t)MAX(error.line, 1) - 1,
			error.line > 1 ? (size_t)MAX(error.column, 1)
				       : r->column + (size_t)MAX(error.column, 1) - 1,
			error.text);
	*ret = value;
	return 0;
}

/* The next byte has to be one of `expected`; it is consumed and returned. */
static int next_byte(struct reader *r, const char *expected)
{
	int c = scan_peek(&r->scan);

	if (c < 0)
		return scan_fault(r, c);
	if (!c || !strchr(expected, c))
		return reader_fault(r, -EBADMSG,
			"line %zu, column %zu: invalid JSON: found '%c', expected one of '%s'",
			r->scan.line, r->scan.column, c, expected);
	scan_skip(&r->scan);
	return c;
}

static int read_sockets(struct reader *r)
{
	int c = next_byte(r, "[");

	if (c < 0)
		return c;
	c = scan_peek(&r->scan);
	if (c == ']') {
		scan_skip(&r->scan);
		return 0;
	}
	do {
		json_t *socket;

		c = next_value(r, &socket);
		if (c < 0)
			return c;
		c = read_socket(r, socket);
		json_decref(socket);
		if (c == -EFBIG)
			return reader_fault(r, -EFBIG,
				"line %zu: more sockets, or more names of them, than a host can "
				"have",
				r->line);
		if (c >= 0)
			c = next_byte(r, ",]");
	} while (c == ',');
	return MIN(c, 0);
}

/* A document of another version may mean something else by the same keys. */
static int read_schema(struct reader *r, json_t *schema)
{
	const char *text = json_string_value(schema);

	if (text && !strcmp(text, PORTSCOPE_SCHEMA))
		return 0;
	if (text && !strncmp(text, "portscope/", strlen("portscope/")))
		return reader_fault(r, -EBADMSG,
			"it has schema %s, but this program reads %s: take it again, or compare "
			"it with the portscope that wrote it",
			text, PORTSCOPE_SCHEMA);
	return reader_fault(r, -EBADMSG,
		"its schema is not %s: expected the output of portscope --json", PORTSCOPE_SCHEMA);
}

static int read_complete(struct reader *r, json_t *complete)
{
	if (!json_is_boolean(complete))
		return reader_fault(r, -EBADMSG, "line %zu: complete is %s and not a boolean",
			r->line, read_kind(complete));
	r->document->head.complete = json_is_true(complete);
	return 0;
}

static int dispatch(struct reader *r, enum member member, json_t *value)
{
	static int (*const take[MEMBERS])(struct reader *, json_t *) = {
		[MEMBER_SCHEMA] = read_schema,
		[MEMBER_TIME] = read_time,
		[MEMBER_HOST] = read_host,
		[MEMBER_QUERY] = read_query,
		[MEMBER_COMPLETE] = read_complete,
		[MEMBER_WARNINGS] = read_warnings,
	};

	/* New keys may come at any time, so unknown ones are passed over. */
	return member < MEMBER_SOCKETS ? take[member](r, value) : 0;
}

static int check_key(struct reader *r, const json_t *key, enum member *ret)
{
	const char *name = json_string_value(key);
	enum member member = 0;

	if (!name)
		return reader_fault(r, -EBADMSG,
			"line %zu, column %zu: invalid JSON: %s used as a key", r->line, r->column,
			read_kind(key));
	if (!r->seen && !strcmp(name, "record"))
		return reader_fault(r, -EBADMSG,
			"these are records of --json-lines: a comparison needs the output of "
			"--json");
	while (member < MEMBERS && strcmp(name, member_names[member]) != 0)
		member++;
	if (member < MEMBERS && r->seen >> member & 1)
		return reader_fault(r, -EBADMSG, "line %zu, column %zu: %s appears twice", r->line,
			r->column, name);
	r->seen |= 1u << member;
	*ret = member;
	return 0;
}

static int read_member(struct reader *r)
{
	enum member member = MEMBERS;
	json_t *value = NULL;
	int c = next_value(r, &value);

	if (c < 0)
		return c;
	c = check_key(r, value, &member);
	json_decref(value);
	if (c >= 0)
		c = next_byte(r, ":");
	if (c < 0)
		return c;
	if (member == MEMBER_SOCKETS)
		return read_sockets(r);
	c = next_value(r, &value);
	if (c < 0)
		return c;
	c = dispatch(r, member, value);
	json_decref(value);
	return c;
}

static int check_members(struct reader *r)
{
	struct portscope_document *d = r->document;

	if (!(r->seen >> MEMBER_SCHEMA & 1))
		return read_schema(r, NULL);
	for (unsigned i = 0; i < MEMBERS; i++)
		if (!(r->seen >> i & 1))
			return reader_fault(r, -EBADMSG,
				"it has no %s, which every document of portscope --json has: it "
				"was damaged or edited",
				member_names[i]);
	d->head.sockets = d->count;
	return 0;
}

static int read_members(struct reader *r)
{
	int c = scan_peek(&r->scan);

	if (c >= 0 && c != '{')
		return reader_fault(r, -EBADMSG,
			"line %zu, column %zu: not a JSON document; expected the output of "
			"portscope --json",
			r->scan.line, r->scan.column);
	c = next_byte(r, "{");
	if (c >= 0 && scan_peek(&r->scan) == '}')
		c = next_byte(r, "}");
	while (c == '{' || c == ',') {
		c = read_member(r);
		if (c >= 0)
			c = next_byte(r, ",}");
	}
	if (c < 0)
		return c;
	c = scan_peek(&r->scan);
	if (c >= 0)
		return reader_fault(r, -EBADMSG,
			"line %zu, column %zu: unexpected data after the end of the document",
			r->scan.line, r->scan.column);
	return c == -ENODATA ? check_members(r) : scan_fault(r, c);
}

int document_read(
	scan_read_fn read, void *userdata, struct portscope_document **ret, char **ret_error)
{
	struct reader r = {.piece = {.fd = -1}, .scratch = {.fd = -1}};
	int result = scan_init(&r.scan, read, userdata);

	r.document = calloc(1, sizeof(*r.document));
	if (!r.document)
		result = -ENOMEM;
	if (result >= 0)
		result = read_members(&r);
	if (result >= 0)
		*ret = STEAL(r.document);
	else
		*ret_error = STEAL(r.error);
	portscope_document_free(r.document);
	scan_done(&r.scan);
	out_done(&r.piece);
	out_done(&r.scratch);
	free(r.names);
	free(r.error);
	return result;
}

static ssize_t read_fd(void *userdata, void *buffer, size_t size)
{
	const int *fd = userdata;
	ssize_t n;

	do
		n = read(*fd, buffer, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int portscope_document_read(int fd, struct portscope_document **ret, char **ret_error)
{
	return document_read(read_fd, &fd, ret, ret_error);
}
