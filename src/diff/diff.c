/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public side of comparing: documents from a descriptor or from a snapshot, and the changes. */
#include <string.h>

#include <portscope.h>

#include "diff/diff.h"
#include "diff/compare.h"
#include "document/read.h"
#include "model/field.h"

static ssize_t read_fd(void *userdata, void *buffer, size_t size)
{
	const int *fd = userdata;
	ssize_t n;

	do
		n = read(*fd, buffer, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int portscope_document_read(int fd, struct portscope_document **ret, char **ret_error)
{
	return document_read(read_fd, &fd, ret, ret_error);
}

/** A listing on its way into a document. */
struct take {
	struct portscope_document *document;
	struct portscope_query query;
	uint16_t fields[32]; /**< ids, by column; those that are not asked for are 0 */
	uint16_t asked[32];
	const char **names; /**< of the holders of the row under way */
	size_t names_room;
	struct out scratch;
};

/* Reads the value of a column; false where it is unknown or not asked for. */
static bool get(const struct take *t, const struct portscope_row *row, enum document_column column,
	struct portscope_value *ret)
{
	if (!(t->document->columns & column))
		return false;
	portscope_get(row, t->fields[__builtin_ctz(column)], ret);
	return ret->known;
}

static const char *get_name(
	const struct take *t, const struct portscope_row *row, enum document_column column)
{
	struct portscope_value v;

	if (!get(t, row, column, &v))
		return NULL;
	return v.type == PORTSCOPE_WORD ? v.word.name : v.text.text;
}

static bool has_name(const struct take *t, const struct portscope_row *row,
	enum document_column column, const char *name)
{
	const char *text = get_name(t, row, column);

	return text && !strcmp(text, name);
}

static void take_endpoints(
	const struct take *t, const struct portscope_row *row, struct entry *entry)
{
	struct portscope_value v;

	if (get(t, row, COLUMN_LOCAL_ADDRESS, &v)) {
		entry->local_family = v.endpoint.family;
		memcpy(entry->local, v.endpoint.address, v.endpoint.family == AF_INET ? 4 : 16);
	}
	if (get(t, row, COLUMN_REMOTE_ADDRESS, &v)) {
		entry->remote_family = v.endpoint.family;
		memcpy(entry->remote, v.endpoint.address, v.endpoint.family == AF_INET ? 4 : 16);
	}
	if (get(t, row, COLUMN_LOCAL_PORT, &v))
		entry->local_port = (uint16_t)v.number;
	if (get(t, row, COLUMN_REMOTE_PORT, &v))
		entry->remote_port = (uint16_t)v.number;
}

static void take_flags(const struct take *t, const struct portscope_row *row, struct entry *entry)
{
	struct portscope_value v;

	entry->protocol = has_name(t, row, COLUMN_PROTOCOL, "tcp") ? IPPROTO_TCP : IPPROTO_UDP;
	if (get(t, row, COLUMN_STATE, &v) && v.word.rank == PORTSCOPE_BOUND_INACTIVE)
		entry->flags |= ENTRY_IDLE;
	if (has_name(t, row, COLUMN_DIRECTION, "inbound"))
		entry->flags |= ENTRY_INBOUND;
	if (has_name(t, row, COLUMN_DIRECTION, "outbound"))
		entry->flags |= ENTRY_OUTBOUND;
	if (has_name(t, row, COLUMN_OWNER, "known"))
		entry->flags |= ENTRY_HELD;
	if (has_name(t, row, COLUMN_OWNER, "none"))
		entry->flags |= ENTRY_NOT_HELD;
	if (get(t, row, COLUMN_PROBABLE_CLIENT, &v) && v.flag)
		entry->flags |= ENTRY_CLIENT;
	if (get(t, row, COLUMN_DUAL_STACK, &v))
		entry->flags |= ENTRY_DUAL_KNOWN | (v.flag ? ENTRY_DUAL : 0);
	if (get(t, row, COLUMN_COOKIE, &v))
		entry->cookie = v.number;
}

/* Joins one text of every process. */
static char *join(struct take *t, const struct portscope_value *v, bool executables)
{
	for (size_t i = 0; i < v->processes.count; i++)
		t->names[i] = executables ? v->processes.items[i].exe : v->processes.items[i].name;
	return document_join(t->names, v->processes.count);
}

static int take_holders(struct take *t, const struct portscope_row *row, struct entry *entry,
	char **programs, char **executables)
{
	struct portscope_value v;
	bool full = get(t, row, COLUMN_PROCESSES, &v);

	if (!full && !get(t, row, COLUMN_PROCESS, &v))
		return 0;
	entry->flags |= v.processes.count ? ENTRY_HELD : ENTRY_NOT_HELD;
	if (v.processes.count > t->names_room) {
		const char **grown = reallocarray(t->names, v.processes.count, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		t->names = grown;
		t->names_room = v.processes.count;
	}
	*programs = join(t, &v, false);
	*executables = full ? join(t, &v, true) : NULL;
	return 0;
}

static int take_row(const struct portscope_row *row, void *userdata)
{
	AUTO_FREE char *programs = NULL;
	AUTO_FREE char *executables = NULL;
	struct take *t = userdata;
	struct entry_facts facts = {0};
	struct portscope_value v;
	int r = 0;

	take_endpoints(t, row, &facts.entry);
	take_flags(t, row, &facts.entry);
	facts.interface = get_name(t, row, COLUMN_INTERFACE);
	facts.aspects[PORTSCOPE_ASPECT_USER] = get_name(t, row, COLUMN_USER);
	facts.aspects[PORTSCOPE_ASPECT_UNIT] = get_name(t, row, COLUMN_UNIT);
	facts.aspects[PORTSCOPE_ASPECT_EXPOSURE] = get_name(t, row, COLUMN_EXPOSURE);
	if (get(t, row, COLUMN_CONTAINER, &v))
		r = document_set_container(&facts, &t->scratch, v.container->runtime,
			v.container->id, v.container->name);
	if (r >= 0)
		r = take_holders(t, row, &facts.entry, &programs, &executables);
	if (r < 0)
		return r;
	facts.aspects[PORTSCOPE_ASPECT_PROGRAM] = programs;
	facts.aspects[PORTSCOPE_ASPECT_EXECUTABLE] = executables;
	return document_add(t->document, &facts);
}

static int copy_string(const char *text, const char **ret)
{
	*ret = text ? strdup(text) : NULL;
	return text && !*ret ? -ENOMEM : 0;
}

/* What a document says of itself, from the snapshot behind it. */
static int take_head(struct portscope_document *d, const struct portscope_snapshot *snapshot,
	const struct portscope_query *query)
{
	const struct portscope_host *host = portscope_get_host(snapshot);
	size_t n;
	const struct portscope_warning *w = portscope_get_warnings(snapshot, &n);
	const char *filter = query->filter ? portscope_filter_text(query->filter) : NULL;
	int r;

	d->head.time = portscope_get_time(snapshot);
	d->head.protocols = query->protocols;
	d->head.families = query->families;
	d->head.states = query->states;
	d->head.sockets = d->count;
	d->head.complete = true;
	r = copy_string(host->name, &d->head.host);
	if (r >= 0)
		r = copy_string(host->machine_id, &d->head.machine_id);
	if (r >= 0)
		r = copy_string(filter, &d->head.filter);
	for (size_t i = 0; i < n && r >= 0; i++)
		if (w[i].incomplete && d->head.complete) {
			d->head.complete = false;
			r = copy_string(w[i].text, (const char **)&d->incomplete);
		}
	return r;
}

/* Asks for the columns that `like` has, as far as there are such fields. */
static void choose_fields(struct take *t, unsigned columns)
{
	for (; columns; columns &= columns - 1) {
		unsigned bit = (unsigned)__builtin_ctz(columns);
		int id = portscope_field_find(document_column_name(bit));

		if (id < 0)
			continue;
		t->document->columns |= 1u << bit;
		t->fields[bit] = (uint16_t)id;
		t->asked[t->query.n_fields++] = (uint16_t)id;
	}
	t->query.fields = t->asked;
}

/* A lone port that nothing here has as its own means that of the peer, as in the listing. */
static int open_listing(struct take *t, struct portscope_snapshot **ret)
{
	struct portscope_snapshot *snapshot;
	int r = portscope_open(&t->query, &snapshot);

	if (r >= 0 && t->query.filter && portscope_filter_is_lone(t->query.filter) &&
		!portscope_count(snapshot)) {
		portscope_close(snapshot);
		portscope_filter_turn_to_peer(t->query.filter);
		r = portscope_open(&t->query, &snapshot);
	}
	if (r >= 0)
		*ret = snapshot;
	return r;
}

static int take_snapshot(struct take *t, struct portscope_snapshot *snapshot)
{
	int r = portscope_each(snapshot, take_row, t);

	return r < 0 ? r : take_head(t->document, snapshot, &t->query);
}

static int take_listing(struct take *t)
{
	struct portscope_snapshot *snapshot;
	int r = open_listing(t, &snapshot);

	if (r < 0)
		return r;
	r = take_snapshot(t, snapshot);
	portscope_close(snapshot);
	return r;
}

static void take_done(struct take *t)
{
	out_done(&t->scratch);
	free(t->names);
}

int portscope_document_take(
	const struct portscope_document *like, struct portscope_document **ret, char **ret_error)
{
	CLEANUP(document_free_cleanup) struct portscope_document *document = NULL;
	struct take t = {.scratch = {.fd = -1}};
	const struct portscope_document_head *head = &like->head;
	int r = 0;

	document = t.document = calloc(1, sizeof(*document));
	if (!document)
		return -ENOMEM;
	t.query = (struct portscope_query){
		.protocols = head->protocols,
		.families = head->families,
		.states = head->states,
		.identity = true,
		/* A listing with -n has numbers in the place of users. */
		.numeric = like->numbered_users && !like->named_users,
	};
	choose_fields(&t, like->columns);
	if (head->filter)
		r = portscope_filter_parse(head->filter, &t.query.filter, ret_error);
	if (r >= 0)
		r = take_listing(&t);
	portscope_filter_free(t.query.filter);
	take_done(&t);
	if (r >= 0)
		*ret = STEAL(document);
	return r;
}

unsigned baseline_needs(const struct portscope_document *baseline)
{
	struct portscope_document asked = {0};
	struct take t = {.document = &asked};

	choose_fields(&t, baseline->columns);
	return field_needs(t.asked, t.query.n_fields);
}

static void fill_endpoint(
	struct portscope_endpoint *ret, uint8_t family, const uint8_t *address, uint16_t port)
{
	ret->family = family;
	ret->port = port;
	memcpy(ret->address, address, sizeof(ret->address));
}

static void fill_side(
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

static const char *or_nothing(const char *text)
{
	return text ? text : "none";
}

/* What became of a socket that the baseline knows, in words. */
static char *tell_change(const struct portscope_diff *diff, const struct change *c)
{
	AUTO_OUT struct out o = {.fd = -1};
	struct portscope_side before, after;
	const char *separator = "";

	fill_side(diff->documents[0], c->before, &before);
	fill_side(diff->documents[1], c->after, &after);
	for (unsigned i = 0; i < PORTSCOPE_ASPECTS; i++) {
		if (!(c->differs >> i & 1))
			continue;
		out_text(&o, separator);
		out_text(&o, portscope_aspect_name(i));
		out_text(&o, " was ");
		out_text(&o, or_nothing(before.aspects[i]));
		out_text(&o, " and is ");
		out_text(&o, or_nothing(after.aspects[i]));
		separator = ", ";
	}
	out_char(&o, 0);
	for (size_t i = 0; i < o.used; i++)
		if (o.buffer[i] == '\n')
			o.buffer[i] = '+';
	return o.error ? NULL : STEAL(o.buffer);
}

static int hand_out_fresh(const struct portscope_diff *diff, struct baseline_row *rows)
{
	for (size_t i = 0; i < diff->count; i++) {
		const struct change *c = &diff->changes[i];

		if (c->kind == PORTSCOPE_OPENED)
			rows[c->after].opened = true;
		if (c->kind != PORTSCOPE_CHANGED)
			continue;
		rows[c->after].changed = tell_change(diff, c);
		if (!rows[c->after].changed)
			return -ENOMEM;
	}
	return 0;
}

int baseline_compare(const struct portscope_document *baseline, struct portscope_snapshot *snapshot,
	struct warnings *warnings, struct baseline_row *rows, char **ret_error)
{
	CLEANUP(document_free_cleanup) struct portscope_document *document = NULL;
	CLEANUP(diff_free_cleanup) struct portscope_diff *diff = NULL;
	struct take t = {.scratch = {.fd = -1}};
	int r;

	document = t.document = calloc(1, sizeof(*document));
	if (!document)
		return -ENOMEM;
	choose_fields(&t, baseline->columns);
	r = take_snapshot(&t, snapshot);
	take_done(&t);
	if (r >= 0)
		r = diff_make_from_baseline(baseline, document, &diff, ret_error);
	/* What makes the snapshot incomplete is among its warnings already. */
	for (size_t i = 0; r >= 0 && i < diff->warnings.count; i++) {
		const struct portscope_warning *w = &diff->warnings.items[i];

		if (!w->incomplete || !baseline->head.complete)
			r = warnings_add(warnings,
				w->incomplete ? WARNING_INCOMPLETE : WARNING_NOTE, "%s", w->text);
	}
	return r < 0 ? r : hand_out_fresh(diff, rows);
}

void baseline_rows_free(struct baseline_row *rows, size_t n)
{
	for (size_t i = 0; rows && i < n; i++)
		free(rows[i].changed);
	free(rows);
}

const struct portscope_document_head *portscope_document_get_head(
	const struct portscope_document *document)
{
	return &document->head;
}

struct portscope_document *portscope_document_free(struct portscope_document *document)
{
	return document_free(document);
}

const char *portscope_aspect_name(unsigned aspect)
{
	return document_aspect_name(aspect);
}

int portscope_diff(const struct portscope_document *before, const struct portscope_document *after,
	struct portscope_diff **ret, char **ret_error)
{
	return diff_make(before, after, ret, ret_error);
}

struct portscope_diff *portscope_diff_free(struct portscope_diff *diff)
{
	return diff_free(diff);
}

bool portscope_diff_at(const struct portscope_diff *diff, size_t i, struct portscope_change *ret)
{
	const struct change *c;
	const struct entry *e;

	if (i >= diff->count)
		return false;
	c = &diff->changes[i];
	*ret = (struct portscope_change){
		.kind = c->kind,
		.count = c->count,
		.differs = c->differs,
	};
	if (c->kind != PORTSCOPE_OPENED)
		fill_side(diff->documents[0], c->before, &ret->before);
	if (c->kind != PORTSCOPE_CLOSED)
		fill_side(diff->documents[1], c->after, &ret->after);
	e = c->kind == PORTSCOPE_CLOSED ? &diff->documents[0]->entries[c->before]
					: &diff->documents[1]->entries[c->after];
	ret->protocol = e->protocol == IPPROTO_TCP ? PORTSCOPE_TCP : PORTSCOPE_UDP;
	return true;
}

const size_t *portscope_diff_get_counts(const struct portscope_diff *diff)
{
	return diff->counts;
}

unsigned portscope_diff_get_compared(const struct portscope_diff *diff)
{
	return diff->compared;
}

const struct portscope_warning *portscope_diff_get_warnings(
	const struct portscope_diff *diff, size_t *ret_count)
{
	*ret_count = diff->warnings.count;
	return diff->warnings.items;
}
