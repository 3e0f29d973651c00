/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files of any content in the place of documents. Whatever is one is compared with itself, which
 * makes no difference, and with its own first half, which makes it lack the other one. Whatever is
 * none says so in printable text.
 */
#include "fuzz.h"

#include <string.h>

#include "document/compare.h"
#include "document/read.h"

/** Bytes that are read a few at a time. */
struct source {
	const uint8_t *data;
	size_t size, at, step;
};

static ssize_t read_source(void *userdata, void *buffer, size_t size)
{
	struct source *s = userdata;
	size_t n = MIN(MIN(size, s->step), s->size - s->at);

	if (n)
		memcpy(buffer, s->data + s->at, n);
	s->at += n;
	return (ssize_t)n;
}

static struct portscope_document *read_document(const uint8_t *data, size_t size, size_t step)
{
	struct source s = {data, size, 0, step};
	struct portscope_document *d = NULL;
	char *error = NULL;
	int r = document_read(read_source, &s, &d, &error);

	if (r >= 0)
		return d;
	HOLDS(!d);
	HOLDS(r == -EBADMSG || r == -EINVAL || r == -EFBIG);
	HOLDS(error && *error);
	for (const char *c = error; *c; c++)
		HOLDS((unsigned char)*c >= ' ' && *c != 0x7f);
	free(error);
	return NULL;
}

static struct portscope_diff *compare(
	const struct portscope_document *before, const struct portscope_document *after)
{
	struct portscope_diff *diff = NULL;
	char *error = NULL;

	HOLDS(portscope_diff(before, after, &diff, &error) == 0);
	HOLDS(diff && !error);
	return diff;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct portscope_document *whole = read_document(data, size, SIZE_MAX);
	struct portscope_document *again = read_document(data, size, 7);
	struct portscope_diff *diff;
	size_t all;

	HOLDS(!whole == !again);
	if (!whole)
		return 0;
	all = whole->count;
	HOLDS(again->count == all);
	diff = compare(whole, again);
	HOLDS(diff->count == 0);
	portscope_diff_free(diff);
	again->count = all / 2;
	diff = compare(whole, again);
	HOLDS(diff->counts[PORTSCOPE_OPENED] == 0 || diff->counts[PORTSCOPE_CLOSED] > 0);
	HOLDS(diff->counts[PORTSCOPE_CLOSED] - diff->counts[PORTSCOPE_OPENED] == all - all / 2);
	portscope_diff_free(diff);
	again->count = all;
	portscope_document_free(whole);
	portscope_document_free(again);
	return 0;
}
