/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ICANN's three ranges and what they are for. */
#include "model/row.h"
#include "util/macros.h"

static const struct portscope_range ranges[] = {
	[PORT_WELL_KNOWN] =
		{
			.name = "well-known",
			.low = 0,
			.high = 1023,
			.brief = "assigned by IANA",
			.purpose =
				"IANA calls them system ports and assigns them to the basic "
				"services of "
				"the Internet, after a review by the IETF. Binding one has "
				"traditionally been the privilege of root, so that a client could "
				"trust what answers there to be meant by the host's administrator.",
			.reference = "RFC 6335 section 6 and 8.1.2",
		},
	[PORT_REGISTERED] =
		{
			.name = "registered",
			.low = 1024,
			.high = 49151,
			.brief = "registered with IANA on request",
			.purpose =
				"IANA calls them user ports and registers them for the "
				"applications of "
				"vendors and projects on request. Any user may bind one, and many "
				"programs use one that is registered for another, so that a name "
				"here "
				"says less than in the range below.",
			.reference = "RFC 6335 section 6 and 8.1.1",
		},
	[PORT_DYNAMIC] =
		{
			.name = "dynamic",
			.low = 49152,
			.high = 65535,
			.brief = "never assigned to anybody",
			.purpose = "A client's end of a connection lives here, and "
				   "so may a service for private or temporary use on whose port "
				   "two hosts "
				   "agree (portscope free finds one). A kernel may hand out "
				   "others: Linux "
				   "uses 32768-60999 unless it is configured otherwise.",
			.reference = "RFC 6335 section 6 and 8.1.3",
		},
};

const struct portscope_range *portscope_range_at(unsigned i)
{
	return i < ARRAY_SIZE(ranges) ? &ranges[i] : NULL;
}
