/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an answer lacks or its reader should know, collected by every stage on the way. A text is
 * kept once, however often it is added, with the heaviest of its kinds.
 */
#ifndef PORTSCOPE_MODEL_WARNINGS_H
#define PORTSCOPE_MODEL_WARNINGS_H

#include <portscope.h>

#include "util/macros.h"

struct warnings {
	struct portscope_warning *items; /**< owned, as are the texts */
	size_t count;
};

/** How much a warning weighs. */
enum warning_kind {
	WARNING_NOTE,       /**< worth knowing */
	WARNING_DETAIL,     /**< for readers who ask for more */
	WARNING_INCOMPLETE, /**< something asked for could not be seen */
};

/** Adds a warning; -ENOMEM at worst. */
int warnings_add(struct warnings *w, enum warning_kind kind, const char *format, ...)
	PRINTF_LIKE(3, 4);

/** Adds all warnings of another list; -ENOMEM at worst. */
int warnings_append(struct warnings *w, const struct warnings *more);

/**
 * Warns that `what` could not be read for a negative errno. Not to be there at all is an answer,
 * and makes no other incomplete. -ENOMEM is returned as it is, whoever ran out of memory.
 */
int warnings_miss(struct warnings *w, int error, const char *what);

/** True if something asked for could not be seen. */
bool warnings_incomplete(const struct warnings *w);

/** Frees what `w` holds, not `w` itself. */
void warnings_done(struct warnings *w);

#endif
