/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The chain of parents. A parent is named by its executable, which it cannot choose; where that
 * cannot be seen its own name is used and said to be no more than that. A process whose parent has
 * ended has process 1, or a subreaper, for a parent: who really started it is not known then, and
 * not guessed here.
 */
#include "owner/origin.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "owner/executable.h"
#include "owner/stat.h"
#include "registry/registry.h"
#include "util/array.h"
#include "util/file.h"
#include "util/out.h"

/** A longer chain has lost its point. */
#define DEPTH_MAX 12

struct ancestor {
	uint32_t pid;
	uint32_t parent;
	uint32_t uid;
	bool known;    /**< its state could be read */
	bool named;    /**< by its executable */
	char *program; /**< file name of the executable, else comm */
	enum registry_starter kind;
};

void ancestors_done(struct ancestors *ancestors)
{
	for (size_t i = 0; i < ancestors->count; i++)
		free(ancestors->items[i].program);
	free(ancestors->items);
}

static int name_ancestor(int dir, const struct process_stat *stat, struct ancestor *a)
{
	AUTO_FREE char *exe = NULL;
	const char *slash;
	bool deleted;
	int r = executable_read(dir, &exe, &deleted);

	if (r == -ENOMEM)
		return r;
	a->named = r == 0;
	slash = exe ? strrchr(exe, '/') : NULL;
	a->program = strdup(slash ? slash + 1 : exe ? exe : stat->comm);
	if (!a->program)
		return -ENOMEM;
	a->kind = a->named ? registry_starter(a->program) : REGISTRY_STARTER_OTHER;
	return 0;
}

/* What cannot be read leaves it unknown. */
static int read_ancestor(int proc_fd, struct ancestor *a)
{
	AUTO_FREE char *text = NULL;
	struct process_stat stat;
	AUTO_CLOSE int dir = -1;
	struct stat st;
	char name[16];
	int r;

	snprintf(name, sizeof(name), "%u", a->pid);
	dir = openat(proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return 0;
	r = file_read(dir, "stat", 4096, &text, NULL);
	if (r < 0 || process_parse_stat(text, &stat) < 0 || fstat(dir, &st) < 0)
		return r == -ENOMEM ? r : 0;
	a->parent = stat.parent;
	a->uid = st.st_uid;
	r = name_ancestor(dir, &stat, a);
	a->known = r == 0;
	return r;
}

static int find_ancestor(struct ancestors *ancestors, uint32_t pid, const struct ancestor **ret)
{
	struct ancestor *added;
	int r;

	for (size_t i = 0; i < ancestors->count; i++)
		if (ancestors->items[i].pid == pid) {
			*ret = &ancestors->items[i];
			return 0;
		}
	added = ARRAY_ADD(ancestors->items, ancestors->count);
	if (!added)
		return -ENOMEM;
	*added = (struct ancestor){.pid = pid};
	r = ancestors->proc_fd < 0 ? 0 : read_ancestor(ancestors->proc_fd, added);
	*ret = added;
	return r;
}

/* What ends the chain; ORIGIN_GOES_ON: it does not. */
static enum origin_end end_of(const struct ancestor *a)
{
	if (!a->known)
		return ORIGIN_UNKNOWN;
	switch (a->kind) {
	case REGISTRY_STARTER_SSH:
		return ORIGIN_SSH;
	case REGISTRY_STARTER_CRON:
		return ORIGIN_CRON;
	case REGISTRY_STARTER_CONTAINER:
		return ORIGIN_CONTAINER;
	case REGISTRY_STARTER_MANAGER:
		return ORIGIN_MANAGER;
	default:
		return a->pid == 1 ? ORIGIN_FIRST : ORIGIN_GOES_ON;
	}
}

static void put_ancestor(struct out *o, const struct ancestor *a)
{
	if (o->used)
		out_text(o, a->kind == REGISTRY_STARTER_MULTIPLEXER ? " in " : ", ");
	if (a->named)
		out_format(o, "%s/%u", a->program, a->pid);
	else
		out_format(o, "process %u, which calls itself %s", a->pid, a->program);
}

int origin_find(struct ancestors *ancestors, uint32_t parent, struct origin **ret)
{
	AUTO_OUT struct out chain = OUT_MEMORY;
	const struct ancestor *a = NULL;
	struct origin *origin = calloc(1, sizeof(*origin));
	int r = 0;

	if (!origin)
		return -ENOMEM;
	origin->end = parent ? ORIGIN_GOES_ON : ORIGIN_OUTSIDE;
	for (int depth = 0; origin->end == ORIGIN_GOES_ON && depth < DEPTH_MAX; depth++) {
		r = find_ancestor(ancestors, parent, &a);
		if (r < 0)
			break;
		origin->end = end_of(a);
		if (origin->end == ORIGIN_GOES_ON || origin->end == ORIGIN_CRON)
			put_ancestor(&chain, a);
		parent = a->parent;
		if (!parent && origin->end == ORIGIN_GOES_ON)
			origin->end = ORIGIN_OUTSIDE;
	}
	if (a) {
		origin->pid = a->pid;
		origin->uid = a->uid;
	}
	if (r == 0 && chain.used) {
		origin->chain = out_string(&chain) ? STEAL(chain.buffer) : NULL;
		r = origin->chain ? 0 : -ENOMEM;
	}
	if (r < 0)
		origin_free(origin);
	else
		*ret = origin;
	return r;
}
