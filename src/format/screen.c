/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows as text, and a table of them. */
#include "format/screen.h"

#include "format/cell.h"
#include "format/fit.h"
#include "format/merge.h"
#include "format/paint.h"
#include "format/text.h"
#include "util/array.h"

/* Columns of a name that stay: where it reads well, and where it says anything at all. */
#define NAME_LEAST     8
#define NAME_NARROWEST 4
/* The same for the groups at either end of an IPv6 address. */
#define GROUPS_LEAST     2
#define GROUPS_NARROWEST 1

/** A cell; the text moves while more is added, so it is kept by its place. */
struct kept {
	size_t at;
	uint32_t length;
	uint32_t width : 28;
	uint32_t paint : 3;
	uint32_t whole : 1; /**< it is not to be shortened */
};

struct screen {
	const struct listing *listing;
	struct out text;
	struct kept *cells; /**< row by row */
	size_t n_cells;
	struct merge_item *items; /**< a row each, where rows are merged */
	size_t n_items;
	struct fit_column columns[FORMAT_COLUMNS_MAX];
	enum cell_kind kinds[FORMAT_COLUMNS_MAX];
	unsigned tails[FORMAT_COLUMNS_MAX]; /**< the widest port, with its colon */
	unsigned whole[FORMAT_COLUMNS_MAX]; /**< where nothing has to be shortened */
	struct out scratch;                 /**< a cell on its way out */
};

int screen_open(const struct listing *listing, struct screen **ret)
{
	struct screen *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->listing = listing;
	out_init(&s->text, -1);
	out_init(&s->scratch, -1);
	for (size_t i = 0; i < listing->n_columns; i++)
		s->kinds[i] = cell_kind_of(portscope_field_at(listing->columns[i])->type);
	*ret = s;
	return 0;
}

struct screen *screen_close(struct screen *s)
{
	if (!s)
		return NULL;
	out_done(&s->text);
	out_done(&s->scratch);
	free(s->cells);
	free(s->items);
	free(s);
	return NULL;
}

/* FNV-1a, over what is shown beside the local endpoint. */
static uint64_t hash_others(const struct screen *s, const struct kept *cells)
{
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < s->listing->n_columns; i++) {
		if (s->listing->columns[i] == PORTSCOPE_FIELD_LOCAL)
			continue;
		for (size_t k = 0; k < cells[i].length; k++)
			hash = (hash ^ (unsigned char)s->text.buffer[cells[i].at + k]) *
			       1099511628211u;
	}
	return hash;
}

static int add_item(struct screen *s, const struct portscope_row *row)
{
	const struct kept *cells = &s->cells[s->n_cells - s->listing->n_columns];
	struct merge_item *item = ARRAY_ADD(s->items, s->n_items);
	struct portscope_value local;

	if (!item)
		return -ENOMEM;
	portscope_get(row, PORTSCOPE_FIELD_LOCAL, &local);
	merge_item_init(item, &local.endpoint, hash_others(s, cells));
	return 0;
}

int screen_add(struct screen *s, const struct portscope_row *row)
{
	for (size_t i = 0; i < s->listing->n_columns; i++) {
		struct kept *cell = ARRAY_ADD(s->cells, s->n_cells);
		struct portscope_value value;

		if (!cell)
			return -ENOMEM;
		portscope_get(row, s->listing->columns[i], &value);
		*cell = (struct kept){.at = s->text.used};
		cell->width = text_value(&s->text, &value, TEXT_TABLE);
		cell->length = s->text.used - cell->at;
		if (s->listing->colour)
			cell->paint = paint_cell(s->listing->columns[i], row, &value);
	}
	if (s->text.error)
		return s->text.error;
	return s->listing->merge ? add_item(s, row) : 0;
}

static size_t n_rows(const struct screen *s)
{
	return s->listing->n_columns ? s->n_cells / s->listing->n_columns : 0;
}

