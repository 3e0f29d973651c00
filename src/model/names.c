/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables of names. State aliases are those of ss(8), so that its users need not relearn them. */
#include "model/names.h"

#include <strings.h>

#include "util/macros.h"

#define VOCABULARY(names, ...)                                                                     \
	{                                                                                          \
		.words = names, .count = ARRAY_SIZE(names), __VA_ARGS__                            \
	}

static unsigned state_bit(unsigned state)
{
	return state < 32 ? 1u << state : 0;
}

static const char *const protocols[] = {
	[IPPROTO_TCP] = "tcp",
	[IPPROTO_UDP] = "udp",
};

const struct vocabulary protocol_words = VOCABULARY(protocols, .bit = protocol_bit);

static const char *const families[] = {
	[AF_INET] = "inet",
	[AF_INET6] = "inet6",
};

const struct vocabulary family_words = VOCABULARY(families, .bit = family_bit);

static const char *const state_labels[] = {
	[PORTSCOPE_ESTABLISHED] = "ESTAB",
	[PORTSCOPE_SYN_SENT] = "SYN-SENT",
	[PORTSCOPE_SYN_RECV] = "SYN-RECV",
	[PORTSCOPE_FIN_WAIT_1] = "FIN-WAIT-1",
	[PORTSCOPE_FIN_WAIT_2] = "FIN-WAIT-2",
	[PORTSCOPE_TIME_WAIT] = "TIME-WAIT",
	[PORTSCOPE_UNCONNECTED] = "UNCONN",
	[PORTSCOPE_CLOSE_WAIT] = "CLOSE-WAIT",
	[PORTSCOPE_LAST_ACK] = "LAST-ACK",
	[PORTSCOPE_LISTEN] = "LISTEN",
	[PORTSCOPE_CLOSING] = "CLOSING",
	[PORTSCOPE_BOUND_INACTIVE] = "BOUND-INACTIVE",
};

static const char *const states[] = {
	[PORTSCOPE_ESTABLISHED] = "established",
	[PORTSCOPE_SYN_SENT] = "syn-sent",
	[PORTSCOPE_SYN_RECV] = "syn-recv",
	[PORTSCOPE_FIN_WAIT_1] = "fin-wait-1",
	[PORTSCOPE_FIN_WAIT_2] = "fin-wait-2",
	[PORTSCOPE_TIME_WAIT] = "time-wait",
	[PORTSCOPE_UNCONNECTED] = "unconnected",
	[PORTSCOPE_CLOSE_WAIT] = "close-wait",
	[PORTSCOPE_LAST_ACK] = "last-ack",
	[PORTSCOPE_LISTEN] = "listen",
	[PORTSCOPE_CLOSING] = "closing",
	[PORTSCOPE_BOUND_INACTIVE] = "bound-inactive",
};

const struct vocabulary state_words = VOCABULARY(states, .labels = state_labels, .bit = state_bit);

static const char *const service_sources[] = {
	[SERVICE_PORTSCOPE] = "portscope-services",
	[SERVICE_PROGRAM] = "program",
	[SERVICE_SITE] = "site-services",
	[SERVICE_PREFERRED] = "preferred",
	[SERVICE_DE_FACTO] = "de-facto",
	[SERVICE_IANA] = "iana",
	[SERVICE_ETC] = "etc-services",
};

const struct vocabulary service_source_words = VOCABULARY(service_sources, .ordered = true);

static const char *const port_ranges[] = {
	[PORT_WELL_KNOWN] = "well-known",
	[PORT_REGISTERED] = "registered",
	[PORT_DYNAMIC] = "dynamic",
};

const struct vocabulary port_range_words = VOCABULARY(port_ranges, .ordered = true);

static const char *const exposures[] = {
	[EXPOSURE_LOOPBACK] = "loopback",
	[EXPOSURE_LINK] = "link",
	[EXPOSURE_PRIVATE] = "private",
	[EXPOSURE_PUBLIC] = "public",
	[EXPOSURE_ANY] = "any",
};

const struct vocabulary exposure_words = VOCABULARY(exposures, .ordered = true);

static const char *const reaches[] = {
	[REACH_BLOCKED] = "blocked",
	[REACH_LOOPBACK] = "loopback",
	[REACH_LIMITED] = "limited",
	[REACH_LINK] = "link",
	[REACH_PRIVATE] = "private",
	[REACH_PUBLIC] = "public",
	[REACH_ANY] = "any",
};

const struct vocabulary reach_words = VOCABULARY(reaches, .ordered = true);

static const char *const directions[] = {
	[DIRECTION_LISTENING] = "listening",
	[DIRECTION_INBOUND] = "inbound",
	[DIRECTION_OUTBOUND] = "outbound",
};

const struct vocabulary direction_words = VOCABULARY(directions, .ordered = true);

static const char *const owners[] = {
	[OWNER_KNOWN] = "known",
	[OWNER_NONE] = "none",
	[OWNER_HIDDEN] = "hidden",
	[OWNER_GONE] = "gone",
	[OWNER_UNKNOWN] = "unknown",
};

const struct vocabulary owner_words = VOCABULARY(owners, .ordered = true);

static const char *const severities[] = {
	[PORTSCOPE_INFO] = "info",
	[PORTSCOPE_LOW] = "low",
	[PORTSCOPE_MEDIUM] = "medium",
	[PORTSCOPE_HIGH] = "high",
	[PORTSCOPE_CRITICAL] = "critical",
};

const struct vocabulary severity_words = VOCABULARY(severities, .ordered = true);

const char *portscope_severity_name(enum portscope_severity severity)
{
	return vocabulary_word(&severity_words, severity);
}

static const struct {
	const char *word;
	unsigned state;
} state_aliases[] = {
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

void vocabulary_write(struct out *o, const struct vocabulary *vocabulary, uint32_t mask)
{
	bool first = true;

	for (unsigned i = 0; i < vocabulary->count; i++) {
		if (!vocabulary->words[i] || !(vocabulary->bit(i) & mask))
			continue;
		if (!first)
			out_char(o, ',');
		first = false;
		out_text(o, vocabulary->words[i]);
	}
}

int state_find(const char *word)
{
	for (unsigned i = 0; i < state_words.count; i++)
		if (states[i] && !strcasecmp(states[i], word))
			return (int)i;
	for (size_t i = 0; i < ARRAY_SIZE(state_aliases); i++)
		if (!strcasecmp(state_aliases[i].word, word))
			return (int)state_aliases[i].state;
	return -ENOENT;
}

const char *state_alias(size_t i)
{
	return i < ARRAY_SIZE(state_aliases) ? state_aliases[i].word : NULL;
}
