/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shortening. What is left out is marked by an ellipsis, which takes one column. */
#include "format/cell.h"

#include "util/text.h"

#define ELLIPSIS "…"

enum cell_kind cell_kind_of(enum portscope_type type)
{
	switch (type) {
	case PORTSCOPE_TEXT:
	case PORTSCOPE_CONTAINER:
		return CELL_NAME;
	case PORTSCOPE_NAMES:
		return CELL_HOLDER;
	case PORTSCOPE_ADDRESS:
		return CELL_ADDRESS;
	case PORTSCOPE_ENDPOINT:
		return CELL_ENDPOINT;
	case PORTSCOPE_PROCESSES:
	case PORTSCOPE_PIDS:
	case PORTSCOPE_TEXTS:
		return CELL_LIST;
	default:
		return CELL_WHOLE;
	}
}

/* Bytes after the last `mark`, with it; 0 where there is none. */
static size_t tail_after(const char *text, size_t length, char mark)
{
	const char *found = memrchr(text, mark, length);

	return found ? text + length - found : 0;
}

static size_t tail_bytes(enum cell_kind kind, const struct cell *cell)
{
	if (kind == CELL_HOLDER)
		return tail_after(cell->text, cell->length, '/');
	if (kind == CELL_ENDPOINT)
		return tail_after(cell->text, cell->length, ':');
	return 0;
}

/* Columns of text that lies within a cell. */
static unsigned columns_of(const char *text, size_t length)
{
	AUTO_OUT struct out measure = {.fd = -1};
	size_t columns;

	text_cut(&measure, text, length, SIZE_MAX, &columns);
	return columns;
}

unsigned cell_tail(enum cell_kind kind, const struct cell *cell)
{
	size_t tail = tail_bytes(kind, cell);

	return columns_of(cell->text + cell->length - tail, tail);
}

/** An IPv6 address within a cell: where it lies, and its colons. */
struct groups {
	size_t begin, end;
	size_t colons[8];
	size_t count;
};

static void find_groups(const char *text, size_t length, struct groups *ret)
{
	*ret = (struct groups){.begin = length && text[0] == '['};
	/* A cell is no string: no byte ends it. */
	ret->end = ret->begin;
	while (ret->end < length && text[ret->end] != ']' && text[ret->end] != '%')
		ret->end++;
	for (size_t i = ret->begin; i < ret->end && ret->count < ARRAY_SIZE(ret->colons); i++)
		if (text[i] == ':')
			ret->colons[ret->count++] = i;
}

/* What is cut out of the middle so that at most `width` columns stay, `ret_end` excluded; false
 * where nothing that short makes sense. */
static bool choose_middle(
	const struct cell *cell, size_t length, unsigned width, size_t *ret_begin, size_t *ret_end)
{
	size_t groups = 0, kept = 0;
	struct groups g;

	find_groups(cell->text, length, &g);
	for (size_t h = 1; h < g.count; h++)
		for (size_t t = 1; h + t <= g.count; t++) {
			size_t from = g.colons[h - 1] + 1, to = g.colons[g.count - t];
			size_t stays = to > from + 1 ? cell->width - (to - from - 1) : SIZE_MAX;

			/* As many groups as possible at either end, then as much as possible. */
			if (stays > width || MIN(h, t) < groups ||
				(MIN(h, t) == groups && (stays < kept || (stays == kept && h > t))))
				continue;
			groups = MIN(h, t);
			kept = stays;
			*ret_begin = from;
			*ret_end = to;
		}
	return groups;
}

static unsigned least_address(const struct cell *cell, size_t length, unsigned groups)
{
	struct groups g;
	size_t from, to;

	find_groups(cell->text, length, &g);
	if (g.count < 2 * groups)
		return cell->width;
	from = g.colons[groups - 1] + 1;
	to = g.colons[g.count - groups];
	return to > from + 1 ? cell->width - (to - from - 1) : cell->width;
}

/* The member of a list at `position`, up to a comma or semicolon and with it. */
static size_t member_length(const struct cell *cell, size_t position)
{
	const char *at = cell->text + position;
	size_t left = cell->length - position, n = 0;

	while (n < left && at[n] != ',' && at[n] != ';')
		n++;
	return MIN(n + 1, left);
}

static unsigned least_member(const char *text, size_t length, unsigned name)
{
	size_t tail = tail_after(text, length, '/');

	return tail ? MIN(columns_of(text, length - tail), name) + tail : columns_of(text, length);
}

static unsigned least_list(const struct cell *cell, unsigned name)
{
	unsigned least = 0;

	for (size_t at = 0, n; at < cell->length; at += n) {
		if (cell->text[at] == ' ')
			at++;
		n = member_length(cell, at);
		least = MAX(least, least_member(cell->text + at, n, name));
	}
	return least;
}

unsigned cell_least(enum cell_kind kind, const struct cell *cell, unsigned name, unsigned groups)
{
	size_t tail = tail_bytes(kind, cell);

	switch (kind) {
	case CELL_NAME:
		return MIN(cell->width, name);
	case CELL_HOLDER:
		return tail ? MIN(cell->width, name + cell_tail(kind, cell)) : cell->width;
	case CELL_ADDRESS:
	case CELL_ENDPOINT:
		return least_address(cell, cell->length - tail, groups);
	case CELL_LIST:
		return least_list(cell, name);
	case CELL_WHOLE:
		break;
	}
	return cell->width;
}

/* Cuts what stands before the tail. */
static unsigned put_cut(struct out *o, const char *text, size_t length, size_t tail, unsigned width)
{
	size_t columns = 0, kept;

	if (width < tail + 2)
		tail = 0;
	kept = text_cut(o, text, length - tail, width - 1 - tail, &columns);
	out_bytes(o, text, kept);
	out_text(o, ELLIPSIS);
	out_bytes(o, text + length - tail, tail);
	return columns + 1 + tail;
}

static unsigned put_list(struct out *o, const struct cell *cell, unsigned width, size_t *position)
{
	unsigned used = 0;

	while (*position < cell->length) {
		bool blank = used && cell->text[*position] == ' ';
		size_t at = *position + (cell->text[*position] == ' ');
		size_t n = member_length(cell, at), tail = tail_after(cell->text + at, n, '/');
		unsigned columns = columns_of(cell->text + at, n);

		if (used && used + blank + columns > width)
			return used;
		out_blanks(o, blank);
		used += blank;
		if (columns > width && tail) {
			used += put_cut(o, cell->text + at, n, tail, width);
		} else {
			out_bytes(o, cell->text + at, n);
			used += columns;
		}
		*position = at + n;
	}
	return used;
}

unsigned cell_put(struct out *o, enum cell_kind kind, const struct cell *cell, unsigned width,
	size_t *position)
{
	size_t tail = tail_bytes(kind, cell), from = 0, to = 0;

	if (kind == CELL_LIST && cell->width > width)
		return put_list(o, cell, width, position);
	if (*position)
		return 0;
	*position = cell->length;
	if (cell->width > width && (kind == CELL_NAME || (kind == CELL_HOLDER && tail)))
		return put_cut(o, cell->text, cell->length, tail, width);
	if (cell->width > width && (kind == CELL_ADDRESS || kind == CELL_ENDPOINT) &&
		choose_middle(cell, cell->length - tail, width, &from, &to)) {
		out_bytes(o, cell->text, from);
		out_text(o, ELLIPSIS);
		out_bytes(o, cell->text + to, cell->length - to);
		return cell->width - (to - from - 1);
	}
	out_bytes(o, cell->text, cell->length);
	return cell->width;
}
