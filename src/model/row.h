/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A socket and what portscope understood of it. A row lives for one callback: it is annotated
 * anew each time the records are walked, which costs less than to keep it. What it points to
 * belongs to the host index or to constant tables.
 */
#ifndef PORTSCOPE_MODEL_ROW_H
#define PORTSCOPE_MODEL_ROW_H

#include <portscope.h>

#include "model/owner.h"
#include "model/reach.h"
#include "model/socket.h"

/** Where the name of a service comes from, in order of precedence. */
enum service_source {
	SERVICE_PORTSCOPE, /**< /etc/portscope/services */
	SERVICE_PROGRAM,   /**< what the holder is known to speak */
	SERVICE_SITE,      /**< a line of /etc/services that this site added or changed */
	SERVICE_PREFERRED, /**< the registered name that is met in practice */
	SERVICE_DE_FACTO,  /**< what commonly runs there, though registered otherwise or not at all
			    */
	SERVICE_IANA,      /**< the first name of the IANA registry */
	SERVICE_ETC,       /**< the rest of /etc/services */
};

/** Name of a service; `name` NULL: none. */
struct service {
	const char *name;
	enum service_source source;
	bool hint; /**< a guess: other programs use the port as well, or nobody met the name */
};

/** ICANN's ranges (RFC 6335, section 6). */
enum port_range {
	PORT_WELL_KNOWN, /**< 0-1023 */
	PORT_REGISTERED, /**< 1024-49151 */
	PORT_DYNAMIC,    /**< 49152-65535 */
};

/** The widest place from which an address can be reached, from near to far. */
enum exposure {
	EXPOSURE_LOOPBACK,
	EXPOSURE_LINK,
	EXPOSURE_PRIVATE,
	EXPOSURE_PUBLIC,
	EXPOSURE_ANY,
	EXPOSURE_UNKNOWN, /**< the addresses of its interface are not known */
};

/** Who opened the connection, as far as it can be inferred. */
enum direction {
	DIRECTION_UNKNOWN,
	DIRECTION_LISTENING,
	DIRECTION_INBOUND,
	DIRECTION_OUTBOUND,
};

/** The systemd unit and the container that a cgroup path stands for; NULL where there is none. */
struct unit {
	const char *cgroup; /**< the path */
	const char *unit;
	const char *workload; /**< the container, `docker:shop`, else the unit */
	const struct portscope_container *container;
	bool users_own; /**< made by the manager of a user, who may call it anything */
};

struct host;
struct finding;

struct portscope_row {
	const struct socket *socket;
	const struct host *host;
	struct service service;      /**< the label */
	struct service port_service; /**< what only the number says */
	enum port_range range;
	enum exposure exposure;
	const struct reach *reach; /**< NULL: not asked for, or it does not listen */
	enum direction direction;
	bool ephemeral;
	bool probable_client; /**< unconnected UDP on an ephemeral port */
	enum owner_state owner;
	const struct portscope_process *processes;
	const struct process *const *holders; /**< the same, in full */
	size_t n_processes;
	const struct unit *unit;     /**< the holder's where known, else the socket's; or NULL */
	bool judged;                 /**< the findings are known */
	const char *const *findings; /**< ids of rules */
	size_t n_findings;
	const struct finding *finding;  /**< what an audit has to say of it; NULL: a listing */
	const struct unit *socket_unit; /**< that of the socket's own cgroup; or NULL */
};

#endif
