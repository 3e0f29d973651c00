/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a document says of itself: when, who, what was asked, what it lacks. */
#include "document/read.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "model/names.h"

static int wrong_kind(struct reader *r, const char *name, const json_t *value, const char *expected)
{
	return reader_fault(r, -EBADMSG, "line %zu: %s is %s and not %s", r->line, name,
		value ? read_kind(value) : "missing", expected);
}

/* RFC 3339, with any fraction and offset. */
static int parse_time(const char *text, int64_t *ret)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int hours, minutes, length = 0;
	int64_t offset = 0;

	if (!end)
		return -EINVAL;
	if (*end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	if ((*end == '+' || *end == '-') &&
		sscanf(end + 1, "%2d:%2d%n", &hours, &minutes, &length) == 2 && length == 5) {
		offset = (hours * 60 + minutes) * (*end == '-' ? -60 : 60);
		end += 1 + length;
	} else if (*end == 'Z') {
		end++;
	} else {
		return -EINVAL;
	}
	*ret = timegm(&tm) - offset;
	return *end ? -EINVAL : 0;
}

int read_time(struct reader *r, json_t *time)
{
	const char *text = json_string_value(time);

	if (!text)
		return wrong_kind(r, "time", time, "a string");
	if (parse_time(text, &r->document->head.time) < 0)
		return reader_fault(r, -EBADMSG, "line %zu: '%s' is not a time", r->line, text);
	return 0;
}

/* A string that is kept, or null. */
static int keep_string(
	struct reader *r, const json_t *object, const char *key, const char *name, const char **ret)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_null(value))
		return 0;
	if (!json_is_string(value))
		return wrong_kind(r, name, value, "a string or null");
	*ret = strdup(json_string_value(value));
	return *ret ? 0 : -ENOMEM;
}

int read_host(struct reader *r, json_t *host)
{
	struct portscope_document_head *head = &r->document->head;
	const char *collector;
	int c;

	if (!json_is_object(host))
		return wrong_kind(r, "host", host, "an object");
	collector = json_string_value(json_object_get(host, "collector"));
	/* /proc/net knows of no interface that a socket is bound to. */
	if (collector && !strcmp(collector, "procfs"))
		r->document->unnamed = true;
	c = keep_string(r, host, "name", "host.name", &head->host);
	return c < 0 ? c : keep_string(r, host, "machine_id", "host.machine_id", &head->machine_id);
}

int read_warnings(struct reader *r, json_t *warnings)
{
	struct portscope_document *d = r->document;
	const json_t *warning;
	size_t i;

	if (!json_is_array(warnings))
		return wrong_kind(r, "warnings", warnings, "an array");
	json_array_foreach(warnings, i, warning)
	{
		const char *text = json_string_value(json_object_get(warning, "text"));

		if (!text || !json_is_boolean(json_object_get(warning, "incomplete")))
			return reader_fault(r, -EBADMSG,
				"line %zu: warning %zu has no text, or does not say whether the "
				"answer is incomplete",
				r->line, i + 1);
		if (json_is_true(json_object_get(warning, "incomplete")) &&
			document_add_reason(d, text) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Turns a list of words into bits; `find` returns the bit of a word or a negative errno. */
static int read_words(struct reader *r, const json_t *query, const char *key, const char *name,
	int (*find)(const char *word), uint32_t *ret)
{
	const json_t *list = json_object_get(query, key), *item;
	size_t i;

	if (!json_is_array(list))
		return wrong_kind(r, name, list, "an array");
	json_array_foreach(list, i, item)
	{
		const char *word = json_string_value(item);
		int bit = word ? find(word) : -EINVAL;

		if (!word)
			return wrong_kind(r, name, item, "a list of words");
		if (bit >= 0)
			*ret |= 1u << bit;
		else if (bit != -ENOENT)
			return reader_fault(r, -EBADMSG, "line %zu: %s: '%s' is unknown here",
				r->line, name, word);
	}
	return 0;
}

static int find_protocol(const char *word)
{
	return !strcmp(word, "tcp") ? 0 : !strcmp(word, "udp") ? 1 : -EINVAL;
}

static int find_family(const char *word)
{
	return !strcmp(word, "inet") ? 0 : !strcmp(word, "inet6") ? 1 : -EINVAL;
}

static int find_state(const char *word)
{
	int state = state_find(word);

	return state < 0 ? -EINVAL : state;
}

/* Columns that no comparison reads do not matter, and may be newer than this program. */
static int find_column(const char *word)
{
	for (unsigned bit = 0; document_column_name(bit); bit++)
		if (!strcmp(word, document_column_name(bit)))
			return (int)bit;
	return -ENOENT;
}

/* Without these, sockets cannot be told apart. */
static int check_columns(struct reader *r)
{
	const struct portscope_document *d = r->document;
	bool connections =
		d->head.states & ~(PORTSCOPE_STATES_LISTENING | 1u << PORTSCOPE_BOUND_INACTIVE);
	unsigned needed = COLUMN_PROTOCOL | COLUMN_LOCAL_ADDRESS | COLUMN_LOCAL_PORT |
			  (connections ? COLUMN_REMOTE_ADDRESS | COLUMN_REMOTE_PORT : 0);
	unsigned lacking = needed & ~d->columns;
	AUTO_OUT struct out list = OUT_MEMORY;

	if (!lacking)
		return 0;
	for (; needed; needed &= needed - 1)
		out_format(&list, "%s%s", list.used ? "," : "",
			document_column_name((unsigned)__builtin_ctz(needed)));
	if (!out_string(&list))
		return list.error;
	return reader_fault(r, -EINVAL,
		"its columns lack %s, without which sockets cannot be told apart: take it without "
		"--columns, or with at least %s",
		document_column_name((unsigned)__builtin_ctz(lacking)), list.buffer);
}

int read_query(struct reader *r, json_t *query)
{
	struct portscope_document *d = r->document;
	const char *command = json_string_value(json_object_get(query, "command"));
	uint32_t protocols = 0, families = 0, states = 0, columns = 0;
	int c;

	if (!json_is_object(query))
		return wrong_kind(r, "query", query, "an object");
	if (!command)
		return wrong_kind(
			r, "query.command", json_object_get(query, "command"), "a string");
	if (strcmp(command, "list") != 0)
		return reader_fault(r, -EINVAL,
			"it is what portscope %s --json writes; a comparison needs a listing, as "
			"portscope --json writes it",
			command);
	c = read_words(r, query, "protocols", "query.protocols", find_protocol, &protocols);
	if (c >= 0)
		c = read_words(r, query, "families", "query.families", find_family, &families);
	if (c >= 0)
		c = read_words(r, query, "states", "query.states", find_state, &states);
	if (c >= 0)
		c = read_words(r, query, "columns", "query.columns", find_column, &columns);
	if (c >= 0)
		c = keep_string(r, query, "filter", "query.filter", &d->head.filter);
	if (c < 0)
		return c;
	d->head.protocols = protocols;
	d->head.families = families;
	d->head.states = states;
	d->columns = columns;
	return check_columns(r);
}
