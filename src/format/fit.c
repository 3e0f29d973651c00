/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * First it is settled which columns stay, each as narrow as it may be; then what is left of the
 * width is handed out again, so that no blank space stands beside a name that was shortened.
 */
#include "format/fit.h"

#include "util/macros.h"

/* Leaves out what says nothing before all but the lightest column. */
#define FIT_EMPTY 8

unsigned fit_total(const struct fit_column *columns, size_t n)
{
	unsigned total = 0;

	for (size_t i = 0; i < n; i++)
		if (columns[i].width)
			total += columns[i].width + FIT_GAP;
	return total ? total - FIT_GAP : 0;
}

static unsigned rank_of(const struct fit_column *c)
{
	if (c->asked)
		return 0;
	return c->empty ? MAX(c->give_way, (unsigned)FIT_EMPTY) : c->give_way;
}

/* The column that goes first of those whose rank is `lowest` at least, or -1. Of equals the one
 * further to the right goes. */
static int next_to_leave(const struct fit_column *columns, size_t n, unsigned lowest)
{
	int found = -1;

	for (size_t i = 0; i < n; i++)
		if (columns[i].width && rank_of(&columns[i]) >= lowest &&
			(found < 0 || rank_of(&columns[i]) >= rank_of(&columns[found])))
			found = i;
	return found;
}

/* Leaves out columns until the rest fits, then takes back those for which there is room after
 * all, the last to go first. True if it fits. */
static bool leave_out(
	struct fit_column *columns, size_t n, unsigned width, unsigned lowest, bool narrowest)
{
	int gone[64];
	size_t n_gone = 0;
	int i;

	for (size_t k = 0; k < n; k++)
		if (columns[k].width)
			columns[k].width = narrowest ? columns[k].narrowest : columns[k].least;
	while (fit_total(columns, n) > width && n_gone < ARRAY_SIZE(gone) &&
		(i = next_to_leave(columns, n, lowest)) >= 0) {
		gone[n_gone++] = i;
		columns[i].width = 0;
	}
	while (n_gone) {
		struct fit_column *c = &columns[gone[--n_gone]];

		c->width = narrowest ? c->narrowest : c->least;
		if (fit_total(columns, n) > width)
			c->width = 0;
	}
	return fit_total(columns, n) <= width;
}

/* The narrowest column of a kind that could use more, or -1: so the widest stays short longest. */
static int next_to_grow(const struct fit_column *columns, size_t n, enum fit_kind kind)
{
	int found = -1;

	for (size_t i = 0; i < n; i++)
		if (columns[i].width && columns[i].kind == kind &&
			columns[i].width < columns[i].natural &&
			(found < 0 || columns[i].width < columns[found].width))
			found = i;
	return found;
}

void fit_columns(struct fit_column *columns, size_t n, unsigned width)
{
	static const enum fit_kind kinds[] = {FIT_WHOLE, FIT_ADDRESS, FIT_NAME};
	int i;

	for (size_t k = 0; k < n; k++)
		columns[k].width = columns[k].natural;
	if (fit_total(columns, n) <= width)
		return;
	if (!leave_out(columns, n, width, FIT_LIGHT, false))
		leave_out(columns, n, width, 1, true);
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		while (fit_total(columns, n) < width &&
			(i = next_to_grow(columns, n, kinds[k])) >= 0)
			columns[i].width++;
}
