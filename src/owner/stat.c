/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes the text of /proc/PID/stat apart, whatever name the process has given itself. */
#include "owner/stat.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/** Fields of /proc/PID/stat, numbered as in proc(5). */
enum {
	FIELD_STATE = 3,
	FIELD_PARENT = 4,
	FIELD_FLAGS = 9,
	FIELD_THREADS = 20,
	FIELD_START = 22,
};

int process_parse_stat(const char *text, struct process_stat *ret)
{
	/* comm is written as it is (escapes are for /proc/PID/status alone) and may hold brackets,
	 * spaces and newlines; what follows it never does. */
	const char *begin = strchr(text, '('), *end = strrchr(text, ')');
	struct process_stat stat = {0};
	size_t length;

	if (!begin || !end || end < begin)
		return -EBADMSG;
	length = MIN((size_t)(end - begin - 1), sizeof(stat.comm) - 1);
	memcpy(stat.comm, begin + 1, length);
	/* What follows comm begins with field 3, the state (proc(5)). */
	for (int field = 3; field <= FIELD_START; field++) {
		end = strchr(end, ' ');
		if (!end)
			return -EBADMSG;
		end++;
		if (field == FIELD_STATE)
			stat.state = *end;
		else if (field == FIELD_PARENT)
			stat.parent = (uint32_t)strtoul(end, NULL, 10);
		else if (field == FIELD_FLAGS)
			stat.flags = strtoull(end, NULL, 10);
		else if (field == FIELD_THREADS)
			stat.threads = (uint32_t)strtoul(end, NULL, 10);
	}
	if (sscanf(end, "%" SCNu64, &stat.start) != 1)
		return -EBADMSG;
	*ret = stat;
	return 0;
}
