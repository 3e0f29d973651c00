/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/net/{tcp,tcp6,udp,udp6}: what a line tells, what it does not, and lines that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "collect/procnet.h"

#define HEAD "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
#define REST " 1 0000000000000000 100 0 0 10 0\n"

static int folder = -1;
static char folder_path[] = "/tmp/portscope-procnet-XXXXXX";

static int read_table(const char *name, const char *text, uint32_t states, struct sockets *ret)
{
	char path[32];
	struct dump_request request = {
		.protocol = name[0] == 't' ? IPPROTO_TCP : IPPROTO_UDP,
		.family = strchr(name, '6') ? AF_INET6 : AF_INET,
		.states = states,
	};
	int fd, r;

	snprintf(path, sizeof(path), "net/%s", name);
	if (text) {
		fd = openat(folder, path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, text, strlen(text)), strlen(text));
		close(fd);
	}
	*ret = (struct sockets){0};
	r = procnet_read(folder, &request, sockets_add, ret);
	if (text)
		unlinkat(folder, path, 0);
	return r;
}

static void assert_address(const struct socket *s, const uint8_t *address, const char *expected)
{
	char text[INET6_ADDRSTRLEN];

	assert_non_null(inet_ntop(s->family, address, text, sizeof(text)));
	assert_string_equal(text, expected);
}

static void test_tcp(void **state)
{
	static const char text[] = HEAD "   0: 0708090A:1F90 00000000:0000 0A 00000000:00000003 "
					"00:00000000 00000000  1000        0 5001" REST
					"   1: 0100007F:1F90 0100007F:FFFF 01 00000010:00000020 "
					"01:00000014 00000000     0        0 5002" REST
					"   2: 0100007F:0016 0100007F:C350 06 00000000:00000000 "
					"03:00001770 00000000     0        0 0 3 00\n";
	struct sockets list;

	assert_int_equal(read_table("tcp", text, PORTSCOPE_STATES_ALL, &list), 0);
	assert_int_equal(list.count, 3);
	assert_int_equal(list.items[0].protocol, IPPROTO_TCP);
	assert_int_equal(list.items[0].family, AF_INET);
	assert_int_equal(list.items[0].state, PORTSCOPE_LISTEN);
	assert_address(&list.items[0], list.items[0].local_address, "10.9.8.7");
	assert_int_equal(list.items[0].local_port, 8080);
	assert_int_equal(list.items[0].recv_q, 3);
	/* The backlog of a listener does not stand there. */
	assert_int_equal(list.items[0].present, SOCKET_HAS_UID | SOCKET_HAS_INODE);
	assert_int_equal(list.items[0].uid, 1000);
	assert_int_equal(list.items[0].inode, 5001);

	assert_int_equal(list.items[1].state, PORTSCOPE_ESTABLISHED);
	assert_address(&list.items[1], list.items[1].remote_address, "127.0.0.1");
	assert_int_equal(list.items[1].remote_port, 65535);
	assert_int_equal(list.items[1].send_q, 16);
	assert_int_equal(list.items[1].recv_q, 32);
	assert_int_equal(
		list.items[1].present, SOCKET_HAS_UID | SOCKET_HAS_INODE | SOCKET_HAS_SEND_Q);

	assert_int_equal(list.items[2].state, PORTSCOPE_TIME_WAIT);
	assert_int_equal(list.items[2].present, SOCKET_HAS_SEND_Q);
	sockets_done(&list);
}

static void test_tcp6(void **state)
{
	static const char text[] = HEAD
		"   0: 000080FE000000000000000077000000:0050 00000000000000000000000000000000:0000 "
		"0A 00000000:00000000 00:00000000 00000000    33        0 6001" REST
		"   1: 0000000000000000FFFF00000100007F:0050 B80D0120000000000000000001000000:9C41 "
		"01 00000000:00000000 00:00000000 00000000    33        0 6002" REST;
	struct sockets list;

	assert_int_equal(read_table("tcp6", text, PORTSCOPE_STATES_ALL, &list), 0);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.items[0].family, AF_INET6);
	assert_address(&list.items[0], list.items[0].local_address, "fe80::77");
	assert_address(&list.items[1], list.items[1].local_address, "::ffff:127.0.0.1");
	assert_address(&list.items[1], list.items[1].remote_address, "2001:db8::1");
	assert_false(list.items[0].present & SOCKET_HAS_V6ONLY);
	sockets_done(&list);
}

