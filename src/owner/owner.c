/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds out who holds the sockets of a dump: runs the backends in their order until one works,
 * keeps the records of listed sockets, describes their holders once each and says what could not
 * be seen.
 */
#include "owner/owner.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "model/owner-index.h"
#include "util/capability.h"
#include "owner/process.h"
#include "owner/proc-mount.h"
#include "owner/scan.h"

/** A way to find owners. */
struct backend {
	const char *name;
	int (*scan)(struct owner_scan *scan);
};

/* The first is preferred. */
static const struct backend backends[] = {
	{"bpf", owner_bpf_scan},
	{"procfs", owner_proc_scan},
};

/** One resolution under way. */
struct resolution {
	const struct owner_request *request;
	struct owner_index *index;
	struct process_reader reader;
	struct table by_pid; /**< of the index's holders */
	struct owner_scan scan;
	int proc_error;       /**< why it is not known whose processes /proc shows */
	uint32_t last_holder; /**< records of one process come together */
};

static uint32_t hash_holder(const void *holders, size_t position)
{
	return table_hash(((const struct holder *)holders)[position].process.shown.pid);
}

static bool is_holder(const struct holder *holder, const struct owner_record *record)
{
	return holder->process.shown.pid == record->pid &&
	       (!record->start || holder->start == record->start);
}

/* Describes a holder whose folder the record pins: now, since it is open. */
static int describe_pinned(struct resolution *res, struct holder *holder, int process_dir)
{
	AUTO_CLOSE int dir = openat(process_dir, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0) {
		holder->gone = errno == ENOENT || errno == ESRCH;
		if (!holder->gone)
			process_reader_fail(&res->reader, -errno);
		return 0;
	}
	return process_describe(&res->reader, dir, holder);
}

/* The position of the process of a record among the holders; it is added if it is new. */
static int find_holder(struct resolution *res, const struct owner_record *record, uint32_t *ret)
{
	struct owner_index *index = res->index;
	uint32_t at = table_hash(record->pid), position;
	int r;

	if (res->last_holder < index->n_holders &&
		is_holder(&index->holders[res->last_holder], record)) {
		*ret = res->last_holder;
		return 0;
	}
	while ((position = table_next(&res->by_pid, &at)) != TABLE_END)
		if (is_holder(&index->holders[position], record))
			break;
	if (position == TABLE_END) {
		r = table_grow(&res->by_pid, index->n_holders, hash_holder, index->holders);
		if (r < 0)
			return r;
		r = owner_index_add_holder(index, record->pid, record->start, &position);
		if (r < 0)
			return r;
		table_add(&res->by_pid, table_hash(record->pid), position);
		if (record->process_dir >= 0 && res->request->details) {
			r = describe_pinned(res, &index->holders[position], record->process_dir);
			if (r < 0)
				return r;
		}
	}
	*ret = res->last_holder = position;
	return 0;
}

