/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The colours of words, in the sixteen that every terminal has and its user has chosen. */
#include "format/paint.h"

/* Words as tables write them. */
static const struct {
	uint16_t field;
	const char *word;
	enum paint paint;
} words[] = {
	{PORTSCOPE_FIELD_EXPOSURE, "any", PAINT_YELLOW},
	{PORTSCOPE_FIELD_EXPOSURE, "any (public)", PAINT_RED},
	{PORTSCOPE_FIELD_EXPOSURE, "public", PAINT_RED},
	{PORTSCOPE_FIELD_EXPOSURE, "loopback", PAINT_FAINT},
	/* The peer waits for our program; nobody answers our call. */
	{PORTSCOPE_FIELD_STATE, "CLOSE-WAIT", PAINT_RED},
	{PORTSCOPE_FIELD_STATE, "SYN-SENT", PAINT_YELLOW},
	{PORTSCOPE_FIELD_STATE, "SYN-RECV", PAINT_YELLOW},
	{PORTSCOPE_FIELD_STATE, "TIME-WAIT", PAINT_FAINT},
};

enum paint paint_severity(int severity)
{
	if (severity >= PORTSCOPE_HIGH)
		return PAINT_RED;
	if (severity == PORTSCOPE_MEDIUM)
		return PAINT_YELLOW;
	return severity == PORTSCOPE_INFO ? PAINT_FAINT : PAINT_NONE;
}

static enum paint paint_value(unsigned field, const struct portscope_value *value)
{
	if (!value->known)
		return PAINT_NONE;
	if (field == PORTSCOPE_FIELD_SEVERITY)
		return paint_severity(value->word.rank);
	if (field == PORTSCOPE_FIELD_SERVICE)
		return value->hint ? PAINT_FAINT : PAINT_NONE;
	if (value->type != PORTSCOPE_WORD || !value->word.label)
		return PAINT_NONE;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i].field == field && !strcmp(words[i].word, value->word.label))
			return words[i].paint;
	return PAINT_NONE;
}

enum paint paint_cell(
	unsigned field, const struct portscope_row *row, const struct portscope_value *value)
{
	int severity = field == PORTSCOPE_FIELD_SERVICE ? portscope_insecurity(row) : -1;

	return severity >= PORTSCOPE_MEDIUM ? paint_severity(severity) : paint_value(field, value);
}

void paint_begin(struct out *o, enum paint paint)
{
	static const char *const codes[] = {
		[PAINT_FAINT] = "\033[2m",
		[PAINT_BOLD] = "\033[1m",
		[PAINT_YELLOW] = "\033[33m",
		[PAINT_RED] = "\033[31m",
	};

	if (paint)
		out_text(o, codes[paint]);
}

void paint_end(struct out *o, enum paint paint)
{
	if (paint)
		out_text(o, "\033[0m");
}
