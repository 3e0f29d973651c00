/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A listing taken now, with the columns that another document has. */
#include "document/take.h"

#include <string.h>

#include "model/field.h"
#include "util/array.h"

/** A listing on its way into a document. */
struct take {
	struct portscope_document *document;
	struct portscope_query query;
	uint16_t asked[32];
	const char **names; /**< of the holders of the row under way */
	size_t n_names;
	struct out scratch;
};

/* Reads the value of a column; false where it is unknown or not asked for. */
static bool get(const struct take *t, const struct portscope_row *row, enum document_column column,
	struct portscope_value *ret)
{
	if (!(t->document->columns & column))
		return false;
	portscope_get(row, document_column_field((unsigned)__builtin_ctz(column)), ret);
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
static int join(struct take *t, const struct portscope_value *v, bool executables, char **ret)
{
	t->n_names = 0;
	for (size_t i = 0; i < v->processes.count; i++) {
		const struct portscope_process *process = &v->processes.items[i];
		const char **added = ARRAY_ADD(t->names, t->n_names);

		if (!added)
			return -ENOMEM;
		*added = executables ? process->exe : process->program;
	}
	return document_join(t->names, t->n_names, ret);
}

static int take_holders(struct take *t, const struct portscope_row *row, struct entry *entry,
	char **programs, char **executables)
{
	struct portscope_value v;
	bool full = get(t, row, COLUMN_PROCESSES, &v);
	int r;

	if (!full && !get(t, row, COLUMN_PROCESS, &v))
		return 0;
	entry->flags |= v.processes.count ? ENTRY_HELD : ENTRY_NOT_HELD;
	r = join(t, &v, false, programs);
	return r < 0 || !full ? r : join(t, &v, true, executables);
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
	/* It is bound to an interface whose name could not be read. */
	portscope_get(row, PORTSCOPE_FIELD_IFINDEX, &v);
	if (!facts.interface && v.known && v.number)
		t->document->unnamed = true;
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
		if (w[i].incomplete) {
			d->head.complete = false;
			r = document_add_reason(d, w[i].text);
		}
	/* /proc/net knows of no interface that a socket is bound to. */
	if (host->collector && !strcmp(host->collector, "procfs"))
		d->unnamed = true;
	return r;
}

/* Asks for the columns that `like` has. */
static void choose_fields(struct take *t, unsigned columns)
{
	for (; columns; columns &= columns - 1) {
		unsigned bit = (unsigned)__builtin_ctz(columns);

		t->document->columns |= 1u << bit;
		t->asked[t->query.n_fields++] = document_column_field(bit);
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
	CLEANUP(portscope_document_free_cleanup) struct portscope_document *document = NULL;
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

unsigned document_needs(const struct portscope_document *like)
{
	struct portscope_document asked = {0};
	struct take t = {.document = &asked};

	choose_fields(&t, like->columns);
	return field_needs(t.asked, t.query.n_fields);
}

int document_take_snapshot(const struct portscope_document *like,
	struct portscope_snapshot *snapshot, struct portscope_document **ret)
{
	CLEANUP(portscope_document_free_cleanup) struct portscope_document *document = NULL;
	struct take t = {.scratch = {.fd = -1}};
	int r;

	document = t.document = calloc(1, sizeof(*document));
	if (!document)
		return -ENOMEM;
	choose_fields(&t, like->columns);
	r = take_snapshot(&t, snapshot);
	take_done(&t);
	if (r >= 0)
		*ret = STEAL(document);
	return r;
}
