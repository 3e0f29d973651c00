/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The room of arrays that grow. */
#include "util/array.h"

#include <string.h>

int array_grow(void *items, size_t count, size_t size)
{
	void *grown;

	/* The pointer may be of any type, so that only its bytes are looked at. */
	memcpy(&grown, items, sizeof(grown));
	grown = reallocarray(grown, count ? 2 * count : ARRAY_LEAST, size);
	if (!grown)
		return -ENOMEM;
	memcpy(items, &grown, sizeof(grown));
	return 0;
}
