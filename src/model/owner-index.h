/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of the owner index, for the owner stage that fills it. It is made for the sockets of
 * a dump and keeps nothing about others. While it is filled, holdings are kept as they come in;
 * sealing sorts them by socket, process and descriptor, after which it is only read.
 */
#ifndef PORTSCOPE_MODEL_OWNER_INDEX_H
#define PORTSCOPE_MODEL_OWNER_INDEX_H

#include "model/owner.h"
#include "util/table.h"

struct owner_scratch;

/** A process, and what identifies it beside its number. */
struct holder {
	struct process process;
	uint64_t start; /**< clock ticks since boot, as in /proc/PID/stat; 0: not known */
	bool gone;      /**< it ended, or its number went to another, before it was described */
	bool manager;   /**< it keeps sockets for others: named after them, if there are any */
};

/** While filling: `process` holds the socket of `entry` as descriptor `fd`. */
struct holding {
	uint32_t entry;
	uint32_t process;
	uint32_t fd; /**< OWNER_NO_FD: held only by an io_uring ring */
};

#define OWNER_NO_FD UINT32_MAX

struct owner_index {
	const char *backend; /**< static; NULL: none could be used */
	bool hidden;         /**< some processes could not be inspected */
	bool failed;         /**< reading failed on the way: a holder may have been missed */
	struct holder *holders;
	size_t n_holders;

	/* One entry for each listed socket that has an inode, which is all that can be held. */
	uint32_t n_entries;
	bool cookies; /**< every entry is known by its cookie */

	/* While it is filled. */
	uint64_t *entry_cookies; /**< of each entry; only looked at where all have one */
	struct table by_cookie;
	uint32_t *entry_inodes;
	struct table by_inode;
	struct holding *holdings;
	size_t n_holdings;

	/* Sealed: the holdings of an entry stand from first[entry] up to first[entry + 1]. */
	uint32_t *first;
	uint32_t *holding_process;
	uint32_t *holding_fd;
	struct owner_scratch *scratch; /**< two, and whose turn it is */
};

/** Makes an empty index for these sockets and numbers them; copies of them may be asked about. */
int owner_index_new(struct socket *sockets, size_t n, struct owner_index **ret);

/** A look-up under way. */
struct owner_find {
	const struct table *table;
	const uint64_t *cookies;
	const uint32_t *inodes; /**< the one of the two that is compared */
	uint64_t key;
	uint32_t at;
};

/**
 * Starts to look for the listed sockets that have this cookie, or where it is 0 or cookies are not
 * known, this inode: several can share an inode (MPTCP).
 */
int owner_index_find(
	struct owner_index *index, uint64_t cookie, uint32_t inode, struct owner_find *find);

/** The next entry found, or TABLE_END. */
uint32_t owner_index_next(struct owner_find *find);

/** Adds a process without a look at whether it is there already; ret: its position. */
int owner_index_add_holder(struct owner_index *index, uint32_t pid, uint64_t start, uint32_t *ret);

/** Notes that a process holds the socket of an entry. */
int owner_index_hold(struct owner_index *index, uint32_t entry, uint32_t process, uint32_t fd);

/** Forgets all holders, for another backend to start over. */
void owner_index_clear(struct owner_index *index);

/** Sorts what was filled in. */
int owner_index_seal(struct owner_index *index);

/** How many sealed entries nobody in sight holds. */
size_t owner_index_count_unheld(const struct owner_index *index);

#endif
