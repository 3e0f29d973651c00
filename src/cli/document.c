/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kept listings that a command line names. */
#include "cli/document.h"

#include <fcntl.h>
#include <string.h>

#include "cli/command.h"
#include "cli/message.h"
#include "util/out.h"
#include "util/text.h"

/* Says what is wrong with a document: text that is printable, or a code. */
static int complain(const char *name, const char *wrong, int code)
{
	AUTO_OUT struct out out = OUT_MEMORY;

	if (!wrong) {
		message("cannot read %s: %s", name, strerror(-code));
		return STATUS_FAILED;
	}
	text_visible(&out, name, strlen(name));
	out_text(&out, ": ");
	out_text(&out, wrong);
	message_lines(out_string(&out) ? out.buffer : wrong);
	return code == -EINVAL ? STATUS_USAGE : STATUS_FAILED;
}

int cli_document_read(const char *path, struct portscope_document **ret)
{
	bool is_stdin = !strcmp(path, "-");
	AUTO_CLOSE int fd = is_stdin ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	const char *name = is_stdin ? "the standard input" : path;
	AUTO_FREE char *wrong = NULL;
	int r = is_stdin || fd >= 0
			? portscope_document_read(is_stdin ? STDIN_FILENO : fd, ret, &wrong)
			: -errno;

	return r < 0 ? complain(name, wrong, r) : 0;
}
