/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables of names. State aliases are those of ss(8), so that its users need not relearn them. */
#include "model/names.h"

#include <strings.h>

#include "util/macros.h"

static const struct {
	const char *name;
	const char *label;
} states[] = {
	[PORTSCOPE_ESTABLISHED] = {"established", "ESTAB"},
	[PORTSCOPE_SYN_SENT] = {"syn-sent", "SYN-SENT"},
	[PORTSCOPE_SYN_RECV] = {"syn-recv", "SYN-RECV"},
	[PORTSCOPE_FIN_WAIT_1] = {"fin-wait-1", "FIN-WAIT-1"},
	[PORTSCOPE_FIN_WAIT_2] = {"fin-wait-2", "FIN-WAIT-2"},
	[PORTSCOPE_TIME_WAIT] = {"time-wait", "TIME-WAIT"},
	[PORTSCOPE_UNCONNECTED] = {"unconnected", "UNCONN"},
	[PORTSCOPE_CLOSE_WAIT] = {"close-wait", "CLOSE-WAIT"},
	[PORTSCOPE_LAST_ACK] = {"last-ack", "LAST-ACK"},
	[PORTSCOPE_LISTEN] = {"listen", "LISTEN"},
	[PORTSCOPE_CLOSING] = {"closing", "CLOSING"},
	[PORTSCOPE_BOUND_INACTIVE] = {"bound-inactive", "BOUND-INACTIVE"},
};

static const struct {
	const char *word;
	unsigned state;
} state_words[] = {
	{"established", PORTSCOPE_ESTABLISHED},
	{"syn-sent", PORTSCOPE_SYN_SENT},
	{"syn-recv", PORTSCOPE_SYN_RECV},
	{"fin-wait-1", PORTSCOPE_FIN_WAIT_1},
	{"fin-wait-2", PORTSCOPE_FIN_WAIT_2},
	{"time-wait", PORTSCOPE_TIME_WAIT},
	{"unconnected", PORTSCOPE_UNCONNECTED},
	{"close-wait", PORTSCOPE_CLOSE_WAIT},
	{"last-ack", PORTSCOPE_LAST_ACK},
	{"listen", PORTSCOPE_LISTEN},
	{"closing", PORTSCOPE_CLOSING},
	{"bound-inactive", PORTSCOPE_BOUND_INACTIVE},
	{"estab", PORTSCOPE_ESTABLISHED},
	{"syn_sent", PORTSCOPE_SYN_SENT},
	{"syn_recv", PORTSCOPE_SYN_RECV},
	{"syn-rcv", PORTSCOPE_SYN_RECV},
	{"fin_wait_1", PORTSCOPE_FIN_WAIT_1},
	{"fin-wait1", PORTSCOPE_FIN_WAIT_1},
	{"fin_wait_2", PORTSCOPE_FIN_WAIT_2},
	{"fin-wait2", PORTSCOPE_FIN_WAIT_2},
	{"time_wait", PORTSCOPE_TIME_WAIT},
	{"timewait", PORTSCOPE_TIME_WAIT},
	{"unconn", PORTSCOPE_UNCONNECTED},
	{"close", PORTSCOPE_UNCONNECTED},
	{"closed", PORTSCOPE_UNCONNECTED},
	{"close_wait", PORTSCOPE_CLOSE_WAIT},
	{"last_ack", PORTSCOPE_LAST_ACK},
	{"listening", PORTSCOPE_LISTEN},
	{"bound_inactive", PORTSCOPE_BOUND_INACTIVE},
};

const char *portscope_state_name(unsigned state)
{
	return state < ARRAY_SIZE(states) ? states[state].name : NULL;
}

const char *state_label(unsigned state)
{
	return state < ARRAY_SIZE(states) ? states[state].label : NULL;
}

int state_find(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(state_words); i++)
		if (!strcasecmp(state_words[i].word, word))
			return state_words[i].state;
	return -ENOENT;
}

const char *state_word(size_t i)
{
	return i < ARRAY_SIZE(state_words) ? state_words[i].word : NULL;
}

const char *service_source_name(enum service_source source)
{
	static const char *const names[] = {
		[SERVICE_PORTSCOPE] = "portscope-services",
		[SERVICE_SITE] = "site-services",
		[SERVICE_PREFERRED] = "preferred",
		[SERVICE_DE_FACTO] = "de-facto",
		[SERVICE_IANA] = "iana",
		[SERVICE_ETC] = "etc-services",
	};

	return names[source];
}

const char *port_range_name(enum port_range range)
{
	static const char *const names[] = {
		[PORT_WELL_KNOWN] = "well-known",
		[PORT_REGISTERED] = "registered",
		[PORT_DYNAMIC] = "dynamic",
	};

	return names[range];
}

const char *exposure_name(enum exposure exposure)
{
	static const char *const names[] = {
		[EXPOSURE_LOOPBACK] = "loopback",
		[EXPOSURE_LINK] = "link",
		[EXPOSURE_PRIVATE] = "private",
		[EXPOSURE_PUBLIC] = "public",
		[EXPOSURE_ANY] = "any",
	};

	return names[exposure];
}

const char *direction_name(enum direction direction)
{
	static const char *const names[] = {
		[DIRECTION_LISTENING] = "listening",
		[DIRECTION_INBOUND] = "inbound",
		[DIRECTION_OUTBOUND] = "outbound",
	};

	return names[direction];
}

const char *protocol_name(uint8_t protocol)
{
	return protocol == IPPROTO_TCP ? "tcp" : "udp";
}
