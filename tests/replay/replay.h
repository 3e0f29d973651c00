/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A recorded conversation with sock_diag, and a transport that plays it back.
 *
 * A recording is a file: the eight bytes "PSDUMP1\n", then blocks in the order in which they
 * crossed the wire. A block is a kind (one byte: 'Q' a request, 'A' a datagram that answered the
 * request before it), its length (four bytes, least significant first) and its bytes.
 *
 * Played back, a request is found by its bytes (less its sequence number and port), and its answers
 * carry the sequence number of the request that is answered and the port of the transport. Before
 * they are delivered a test may change them, so that it says what it does to a dump and nothing
 * else. What lies behind a datagram in the caller's buffer is poisoned under AddressSanitizer: to
 * read beyond the end of one is an error there, although the buffer is larger.
 */
#ifndef PORTSCOPE_TESTS_REPLAY_H
#define PORTSCOPE_TESTS_REPLAY_H

#include <linux/netlink.h>

#include "util/netlink.h"

#define RECORDING_MAGIC "PSDUMP1\n"

/** Bytes with an owner. */
struct block {
	unsigned char *bytes;
	size_t length;  /**< how many there are */
	ssize_t claims; /**< what receive() returns: their number, a lie, or a negative errno */
};

struct blocks {
	struct block *items;
	size_t count;
};

/** A request and what answered it. */
struct exchange {
	struct block request;
	struct blocks answers;
};

struct recording {
	struct exchange *items;
	size_t count;
};

/** Reads a recording; ends the program where it cannot. */
void recording_read(const char *path, struct recording *ret);
void recording_done(struct recording *recording);

struct replay;

/**
 * Changes the answers to exchange number `exchange`, asked for the time number `time` (from 0).
 * The messages in them are whole when it is called.
 */
typedef void (*replay_change_fn)(
	struct replay *replay, size_t exchange, unsigned time, struct blocks *answers);

struct replay {
	struct transport transport;
	const struct recording *recording;
	replay_change_fn change; /**< NULL: as recorded */
	/** True if a look-up still finds the socket with this cookie; NULL: none. */
	bool (*alive)(struct replay *replay, uint64_t cookie);
	/** For a test in which every dump is refused: requests match whatever states they ask for.
	 */
	bool any_states;
	int lookup_error; /**< what every look-up answers; 0: as `alive` says */
	void *userdata;   /**< the test's own */
	unsigned *times;  /**< how often each exchange was asked for */
	unsigned lookups;
	unsigned unmatched;   /**< requests that the recording does not have */
	struct blocks queue;  /**< answers under way */
	size_t next;          /**< of them */
	void *poisoned;       /**< what was poisoned behind the last datagram */
	size_t poisoned_size; /**< and how much of it */
};

void replay_init(struct replay *replay, const struct recording *recording);
void replay_done(struct replay *replay);

/** Adds a copy of some bytes at the end. */
void blocks_add(struct blocks *blocks, const void *bytes, size_t length);
void blocks_done(struct blocks *blocks);
/** Puts every message into a datagram of its own: what a test changes message by message. */
void blocks_split(struct blocks *blocks);
/** Removes one of them. */
void blocks_remove(struct blocks *blocks, size_t at);

/** The message that a block starts with. */
static inline struct nlmsghdr *block_message(const struct block *block)
{
	return (struct nlmsghdr *)block->bytes;
}

/** Cookie of the socket that a message tells of; 0: it tells of none. */
uint64_t message_cookie(const struct nlmsghdr *message);

#endif