static struct kept *cell_at(const struct screen *s, size_t row, size_t column)
{
	return &s->cells[row * s->listing->n_columns + column];
}

static struct cell text_of(const struct screen *s, const struct kept *k)
{
	return (struct cell){s->text.buffer + k->at, k->length, k->width};
}

static bool same_text(const struct screen *s, const struct kept *a, const struct kept *b)
{
	return a->length == b->length &&
	       !memcmp(s->text.buffer + a->at, s->text.buffer + b->at, a->length);
}

static bool same_others(size_t a, size_t b, const void *userdata)
{
	const struct screen *s = userdata;
	bool same = true;

	for (size_t i = 0; i < s->listing->n_columns && same; i++)
		same = s->listing->columns[i] == PORTSCOPE_FIELD_LOCAL ||
		       same_text(s, cell_at(s, a, i), cell_at(s, b, i));
	return same;
}

/* Puts what the local endpoints became into their cells, and takes out what went into others. */
static int merge_all(struct screen *s)
{
	size_t n = n_rows(s), columns = s->listing->n_columns, kept = 0;
	int r = merge_rows(s->items, n, same_others, s);

	for (size_t row = 0; row < n && r >= 0; row++) {
		if (s->items[row].gone)
			continue;
		memmove(cell_at(s, kept, 0), cell_at(s, row, 0), columns * sizeof(*s->cells));
		for (size_t i = 0; i < columns; i++) {
			struct kept *cell = cell_at(s, kept, i);

			if (s->listing->columns[i] != PORTSCOPE_FIELD_LOCAL)
				continue;
			cell->at = s->text.used;
			cell->width = merge_put_endpoint(&s->text, &s->items[row]);
			cell->length = s->text.used - cell->at;
		}
		kept++;
	}
	s->n_cells = kept * columns;
	return r < 0 ? r : s->text.error;
}

static bool says_nothing(const struct cell *cell)
{
	return !cell->length || (cell->length == 1 && *cell->text == '-');
}

static enum fit_kind fit_kind_of(enum cell_kind kind)
{
	switch (kind) {
	case CELL_NAME:
	case CELL_HOLDER:
	case CELL_LIST:
		return FIT_NAME;
	case CELL_ADDRESS:
	case CELL_ENDPOINT:
		return FIT_ADDRESS;
	case CELL_WHOLE:
		break;
	}
	return FIT_WHOLE;
}

/* Endpoints stand aligned at the colon, so a column is as wide as its widest address and its
 * widest port together. */
static void measure_column(struct screen *s, size_t column)
{
	const struct portscope_field *field = portscope_field_at(s->listing->columns[column]);
	struct fit_column *c = &s->columns[column];
	enum cell_kind kind = s->kinds[column];
	unsigned title = s->listing->no_header ? 1 : strlen(field->title);

	*c = (struct fit_column){
		.kind = fit_kind_of(kind),
		/* Who asks for every holder has asked for the column. */
		.asked = column >= s->listing->n_default || field->type == PORTSCOPE_PROCESSES,
		.empty = true,
		.give_way = field->give_way,
	};
	for (size_t row = 0; row < n_rows(s); row++) {
		struct cell cell = text_of(s, cell_at(s, row, column));
		unsigned tail = kind == CELL_ENDPOINT ? cell_tail(kind, &cell) : 0;

		c->empty = c->empty && says_nothing(&cell);
		s->tails[column] = MAX(s->tails[column], tail);
		c->natural = MAX(c->natural, cell.width - tail);
		c->least = MAX(c->least, cell_least(kind, &cell, NAME_LEAST, GROUPS_LEAST) - tail);
		c->narrowest = MAX(c->narrowest,
			cell_least(kind, &cell, NAME_NARROWEST, GROUPS_NARROWEST) - tail);
	}
	c->natural = MAX(c->natural + s->tails[column], title);
	s->whole[column] = c->natural;
	c->least = MAX(c->least + s->tails[column], title);
	c->narrowest = MAX(c->narrowest + s->tails[column], title);
}

