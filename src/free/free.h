/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The choice of free ports with other sources of facts, for tests. */
#ifndef PORTSCOPE_FREE_FREE_H
#define PORTSCOPE_FREE_FREE_H

#include "collect/collect.h"

/** portscope_choose() with given sources, NULL: this system. The trial is made on the real kernel
 * all the same. */
int choose_from(const struct portscope_wish *wish, const struct sources *sources,
	struct portscope_choice **ret);

#endif
