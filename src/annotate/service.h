/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The name of a port: what this site says, then what the port registry says. A site speaks in two
 * files of the form of services(5): `portscope/services`, which is for this program and always
 * wins, and `services` below /etc, of which only the lines that the site added or changed win:
 * those whose name IANA did not register for the port, and that do not stand in the file as
 * distributions ship it (baseline.tsv). The other lines name a port only where nobody else does,
 * but their names and aliases still lead to it (service_ports()).
 *
 * A name says what a port is for, not what runs there.
 */
#ifndef PORTSCOPE_ANNOTATE_SERVICE_H
#define PORTSCOPE_ANNOTATE_SERVICE_H

#include "model/row.h"
#include "model/warnings.h"
#include "util/macros.h"

/** What a site's own files say. */
struct service_names;

/**
 * Reads both files below `etc_dirfd`, a descriptor of /etc. A missing file is fine; one that
 * cannot be read, is not a regular file or is larger than 1 MiB is left out, and so is a malformed
 * line, each with a warning. -ENOMEM at worst.
 */
int service_names_load(int etc_dirfd, struct warnings *warnings, struct service_names **ret);

/** Frees what was loaded; NULL is fine. */
struct service_names *service_names_free(struct service_names *names);

DEFINE_CLEANUP(struct service_names *, service_names_free)

/**
 * The name of a port, `.name` NULL if it has none. The name lives as long as `names`, which may be
 * NULL: then only the registry is asked. Where a site's files say nothing of the port this is a
 * look-up in constant time.
 */
struct service service_name(const struct service_names *names, uint8_t protocol, uint16_t port);

/**
 * True if a socket belongs to the service of its local port, false if to that of its peer's;
 * inferred only from the socket. One without a peer belongs to that of its local port, one that is
 * being opened to the port that is called. Of a connection the port that is not ephemeral here is
 * taken for the server's; where that does not tell, the one that has a name; where both have, the
 * lower one.
 */
bool service_is_local(const struct host *host, const struct socket *socket);

/** Where a service is found. */
struct service_port {
	uint8_t protocol; /**< IPPROTO_TCP or IPPROTO_UDP */
	uint16_t low, high;
};

/**
 * The ports that are called `name`, in any case, by anybody: the site's files with their aliases,
 * IANA, de facto. `protocols` are bits of enum portscope_protocol. The array is ordered by
 * protocol and port, without doubles, and the caller's to free(). -ENOENT: nobody calls a port of
 * these protocols so; -ENOMEM.
 */
int service_ports(const struct service_names *names, const char *name, unsigned protocols,
	struct service_port **ret, size_t *ret_count);

/** Walks the names and aliases of the site's files; `*position` starts at 0. */
bool service_next_word(const struct service_names *names, size_t *position, const char **ret);

/**
 * Fills `ret` with up to `n` names near to `word`, the nearest first, of all that service_ports()
 * knows; returns their number. They live as long as `names`, which may be NULL.
 */
size_t service_similar(
	const struct service_names *names, const char *word, const char **ret, size_t n);

#endif