static void test_udp(void **state)
{
	static const char text[] =
		HEAD "  101: 00000000:0044 00000000:0000 07 00000000:00000100 00:00000000 00000000 "
		     "    0        0 7001 2 0000000000000000 0\n"
		     "  102: 0100007F:9C42 0100007F:0035 01 00000000:00000000 00:00000000 00000000 "
		     "  101        0 7002 2 0000000000000000 0\n";
	struct sockets list;

	assert_int_equal(read_table("udp", text, PORTSCOPE_STATES_LISTENING, &list), 0);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.items[0].protocol, IPPROTO_UDP);
	assert_int_equal(list.items[0].state, PORTSCOPE_UNCONNECTED);
	assert_int_equal(list.items[0].recv_q, 256);
	assert_true(list.items[0].present & SOCKET_HAS_SEND_Q);
	sockets_done(&list);
	assert_int_equal(read_table("udp6", HEAD, PORTSCOPE_STATES_ALL, &list), 0);
	assert_int_equal(list.count, 0);
}

/* A line that is none ends it, after what came before; the reader hears of it. */
static void test_malformed(void **state)
{
	static const char good[] = HEAD "   0: 0708090A:1F90 00000000:0000 0A 00000000:00000003 "
					"00:00000000 00000000  1000        0 5001" REST;
	static const char *const bad[] = {
		"\n",
		"garbage\n",
		"   1: 0708090A:1F90\n",
		"   1: 0708090:1F90 00000000:0000 0A 0:3 00:0 0  1000 0 1" REST,
		"   1: 0708090AA:1F90 00000000:0000 0A 0:3 00:0 0  1000 0 1" REST,
		"   1: 0708090A:10000 00000000:0000 0A 0:3 00:0 0  1000 0 1" REST,
		"   1: 0708090A:1F90 00000000:FFFFFFFF 0A 0:3 00:0 0 1000 0 1" REST,
		"   1: 0708090A:1F90 00000000:0000 20 0:3 00:0 0  1000 0 1" REST,
		"   1: 0708090A:1F90 00000000:0000 FF 0:3 00:0 0  1000 0 1" REST,
		"   1: 0708090G:1F90 00000000:0000 0A 0:3 00:0 0  1000 0 1" REST,
		" 1: 00000000000000000000000000000000:1F90 0:0000 0A 0:3 00:0 0 9 0 1" REST,
		"   1: 0708090A:1F90 00000000:0000 0A 0:3 00:0 0  1000 0",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char text[1024];
		struct sockets list;

		snprintf(text, sizeof(text), "%s%s", good, bad[i]);
		assert_int_equal(read_table("tcp", text, PORTSCOPE_STATES_ALL, &list), -EBADMSG);
		assert_int_equal(list.count, 1);
		sockets_done(&list);
	}
}

static void test_absent(void **state)
{
	struct dump_request request = {
		.protocol = IPPROTO_TCP, .family = AF_INET, .states = PORTSCOPE_STATES_ALL};
	struct sockets list;

	assert_int_equal(read_table("tcp", NULL, PORTSCOPE_STATES_ALL, &list), -ENOENT);
	assert_int_equal(read_table("udp", "", PORTSCOPE_STATES_ALL, &list), 0);
	assert_int_equal(list.count, 0);
	assert_int_equal(procnet_read(-1, &request, sockets_add, &list), -EBADF);
}

static int stop(const struct socket *socket, void *userdata)
{
	(*(int *)userdata)++;
	return -ECANCELED;
}

static void test_stopped(void **state)
{
	struct dump_request request = {
		.protocol = IPPROTO_TCP, .family = AF_INET, .states = PORTSCOPE_STATES_ALL};
	int calls = 0, fd = openat(folder, "net/tcp", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	static const char text[] =
		HEAD "   0: 0708090A:1F90 00000000:0000 0A 0:3 00:0 0  1000        0 5001" REST
		     "   1: 0708090A:1F90 00000000:0000 0A 0:3 00:0 0  1000        0 5002" REST;

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(procnet_read(folder, &request, stop, &calls), -ECANCELED);
	assert_int_equal(calls, 1);
	unlinkat(folder, "net/tcp", 0);
}

static int set_up(void **state)
{
	if (!mkdtemp(folder_path))
		return -1;
	folder = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder < 0 ? -1 : mkdirat(folder, "net", 0700);
}

static int tear_down(void **state)
{
	unlinkat(folder, "net", AT_REMOVEDIR);
	close(folder);
	return rmdir(folder_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_tcp6),
		cmocka_unit_test(test_udp),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_stopped),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
