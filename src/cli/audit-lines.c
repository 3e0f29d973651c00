/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads findings into lines, and finds the line that a finding belongs to. */
#include "cli/audit-lines.h"

#include "format/text.h"
#include "util/array.h"

const uint16_t audit_lines_reads[AUDIT_LINES_READS] = {PORTSCOPE_FIELD_PROTOCOL,
	PORTSCOPE_FIELD_LOCAL, PORTSCOPE_FIELD_LOCAL_PORT, PORTSCOPE_FIELD_SERVICE,
	PORTSCOPE_FIELD_PROGRAM, PORTSCOPE_FIELD_PROCESS, PORTSCOPE_FIELD_WORKLOAD,
	PORTSCOPE_FIELD_EXPOSURE, PORTSCOPE_FIELD_SEVERITY, PORTSCOPE_FIELD_RULE,
	PORTSCOPE_FIELD_EVIDENCE, PORTSCOPE_FIELD_WHAT, PORTSCOPE_FIELD_TEXT,
	PORTSCOPE_FIELD_ADVICE, PORTSCOPE_FIELD_REFERENCES, PORTSCOPE_FIELD_SOCKETS};

static void line_done(struct audit_line *line)
{
	free(line->service);
	free(line->holder);
	free(line->what);
	free(line->text);
	free(line->advice);
	free(line->references);
	free(line->started_by);
	out_done(&line->addresses);
}

void audit_lines_done(struct audit_lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		line_done(&lines->lines[i]);
	free(lines->lines);
	*lines = (struct audit_lines){0};
}

/* Takes what was written; 0, or why there is nothing. */
static int take(struct out *o, char **ret)
{
	if (!out_string(o))
		return o->error;
	*ret = STEAL(o->buffer);
	return 0;
}

static int take_field(
	const struct portscope_row *row, unsigned field, enum text_style style, char **ret)
{
	AUTO_OUT struct out text = OUT_MEMORY;
	struct portscope_value value;

	portscope_get(row, field, &value);
	if (!value.known && style == TEXT_PLAIN)
		return 0;
	text_value(&text, &value, style);
	return take(&text, ret);
}

/* `nginx, web.service`; where the unit has the name of the program, the unit. */
static int take_holder(const struct portscope_row *row, char **ret)
{
	AUTO_OUT struct out text = OUT_MEMORY;
	struct portscope_value program, unit;
	bool same;

	portscope_get(row, PORTSCOPE_FIELD_PROGRAM, &program);
	portscope_get(row, PORTSCOPE_FIELD_WORKLOAD, &unit);
	if (!program.known)
		portscope_get(row, PORTSCOPE_FIELD_PROCESS, &program);
	same = unit.known && program.type == PORTSCOPE_TEXT &&
	       unit.text.length > program.text.length &&
	       !memcmp(unit.text.text, program.text.text, program.text.length) &&
	       unit.text.text[program.text.length] == '.';
	if (!same)
		text_value(&text, &program, TEXT_TABLE);
	if (unit.known) {
		out_text(&text, same ? "" : ", ");
		text_value(&text, &unit, TEXT_TABLE);
	}
	return take(&text, ret);
}

static const char *word_of(const struct portscope_row *row, unsigned field, unsigned *ret_rank)
{
	struct portscope_value value;

	portscope_get(row, field, &value);
	if (ret_rank)
		*ret_rank = value.word.rank;
	return value.word.name;
}

static const char *constant_of(const struct portscope_row *row, unsigned field)
{
	struct portscope_value value;

	portscope_get(row, field, &value);
	return value.text.text;
}

static int read_line(const struct portscope_row *row, struct audit_line *line)
{
	struct portscope_value port;
	int r;

	portscope_get(row, PORTSCOPE_FIELD_LOCAL_PORT, &port);
	*line = (struct audit_line){.low = port.number, .high = port.number};
	out_init(&line->addresses, -1);
	line->protocol = word_of(row, PORTSCOPE_FIELD_PROTOCOL, NULL);
	line->severity = word_of(row, PORTSCOPE_FIELD_SEVERITY, &line->rank);
	word_of(row, PORTSCOPE_FIELD_EXPOSURE, &line->exposure);
	line->rule = constant_of(row, PORTSCOPE_FIELD_RULE);
	line->evidence = constant_of(row, PORTSCOPE_FIELD_EVIDENCE);
	r = take_field(row, PORTSCOPE_FIELD_SERVICE, TEXT_TABLE, &line->service);
	if (!r)
		r = take_holder(row, &line->holder);
	if (!r)
		r = take_field(row, PORTSCOPE_FIELD_WHAT, TEXT_TABLE, &line->what);
	if (!r)
		r = take_field(row, PORTSCOPE_FIELD_TEXT, TEXT_TABLE, &line->text);
	if (!r)
		r = take_field(row, PORTSCOPE_FIELD_ADVICE, TEXT_PLAIN, &line->advice);
	if (!r)
		r = take_field(row, PORTSCOPE_FIELD_REFERENCES, TEXT_PLAIN, &line->references);
	if (!r)
		r = take_field(row, PORTSCOPE_FIELD_STARTED_BY, TEXT_PLAIN, &line->started_by);
	return r;
}

static bool belongs(const struct audit_line *a, const struct audit_line *b)
{
	return a->rank == b->rank && a->rule == b->rule && a->protocol == b->protocol &&
	       b->low + 1 >= a->low && b->low <= a->high + 1 && !strcmp(a->holder, b->holder) &&
	       !strcmp(a->what, b->what);
}

/* The last line that it belongs to: the rows of neighbours come one after the other. */
static struct audit_line *find(struct audit_lines *lines, const struct audit_line *line)
{
	for (size_t i = lines->count; i-- > 0;)
		if (belongs(&lines->lines[i], line))
			return &lines->lines[i];
	return NULL;
}

static int join(
	struct audit_line *line, const struct audit_line *added, const struct portscope_row *row)
{
	struct portscope_value local, sockets;

	/* Ports in a row may have names of their own, which are not what they are held for. */
	if (strcmp(line->service, added->service))
		strcpy(line->service, "-");
	line->low = MIN(line->low, added->low);
	line->high = MAX(line->high, added->high);
	line->exposure = MAX(line->exposure, added->exposure);
	portscope_get(row, PORTSCOPE_FIELD_SOCKETS, &sockets);
	line->sockets += sockets.number;
	portscope_get(row, PORTSCOPE_FIELD_LOCAL, &local);
	if (line->addresses.used)
		out_text(&line->addresses, ", ");
	text_value(&line->addresses, &local, TEXT_TABLE);
	if (sockets.number > 1)
		out_format(&line->addresses, " ×%u", (unsigned)sockets.number);
	return line->addresses.error;
}

int audit_lines_add(struct audit_lines *lines, const struct portscope_row *row)
{
	struct audit_line fresh, *line;
	int r = read_line(row, &fresh);

	if (r < 0) {
		line_done(&fresh);
		return r;
	}
	line = find(lines, &fresh);
	if (line) {
		r = join(line, &fresh, row);
		line_done(&fresh);
		return r;
	}
	line = ARRAY_ADD(lines->lines, lines->count);
	if (!line) {
		line_done(&fresh);
		return -ENOMEM;
	}
	*line = fresh;
	return join(line, &fresh, row);
}