/** A shortened address, to be compared with others. */
struct look {
	size_t at, length;
	struct kept *cell;
	const struct screen *screen;
};

static int compare_looks(const void *x, const void *y, void *text)
{
	const struct look *a = x, *b = y;
	int c = memcmp((char *)text + a->at, (char *)text + b->at, MIN(a->length, b->length));

	return c ? c : (a->length > b->length) - (a->length < b->length);
}

/* Different endpoints that would look alike are shown whole, even if the row wraps. */
static int keep_apart(struct screen *s, size_t column)
{
	AUTO_OUT struct out short_text = {.fd = -1};
	AUTO_FREE struct look *looks = reallocarray(NULL, n_rows(s) + 1, sizeof(*looks));
	unsigned width = s->columns[column].width - s->tails[column];

	if (!looks)
		return -ENOMEM;
	for (size_t row = 0; row < n_rows(s); row++) {
		struct kept *kept = cell_at(s, row, column);
		struct cell cell = text_of(s, kept);
		size_t position = 0, at = short_text.used;

		cell_put(&short_text, s->kinds[column], &cell,
			width + cell_tail(s->kinds[column], &cell), &position);
		looks[row] = (struct look){at, short_text.used - at, kept, s};
	}
	if (short_text.error)
		return short_text.error;
	qsort_r(looks, n_rows(s), sizeof(*looks), compare_looks, short_text.buffer);
	for (size_t i = 0, end; i < n_rows(s); i = end) {
		bool alike = false;

		for (end = i + 1; end < n_rows(s) &&
				  !compare_looks(&looks[i], &looks[end], short_text.buffer);
			end++)
			alike = alike || !same_text(s, looks[i].cell, looks[end].cell);
		for (size_t k = i; k < end && alike; k++)
			looks[k].cell->whole = true;
	}
	return 0;
}

/* What the cells of a column take that is narrower than they are: addresses are shortened by whole
 * groups, so that it may be less than they are given. */
static unsigned used_width(struct screen *s, size_t column)
{
	enum cell_kind kind = s->kinds[column];
	unsigned used = 0;

	for (size_t row = 0; row < n_rows(s); row++) {
		struct cell cell = text_of(s, cell_at(s, row, column));
		unsigned tail = cell_tail(kind, &cell);
		size_t position = 0;

		s->scratch.used = 0;
		used = MAX(used,
			cell_put(&s->scratch, kind, &cell,
				s->columns[column].width - s->tails[column] + tail, &position) -
				tail);
	}
	return used + s->tails[column];
}

/* Fits the table, and again without the space that addresses were given and have no use for. */
static void fit_exactly(struct screen *s)
{
	bool again = true;

	while (again) {
		fit_columns(s->columns, s->listing->n_columns, s->listing->width);
		again = false;
		for (size_t i = 0; i < s->listing->n_columns; i++) {
			struct fit_column *c = &s->columns[i];
			unsigned used = c->natural;

			if (c->kind == FIT_ADDRESS && c->width && c->width < c->natural)
				used = MAX(used_width(s, i), c->narrowest);
			again = again || used < MIN(c->width, c->natural);
			if (used < c->width)
				c->natural = used;
		}
	}
}

static int fit_all(struct screen *s)
{
	int r = 0;

	for (size_t i = 0; i < s->listing->n_columns; i++)
		measure_column(s, i);
	if (s->listing->width)
		fit_exactly(s);
	for (size_t i = 0; i < s->listing->n_columns && !s->listing->width; i++)
		s->columns[i].width = s->columns[i].natural;
	for (size_t i = 0; i < s->listing->n_columns && r >= 0; i++)
		if (s->columns[i].kind == FIT_ADDRESS && s->columns[i].width &&
			s->columns[i].width < s->whole[i])
			r = keep_apart(s, i);
	return r;
}

