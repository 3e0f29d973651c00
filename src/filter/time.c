/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times in filters: RFC 3339 in UTC, as the output has them, or the beginning of one. */
#include <string.h>
#include <time.h>

#include "filter/parser.h"

int time_parse(const char *text, uint64_t *ret_low, uint64_t *ret_high)
{
	static const struct {
		const char *format;
		unsigned seconds;
	} forms[] = {{"%Y-%m-%d", 86400}, {"%Y-%m-%dT%H:%M", 60}, {"%Y-%m-%dT%H:%M:%S", 1}};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct tm tm = {0};
		const char *end = strptime(text, forms[i].format, &tm);
		time_t time;

		if (!end || strcmp(end, *end == 'Z' && i ? "Z" : ""))
			continue;
		time = timegm(&tm);
		/* Nothing here was started before the epoch, or at it. */
		if (time <= 0)
			return -ERANGE;
		*ret_low = (uint64_t)time;
		*ret_high = (uint64_t)time + forms[i].seconds - 1;
		return 0;
	}
	return -EINVAL;
}
