/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The owner stage without a kernel: the text of /proc/PID/stat, the index, and the procfs backend
 * over a /proc made of files.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <setjmp.h>
#include <cmocka.h>

#include "model/owner-index.h"
#include "owner/owner.h"
#include "owner/process.h"

static void check_stat(const char *text, const char *comm, uint64_t start)
{
	struct process_stat stat;

	assert_int_equal(process_parse_stat(text, &stat), 0);
	assert_string_equal(stat.comm, comm);
	assert_int_equal(stat.start, start);
}

#define AFTER " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21"

static void test_stat(void **state)
{
	struct process_stat stat = {.start = 1};

	check_stat("12 (cat)" AFTER, "cat", 4711);
	check_stat("12 (a) S 1 ()" AFTER, "a) S 1 (", 4711);
	check_stat("12 ()" AFTER, "", 4711);
	check_stat("12 (())" AFTER, "()", 4711);
	/* The kernel escapes nothing here: what looks like an escape is part of the name. */
	check_stat("12 (a\nb\\n)" AFTER, "a\nb\\n", 4711);
	assert_int_equal(process_parse_stat("", &stat), -EBADMSG);
	assert_int_equal(process_parse_stat("12 (cat) S 1 2", &stat), -EBADMSG);
	assert_int_equal(process_parse_stat("12 )(" AFTER, &stat), -EBADMSG);
	assert_int_equal(stat.start, 1);
}

/** A /proc made of files. */
struct tree {
	char path[64];
	int fd;
};

static void tree_file(const struct tree *tree, const char *name, const char *text, size_t length)
{
	int fd = openat(tree->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, length), length);
	close(fd);
}

static void tree_folder(const struct tree *tree, const char *format, ...) PRINTF_LIKE(2, 3);
static void tree_folder(const struct tree *tree, const char *format, ...)
{
	char path[128];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	assert_int_equal(mkdirat(tree->fd, path, 0700), 0);
}

/* Adds `folder`/fd/`fd`, a link to `target`. */
static void tree_link(const struct tree *tree, const char *folder, int fd, const char *target)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/fd/%d", folder, fd);
	assert_int_equal(symlinkat(target, tree->fd, path), 0);
}

/* Adds a process with a name, a command line and no descriptors. */
static void tree_process(const struct tree *tree, int pid, const char *comm, int start)
{
	char path[128], text[256];
	int length;

	tree_folder(tree, "%d", pid);
	tree_folder(tree, "%d/fd", pid);
	tree_folder(tree, "%d/fdinfo", pid);
	tree_folder(tree, "%d/task", pid);
	tree_folder(tree, "%d/task/%d", pid, pid);
	length = snprintf(text, sizeof(text),
		"%d (%s) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 %d 20", pid, comm, start);
	snprintf(path, sizeof(path), "%d/stat", pid);
	tree_file(tree, path, text, (size_t)length);
	snprintf(path, sizeof(path), "%d/cmdline", pid);
	length = snprintf(text, sizeof(text), "/bin/%s%c-x%ca b%c%c", comm, 0, 0, 0, 0);
	tree_file(tree, path, text, (size_t)length);
	snprintf(path, sizeof(path), "%d/cgroup", pid);
	tree_file(tree, path, "0::/a.service\n", 14);
	snprintf(path, sizeof(path), "%d/exe", pid);
	snprintf(text, sizeof(text), "/bin/%s%s", comm, pid % 2 ? " (deleted)" : "");
	assert_int_equal(symlinkat(text, tree->fd, path), 0);
}

/* The same for a process that has a parent. */
static void tree_child(const struct tree *tree, int pid, const char *comm, int parent)
{
	char path[32], text[128];
	int length;

	tree_process(tree, pid, comm, 1);
	snprintf(path, sizeof(path), "%d/stat", pid);
	length = snprintf(text, sizeof(text),
		"%d (%s) S %d 2 3 4 5 0 7 8 9 10 11 12 13 14 15 16 1 18 100 20", pid, comm, parent);
	tree_file(tree, path, text, (size_t)length);
}

