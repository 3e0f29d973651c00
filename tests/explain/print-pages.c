/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * print-pages PROC ETC text|details|json PORT...
 *
 * Prints what `explain` prints of ports, but for who has them open, with the facts of a host that
 * is not this one.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cli/explain.h"
#include "explain/knowledge.h"

static void print(
	struct out *o, const struct portscope_knowledge *k, const char *kind, uint16_t number)
{
	struct page page = {.out = o, .width = 100};
	struct json j = {.out = o};
	struct portscope_port *port;

	if (portscope_explain(k, number, &port) < 0)
		exit(1);
	if (!strcmp(kind, "json")) {
		json_write_open(&j, NULL, '{');
		explain_json(&j, k, port, EXPLAIN_ALL);
		json_write_close(&j, '}');
	} else {
		explain_text(&page, k, port, EXPLAIN_ALL, !strcmp(kind, "details"));
	}
	out_char(o, '\n');
	portscope_port_free(port);
}

int main(int argc, char **argv)
{
	AUTO_OUT struct out out = {.fd = STDOUT_FILENO};
	struct sources sources = {.root_fd = -1};
	struct portscope_knowledge *knowledge;

	if (argc < 5)
		return 2;
	sources.proc_fd = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
	sources.etc_fd = open(argv[2], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (sources.proc_fd < 0 || sources.etc_fd < 0)
		return 1;
	if (knowledge_open_from(&sources, &knowledge) < 0)
		return 1;
	for (int i = 4; i < argc; i++)
		print(&out, knowledge, argv[3], atoi(argv[i]));
	portscope_knowledge_close(knowledge);
	close(sources.proc_fd);
	close(sources.etc_fd);
	return out_flush(&out) < 0;
}
