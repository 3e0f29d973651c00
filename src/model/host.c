/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Look-ups in the host index. The tables are sorted by what they are looked up by. */
#include "model/host.h"

#include "util/macros.h"

static int compare_interface(const void *key, const void *item)
{
	uint32_t a = *(const uint32_t *)key, b = ((const struct interface *)item)->index;

	return a < b ? -1 : a > b;
}

const struct interface *host_interface(const struct host *host, uint32_t index)
{
	if (!host->interfaces.count)
		return NULL;
	return bsearch(&index, host->interfaces.items, host->interfaces.count,
		sizeof(*host->interfaces.items), compare_interface);
}

const char *host_interface_name(const struct host *host, uint32_t index)
{
	const struct interface *found = index ? host_interface(host, index) : NULL;

	return found ? found->name : NULL;
}