static int tree_make(void **state)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	strcpy(tree->path, "/tmp/test-owner-XXXXXX");
	if (!mkdtemp(tree->path))
		return -1;
	tree->fd = open(tree->path, O_RDONLY | O_DIRECTORY);
	*state = tree;
	return tree->fd < 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	return remove(path);
}

static int tree_remove(void **state)
{
	struct tree *tree = *state;

	close(tree->fd);
	nftw(tree->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(tree);
	return 0;
}

static struct socket with_inode(uint32_t inode)
{
	return (struct socket){
		.protocol = IPPROTO_UDP,
		.present = SOCKET_HAS_INODE | SOCKET_HAS_COOKIE,
		.inode = inode,
		.cookie = inode + 1000000,
	};
}

/** A resolution of some sockets over a tree. */
struct answer {
	struct owner_index *index;
	struct warnings warnings;
};

static struct answer ask(const struct tree *tree, struct socket *sockets, size_t n)
{
	struct answer answer = {0};
	struct users users = {.numeric = true};
	struct owner_request request = {
		.proc_fd = tree->fd,
		.backend = "procfs",
		.details = 0x7f,
		.users = &users,
	};

	assert_int_equal(owner_resolve(&request, sockets, n, &answer.warnings, &answer.index), 0);
	users_done(&users);
	return answer;
}

static void forget(struct answer *answer)
{
	owner_index_free(answer->index);
	warnings_done(&answer->warnings);
}

static void test_walk(void **state)
{
	const struct tree *tree = *state;
	struct socket sockets[] = {
		with_inode(7), with_inode(8), with_inode(9), {.protocol = IPPROTO_TCP}};
	const struct portscope_process *shown;
	const struct process *const *full;
	struct answer answer;
	char uid[16];
	size_t n;

	tree_process(tree, 20, "daemon", 500);
	tree_process(tree, 3, "first", 100);
	tree_process(tree, 4, "idle", 100);
	tree_link(tree, "20", 0, "/dev/null");
	tree_link(tree, "20", 11, "socket:[7]");
	tree_link(tree, "20", 4, "socket:[7]");
	tree_link(tree, "20", 5, "socket:[4294967296]");
	tree_link(tree, "20", 6, "socket:[8");
	tree_link(tree, "3", 9, "socket:[7]");
	tree_link(tree, "4", 9, "socket:[77]");
	answer = ask(tree, sockets, ARRAY_SIZE(sockets));
	assert_string_equal(owner_index_backend(answer.index), "procfs");
	assert_int_equal(
		owner_index_get(answer.index, &sockets[0], &shown, &full, &n), OWNER_KNOWN);
	assert_int_equal(n, 2);
	assert_int_equal(shown[0].pid, 3);
	assert_int_equal(shown[0].n_fds, 1);
	assert_int_equal(shown[0].fds[0], 9);
	assert_true(shown[0].exe_deleted);
	assert_string_equal(shown[0].exe, "/bin/first");
	assert_int_equal(shown[1].pid, 20);
	assert_int_equal(shown[1].n_fds, 2);
	assert_int_equal(shown[1].fds[0], 4);
	assert_int_equal(shown[1].fds[1], 11);
	assert_false(shown[1].exe_deleted);
	assert_string_equal(shown[1].program, "daemon");
	assert_string_equal(shown[1].comm, "daemon");
	assert_string_equal(shown[1].cmdline, "/bin/daemon -x a b");
	assert_true(shown[1].start_time > 0);
	assert_int_equal(shown[1].start_time - shown[0].start_time, 400 / sysconf(_SC_CLK_TCK));
	snprintf(uid, sizeof(uid), "%u", geteuid());
	assert_string_equal(shown[1].user, uid);
	assert_int_equal(full[1]->uid, geteuid());
	assert_string_equal(full[1]->cgroup, "/a.service");
	assert_int_equal(
		owner_index_get(answer.index, &sockets[1], &shown, NULL, &n), OWNER_UNKNOWN);
	assert_int_equal(n, 0);
	assert_int_equal(owner_index_get(answer.index, &sockets[3], &shown, NULL, &n), OWNER_NONE);
	/* Process 4 holds nothing that is listed: it was not described. */
	assert_int_equal(answer.index->n_holders, 2);
	forget(&answer);
}

/* What a systemd keeps for a service is the service's: it comes after the other holders. */
static void test_manager(void **state)
{
	const struct tree *tree = *state;
	struct socket sockets[] = {with_inode(7), with_inode(8)};
	const struct portscope_process *shown;
	struct answer answer;
	size_t n;

	tree_process(tree, 1, "systemd", 10);
	tree_process(tree, 2, "systemd", 20);
	tree_process(tree, 30, "daemon", 30);
	tree_process(tree, 31, "systemd-x", 31);
	for (int pid = 1; pid <= 2; pid++) {
		tree_link(tree, pid == 1 ? "1" : "2", 4, "socket:[7]");
		tree_link(tree, pid == 1 ? "1" : "2", 5, "socket:[8]");
	}
	tree_link(tree, "31", 3, "socket:[7]");
	tree_link(tree, "30", 3, "socket:[7]");
	answer = ask(tree, sockets, ARRAY_SIZE(sockets));
	assert_int_equal(owner_index_get(answer.index, &sockets[0], &shown, NULL, &n), OWNER_KNOWN);
	assert_int_equal(n, 4);
	assert_int_equal(shown[0].pid, 30);
	assert_int_equal(shown[1].pid, 31);
	assert_int_equal(shown[2].pid, 1);
	assert_int_equal(shown[3].pid, 2);
	/* Where nobody else holds it, it is the holder. */
	assert_int_equal(owner_index_get(answer.index, &sockets[1], &shown, NULL, &n), OWNER_KNOWN);
	assert_int_equal(n, 2);
	assert_int_equal(shown[0].pid, 1);
	forget(&answer);
}

/* Threads: one shares the table, one has another with other numbers, one with the same. */
static void test_threads(void **state)
{
	const struct tree *tree = *state;
	struct socket sockets[] = {with_inode(1), with_inode(2), with_inode(3)};
	const struct portscope_process *shown;
	struct answer answer;
	size_t n;

	tree_process(tree, 10, "threads", 1);
	tree_link(tree, "10", 3, "socket:[1]");
	for (int tid = 11; tid <= 13; tid++) {
		tree_folder(tree, "10/task/%d", tid);
		tree_folder(tree, "10/task/%d/fd", tid);
	}
	tree_link(tree, "10/task/11", 3, "socket:[1]");
	tree_link(tree, "10/task/12", 3, "socket:[1]");
	tree_link(tree, "10/task/12", 4, "socket:[2]");
	tree_link(tree, "10/task/13", 5, "socket:[1]");
	answer = ask(tree, sockets, ARRAY_SIZE(sockets));
	assert_int_equal(owner_index_get(answer.index, &sockets[0], &shown, NULL, &n), OWNER_KNOWN);
	assert_int_equal(n, 1);
	assert_int_equal(shown[0].pid, 10);
	assert_int_equal(shown[0].n_fds, 2);
	assert_int_equal(shown[0].fds[1], 5);
	assert_int_equal(owner_index_get(answer.index, &sockets[1], &shown, NULL, &n), OWNER_KNOWN);
	assert_int_equal(shown[0].pid, 10);
	assert_int_equal(shown[0].fds[0], 4);
	forget(&answer);
}

static void test_rings(void **state)
{
	static const char info[] = "pos:\t0\nSqEntries:\t0\nUserFiles:\t3\n    0: socket:[5]\n"
				   "    2: /dev/null\n    3: socket:[6]\nUserBufs:\t1\n"
				   "    0: socket:[7]\n";
	const struct tree *tree = *state;
	struct socket sockets[] = {with_inode(5), with_inode(6), with_inode(7), with_inode(8)};
	const struct portscope_process *shown;
	struct answer answer;
	size_t n;

	tree_process(tree, 10, "ring", 1);
	tree_link(tree, "10", 3, "anon_inode:[io_uring]");
	tree_link(tree, "10", 4, "socket:[6]");
	tree_file(tree, "10/fdinfo/3", info, sizeof(info) - 1);
	/* Another that tells nothing. */
	tree_process(tree, 11, "busy", 1);
	tree_link(tree, "11", 3, "anon_inode:[io_uring]");
	tree_file(tree, "11/fdinfo/3", "pos:\t0\n", 7);
	answer = ask(tree, sockets, ARRAY_SIZE(sockets));
	assert_int_equal(owner_index_get(answer.index, &sockets[0], &shown, NULL, &n), OWNER_KNOWN);
	assert_int_equal(n, 1);
	assert_int_equal(shown[0].n_fds, 0);
	assert_int_equal(owner_index_get(answer.index, &sockets[1], &shown, NULL, &n), OWNER_KNOWN);
	assert_int_equal(n, 1);
	assert_int_equal(shown[0].n_fds, 1);
	assert_int_equal(
		owner_index_get(answer.index, &sockets[2], &shown, NULL, &n), OWNER_UNKNOWN);
	assert_int_equal(answer.warnings.count, 1);
	assert_true(answer.warnings.items[0].detail);
	forget(&answer);
}

/* The process ended between its links and its description. */
static void test_gone(void **state)
{
	const struct tree *tree = *state;
	struct socket sockets[] = {with_inode(5), with_inode(6)};
	const struct portscope_process *shown;
	struct answer answer;
	size_t n;

	tree_process(tree, 10, "ended", 1);
	tree_process(tree, 11, "lives", 1);
	tree_link(tree, "10", 3, "socket:[5]");
	tree_link(tree, "10", 4, "socket:[6]");
	tree_link(tree, "11", 4, "socket:[6]");
	assert_int_equal(unlinkat(tree->fd, "10/stat", 0), 0);
	answer = ask(tree, sockets, ARRAY_SIZE(sockets));
	assert_int_equal(owner_index_get(answer.index, &sockets[0], &shown, NULL, &n), OWNER_GONE);
	assert_int_equal(n, 0);
	assert_int_equal(owner_index_get(answer.index, &sockets[1], &shown, NULL, &n), OWNER_KNOWN);
	assert_int_equal(n, 1);
	assert_int_equal(shown[0].pid, 11);
	forget(&answer);
}

static bool warns(const struct answer *answer, const char *part)
{
	for (size_t i = 0; i < answer->warnings.count; i++)
		if (answer->warnings.items[i].incomplete &&
			strstr(answer->warnings.items[i].text, part))
			return true;
	return false;
}

/* What cannot be read though it is there is said: here files of another kind than they should be.
 */
static void test_unreadable(void **state)
{
	const struct tree *tree = *state;
	struct socket socket = with_inode(5);
	const struct portscope_process *shown;
	struct answer answer;
	size_t n;

	tree_process(tree, 10, "holds", 1);
	tree_process(tree, 11, "broken", 1);
	tree_link(tree, "10", 3, "socket:[5]");
	tree_file(tree, "11/fd/7", "", 0);
	answer = ask(tree, &socket, 1);
	assert_true(warns(&answer, "the sockets of 1 process could not be read"));
	assert_false(owner_index_saw_all(answer.index));
	forget(&answer);

	assert_int_equal(unlinkat(tree->fd, "11/fd/7", 0), 0);
	answer = ask(tree, &socket, 1);
	assert_false(warnings_incomplete(&answer.warnings));
	assert_true(owner_index_saw_all(answer.index));
	forget(&answer);

	unlinkat(tree->fd, "10/exe", 0);
	tree_file(tree, "10/exe", "", 0);
	answer = ask(tree, &socket, 1);
	assert_true(warns(&answer, "1 process could not be described in full"));
	assert_int_equal(owner_index_get(answer.index, &socket, &shown, NULL, &n), OWNER_KNOWN);
	assert_int_equal(n, 1);
	assert_null(shown[0].exe);
	forget(&answer);
}

/* A number that went to another process is told by its start time. */
static void test_reused(void **state)
{
	const struct tree *tree = *state;
	struct process_reader reader;
	struct holder same = {.start = 500}, other = {.start = 499};
	int dir;

	tree_process(tree, 20, "again", 500);
	dir = openat(tree->fd, "20", O_RDONLY | O_DIRECTORY);
	process_reader_init(&reader, OWNER_WANT_START_TIME, NULL, -1);
	assert_int_equal(process_describe(&reader, dir, &same), 0);
	assert_false(same.gone);
	assert_int_equal(process_describe(&reader, dir, &other), 0);
	assert_true(other.gone);
	assert_int_equal(other.process.shown.start_time, 0);
	process_reader_done(&reader);
	close(dir);
}

/* The parents, nearest first, up to what starts processes for others. */
static void test_origins(void **state)
{
	static const struct {
		int parent;
		enum origin_end end;
		uint32_t pid;
		const char *chain;
	} table[] = {
		{20, ORIGIN_SSH, 10, "bash/20"},
		{22, ORIGIN_MANAGER, 2, "bash/22 in tmux/6"},
		{24, ORIGIN_CRON, 4, "sh/24, cron/4"},
		{26, ORIGIN_CONTAINER, 26, NULL},
		{2, ORIGIN_MANAGER, 2, NULL},
		{28, ORIGIN_FIRST, 1, "make/28"},
		{0, ORIGIN_OUTSIDE, 0, NULL},
		{30, ORIGIN_OUTSIDE, 30, "nsenter/30"},
		{77, ORIGIN_UNKNOWN, 77, NULL},
	};
	const struct tree *tree = *state;
	struct ancestors ancestors = {.proc_fd = tree->fd};

	tree_child(tree, 1, "init", 0);
	tree_child(tree, 2, "systemd", 1);
	tree_child(tree, 4, "cron", 2);
	tree_child(tree, 6, "tmux", 2);
	tree_child(tree, 10, "sshd", 2);
	tree_child(tree, 20, "bash", 10);
	tree_child(tree, 22, "bash", 6);
	tree_child(tree, 24, "sh", 4);
	tree_child(tree, 26, "containerd-shim-runc-v2", 1);
	tree_child(tree, 28, "make", 1);
	tree_child(tree, 30, "nsenter", 0);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct origin *origin;

		assert_int_equal(origin_find(&ancestors, (uint32_t)table[i].parent, &origin), 0);
		assert_int_equal(origin->end, table[i].end);
		assert_int_equal(origin->pid, table[i].pid);
		if (table[i].chain)
			assert_string_equal(origin->chain, table[i].chain);
		else
			assert_null(origin->chain);
		origin_free(origin);
	}
	ancestors_done(&ancestors);
}

