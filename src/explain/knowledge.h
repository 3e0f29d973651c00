/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the explanations of ports share: this site's names of services, what this kernel does with
 * ports, and which ports have more to tell than a name.
 */
#ifndef PORTSCOPE_EXPLAIN_KNOWLEDGE_H
#define PORTSCOPE_EXPLAIN_KNOWLEDGE_H

#include "annotate/service.h"
#include "collect/collect.h"
#include "model/host.h"

struct portscope_knowledge {
	struct service_names *services;
	struct ephemeral_ports ephemeral;
	struct portscope_kernel_ports kernel;
	struct warnings warnings;
	/** One bit a port: a table beside the registry has something on it. Spares a search through
	    those tables for nearly every port. */
	uint8_t special[65536 / 8];
	/** One bit a port: a program is known to listen there by default. */
	uint8_t spoken[65536 / 8];
};

/** portscope_knowledge_open() with given sources, which need not outlive the result. */
int knowledge_open_from(const struct sources *sources, struct portscope_knowledge **ret);

/** `tcp`, `udp`, `sctp`, `dccp`. */
const char *knowledge_protocol_name(uint8_t protocol);

#endif
