/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the values of a JSON text begin and end, so that a document of any size is handed to
 * jansson in pieces that fit. Whether a piece is JSON is jansson's to say.
 */
#ifndef PORTSCOPE_DOCUMENT_SCAN_H
#define PORTSCOPE_DOCUMENT_SCAN_H

#include <sys/types.h>

#include "util/out.h"

/** Reads at most `size` bytes; 0 at the end, or a negative errno. */
typedef ssize_t (*scan_read_fn)(void *userdata, void *buffer, size_t size);

struct scan {
	scan_read_fn read;
	void *userdata;
	char *buffer; /**< owned */
	size_t at, end;
	size_t line;   /**< of the next byte, from 1 */
	size_t column; /**< of the next byte, from 1, in bytes */
	bool nothing;  /**< all so far was white space */
};

/** One value longer than this is none that a listing has. */
#define SCAN_VALUE_MAX ((size_t)64 << 20)

int scan_init(struct scan *scan, scan_read_fn read, void *userdata);
void scan_done(struct scan *scan);

/** The next byte that is not white space, not consumed; -ENODATA at the end. */
int scan_peek(struct scan *scan);
/** Consumes the byte that scan_peek() told. */
void scan_skip(struct scan *scan);
/**
 * Consumes the next value, whatever it is, and puts its bytes into `piece`. -ENODATA: the text ends
 * in it or, where it is a number or a word, right after it; -EFBIG: it is longer than
 * SCAN_VALUE_MAX.
 */
int scan_value(struct scan *scan, struct out *piece);

#endif
