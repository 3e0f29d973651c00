/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of the vocabulary: what states, ranges, sources are called in JSON and in tables. */
#ifndef PORTSCOPE_MODEL_NAMES_H
#define PORTSCOPE_MODEL_NAMES_H

#include "model/row.h"

/** The table label of a state, as in ss: `ESTAB`; NULL for an unknown one. */
const char *state_label(unsigned state);
/** The state that a word means, aliases of ss among them, in any case; -ENOENT otherwise. */
int state_find(const char *word);
/** Name `i` of all names and aliases of states, for suggestions; NULL after the last. */
const char *state_word(size_t i);

const char *service_source_name(enum service_source source);
const char *port_range_name(enum port_range range);
const char *exposure_name(enum exposure exposure);
/** NULL for DIRECTION_UNKNOWN. */
const char *direction_name(enum direction direction);
/** `tcp`, `udp`. */
const char *protocol_name(uint8_t protocol);

/** The range of a port (RFC 6335, section 6). */
static inline enum port_range port_range_of(uint16_t port)
{
	return port < 1024 ? PORT_WELL_KNOWN : port < 49152 ? PORT_REGISTERED : PORT_DYNAMIC;
}

#endif
