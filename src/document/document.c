/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets on their way into a document. */
#include "document/document.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "document/transient.h"
#include "util/array.h"
#include "util/text.h"

/* In the order of the bits of enum document_column. */
static const uint16_t column_fields[] = {
	PORTSCOPE_FIELD_PROTOCOL,
	PORTSCOPE_FIELD_LOCAL_ADDRESS,
	PORTSCOPE_FIELD_LOCAL_PORT,
	PORTSCOPE_FIELD_REMOTE_ADDRESS,
	PORTSCOPE_FIELD_REMOTE_PORT,
	PORTSCOPE_FIELD_STATE,
	PORTSCOPE_FIELD_INTERFACE,
	PORTSCOPE_FIELD_DUAL_STACK,
	PORTSCOPE_FIELD_USER,
	PORTSCOPE_FIELD_COOKIE,
	PORTSCOPE_FIELD_UNIT,
	PORTSCOPE_FIELD_CONTAINER,
	PORTSCOPE_FIELD_EXPOSURE,
	PORTSCOPE_FIELD_DIRECTION,
	PORTSCOPE_FIELD_PROBABLE_CLIENT,
	PORTSCOPE_FIELD_OWNER,
	PORTSCOPE_FIELD_PROCESS,
	PORTSCOPE_FIELD_PROCESSES,
};

uint16_t document_column_field(unsigned bit)
{
	return column_fields[bit];
}

const char *document_column_name(unsigned bit)
{
	return bit < ARRAY_SIZE(column_fields) ? portscope_field_at(column_fields[bit])->name
					       : NULL;
}

const char *portscope_aspect_name(unsigned aspect)
{
	static const char *const names[PORTSCOPE_ASPECTS] = {
		[PORTSCOPE_ASPECT_PROGRAM] = "program",
		[PORTSCOPE_ASPECT_EXECUTABLE] = "executable",
		[PORTSCOPE_ASPECT_USER] = "user",
		[PORTSCOPE_ASPECT_UNIT] = "unit",
		[PORTSCOPE_ASPECT_CONTAINER] = "container",
		[PORTSCOPE_ASPECT_EXPOSURE] = "exposure",
		[PORTSCOPE_ASPECT_DUAL_STACK] = "dual_stack",
	};

	return aspect < ARRAY_SIZE(names) ? names[aspect] : NULL;
}

static bool is_plain(const char *text)
{
	while (*text >= ' ' && *text < 0x7f)
		text++;
	return !*text;
}

/*
 * Gives a text its number, in the form that it has behind JSON: bytes that are not UTF-8 are
 * visible there, so that what comes from the kernel now has to lose them in the same way.
 */
static int keep_text(struct portscope_document *d, const char *text, uint32_t *ret)
{
	AUTO_OUT struct out quoted = OUT_MEMORY;
	json_t *string;
	int r;

	if (!text || is_plain(text))
		return pool_intern(&d->pool, text, ret);
	out_char(&quoted, '"');
	text_json(&quoted, text, strlen(text));
	out_char(&quoted, '"');
	if (quoted.error)
		return quoted.error;
	string = json_loadb(quoted.buffer, quoted.used, JSON_DECODE_ANY, NULL);
	r = string ? pool_intern(&d->pool, json_string_value(string), ret) : -ENOMEM;
	json_decref(string);
	return r;
}

/** Writes what stays of a name that is made up anew each time. */
typedef void (*keep_fn)(struct out *o, const char *name);

/* Gives what stays of each line of a text its number. */
static int keep_lines(struct portscope_document *d, const char *text, keep_fn keep, uint32_t *ret)
{
	AUTO_OUT struct out lines = OUT_MEMORY;
	AUTO_FREE const char **names = NULL;
	AUTO_FREE char *copy = NULL, *joined = NULL;
	size_t n = 0;
	char *rest, *line;
	int r;

	*ret = 0;
	copy = text ? strdup(text) : NULL;
	if (!copy)
		return text ? -ENOMEM : 0;
	for (line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		keep(&lines, line);
		out_char(&lines, 0);
		n++;
	}
	names = calloc(n + 1, sizeof(*names));
	if (lines.error || !names)
		return -ENOMEM;
	for (size_t i = 0, at = 0; i < n; i++, at += strlen(lines.buffer + at) + 1)
		names[i] = lines.buffer + at;
	if (!n)
		return 0;
	r = document_join(names, n, &joined);
	return r < 0 ? r : keep_text(d, joined, ret);
}

static const keep_fn keepers[PORTSCOPE_ASPECTS] = {
	[PORTSCOPE_ASPECT_PROGRAM] = transient_program,
	[PORTSCOPE_ASPECT_EXECUTABLE] = transient_path,
	[PORTSCOPE_ASPECT_UNIT] = transient_unit,
};