/** A line on its way out: blanks are written only when something follows them. */
struct line {
	struct out *o;
	unsigned column; /**< where the next thing is to stand */
	unsigned at;     /**< where the cursor is */
};

static void line_advance(struct line *line)
{
	if (line->at < line->column)
		out_blanks(line->o, line->column - line->at);
	line->at = line->column = MAX(line->at, line->column);
}

/* Blanks before what stands to the right, or with its colon below the others. */
static unsigned indent_of(const struct screen *s, size_t column, unsigned width, unsigned tail)
{
	const struct fit_column *c = &s->columns[column];
	unsigned room = c->width;

	if (s->kinds[column] == CELL_ENDPOINT) {
		room = c->width - s->tails[column];
		width -= tail;
	} else if (!portscope_field_at(s->listing->columns[column])->right) {
		return 0;
	}
	return room > width ? room - width : 0;
}

static void put_title(const struct screen *s, size_t column, struct line *line)
{
	const char *title = portscope_field_at(s->listing->columns[column])->title;
	unsigned start = line->column;

	line->column += indent_of(s, column, strlen(title), 0);
	line_advance(line);
	out_text(line->o, title);
	line->at += strlen(title);
	line->column = start + s->columns[column].width + FIT_GAP;
}

static void put_header(const struct screen *s, struct out *o)
{
	struct line line = {.o = o};
	enum paint paint = s->listing->colour ? PAINT_BOLD : PAINT_NONE;

	paint_begin(o, paint);
	for (size_t i = 0; i < s->listing->n_columns; i++)
		if (s->columns[i].width)
			put_title(s, i, &line);
	paint_end(o, paint);
	out_char(o, '\n');
}

static void put_cell(struct screen *s, const struct kept *kept, size_t column, struct line *line,
	size_t *position)
{
	struct cell cell = text_of(s, kept);
	enum cell_kind kind = s->kinds[column];
	const struct fit_column *c = &s->columns[column];
	unsigned start = line->column, used, width = c->width;
	unsigned tail = kind == CELL_ENDPOINT ? cell_tail(kind, &cell) : 0;

	if (kind == CELL_ENDPOINT)
		width = c->width - s->tails[column] + tail;
	if (kept->whole)
		width = cell.width;
	if (cell.length && *position < cell.length) {
		s->scratch.used = 0;
		used = cell_put(&s->scratch, kind, &cell, width, position);
		line->column += indent_of(s, column, used, tail);
		line_advance(line);
		paint_begin(line->o, kept->paint);
		out_bytes(line->o, s->scratch.buffer, s->scratch.used);
		paint_end(line->o, kept->paint);
		line->at += used;
	}
	line->column = MAX(start + c->width, line->at) + FIT_GAP;
}

/* A row is one line, but for lists that need more. */
static void put_row(struct screen *s, size_t row, struct out *o)
{
	size_t positions[FORMAT_COLUMNS_MAX] = {0};
	bool more = true;

	while (more) {
		struct line line = {.o = o};

		more = false;
		for (size_t i = 0; i < s->listing->n_columns; i++) {
			const struct kept *kept = cell_at(s, row, i);

			if (!s->columns[i].width)
				continue;
			put_cell(s, kept, i, &line, &positions[i]);
			more = more || positions[i] < kept->length;
		}
		out_char(o, '\n');
		if (o->error)
			return;
	}
}

int screen_write(struct screen *s, struct out *o, unsigned *ret_widths)
{
	int r = s->listing->merge ? merge_all(s) : 0;

	if (r >= 0)
		r = fit_all(s);
	if (r < 0)
		return r;
	for (size_t i = 0; i < s->listing->n_columns; i++)
		ret_widths[i] = s->columns[i].width;
	if (!s->listing->no_header)
		put_header(s, o);
	for (size_t row = 0; row < n_rows(s); row++)
		put_row(s, row, o);
	return s->scratch.error ? s->scratch.error : o->error;
}
