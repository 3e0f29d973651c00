/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hash of paths and a sorted list of ids. Entries are allocated one by one, so that rows can
 * point to them while others are added.
 */
#include "annotate/unit-index.h"

#include <stdio.h>
#include <string.h>

#include "annotate/container-name.h"
#include "annotate/unit.h"
#include "util/array.h"
#include "util/macros.h"

struct unit_entry {
	struct unit shown;
	struct portscope_container container;
	struct unit_parts parts; /**< owns what the two above point to */
	char *key;               /**< what it is found by: the path, but for a carrier */
	char *path;
	char *workload; /**< of a container; NULL: the unit is what it runs as */
	uint32_t hash;
};

struct unit_id {
	uint64_t id;
	const struct unit *unit;
};

struct unit_index {
	struct container_names *names;
	struct unit_entry **slots; /**< open addressing, a power of two, at most half full */
	size_t n_slots;
	size_t n_entries;
	struct unit_id *ids; /**< in the order of ids */
	size_t n_ids;
};

int unit_index_open(int root_fd, struct warnings *warnings, struct unit_index **ret)
{
	struct unit_index *index = calloc(1, sizeof(*index));
	int r;

	if (!index)
		return -ENOMEM;
	r = container_names_open(root_fd, warnings, &index->names);
	if (r < 0) {
		free(index);
		return r;
	}
	*ret = index;
	return 0;
}

static void unit_entry_free(struct unit_entry *entry)
{
	if (!entry)
		return;
	unit_parts_done(&entry->parts);
	free(entry->key);
	free(entry->path);
	free(entry->workload);
	free(entry);
}
DEFINE_CLEANUP(struct unit_entry *, unit_entry_free)

struct unit_index *unit_index_close(struct unit_index *index)
{
	if (!index)
		return NULL;
	for (size_t i = 0; i < index->n_slots; i++)
		unit_entry_free(index->slots[i]);
	container_names_close(index->names);
	free(index->slots);
	free(index->ids);
	free(index);
	return NULL;
}

/** FNV-1a: paths are made by root or by users below their own prefix, and there are few. */
static uint32_t path_hash(const char *path)
{
	uint32_t hash = 2166136261u;

	for (; *path; path++)
		hash = (hash ^ (unsigned char)*path) * 16777619u;
	return hash;
}

/** The slot where `path` is or would stand; the table must have room. */
static size_t slot_find(const struct unit_index *index, const char *path, uint32_t hash)
{
	size_t i = hash & (index->n_slots - 1);

	while (index->slots[i] &&
		(index->slots[i]->hash != hash || strcmp(index->slots[i]->key, path) != 0))
		i = (i + 1) & (index->n_slots - 1);
	return i;
}

/** Makes room for one more. */
static int unit_index_grow(struct unit_index *index)
{
	struct unit_index larger = *index;

	if (2 * (index->n_entries + 1) <= index->n_slots)
		return 0;
	larger.n_slots = index->n_slots ? 2 * index->n_slots : 64;
	larger.slots = calloc(larger.n_slots, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < index->n_slots; i++) {
		struct unit_entry *entry = index->slots[i];

		if (entry)
			larger.slots[slot_find(&larger, entry->key, entry->hash)] = entry;
	}
	free(index->slots);
	*index = larger;
	return 0;
}

/** A container by its runtime and its name, or by the part of its id that the runtimes show. */
static int name_workload(struct unit_entry *entry)
{
	const struct portscope_container *c = &entry->container;
	int r = c->name ? asprintf(&entry->workload, "%s:%s", c->runtime, c->name)
			: asprintf(&entry->workload, "%s:%.12s", c->runtime, c->id);

	if (r >= 0)
		return 0;
	entry->workload = NULL;
	return -ENOMEM;
}

/** What an entry is about. */
struct subject {
	const char *key;               /**< the path itself, but for a carrier */
	const char *path;              /**< of the cgroup */
	const struct carried *carried; /**< the container that ports are held for; NULL: none */
};

