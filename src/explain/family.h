/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Families: ports that one application uses together, or that are one service in its several
 * dresses, so that who asks for one of them sees the others beside it. Names are not kept here:
 * a port has one name, and the annotator knows it.
 */
#ifndef PORTSCOPE_EXPLAIN_FAMILY_H
#define PORTSCOPE_EXPLAIN_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct family_member {
	const char *family;
	uint8_t protocol; /**< IPPROTO_TCP or IPPROTO_UDP */
	uint16_t port;
	const char *role;
};

/** The members of the family that a port belongs to, in order; NULL: none. */
const struct family_member *family_of(uint8_t protocol, uint16_t port, size_t *ret_count);

#endif