/* Keeps an aspect: as it is shown, and as it is compared. */
static int keep_aspect(
	struct portscope_document *d, unsigned aspect, const char *text, struct entry *entry)
{
	int r = keep_text(d, text, &entry->aspects[aspect]);

	if (r < 0)
		return r;
	entry->kept[aspect] = entry->aspects[aspect];
	if (!keepers[aspect])
		return 0;
	if (d->last[aspect].text != entry->aspects[aspect]) {
		r = keep_lines(d, text, keepers[aspect], &d->last[aspect].kept);
		if (r < 0)
			return r;
		d->last[aspect].text = entry->aspects[aspect];
	}
	entry->kept[aspect] = d->last[aspect].kept;
	return 0;
}

int document_add_reason(struct portscope_document *d, const char *text)
{
	char *all;

	if (asprintf(&all, "%s%s%s", d->incomplete ? d->incomplete : "", d->incomplete ? "; " : "",
		    text) < 0)
		return -ENOMEM;
	free(d->incomplete);
	d->incomplete = all;
	return 0;
}

int document_add(struct portscope_document *d, const struct entry_facts *facts)
{
	struct entry entry = facts->entry;
	const char *user = facts->aspects[PORTSCOPE_ASPECT_USER];
	struct entry *added;
	int r = d->count < DOCUMENT_SOCKETS_MAX ? 0 : -EFBIG;

	if (r >= 0)
		r = keep_text(d, facts->interface, &entry.interface);
	for (size_t i = 0; i < PORTSCOPE_ASPECTS && r >= 0; i++)
		r = keep_aspect(d, i, facts->aspects[i], &entry);
	if (r < 0)
		return r;
	if (user && user[strspn(user, "0123456789")])
		d->named_users++;
	else if (user)
		d->numbered_users++;
	added = ARRAY_ADD(d->entries, d->count);
	if (!added)
		return -ENOMEM;
	*added = entry;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int document_join(const char **names, size_t n, char **ret)
{
	AUTO_OUT struct out list = OUT_MEMORY;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (names[i])
			names[kept++] = names[i];
	*ret = NULL;
	if (!kept)
		return 0;
	qsort(names, kept, sizeof(*names), compare_names);
	for (size_t i = 0; i < kept; i++) {
		if (i && !strcmp(names[i], names[i - 1]))
			continue;
		if (i)
			out_char(&list, '\n');
		for (const char *c = names[i]; *c; c++)
			out_bytes(&list, *c == '\n' ? "\\x0a" : c, *c == '\n' ? 4 : 1);
	}
	if (!out_string(&list))
		return -ENOMEM;
	*ret = STEAL(list.buffer);
	return 0;
}

int document_set_container(struct entry_facts *facts, struct out *scratch, const char *runtime,
	const char *id, const char *name)
{
	scratch->used = 0;
	out_text(scratch, runtime);
	out_char(scratch, ':');
	out_text(scratch, name ? name : id);
	out_char(scratch, 0);
	if (!name)
		facts->entry.flags |= ENTRY_NAMELESS;
	facts->aspects[PORTSCOPE_ASPECT_CONTAINER] = scratch->buffer;
	return scratch->error;
}

struct portscope_document *portscope_document_free(struct portscope_document *d)
{
	if (!d)
		return NULL;
	free((char *)d->head.filter);
	free((char *)d->head.host);
	free((char *)d->head.machine_id);
	free(d->incomplete);
	free(d->entries);
	pool_done(&d->pool);
	free(d);
	return NULL;
}

static void fill_endpoint(
	struct portscope_endpoint *ret, uint8_t family, const uint8_t *address, uint16_t port)
{
	ret->family = family;
	ret->port = port;
	memcpy(ret->address, address, sizeof(ret->address));
}

void document_side(
	const struct portscope_document *d, uint32_t position, struct portscope_side *ret)
{
	static const char *const yes_no[] = {"no", "yes"};
	const struct entry *e = &d->entries[position];

	fill_endpoint(&ret->local, e->local_family, e->local, e->local_port);
	if (e->remote_family)
		fill_endpoint(&ret->peer, e->remote_family, e->remote, e->remote_port);
	ret->local.any_family = e->flags & ENTRY_DUAL;
	ret->local.interface = pool_text(&d->pool, e->interface);
	ret->local.ifindex = ret->local.interface != NULL;
	for (unsigned i = 0; i < PORTSCOPE_ASPECTS; i++)
		ret->aspects[i] = pool_text(&d->pool, e->aspects[i]);
	if (e->flags & ENTRY_DUAL_KNOWN)
		ret->aspects[PORTSCOPE_ASPECT_DUAL_STACK] = yes_no[!!(e->flags & ENTRY_DUAL)];
	ret->cookie = e->cookie;
}

const struct portscope_document_head *portscope_document_get_head(
	const struct portscope_document *document)
{
	return &document->head;
}