/* A parent whose executable cannot be seen is called what it calls itself, and no more than so. */
static void test_unseen_parent(void **state)
{
	const struct tree *tree = *state;
	struct ancestors ancestors = {.proc_fd = tree->fd};
	struct origin *origin;

	tree_child(tree, 1, "init", 0);
	tree_child(tree, 10, "sshd", 1);
	assert_int_equal(unlinkat(tree->fd, "10/exe", 0), 0);
	assert_int_equal(origin_find(&ancestors, 10, &origin), 0);
	assert_int_equal(origin->end, ORIGIN_FIRST);
	assert_string_equal(origin->chain, "process 10, which calls itself sshd");
	origin_free(origin);
	ancestors_done(&ancestors);
}

static void test_no_proc(void **state)
{
	const struct tree *tree = *state;
	struct socket socket = with_inode(5);
	const struct portscope_process *shown;
	struct answer answer = ask(tree, &socket, 1);
	size_t n;

	assert_null(owner_index_backend(answer.index));
	assert_true(warnings_incomplete(&answer.warnings));
	assert_int_equal(owner_index_get(answer.index, &socket, &shown, NULL, &n), OWNER_UNKNOWN);
	forget(&answer);
}

static void test_unknown_backend(void **state)
{
	struct owner_request request = {.proc_fd = -1, .backend = "telepathy"};
	struct owner_index *index = NULL;
	struct warnings warnings = {0};
	struct socket socket = with_inode(1);

	assert_int_equal(owner_resolve(&request, &socket, 1, &warnings, &index), -EINVAL);
	assert_null(index);
	warnings_done(&warnings);
}

