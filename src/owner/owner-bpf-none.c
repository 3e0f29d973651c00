/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands in for the bpf backend where portscope was built without it. */
#include <stdio.h>

#include "owner/scan.h"

int owner_bpf_scan(struct owner_scan *scan)
{
	snprintf(scan->reason, sizeof(scan->reason), "this portscope was built without it");
	return -EOPNOTSUPP;
}
