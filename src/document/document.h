/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A listing that is kept for comparison: of each socket what names it and what may change hands,
 * whether it comes from a file or from the kernel now. Names are kept once (see pool.h), so that a
 * million sockets take a hundred megabytes.
 */
#ifndef PORTSCOPE_DOCUMENT_DOCUMENT_H
#define PORTSCOPE_DOCUMENT_DOCUMENT_H

#include "document/pool.h"
#include "model/row.h"
#include "util/out.h"

/** The fields of a listing that a comparison reads, as bits. */
enum document_column {
	COLUMN_PROTOCOL = 1 << 0,
	COLUMN_LOCAL_ADDRESS = 1 << 1,
	COLUMN_LOCAL_PORT = 1 << 2,
	COLUMN_REMOTE_ADDRESS = 1 << 3,
	COLUMN_REMOTE_PORT = 1 << 4,
	COLUMN_STATE = 1 << 5,
	COLUMN_INTERFACE = 1 << 6,
	COLUMN_DUAL_STACK = 1 << 7,
	COLUMN_USER = 1 << 8,
	COLUMN_COOKIE = 1 << 9,
	COLUMN_UNIT = 1 << 10,
	COLUMN_CONTAINER = 1 << 11,
	COLUMN_EXPOSURE = 1 << 12,
	COLUMN_DIRECTION = 1 << 13,
	COLUMN_PROBABLE_CLIENT = 1 << 14,
	COLUMN_OWNER = 1 << 15,
	COLUMN_PROCESS = 1 << 16,
	COLUMN_PROCESSES = 1 << 17,
};

/** The id of the field that column `bit`, which there has to be, stands for. */
uint16_t document_column_field(unsigned bit);
/** The name of column `bit`, which is that of the field; NULL after the last. */
const char *document_column_name(unsigned bit);

/** What a document keeps of one socket, besides numbers of texts. */
enum entry_flag {
	ENTRY_INBOUND = 1 << 0,
	ENTRY_OUTBOUND = 1 << 1,
	ENTRY_CLIENT = 1 << 2,     /**< probably a client: its port is chance */
	ENTRY_IDLE = 1 << 3,       /**< bound, but neither listening nor connected */
	ENTRY_HELD = 1 << 4,       /**< its holders are known, and there are some */
	ENTRY_NOT_HELD = 1 << 5,   /**< no process can hold it */
	ENTRY_NAMELESS = 1 << 6,   /**< its container is known only by its id */
	ENTRY_DUAL_KNOWN = 1 << 7, /**< ENTRY_DUAL says something */
	ENTRY_DUAL = 1 << 8,       /**< takes IPv4 and IPv6 */
};

/** One socket. */
struct entry {
	uint8_t protocol;                    /**< IPPROTO_TCP or IPPROTO_UDP */
	uint8_t local_family, remote_family; /**< AF_INET, AF_INET6; remote 0: no peer */
	uint16_t flags;                      /**< enum entry_flag */
	uint16_t local_port, remote_port;
	uint8_t local[16], remote[16];
	uint32_t interface;                  /**< texts of the pool from here on; 0: unknown */
	uint32_t aspects[PORTSCOPE_ASPECTS]; /**< as shown; none for PORTSCOPE_ASPECT_DUAL_STACK */
	uint32_t kept[PORTSCOPE_ASPECTS];    /**< what of them stays, which is what is compared */
	uint64_t cookie;
};

/** What is known of a socket before it is an entry; strings are the caller's. */
struct entry_facts {
	struct entry entry; /**< without its texts */
	const char *interface;
	const char *aspects[PORTSCOPE_ASPECTS];
};

struct portscope_document {
	struct portscope_document_head head; /**< its strings are owned */
	unsigned columns;                    /**< of enum document_column */
	size_t n_columns;                    /**< all that it has, whatever they are */
	struct pool pool;
	struct entry *entries;
	size_t count;
	/** Of each aspect the text that came last, and what stays of it: many come together. */
	struct {
		uint32_t text, kept;
	} last[PORTSCOPE_ASPECTS];
	size_t named_users, numbered_users;
	char *incomplete; /**< why it is not complete; may be NULL where it says none */
	bool unnamed;     /**< interfaces are not known: they tell no sockets apart */
};

/** Adds a reason why it is not complete. */
int document_add_reason(struct portscope_document *document, const char *text);

/** Adds a socket. -EFBIG: too many, or too much text. */
int document_add(struct portscope_document *document, const struct entry_facts *facts);

/**
 * A list of distinct names, sorted and separated by newlines (those in names are escaped), as
 * portscope_side has programs. `names` is sorted; NULL members are left out. NULL where none is
 * left; the caller frees it. -ENOMEM.
 */
int document_join(const char **names, size_t n, char **ret);

/** Sets what a container says: `runtime:name`, or of a nameless one `runtime:id`. */
int document_set_container(struct entry_facts *facts, struct out *scratch, const char *runtime,
	const char *id, const char *name);

/** A socket as the document has it. */
void document_side(
	const struct portscope_document *document, uint32_t position, struct portscope_side *ret);

DEFINE_CLEANUP(struct portscope_document *, portscope_document_free)

/** A listing has no more sockets than this: the kernel's own limits are below it. */
#define DOCUMENT_SOCKETS_MAX ((size_t)16 << 20)

#endif