/* Sockets that were read from /proc/net are known by their inodes alone. */
static void test_index_without_cookies(void **state)
{
	struct socket sockets[] = {with_inode(7), with_inode(8)};
	struct owner_index *index;
	struct owner_find find;
	uint32_t entry;

	/* One of them is enough: a scan that gave a cookie would miss it. */
	sockets[1].present &= ~SOCKET_HAS_COOKIE;
	sockets[1].cookie = 0;
	assert_int_equal(owner_index_new(sockets, ARRAY_SIZE(sockets), &index), 0);
	for (uint32_t i = 0; i < ARRAY_SIZE(sockets); i++) {
		assert_int_equal(owner_index_find(index, 1000000 + 7 + i, 7 + i, &find), 0);
		entry = owner_index_next(&find);
		assert_int_equal(entry, sockets[i].number);
		assert_int_equal(owner_index_next(&find), TABLE_END);
	}
	owner_index_free(index);
}

/* Whatever the order in which holdings come, the answer is in order and says nothing twice. */
static void test_index(void **state)
{
	enum { SOCKETS = 3000, HOLDERS = 70 };
	struct socket *sockets = calloc(SOCKETS, sizeof(*sockets));
	struct owner_index *index;
	const struct portscope_process *shown, *earlier;
	struct owner_find find;
	uint32_t entry, process[HOLDERS];
	size_t n;

	for (uint32_t i = 0; i < SOCKETS; i++)
		sockets[i] = with_inode(i * 7 + 1);
	/* Two of them share an inode, as MPTCP has it. */
	sockets[1].inode = sockets[0].inode;
	assert_int_equal(owner_index_new(sockets, SOCKETS, &index), 0);
	for (uint32_t i = 0; i < HOLDERS; i++)
		assert_int_equal(owner_index_add_holder(index, 1000 - i, 0, &process[i]), 0);
	for (uint32_t i = 0; i < SOCKETS; i++) {
		assert_int_equal(owner_index_find(index, sockets[i].cookie, 0, &find), 0);
		entry = owner_index_next(&find);
		assert_int_not_equal(entry, TABLE_END);
		for (uint32_t h = 0; h < (i == 2 ? HOLDERS : i % 3); h++) {
			assert_int_equal(owner_index_hold(index, entry, process[h], 9), 0);
			assert_int_equal(owner_index_hold(index, entry, process[h], 4), 0);
			assert_int_equal(
				owner_index_hold(index, entry, process[h], OWNER_NO_FD), 0);
			assert_int_equal(owner_index_hold(index, entry, process[h], 9), 0);
		}
		assert_int_equal(owner_index_next(&find), TABLE_END);
	}
	assert_int_equal(owner_index_find(index, 0, sockets[0].inode, &find), 0);
	assert_int_not_equal(owner_index_next(&find), owner_index_next(&find));
	assert_int_equal(owner_index_next(&find), TABLE_END);
	assert_int_equal(owner_index_find(index, 5, 0, &find), 0);
	assert_int_equal(owner_index_next(&find), TABLE_END);
	assert_int_equal(owner_index_seal(index), 0);
	assert_int_equal(owner_index_count_unheld(index), SOCKETS / 3);
	for (uint32_t i = 0; i < SOCKETS; i++) {
		enum owner_state s = owner_index_get(index, &sockets[i], &shown, NULL, &n);

		assert_int_equal(s, i % 3 ? OWNER_KNOWN : OWNER_UNKNOWN);
		assert_int_equal(n, i == 2 ? HOLDERS : i % 3);
		for (size_t h = 0; h < n; h++) {
			assert_int_equal(shown[h].pid, 1001 - n + h);
			assert_int_equal(shown[h].n_fds, 2);
			assert_int_equal(shown[h].fds[0], 4);
			assert_int_equal(shown[h].fds[1], 9);
		}
	}
	/* Two answers live side by side. */
	owner_index_get(index, &sockets[1], &earlier, NULL, &n);
	owner_index_get(index, &sockets[2], &shown, NULL, &n);
	assert_int_equal(earlier[0].pid, 1000);
	assert_int_equal(shown[0].pid, 1001 - HOLDERS);
	owner_index_free(index);
	free(sockets);
}

#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, tree_make, tree_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stat),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_index_without_cookies),
		cmocka_unit_test(test_unknown_backend),
		WITH_TREE(test_walk),
		WITH_TREE(test_manager),
		WITH_TREE(test_threads),
		WITH_TREE(test_rings),
		WITH_TREE(test_gone),
		WITH_TREE(test_unreadable),
		WITH_TREE(test_reused),
		WITH_TREE(test_origins),
		WITH_TREE(test_unseen_parent),
		WITH_TREE(test_no_proc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
