/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Brackets, strings and white space (RFC 8259): enough to find the end of a value. */
#include "document/scan.h"

#define SCAN_BUFFER ((size_t)256 << 10)

/* Indentation is short. More than this between two values is an endless stream of nothing. */
#define SCAN_BLANK_MAX ((size_t)1 << 20)

int scan_init(struct scan *scan, scan_read_fn read, void *userdata)
{
	*scan = (struct scan){.read = read, .userdata = userdata, .line = 1, .column = 1};
	scan->nothing = true;
	scan->buffer = malloc(SCAN_BUFFER);
	return scan->buffer ? 0 : -ENOMEM;
}

void scan_done(struct scan *scan)
{
	free(scan->buffer);
	scan->buffer = NULL;
}

/* Makes at least one byte available; -ENODATA at the end. */
static int fill(struct scan *scan)
{
	ssize_t n;

	if (scan->at < scan->end)
		return 0;
	n = scan->read(scan->userdata, scan->buffer, SCAN_BUFFER);
	if (n < 0)
		return (int)n;
	scan->at = 0;
	scan->end = (size_t)n;
	return n ? 0 : -ENODATA;
}

void scan_skip(struct scan *scan)
{
	if (scan->buffer[scan->at++] == '\n') {
		scan->line++;
		scan->column = 1;
	} else {
		scan->column++;
	}
}

int scan_peek(struct scan *scan)
{
	for (size_t blanks = 0; blanks < SCAN_BLANK_MAX; blanks++) {
		int r = fill(scan);
		char c;

		if (r < 0)
			return r;
		c = scan->buffer[scan->at];
		if (c != ' ' && c != '\n' && c != '\t' && c != '\r') {
			scan->nothing = false;
			return (unsigned char)c;
		}
		scan_skip(scan);
	}
	return -EFBIG;
}

/** How far into a value the scanner is. */
struct nesting {
	size_t depth;
	bool string;
	bool escape; /**< after a backslash */
	bool scalar; /**< a number or a word, which ends where something else begins */
};

enum step { STEP_ON, STEP_END_BEHIND, STEP_END_BEFORE };

static enum step step(struct nesting *n, char c)
{
	if (n->string) {
		if (n->escape)
			n->escape = false;
		else if (c == '\\')
			n->escape = true;
		else if (c == '"')
			n->string = false;
		return n->string || n->depth ? STEP_ON : STEP_END_BEHIND;
	}
	switch (c) {
	case '"':
		if (n->scalar && !n->depth)
			return STEP_END_BEFORE;
		n->string = true;
		return STEP_ON;
	case '{':
	case '[':
		if (n->scalar && !n->depth)
			return STEP_END_BEFORE;
		n->depth++;
		return STEP_ON;
	case '}':
	case ']':
		if (!n->depth)
			return STEP_END_BEFORE;
		return --n->depth ? STEP_ON : STEP_END_BEHIND;
	case ',':
	case ':':
	case ' ':
	case '\n':
	case '\t':
	case '\r':
		return n->depth ? STEP_ON : STEP_END_BEFORE;
	}
	n->scalar = n->scalar || !n->depth;
	return STEP_ON;
}

/* Goes on in what the buffer holds; true where the value ends. */
static bool scan_run(struct scan *scan, struct nesting *nesting, struct out *piece)
{
	size_t from = scan->at;
	bool ended = false;

	while (scan->at < scan->end && !ended) {
		enum step s = step(nesting, scan->buffer[scan->at]);

		ended = s != STEP_ON;
		if (s != STEP_END_BEFORE)
			scan_skip(scan);
	}
	out_bytes(piece, scan->buffer + from, scan->at - from);
	return ended;
}

int scan_value(struct scan *scan, struct out *piece)
{
	struct nesting nesting = {0};
	int r = scan_peek(scan);

	piece->used = 0;
	while (r >= 0) {
		if (scan_run(scan, &nesting, piece))
			return piece->error;
		if (piece->used > SCAN_VALUE_MAX)
			return -EFBIG;
		r = fill(scan);
	}
	return r;
}
