/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the words after the options, or from a file, to a parsed filter. */
#include "cli/filter.h"

#include <fcntl.h>
#include <string.h>

#include "cli/message.h"
#include "util/file.h"
#include "util/suggest.h"

/* A filter of this size is a mistake. */
#define FILTER_FILE_MAX (1 << 20)

/* As a shell splits them, so that quoting makes no difference. */
static char *join_words(char **words, int n)
{
	AUTO_OUT struct out out = OUT_MEMORY;

	for (int i = 0; i < n; i++) {
		if (i)
			out_char(&out, ' ');
		out_text(&out, words[i]);
	}
	return out_string(&out) ? STEAL(out.buffer) : NULL;
}

/* The text of a file, its lines joined; `#` starts a comment as in other files of this kind. */
static int read_filter_file(const char *path, char **ret)
{
	AUTO_CLOSE int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
					      : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	AUTO_FREE char *text = NULL;
	size_t length;
	int r = fd < 0 ? -errno : file_read_fd(fd, FILTER_FILE_MAX, &text, &length);

	if (r < 0) {
		message("cannot read the filter %s: %s", path, strerror(-r));
		return STATUS_FAILED;
	}
	if (strlen(text) != length) {
		message("the filter %s contains a NUL byte; it is not a text file", path);
		return STATUS_USAGE;
	}
	for (char *p = text; *p; p++) {
		if (*p == '#')
			memset(p, ' ', strcspn(p, "\n"));
		if (*p == '\n' || *p == '\r' || *p == '\t')
			*p = ' ';
	}
	*ret = STEAL(text);
	return 0;
}

int cli_filter_text(const struct options *o, char **ret)
{
	char *text;

	if (o->filter_file && o->n_words) {
		message("-F cannot be combined with a filter on the command line");
		return STATUS_USAGE;
	}
	if (o->filter_file)
		return read_filter_file(o->filter_file, ret);
	text = join_words(o->words, o->n_words);
	if (!text) {
		message("out of memory");
		return STATUS_FAILED;
	}
	*ret = text;
	return 0;
}

/* Behind an option, or mistyped, the name of a command is taken for a filter. */
static void hint_at_command(const struct command *const *commands, const char *word)
{
	const char *names[8], *near;
	size_t n = 0;

	while (n < ARRAY_SIZE(names) && commands[n]) {
		names[n] = commands[n]->name;
		n++;
	}
	near = suggest(word, names, n);
	if (near)
		message("commands come first: portscope %s", near);
}

int cli_filter_refuse(const struct options *o, const char *wrong)
{
	message_lines(wrong);
	if (o->n_words)
		hint_at_command(o->commands, o->words[0]);
	return STATUS_USAGE;
}

int cli_filter_read(const struct options *o, struct portscope_filter **ret)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *wrong = NULL;
	int r;

	if (!o->n_words && !o->filter_file) {
		*ret = NULL;
		return 0;
	}
	r = cli_filter_text(o, &text);
	if (r)
		return r;
	r = portscope_filter_parse(text, ret, &wrong);
	if (r == -EINVAL)
		return cli_filter_refuse(o, wrong);
	if (r < 0)
		message("cannot read the filter: %s", strerror(-r));
	return r < 0 ? STATUS_FAILED : 0;
}
