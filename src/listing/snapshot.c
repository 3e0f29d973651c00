/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a query to a snapshot: the stages in their order. A buffered listing is complete when it is
 * open; a streaming one gathers here what its rows need and asks for the sockets when it is walked.
 */
#include "listing/snapshot.h"

#include <string.h>
#include <time.h>

#include "annotate/service.h"
#include "annotate/unit-index.h"
#include "collect/host.h"
#include "collect/interfaces.h"
#include "listing/names.h"
#include "listing/sort.h"
#include "model/field.h"
#include "model/order.h"
#include "packetfilter/packetfilter.h"

/* What the fields, the order and the filter of a query need, and `needs` more. */
static unsigned query_needs(const struct portscope_query *query, unsigned needs)
{
	needs |= field_needs(query->fields, query->n_fields);
	for (size_t i = 0; i < query->n_sort; i++)
		needs |= field_needs(&query->sort[i].field, 1);
	if (query->filter)
		needs |= filter_needs(portscope_filter_parsed(query->filter));
	if (needs & NEED_FINDINGS)
		needs |= NEED_RULES;
	return needs & NEED_RULES ? needs | rules_need() : needs;
}

bool portscope_streams(const struct portscope_query *query)
{
	if (query->filter && filter_uses_autobound(portscope_filter_parsed(query->filter)))
		return false;
	return query->unsorted && !query->n_sort && !(query_needs(query, 0) & ~NEEDS_STREAMING);
}

static void *copy_array(const void *from, size_t n, size_t size)
{
	void *copy = reallocarray(NULL, n + 1, size);

	if (copy && n)
		memcpy(copy, from, n * size);
	return copy;
}

static void row_at(const void *userdata, uint32_t position, struct portscope_row *ret)
{
	const struct portscope_snapshot *s = userdata;

	snapshot_understand(s, &s->sockets.items[position], ret);
}

static int sort(struct portscope_snapshot *s)
{
	size_t n = s->sockets.count;
	int r;

	s->order = reallocarray(NULL, n + 1, sizeof(*s->order));
	if (!s->order)
		return -ENOMEM;
	r = order_naturally(&s->sockets, &s->host, s->order);
	if (r < 0 || !s->query.n_sort)
		return r;
	return rows_sort(s->sort, s->query.n_sort, row_at, s, s->order, n);
}

static int fill(struct portscope_snapshot *s, unsigned needs)
{
	int r = 0;

	s->fields = copy_array(s->query.fields, s->query.n_fields, sizeof(*s->fields));
	s->sort = copy_array(s->query.sort, s->query.n_sort, sizeof(*s->sort));
	if (!s->fields || !s->sort)
		return -ENOMEM;
	s->query.fields = s->fields;
	s->query.sort = s->sort;
	s->filter = s->query.filter ? portscope_filter_parsed(s->query.filter) : NULL;
	s->needs = query_needs(&s->query, needs);
	s->streaming = !needs && portscope_streams(&s->query);
	/* Probable clients stand last in the natural order. */
	if (!s->streaming && !s->query.n_sort)
		s->needs |= NEED_EPHEMERAL;
	s->host.time = s->sources.now ? s->sources.now : time(NULL);
	if (!s->streaming)
		r = snapshot_collect(s);
	if (r >= 0)
		r = snapshot_gather(s);
	if (r < 0 || s->streaming)
		return r;
	r = snapshot_judge(s);
	if (r >= 0 && s->filter)
		r = snapshot_keep_matching(s);
	return r < 0 ? r : sort(s);
}

int snapshot_open(const struct portscope_query *query, unsigned needs,
	const struct sources *sources, struct portscope_snapshot **ret)
{
	struct portscope_snapshot *s = calloc(1, sizeof(*s));
	int r = 0;

	if (!s)
		return -ENOMEM;
	s->query = *query;
	s->lent = sources != NULL;
	if (s->lent)
		s->sources = *sources;
	else
		r = sources_open(&s->sources, &s->warnings);
	if (r >= 0)
		r = fill(s, needs);
	if (r < 0) {
		portscope_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

int portscope_open(const struct portscope_query *query, struct portscope_snapshot **ret)
{
	return snapshot_open(query, 0, NULL, ret);
}

struct portscope_snapshot *portscope_close(struct portscope_snapshot *s)
{
	if (!s)
		return NULL;
	free(s->fields);
	free(s->sort);
	free(s->order);
	free(s->autobound);
	filter_programs_done(&s->programs);
	sockets_done(&s->sockets);
	sockets_done(&s->host.listeners);
	interfaces_done(&s->host.interfaces);
	ephemeral_done(&s->host.ephemeral);
	users_done(&s->host.users);
	service_names_free(s->host.services);
	owner_index_free(s->host.owners);
	unit_index_close(s->host.units);
	rules_index_done(&s->rules);
	found_free(s->found);
	packetfilter_close(s->packetfilter);
	identity_done(&s->host.shown);
	warnings_done(&s->warnings);
	if (!s->lent)
		sources_close(&s->sources);
	free(s);
	return NULL;
}

const struct portscope_host *portscope_get_host(const struct portscope_snapshot *s)
{
	return &s->host.shown;
}

int64_t portscope_get_time(const struct portscope_snapshot *s)
{
	return s->host.time;
}

const struct portscope_warning *portscope_get_warnings(
	const struct portscope_snapshot *s, size_t *ret_count)
{
	*ret_count = s->warnings.count;
	return s->warnings.items;
}

size_t portscope_count(const struct portscope_snapshot *s)
{
	return s->sockets.count;
}

struct portscope_counts portscope_get_counts(const struct portscope_snapshot *s)
{
	return s->counts;
}
