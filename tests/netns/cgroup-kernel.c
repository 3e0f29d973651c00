/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cgroup id of a real socket, and back to the path of the cgroup in which it was made: a child
 * moves into a new cgroup and listens, its socket is asked for, and both ways of resolving, alone,
 * find the cgroup's path; they find none any more when it is gone. Exit status 77 where there is no
 * cgroup v2 that we may change.
 */
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "collect/cgroup.h"
#include "util/file.h"
#include "util/macros.h"

#define CHECK(ok)                                                                                  \
	do {                                                                                       \
		if (!(ok)) {                                                                       \
			fprintf(stderr, "%s:%d: %s: %m\n", __FILE__, __LINE__, #ok);               \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)

/** What the child tells: the port it listens on. */
static int child(const char *cgroup, int out, int in)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof(sa);
	char path[512], byte;
	int fd, s;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK(write(fd, "0", 1) == 1);
	s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(s >= 0 && !bind(s, (struct sockaddr *)&sa, sizeof(sa)) && !listen(s, 1));
	CHECK(!getsockname(s, (struct sockaddr *)&sa, &length));
	CHECK(write(out, &sa.sin_port, sizeof(sa.sin_port)) == sizeof(sa.sin_port));
	CHECK(read(in, &byte, 1) == 0);
	return 0;
}

/** Asks for the listener on `port` (network order); its cgroup id, 0 if there is none. */
static uint64_t ask(uint16_t port)
{
	char buffer[8192];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buffer);
	struct inet_diag_req_v2 *request = mnl_nlmsg_put_extra_header(h, sizeof(*request));
	struct mnl_socket *nl = mnl_socket_open(NETLINK_SOCK_DIAG);
	const struct nlattr *attr;
	uint64_t id = 0;
	ssize_t n;

	if (!nl)
		return 0;
	h->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	h->nlmsg_flags = NLM_F_REQUEST;
	*request = (struct inet_diag_req_v2){.sdiag_family = AF_INET,
		.sdiag_protocol = IPPROTO_TCP,
		.id = {.idiag_sport = port,
			.idiag_src = {htonl(INADDR_LOOPBACK)},
			.idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}};
	n = mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
			    mnl_socket_sendto(nl, h, h->nlmsg_len) < 0
		    ? -1
		    : mnl_socket_recvfrom(nl, buffer, sizeof(buffer));
	if (n > 0 && h->nlmsg_type == SOCK_DIAG_BY_FAMILY)
		mnl_attr_for_each(
			attr, h, sizeof(struct inet_diag_msg)) if (mnl_attr_get_type(attr) ==
								   INET_DIAG_CGROUP_ID) id =
			mnl_attr_get_u64(attr);
	mnl_socket_close(nl);
	return id;
}

/** Resolves one id in the given ways; `expect` NULL: it must not be found. */
static int resolve(uint64_t id, unsigned ways, const char *expect)
{
	AUTO_CLOSE int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct warnings warnings = {0};
	struct cgroups set = {0};
	const char *path;

	CHECK(!cgroups_add(&set, id) && !cgroups_add(&set, UINT64_MAX - 1));
	CHECK(!cgroups_resolve(&set, proc, root, ways, &warnings));
	CHECK(!cgroups_find(&set, UINT64_MAX - 1)->path);
	path = cgroups_find(&set, id)->path;
	CHECK(!warnings.count);
	if (!path != !expect || (path && strcmp(path, expect) != 0)) {
		fprintf(stderr, "ways %u: cgroup %ju is %s, not %s\n", ways, (uintmax_t)id,
			path ?: "NULL", expect ?: "NULL");
		return 1;
	}
	cgroups_done(&set);
	warnings_done(&warnings);
	return 0;
}

/** As another user, who may open nothing by handle: the walk must do. */
static int resolve_unprivileged(uint64_t id, const char *expect)
{
	int status;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		if (setgid(65534) || setuid(65534))
			_exit(1);
		_exit(resolve(id, CGROUP_BY_HANDLE, NULL) ||
			resolve(id, CGROUP_BY_HANDLE | CGROUP_BY_WALK, expect));
	}
	CHECK(waitpid(pid, &status, 0) == pid && !status);
	return 0;
}

/** The first cgroup v2 mount of this process. */
static bool mount_find(char *ret, size_t size)
{
	AUTO_FREE char *text = NULL;
	struct cgroup_mount mount;

	if (file_read(AT_FDCWD, "/proc/self/mountinfo", 1 << 24, &text, NULL) < 0 ||
		!cgroup_mounts_parse(text, &mount, 1) || strcmp(mount.root, "/") != 0)
		return false;
	return snprintf(ret, size, "%s", mount.point) < (int)size;
}

static int check(const char *outer, const char *inner, const char *expect)
{
	int to[2], from[2], status, r;
	uint16_t port = 0;
	struct stat st;
	uint64_t id;
	pid_t pid;

	CHECK(!pipe2(to, O_CLOEXEC) && !pipe2(from, O_CLOEXEC));
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		close(to[1]);
		close(from[0]);
		_exit(child(inner, from[1], to[0]));
	}
	close(to[0]);
	close(from[1]);
	r = read(from[0], &port, sizeof(port)) != sizeof(port);
	id = r ? 0 : ask(port);
	r = r || stat(inner, &st) || id != st.st_ino;
	if (r)
		fprintf(stderr, "the socket's cgroup id is %ju\n", (uintmax_t)id);
	r = r || resolve(id, CGROUP_BY_HANDLE, expect) || resolve(id, CGROUP_BY_WALK, expect) ||
	    resolve_unprivileged(id, expect);
	close(to[1]);
	CHECK(waitpid(pid, &status, 0) == pid && !status);
	CHECK(!rmdir(inner) && !rmdir(outer));
	return r || resolve(id, CGROUP_BY_HANDLE, NULL) || resolve(id, CGROUP_BY_WALK, NULL);
}

int main(void)
{
	char mount[256], outer[300], inner[400];
	int r;

	if (!mount_find(mount, sizeof(mount)) || geteuid()) {
		puts("skipped: needs root and a cgroup v2 mount");
		return 77;
	}
	snprintf(outer, sizeof(outer), "%s/portscope-test-%d", mount, getpid());
	snprintf(inner, sizeof(inner), "%s/with blank.service", outer);
	if (mkdir(outer, 0755) || mkdir(inner, 0755)) {
		rmdir(outer);
		puts("skipped: may not make a cgroup");
		return 77;
	}
	r = check(outer, inner, inner + strlen(mount));
	/* only if the check went wrong before it did so */
	rmdir(inner);
	rmdir(outer);
	return r;
}
