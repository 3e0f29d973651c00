/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ways in which people write a port: 80, 80/tcp, tcp/80, :80, *:80, 10.0.0.1:80, [::1]:80,
 * localhost:http. A place is such a word taken apart; what its parts mean is the command's to say.
 */
#ifndef PORTSCOPE_CLI_PLACE_H
#define PORTSCOPE_CLI_PLACE_H

#include <stdbool.h>

struct place {
	char text[256];       /**< the word, cut up: the members below point into it */
	const char *address;  /**< without brackets; NULL: none, or one that means any */
	const char *port;     /**< a port, a range or a name; NULL: none */
	const char *protocol; /**< tcp, udp, sctp or dccp, as it was written; NULL: none */
};

/** Takes a word apart; false for one that is too long to be a place. */
bool place_parse(const char *word, struct place *ret);

#endif
