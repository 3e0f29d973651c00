/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files of any content in place of those of /proc/net. The first byte of an input chooses which of
 * them it is, the rest is the file.
 */
#include "fuzz.h"

#include <err.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "collect/procnet.h"

/** A folder that stands for /proc, for the life of the program. */
struct stage {
	char path[32];
	int proc_fd;
	int files[4];
};

static const char *const names[] = {"net/tcp", "net/tcp6", "net/udp", "net/udp6"};

static void set_stage(struct stage *s)
{
	snprintf(s->path, sizeof(s->path), "/tmp/portscope-fuzz-XXXXXX");
	if (!mkdtemp(s->path))
		err(1, "%s", s->path);
	s->proc_fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->proc_fd < 0 || mkdirat(s->proc_fd, "net", 0700) < 0)
		err(1, "%s", s->path);
	for (size_t i = 0; i < 4; i++) {
		s->files[i] = openat(s->proc_fd, names[i], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (s->files[i] < 0)
			err(1, "%s", names[i]);
	}
}

static void strike_stage(struct stage *s)
{
	for (size_t i = 0; i < 4; i++) {
		unlinkat(s->proc_fd, names[i], 0);
		close(s->files[i]);
	}
	unlinkat(s->proc_fd, "net", AT_REMOVEDIR);
	close(s->proc_fd);
	rmdir(s->path);
}

static int check_socket(const struct socket *s, void *userdata)
{
	const struct dump_request *request = userdata;

	HOLDS(s->protocol == request->protocol);
	HOLDS(s->family == request->family);
	HOLDS(request->states >> s->state & 1);
	HOLDS(!(s->present & (SOCKET_HAS_COOKIE | SOCKET_HAS_MARK | SOCKET_HAS_V6ONLY)));
	HOLDS(s->inode || !(s->present & SOCKET_HAS_INODE));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stage stage;
	struct dump_request request = {.states = PORTSCOPE_STATES_ALL};
	size_t which;
	int r;

	if (!size)
		return 0;
	which = data[0] & 3;
	request.protocol = which < 2 ? IPPROTO_TCP : IPPROTO_UDP;
	request.family = which & 1 ? AF_INET6 : AF_INET;
	set_stage(&stage);
	if (pwrite(stage.files[which], data + 1, size - 1, 0) != (ssize_t)size - 1)
		err(1, "%s", names[which]);
	r = procnet_read(stage.proc_fd, &request, check_socket, &request);
	HOLDS(r == 0 || r == -EBADMSG);
	strike_stage(&stage);
	return 0;
}
