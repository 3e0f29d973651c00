/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of the vocabulary: what states, ranges, sources are called in JSON and in tables. */
#ifndef PORTSCOPE_MODEL_NAMES_H
#define PORTSCOPE_MODEL_NAMES_H

#include <netinet/in.h>

#include "model/row.h"
#include "util/out.h"

/** The words that the values of a field can be. */
struct vocabulary {
	const char *const *words;  /**< by rank; NULL where no value has a word */
	const char *const *labels; /**< how tables write them; NULL: alike */
	unsigned count;
	bool ordered; /**< the ranks say more and less, so that `<` has a meaning */
	unsigned (*bit)(unsigned rank); /**< in the masks of a query; NULL: there is no mask */
};

extern const struct vocabulary protocol_words;       /**< by IPPROTO_* */
extern const struct vocabulary family_words;         /**< by AF_* */
extern const struct vocabulary state_words;          /**< by enum portscope_state */
extern const struct vocabulary service_source_words; /**< by enum service_source */
extern const struct vocabulary port_range_words;     /**< by enum port_range */
extern const struct vocabulary exposure_words;       /**< by enum exposure */
extern const struct vocabulary reach_words;          /**< by enum reach_word */
extern const struct vocabulary direction_words;      /**< by enum direction */
extern const struct vocabulary owner_words;          /**< by enum owner_state */
extern const struct vocabulary severity_words;       /**< by enum portscope_severity */

/** The word of this rank, or NULL. */
static inline const char *vocabulary_word(const struct vocabulary *vocabulary, unsigned rank)
{
	return rank < vocabulary->count ? vocabulary->words[rank] : NULL;
}

/** The words whose bits are in `mask`, separated by commas. */
void vocabulary_write(struct out *o, const struct vocabulary *vocabulary, uint32_t mask);

/** The state that a word means, aliases of ss among them, in any case; -ENOENT otherwise. */
int state_find(const char *word);
/** Alias `i` of a state, for suggestions; NULL after the last. */
const char *state_alias(size_t i);

/** The bit of enum portscope_protocol. */
static inline unsigned protocol_bit(unsigned protocol)
{
	return protocol == IPPROTO_TCP ? PORTSCOPE_TCP : PORTSCOPE_UDP;
}

/** The bit of enum portscope_family. */
static inline unsigned family_bit(unsigned family)
{
	return family == AF_INET ? PORTSCOPE_INET : PORTSCOPE_INET6;
}

/** The range of a port (RFC 6335, section 6). */
static inline enum port_range port_range_of(uint16_t port)
{
	return port < 1024 ? PORT_WELL_KNOWN : port < 49152 ? PORT_REGISTERED : PORT_DYNAMIC;
}

#endif
