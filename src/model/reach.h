/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From where the packet filter of this host lets new connections to a socket through. */
#ifndef PORTSCOPE_MODEL_REACH_H
#define PORTSCOPE_MODEL_REACH_H

#include "util/macros.h"

/** From near to far; the words of enum exposure are among them. */
enum reach_word {
	REACH_BLOCKED, /**< from nowhere outside of this host */
	REACH_LOOPBACK,
	REACH_LIMITED, /**< from a bounded list: prefixes or interfaces that rules name */
	REACH_LINK,
	REACH_PRIVATE,
	REACH_PUBLIC,
	REACH_ANY,
};

struct reach {
	enum reach_word word;
	bool certain; /**< false: it may be another word */
	const char
		*rule; /**< what decides: family, table, chain, handle or policy; NULL: no rule */
};

#endif
