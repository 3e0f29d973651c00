/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What another host uses, as a listing of it that was kept has it. */
#ifndef PORTSCOPE_FREE_ELSEWHERE_H
#define PORTSCOPE_FREE_ELSEWHERE_H

#include "document/document.h"

/** Sets the bit of each port that a socket of `protocols` (enum portscope_protocol) has there. */
void elsewhere_mark(
	const struct portscope_document *document, unsigned protocols, uint8_t map[65536 / 8]);

/**
 * Writes what the listing does not cover, as a part of a sentence: a port that is not in it is free
 * there only if it would have been shown. Nothing where it covers all.
 */
void elsewhere_lack(const struct portscope_document *document, unsigned protocols, struct out *out);

#endif
