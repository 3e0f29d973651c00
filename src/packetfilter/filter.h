/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of the packet filter as a whole, for the files that ask it. */
#ifndef PORTSCOPE_PACKETFILTER_FILTER_H
#define PORTSCOPE_PACKETFILTER_FILTER_H

#include "packetfilter/judge.h"
#include "packetfilter/packetfilter.h"

/** An answer, and for which sockets it holds. */
struct reach_answer {
	uint8_t protocol, family, v6only, exposure;
	uint16_t low, high; /**< ports */
	uint32_t ifindex;
	uint8_t address[16];
	struct reach reach;
};

/** A judgement that serves every port for which it is valid. */
struct kept_judgement {
	uint8_t family, protocol;
	uint32_t link;
	uint8_t address[16];
	struct judgement judgement;
};

/** A group of multicast that this host takes part in. */
struct group {
	uint8_t family;
	uint8_t address[16];
};

struct packetfilter {
	bool blind; /**< the rules could not be read: nothing is known */
	bool doubt; /**< something outside of the rules has a say as well, or they are not whole */
	uint32_t *doubtful; /**< interfaces for which that is so */
	size_t n_doubtful;
	struct rules rules;
	struct routing routing;
	struct judge judges[2]; /**< IPv4, IPv6 */
	bool open[2];
	bool redirects; /**< some rule changes destinations */
	struct group *groups;
	size_t n_groups;
	struct reach_answer **answers;
	size_t n_answers, answers_space;
	struct kept_judgement *kept;
	size_t n_kept, kept_space;
	struct publication *publications; /**< those that stay on this host; see reach.c */
	size_t n_publications;
	bool swept;
	struct arena arena; /**< texts of answers */
};

/** The judge of a family. */
int packetfilter_judge(struct packetfilter *pf, uint8_t family, struct judge **ret);
/** A judgement, made or remembered; it holds until the next one is asked for. */
int packetfilter_ask(struct packetfilter *pf, uint8_t family, const struct question *question,
	const struct judgement **ret);
/** The rule or policy as a text for readers; NULL: none, or no memory. */
const char *packetfilter_by(struct packetfilter *pf, uint32_t by);
/** True if packets come in by this interface itself, not by one that it is part of. */
bool packetfilter_enters(const struct packetfilter *pf, const struct link *link);

/* outside.c */
/** Looks for what has a say beside the rules, and names it. */
int outside_look(struct packetfilter *pf, int proc_fd, struct warnings *warnings);
/** The part of it that only needs the interfaces and rules that were read. */
int outside_look_at_links(struct packetfilter *pf, struct warnings *warnings);
/** True if what gets in by this interface is not certain. */
bool packetfilter_doubts(const struct packetfilter *pf, const struct link *link);

#endif