/** Finds out all about a path. */
static int unit_entry_new(struct container_names *names, const struct subject *subject,
	uint32_t hash, struct unit_entry **ret)
{
	CLEANUP(unit_entry_free_cleanup) struct unit_entry *entry = calloc(1, sizeof(*entry));
	int r;

	if (!entry)
		return -ENOMEM;
	entry->hash = hash;
	entry->key = strdup(subject->key);
	entry->path = strdup(subject->path);
	if (!entry->key || !entry->path)
		return -ENOMEM;
	r = unit_parse(subject->path, &entry->parts);
	if (!r && subject->carried && !entry->parts.runtime)
		r = container_names_find(names, subject->carried, &entry->parts);
	if (!r)
		r = container_names_get(names, &entry->parts);
	if (r < 0)
		return r;
	entry->shown.users_own = entry->parts.has_uid;
	entry->shown.cgroup = entry->path;
	entry->shown.unit = entry->parts.unit;
	if (entry->parts.runtime) {
		entry->container = (struct portscope_container){
			.runtime = entry->parts.runtime,
			.id = entry->parts.id,
			.name = entry->parts.name,
			.pod = entry->parts.pod,
		};
		entry->shown.container = &entry->container;
		r = name_workload(entry);
		if (r < 0)
			return r;
	}
	entry->shown.workload = entry->workload ? entry->workload : entry->shown.unit;
	*ret = STEAL(entry);
	return 0;
}

static int add(struct unit_index *index, const struct subject *subject, const struct unit **ret)
{
	uint32_t hash = path_hash(subject->key);
	size_t slot;
	int r = unit_index_grow(index);

	if (r < 0)
		return r;
	slot = slot_find(index, subject->key, hash);
	if (!index->slots[slot]) {
		r = unit_entry_new(index->names, subject, hash, &index->slots[slot]);
		if (r < 0)
			return r;
		index->n_entries++;
	}
	*ret = &index->slots[slot]->shown;
	return 0;
}

int unit_index_add(struct unit_index *index, const char *path)
{
	const struct subject subject = {.key = path, .path = path};
	const struct unit *added;

	return add(index, &subject, &added);
}

int unit_index_add_carrier(struct unit_index *index, const char *path,
	const struct carried *carried, const struct unit **ret)
{
	AUTO_FREE char *key = NULL;
	struct subject subject = {.path = path, .carried = carried};

	/* Paths start with a slash: none is taken for this. */
	if (asprintf(&key, "%s %s %u %s", carried->runtime, carried->container, carried->uid,
		    path) < 0) {
		key = NULL;
		return -ENOMEM;
	}
	subject.key = key;
	return add(index, &subject, ret);
}

/** Index of the first id that is not below `id`. */
static size_t id_position(const struct unit_index *index, uint64_t id)
{
	size_t low = 0, high = index->n_ids;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->ids[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int unit_index_add_cgroups(struct unit_index *index, const struct cgroups *cgroups)
{
	for (size_t i = 0; i < cgroups->count; i++) {
		const struct cgroup *cgroup = &cgroups->items[i];
		size_t at = id_position(index, cgroup->id);
		int r;

		if (!cgroup->path || (at < index->n_ids && index->ids[at].id == cgroup->id))
			continue;
		r = unit_index_add(index, cgroup->path);
		if (r < 0)
			return r;
		if (!ARRAY_ADD(index->ids, index->n_ids))
			return -ENOMEM;
		memmove(index->ids + at + 1, index->ids + at,
			(index->n_ids - 1 - at) * sizeof(*index->ids));
		index->ids[at] =
			(struct unit_id){cgroup->id, unit_index_by_path(index, cgroup->path)};
	}
	return 0;
}

const struct unit *unit_index_by_path(const struct unit_index *index, const char *path)
{
	const struct unit_entry *entry;

	if (!path || !index->n_slots)
		return NULL;
	entry = index->slots[slot_find(index, path, path_hash(path))];
	return entry ? &entry->shown : NULL;
}

const struct unit *unit_index_by_id(const struct unit_index *index, uint64_t id)
{
	size_t at = id_position(index, id);

	return at < index->n_ids && index->ids[at].id == id ? index->ids[at].unit : NULL;
}
