/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The label of a socket: what its holder is known to speak, and only where that does not tell, what
 * its number says. A name that is only a guess is none where the holder or the kernel speaks
 * against it.
 */
#ifndef PORTSCOPE_ANNOTATE_LABEL_H
#define PORTSCOPE_ANNOTATE_LABEL_H

#include "model/row.h"

/** Fills `service` and `port_service` of a row whose holders and `ephemeral` are known. */
void label_row(struct portscope_row *row);

#endif
