/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists the owners of all sockets of this network namespace as one backend sees them, for the test
 * that compares the two: `owner-list bpf|procfs|auto`. A line a socket: protocol, local port, state
 * of the owner, then `pid:fd,fd:name` for each holder; `!` lines are warnings.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "collect/collect.h"
#include "owner/owner.h"

int __lsan_is_turned_off(void);

/*
 * The leak checker of a sanitized build ends the program where /proc is missing or not ours, which
 * is just where a test runs it; nor does it find its options in the environment there.
 */
int __lsan_is_turned_off(void)
{
	return access("/proc/self/task", F_OK) < 0;
}

static void print_socket(const struct owner_index *index, const struct socket *socket)
{
	const struct portscope_process *holders;
	size_t count;
	enum owner_state state = owner_index_get(index, socket, &holders, NULL, &count);

	printf("%s %u %s", socket->protocol == IPPROTO_TCP ? "tcp" : "udp", socket->local_port,
		portscope_field_word(PORTSCOPE_FIELD_OWNER, state));
	for (size_t i = 0; i < count; i++) {
		printf(" %u:", holders[i].pid);
		for (size_t j = 0; j < holders[i].n_fds; j++)
			printf("%s%u", j ? "," : "", holders[i].fds[j]);
		putchar(':');
		for (const char *c = holders[i].program ?: ""; *c; c++)
			putchar(*c == ' ' ? '_' : *c);
	}
	putchar('\n');
}

int main(int argc, char **argv)
{
	const char *backend = argc > 1 && strcmp(argv[1], "auto") ? argv[1] : NULL;
	AUTO_CLOSE int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct sources sources = {.proc_fd = proc_fd, .etc_fd = -1};
	struct collect_request wanted = {0};
	struct users users = {0};
	struct owner_request request = {
		.users = &users,
		.proc_fd = proc_fd,
		.backend = backend,
		.details = OWNER_WANT_PROGRAM | OWNER_WANT_USER | OWNER_WANT_START_TIME,
	};
	struct sockets sockets = {0};
	struct collect_report report = {0};
	struct warnings warnings = {0};
	struct owner_index *index = NULL;
	int r;

	collect_request_fill(&wanted, PORTSCOPE_TCP | PORTSCOPE_UDP,
		PORTSCOPE_INET | PORTSCOPE_INET6, PORTSCOPE_STATES_ALL);
	r = collect_all(&sources, &wanted, &sockets, &report, &warnings);
	if (r >= 0)
		r = owner_resolve(&request, sockets.items, sockets.count, &warnings, &index);
	if (r < 0) {
		fprintf(stderr, "owner-list: %s\n", strerror(-r));
		return 1;
	}
	printf("! backend %s\n", owner_index_backend(index) ? owner_index_backend(index) : "-");
	for (size_t i = 0; i < warnings.count; i++)
		printf("! %s%s\n", warnings.items[i].incomplete ? "incomplete: " : "",
			warnings.items[i].text);
	for (size_t i = 0; i < sockets.count; i++)
		print_socket(index, &sockets.items[i]);
	owner_index_free(index);
	users_done(&users);
	sockets_done(&sockets);
	warnings_done(&warnings);
	return 0;
}
