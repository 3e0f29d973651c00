/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sets of cgroup ids, kept sorted: there are few distinct ones and each is looked up once a row.
 * And the one parser of /proc/PID/cgroup, for every stage that reads it.
 */
#include "model/cgroup.h"

#include <stdbool.h>
#include <string.h>

#include "util/array.h"
#include "util/macros.h"

/** Index of the first member whose id is not below `id`. */
static size_t cgroups_position(const struct cgroups *set, uint64_t id)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->items[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int cgroups_add(struct cgroups *set, uint64_t id)
{
	size_t at;

	if (id <= 1 || id == set->last)
		return 0;
	at = cgroups_position(set, id);
	if (at == set->count || set->items[at].id != id) {
		if (!ARRAY_ADD(set->items, set->count))
			return -ENOMEM;
		memmove(set->items + at + 1, set->items + at,
			(set->count - 1 - at) * sizeof(*set->items));
		set->items[at] = (struct cgroup){.id = id};
	}
	set->last = id;
	return 0;
}

struct cgroup *cgroups_find(const struct cgroups *set, uint64_t id)
{
	size_t at = cgroups_position(set, id);

	return at < set->count && set->items[at].id == id ? &set->items[at] : NULL;
}

void cgroups_done(struct cgroups *set)
{
	for (size_t i = 0; i < set->count; i++)
		free(set->items[i].path);
	free(set->items);
	*set = (struct cgroups){0};
}

/** How much a hierarchy tells, by the middle field of its line; the fewer the better. */
static unsigned hierarchy_rank(const char *controllers, size_t length)
{
	static const char systemd[] = "name=systemd";

	if (length == sizeof(systemd) - 1 && !memcmp(controllers, systemd, length))
		return 0;
	return length ? 2 : 1;
}

int cgroup_path_parse(const char *text, size_t length, const char **ret_path, size_t *ret_length)
{
	/* What the kernel appends to the path of a cgroup that was removed. */
	static const char deleted[] = " (deleted)";
	const size_t n_deleted = sizeof(deleted) - 1;
	const char *end = text + length, *best = NULL;
	size_t best_length = 0;
	unsigned best_rank = 0;

	for (const char *line = text, *next; line < end; line = next) {
		const char *stop = memchr(line, '\n', end - line);
		const char *names, *path;
		unsigned rank;
		size_t n;

		next = stop ? stop + 1 : end;
		stop = stop ?: end;
		names = memchr(line, ':', stop - line);
		path = names ? memchr(names + 1, ':', stop - names - 1) : NULL;
		if (!path || path + 1 == stop || path[1] != '/')
			continue;
		rank = hierarchy_rank(names + 1, path - names - 1);
		path++;
		n = stop - path;
		if (n > n_deleted && !memcmp(stop - n_deleted, deleted, n_deleted))
			n -= n_deleted;
		if (n == 1)
			rank += 3; /* the root: any other hierarchy tells more */
		if (best && rank >= best_rank)
			continue;
		best = path;
		best_length = n;
		best_rank = rank;
	}
	if (!best)
		return -ENOENT;
	*ret_path = best;
	*ret_length = best_length;
	return 0;
}
