/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who this host is, for those who list nothing. */
#include <fcntl.h>
#include <portscope.h>
#include <string.h>

#include "collect/host.h"
#include "model/warnings.h"
#include "util/macros.h"

/** What is shown, with what it owns. */
struct identity {
	struct portscope_identity shown;
	struct warnings warnings;
};

/* What is not there is an answer; what cannot be read is not. */
static int miss(struct identity *identity, int error, const char *what)
{
	if (error >= 0 || error == -ENOENT)
		return 0;
	if (error == -ENOMEM)
		return error;
	return warnings_add(&identity->warnings, WARNING_INCOMPLETE, "%s could not be read: %s",
		what, strerror(-error));
}

static int fill(struct identity *identity, const struct sources *sources)
{
	struct portscope_host *host = &identity->shown.host;
	const char *what = NULL;
	int r = miss(
		identity, collect_netns(sources->proc_fd, &host->netns), "the network namespace");

	if (r >= 0)
		r = collect_identity(sources, host, &what);
	r = miss(identity, r, what);
	identity->shown.warnings = identity->warnings.items;
	identity->shown.n_warnings = identity->warnings.count;
	return r;
}

int portscope_identity_open(struct portscope_identity **ret)
{
	AUTO_CLOSE int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int etc_fd = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct sources sources = {.proc_fd = proc_fd, .etc_fd = etc_fd, .root_fd = -1};
	struct identity *identity = calloc(1, sizeof(*identity));
	int r;

	if (!identity)
		return -ENOMEM;
	r = fill(identity, &sources);
	if (r < 0) {
		portscope_identity_close(&identity->shown);
		return r;
	}
	*ret = &identity->shown;
	return 0;
}

struct portscope_identity *portscope_identity_close(struct portscope_identity *shown)
{
	struct identity *identity = (struct identity *)shown;

	if (!identity)
		return NULL;
	identity_done(&identity->shown.host);
	warnings_done(&identity->warnings);
	free(identity);
	return NULL;
}
