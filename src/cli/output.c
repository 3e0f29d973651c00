/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties of stdout, and its end. */
#include "cli/output.h"

#include <string.h>
#include <sys/ioctl.h>

#include "cli/message.h"

unsigned output_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col)
		return 80;
	return size.ws_col;
}

bool output_colour(const struct options *options)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (options->colour == COLOUR_ALWAYS || options->colour == COLOUR_NEVER)
		return options->colour == COLOUR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
	       !(term && !strcmp(term, "dumb"));
}

int output_finish(struct out *o)
{
	int r = out_flush(o);

	if (r == 0 || r == -EPIPE)
		return STATUS_DONE;
	message("cannot write the output: %s", strerror(-r));
	return STATUS_FAILED;
}

int output_warnings(const struct portscope_warning *warnings, size_t n, bool verbose)
{
	int status = STATUS_DONE;

	for (size_t i = 0; i < n; i++) {
		if (warnings[i].incomplete)
			status = STATUS_INCOMPLETE;
		if (!warnings[i].detail || verbose)
			message("%s", warnings[i].text);
	}
	return status;
}

struct portscope_warning *output_join_warnings(const struct portscope_warning *a, size_t n_a,
	const struct portscope_warning *b, size_t n_b, size_t *ret_count)
{
	struct portscope_warning *all = calloc(n_a + n_b + 1, sizeof(*all));
	size_t n = n_a;

	if (!all)
		return NULL;
	for (size_t i = 0; i < n_a; i++)
		all[i] = a[i];
	for (size_t i = 0; i < n_b; i++) {
		bool said = false;

		for (size_t k = 0; k < n_a; k++)
			said = said || !strcmp(a[k].text, b[i].text);
		if (!said)
			all[n++] = b[i];
	}
	*ret_count = n;
	return all;
}

int output_text(void (*write_text)(struct out *o))
{
	AUTO_OUT struct out out = {.fd = STDOUT_FILENO};

	write_text(&out);
	return output_finish(&out);
}