/* Takes a record of a backend: the sockets that are listed are kept. */
static int found(const struct owner_record *record, void *userdata)
{
	struct resolution *res = userdata;
	uint32_t fd = record->fd < 0 ? OWNER_NO_FD : (uint32_t)record->fd;
	struct owner_find find;
	uint32_t entry, holder;
	int r;

	r = owner_index_find(res->index, record->cookie, record->inode, &find);
	if (r < 0)
		return r;
	while ((entry = owner_index_next(&find)) != TABLE_END) {
		r = find_holder(res, record, &holder);
		if (r < 0)
			return r;
		r = owner_index_hold(res->index, entry, holder, fd);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Opens the folder of a process; -ESRCH: it has ended. */
static int open_process(int proc_fd, uint32_t pid)
{
	char name[16];
	int fd, error;

	snprintf(name, sizeof(name), "%u", pid);
	fd = openat(proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	error = errno;
	if (error != ENOENT)
		return -error;
	/* With hidepid the folder of a process that lives seems not to be there. */
	return kill((pid_t)pid, 0) < 0 && errno == ESRCH ? -ESRCH : -EACCES;
}

/* Describes the holders that a backend only numbered. */
static int describe_all(struct resolution *res)
{
	struct owner_index *index = res->index;

	for (size_t i = 0; i < index->n_holders; i++) {
		struct holder *holder = &index->holders[i];
		AUTO_CLOSE int dir = open_process(res->scan.proc_fd, holder->process.shown.pid);
		int r;

		if (dir < 0) {
			holder->gone = dir == -ESRCH;
			if (!holder->gone)
				process_reader_fail(&res->reader, dir);
			continue;
		}
		r = process_describe(&res->reader, dir, holder);
		if (r < 0)
			return r;
	}
	return 0;
}

static int scan_with(struct resolution *res, const struct backend *backend)
{
	struct owner_scan *scan = &res->scan;
	int r;

	owner_index_clear(res->index);
	table_done(&res->by_pid);
	*scan = (struct owner_scan){
		.proc_fd = scan->proc_fd,
		.proc_own = scan->proc_own,
		.found = found,
		.userdata = res,
	};
	/* The kernel numbers processes as our pid namespace does; this /proc does not. */
	if (backend->scan == owner_bpf_scan && !res->request->backend && res->request->details &&
		scan->proc_fd >= 0 && !scan->proc_own) {
		snprintf(scan->reason, sizeof(scan->reason),
			"/proc is not that of our own pid namespace");
		return -EOPNOTSUPP;
	}
	r = backend->scan(scan);
	if (r < 0 && !*scan->reason)
		snprintf(scan->reason, sizeof(scan->reason), "%s", strerror(-r));
	return r;
}

/* Runs the backends until one works; the index has its name, or none. */
static int run_backends(struct resolution *res, struct warnings *w)
{
	const char *wanted = res->request->backend;
	char reasons[512] = "";
	size_t length = 0;
	int r = -EINVAL;

	for (size_t i = 0; i < ARRAY_SIZE(backends); i++) {
		if (wanted && strcmp(wanted, backends[i].name))
			continue;
		r = scan_with(res, &backends[i]);
		if (r == 0) {
			res->index->backend = backends[i].name;
			break;
		}
		if (r == -ENOMEM)
			return r;
		length += (size_t)snprintf(reasons + length, sizeof(reasons) - length, "%s%s: %s",
			length ? "; " : "", backends[i].name, res->scan.reason);
		length = MIN(length, sizeof(reasons) - 1);
	}
	if (!length)
		return r;
	if (res->index->backend)
		return warnings_add(
			w, WARNING_DETAIL, "owners come from %s; %s", res->index->backend, reasons);
	owner_index_clear(res->index);
	return warnings_add(w, WARNING_INCOMPLETE, "owners could not be looked up; %s", reasons);
}

static const char *plural(size_t n, const char *ending)
{
	return n == 1 ? "" : ending;
}

/* What a root that sees less than everything lacks. */
static const char *missing_right(void)
{
	uint64_t have = capability_effective();

	if (!(have & 1ULL << CAP_SYS_PTRACE))
		return "CAP_SYS_PTRACE is missing";
	if (!(have & 1ULL << CAP_DAC_READ_SEARCH) && !(have & 1ULL << CAP_DAC_OVERRIDE))
		return "CAP_DAC_READ_SEARCH is missing";
	return "a security module or a user namespace forbids it";
}

/*
 * Whether this /proc leaves out processes of others. Process 1 tells: it is everywhere, and seen
 * only by those from whom nothing is hidden, or who are its user.
 */
static bool leaves_out(const struct owner_scan *scan, char *mode, size_t size)
{
	struct stat st;

	*mode = '\0';
	if (!scan->proc_own || capability_effective() & 1ULL << CAP_SYS_PTRACE)
		return false;
	/* Whoever cannot be asked may have hidden something. */
	if (scan->seen_init && fstatat(scan->proc_fd, "1", &st, 0) == 0 && st.st_uid != geteuid())
		return false;
	return proc_hidepid(scan->proc_fd, mode, size) < 0 || *mode || !scan->seen_init;
}

/*
 * For root it is a failure not to see; for others it is the rule, of which the number of hidden
 * owners tells enough.
 */
static int warn_hidden(
	const struct owner_scan *scan, bool left_out, const char *mode, struct warnings *w)
{
	bool root = geteuid() == 0;
	int r = 0;

	if (left_out)
		r = warnings_add(w, root ? WARNING_INCOMPLETE : WARNING_NOTE,
			"processes of other users were not seen: /proc is mounted with "
			"hidepid=%s",
			*mode ? mode : "invisible");
	if (r == 0 && scan->hidden && root)
		r = warnings_add(w, WARNING_INCOMPLETE, "%zu process%s could not be inspected: %s",
			scan->hidden, plural(scan->hidden, "es"), missing_right());
	if (r == 0 && scan->hidden && !root)
		r = warnings_add(w, WARNING_DETAIL,
			"%zu process%s could not be inspected: not this user's", scan->hidden,
			plural(scan->hidden, "es"));
	return r;
}

/* What kind of /proc it was, where that matters. */
static int warn_proc(const struct resolution *res, struct warnings *w)
{
	const struct owner_scan *scan = &res->scan;

	if (scan->proc_fd < 0)
		return res->request->details && res->index->backend
			       ? warnings_add(w, WARNING_INCOMPLETE,
					 "/proc is not mounted: processes are known by their "
					 "numbers only")
			       : 0;
	if (res->proc_error)
		return warnings_add(w, WARNING_INCOMPLETE,
			"could not tell whose processes /proc shows: %s",
			strerror(-res->proc_error));
	if (!scan->proc_own && proc_is_real(scan->proc_fd))
		return warnings_add(w, WARNING_NOTE,
			"/proc belongs to another pid namespace, where processes have other "
			"numbers");
	if (scan->proc_own && faccessat(scan->proc_fd, "uptime", F_OK, 0) < 0 && errno == ENOENT)
		return warnings_add(w, WARNING_DETAIL,
			"/proc is mounted with subset=pid: it shows processes and nothing else");
	return 0;
}

/* Holders outside of our pid namespace are out of sight, whoever looks. */
static int warn_outside(const struct resolution *res, struct warnings *w)
{
	const struct owner_scan *scan = &res->scan;
	int first = scan->proc_own ? proc_is_first(scan->proc_fd) : 1;
	size_t unheld;

	if (first > 0 || res->index->hidden)
		return 0;
	if (first < 0)
		return warnings_add(w, WARNING_INCOMPLETE,
			"could not tell whether other pid namespaces hide processes: "
			"%s",
			strerror(-first));
	unheld = owner_index_count_unheld(res->index);
	if (!unheld)
		return 0;
	return warnings_add(w, WARNING_INCOMPLETE,
		"no process in this pid namespace holds %zu of the sockets: their holders are "
		"outside, where they cannot be seen",
		unheld);
}

/* What was not seen though a backend worked. */
static int warn_unseen(struct resolution *res, struct warnings *w)
{
	const struct owner_scan *scan = &res->scan;
	struct owner_index *index = res->index;
	char mode[16] = "";
	bool left_out = index->backend && !strcmp(index->backend, "procfs") &&
			leaves_out(scan, mode, sizeof(mode));
	int r;

	index->hidden = index->backend && (left_out || scan->hidden);
	index->failed = scan->failed || scan->busy_rings;
	r = warn_proc(res, w);
	if (r == 0)
		r = warn_hidden(scan, left_out, mode, w);
	if (r == 0 && scan->busy_rings)
		r = warnings_add(w, WARNING_DETAIL,
			"%zu io_uring ring%s did not tell which sockets are held there",
			scan->busy_rings, plural(scan->busy_rings, "s"));
	if (r == 0 && res->reader.refused)
		r = warnings_add(w, geteuid() == 0 ? WARNING_INCOMPLETE : WARNING_DETAIL,
			"the executables of %zu process%s could not be read: %s",
			res->reader.refused, plural(res->reader.refused, "es"),
			geteuid() == 0 ? missing_right() : "not this user's");
	if (r == 0 && res->reader.without_exe)
		r = warnings_add(w, WARNING_INCOMPLETE,
			"the executables of %zu process%s could not be read: no thread of them "
			"has one",
			res->reader.without_exe, plural(res->reader.without_exe, "es"));
	if (r == 0 && res->reader.failed)
		r = warnings_add(w, WARNING_INCOMPLETE,
			"%zu process%s could not be described in full: %s", res->reader.failed,
			plural(res->reader.failed, "es"), strerror(-res->reader.failure));
	if (r == 0 && scan->failed)
		r = warnings_add(w, WARNING_INCOMPLETE,
			"the sockets of %zu process%s could not be read: %s", scan->failed,
			plural(scan->failed, "es"), strerror(-scan->failure));
	return r ? r : warn_outside(res, w);
}

static int resolve(struct resolution *res, struct warnings *w)
{
	int r;

	r = run_backends(res, w);
	if (r < 0)
		return r;
	if (res->index->backend && !strcmp(res->index->backend, "bpf") && res->scan.proc_own &&
		res->request->details) {
		r = describe_all(res);
		if (r < 0)
			return r;
	}
	r = owner_index_seal(res->index);
	if (r < 0)
		return r;
	return warn_unseen(res, w);
}

int owner_resolve(const struct owner_request *request, struct socket *sockets, size_t n,
	struct warnings *w, struct owner_index **ret)
{
	struct resolution res = {.request = request, .scan.proc_fd = -1};
	int r;

	r = owner_index_new(sockets, n, &res.index);
	if (r < 0)
		return r;
	/* Nothing that could be held: nobody needs to be looked into. */
	if (!res.index->n_entries) {
		r = owner_index_seal(res.index);
		if (r < 0)
			owner_index_free(res.index);
		else
			*ret = res.index;
		return r;
	}
	if (proc_has_processes(request->proc_fd)) {
		res.scan.proc_fd = request->proc_fd;
		r = proc_is_own(request->proc_fd);
		res.scan.proc_own = r > 0;
		res.proc_error = MIN(r, 0);
	}
	process_reader_init(&res.reader, request->details, request->users, res.scan.proc_fd);
	r = resolve(&res, w);
	process_reader_done(&res.reader);
	table_done(&res.by_pid);
	if (r < 0)
		owner_index_free(res.index);
	else
		*ret = res.index;
	return r;
}
