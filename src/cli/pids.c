/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --pids. What is printed goes to kill(1) unread, so that three kinds of holders are named on
 * stderr instead: PID 1, whoever started this program (the shell that will run kill, the session
 * above it), and programs that hold a port for a container, which is what should be ended.
 */
#include "cli/pids.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "util/array.h"
#include "util/file.h"

/* Deeper than any tree of processes; it ends a chain that changes as it is read. */
#define PARENTS_MAX 1024

struct pids {
	uint32_t *kept;
	size_t n_kept;
	uint32_t *left_out;
	size_t n_left_out;
	uint32_t *parents;
	size_t n_parents;
};

static bool is_among(uint32_t pid, const uint32_t *pids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

static int add(uint32_t pid, uint32_t **pids, size_t *n)
{
	uint32_t *added;

	if (is_among(pid, *pids, *n))
		return 0;
	added = ARRAY_ADD(*pids, *n);
	if (!added)
		return -ENOMEM;
	*added = pid;
	return 0;
}

/* The parent of a process, or 0; proc_pid_stat(5), where the name may hold anything. */
static uint32_t parent_of(uint32_t pid)
{
	AUTO_FREE char *text = NULL;
	const char *end;
	char path[32];
	unsigned parent;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	if (file_read(AT_FDCWD, path, 4096, &text, NULL) < 0)
		return 0;
	end = strrchr(text, ')');
	return end && sscanf(end, ") %*c %u", &parent) == 1 ? parent : 0;
}

static int find_parents(struct pids *p)
{
	uint32_t pid = (uint32_t)getppid();
	int r = 0;

	for (unsigned i = 0; pid && r >= 0 && i < PARENTS_MAX; i++, pid = parent_of(pid))
		r = add(pid, &p->parents, &p->n_parents);
	return r;
}

/* Why it had better not be ended; NULL: nothing is against it. */
static const char *objection(const struct pids *p, const struct portscope_process *process)
{
	if (process->pid == 1)
		return "it is the first process of this system";
	if (is_among(process->pid, p->parents, p->n_parents))
		return "it runs this command";
	if (process->program && portscope_is_carrier(process->program))
		return "it only passes the port on to a container: stop the container";
	return NULL;
}

static int take_row(const struct portscope_row *row, void *userdata)
{
	struct portscope_value value;
	struct pids *p = userdata;
	int r = 0;

	portscope_get(row, PORTSCOPE_FIELD_PROCESSES, &value);
	for (size_t i = 0; value.known && i < value.processes.count && r >= 0; i++) {
		const struct portscope_process *process = &value.processes.items[i];
		const char *why = objection(p, process);

		if (!why) {
			r = add(process->pid, &p->kept, &p->n_kept);
		} else if (!is_among(process->pid, p->left_out, p->n_left_out)) {
			message("left out: %s/%u, %s", process->program ? process->program : "?",
				process->pid, why);
			r = add(process->pid, &p->left_out, &p->n_left_out);
		}
	}
	return r;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void pids_done(struct pids *p)
{
	free(p->kept);
	free(p->left_out);
	free(p->parents);
}

ssize_t pids_write(struct portscope_snapshot *snapshot, struct out *o)
{
	CLEANUP(pids_done) struct pids p = {0};
	int r = find_parents(&p);

	if (r >= 0)
		r = portscope_each(snapshot, take_row, &p);
	if (r < 0)
		return r;
	if (p.n_kept)
		qsort(p.kept, p.n_kept, sizeof(*p.kept), compare);
	for (size_t i = 0; i < p.n_kept; i++)
		out_format(o, "%u\n", p.kept[i]);
	return (ssize_t)p.n_kept;
}
