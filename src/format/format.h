/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a formatter is: rows in, text out. A formatter sees only the public header and util; it
 * reads values through field descriptors and computes nothing about sockets.
 */
#ifndef PORTSCOPE_FORMAT_FORMAT_H
#define PORTSCOPE_FORMAT_FORMAT_H

#include <portscope.h>

#include "util/out.h"

#define FORMAT_COLUMNS_MAX 64

struct json;

/** What the rows of a listing are. */
struct listing_kind {
	const char *command; /**< name of the command, for `query` in JSON */
	const char *rows;    /**< what JSON calls them together: `sockets` */
	const char *record;  /**< and JSON lines one of them: `socket` */
	/** Writes what JSON has to say of them together; NULL: nothing. */
	void (*more)(struct json *j, const void *of);
	const void *of; /**< passed to more() */
};

/** What stays the same for a whole listing. */
struct listing {
	const struct portscope_snapshot *snapshot;
	const struct portscope_query *query;
	const struct listing_kind *kind;
	const uint16_t *columns; /**< field ids */
	size_t n_columns;        /**< at most FORMAT_COLUMNS_MAX */
	bool screen;             /**< of a table: laid out for a reader */
	bool merge;              /**< rows that differ only in `local` are merged on a screen */
	unsigned width;          /**< columns that it has to fit; 0: nothing is cut */
	size_t n_default;        /**< leading columns that nobody asked for: they give way first */
	bool colour;
	bool no_header;
	bool verbose; /**< warnings that are details count too */
	int cut; /**< negative errno: rows are missing, since it ended early; 0: they all came */
};

struct screen;

/** A formatter at work; the members after `out` are its own. */
struct printer {
	const struct listing *listing;
	struct out *out;
	size_t rows;
	unsigned widths[FORMAT_COLUMNS_MAX]; /**< table: 0 for a column left out */
	struct screen *screen;               /**< table: the rows of a screen */
	struct out scratch; /**< a cell under way; JSON lines: what starts each record */
};

struct format {
	const char *name;
	bool any_order;  /**< rows are wanted as they come, where they can and no order is asked for
			  */
	bool all_fields; /**< by default all fields of JSON, not the columns of the table */
	bool answers;    /**< rows of an audit have the fields of the answer, too, by default */
	/** Fields that are read beside the columns. */
	const uint16_t *reads;
	size_t n_reads;
	/** Called before the first row; NULL: nothing to do. */
	void (*begin)(struct printer *p);
	/** Called for every row before the first one is written; NULL: no need to. */
	void (*measure)(struct printer *p, const struct portscope_row *row);
	void (*row)(struct printer *p, const struct portscope_row *row);
	/** Called at last. A document is left open where rows are missing: it said it was whole. */
	void (*end)(struct printer *p);
};

extern const struct format format_table, format_json, format_json_lines, format_csv, format_sarif;

/** Title of the next column that a narrow table had to leave out, from `*position` on; or NULL. */
const char *table_left_out(const struct printer *p, size_t *position);

/** Writes one row as an object of the columns of the listing. */
void format_json_row(struct out *o, const struct listing *listing, const struct portscope_row *row);

#endif
