/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `started by: bash/1480 in tmux/1200, ssh session of ada from 10.9.8.20; 2 h ago, in /srv/shop` */
#include "cli/started.h"

#include "util/macros.h"

const uint16_t started_fields[STARTED_FIELDS] = {PORTSCOPE_FIELD_PROCESS,
	PORTSCOPE_FIELD_STARTED_BY, PORTSCOPE_FIELD_START_TIME, PORTSCOPE_FIELD_CWD};

/* A text of the row, which lives as long as the snapshot; NULL: unknown. */
static const char *text_of(const struct portscope_row *row, unsigned field)
{
	struct portscope_value value;

	portscope_get(row, field, &value);
	return value.known ? value.text.text : NULL;
}

void started_take(struct started *s, const struct portscope_row *row)
{
	struct portscope_value value;

	portscope_get(row, PORTSCOPE_FIELD_PROCESS, &value);
	if (value.known && !value.processes.count)
		return;
	if (!value.known || value.processes.count > 1 ||
		(s->pid && s->pid != value.processes.items[0].pid)) {
		s->several = true;
		return;
	}
	if (s->pid)
		return;
	s->pid = value.processes.items[0].pid;
	s->by = text_of(row, PORTSCOPE_FIELD_STARTED_BY);
	s->cwd = text_of(row, PORTSCOPE_FIELD_CWD);
	portscope_get(row, PORTSCOPE_FIELD_START_TIME, &value);
	s->since = value.known ? (int64_t)value.number : 0;
}

/* The largest unit of which there is one at least. */
static void put_age(struct page *page, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *unit;
	} units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	size_t i = 0;

	while (i + 1 < ARRAY_SIZE(units) && seconds < units[i].seconds)
		i++;
	page_format(page, "%lld %s ago", (long long)(MAX(seconds, 0) / units[i].seconds),
		units[i].unit);
}

void started_put(const struct started *s, int64_t now, unsigned indent, struct page *page)
{
	if (!s->pid || s->several || !s->by)
		return;
	page_line(page, indent, indent + 2);
	page_words(page, "started by:");
	page_format(page, "%s%s", s->by, s->since || s->cwd ? ";" : "");
	if (s->since)
		put_age(page, now - s->since);
	if (s->cwd)
		page_format(page, "in %s", s->cwd);
	page_end(page);
}
