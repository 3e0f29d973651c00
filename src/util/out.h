/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text on its way out: one buffer that either grows (fd -1) or is written to a descriptor when it
 * is full. The first error sticks and everything after it is dropped, so that writers need no
 * checks in between; out_flush() tells.
 */
#ifndef PORTSCOPE_UTIL_OUT_H
#define PORTSCOPE_UTIL_OUT_H

#include <locale.h>
#include <string.h>

#include "util/macros.h"

struct out {
	char *buffer;
	size_t used;
	size_t size;
	int fd;     /**< -1: keep everything in memory */
	int error;  /**< negative errno of the first failure */
	bool fixed; /**< the buffer is the caller's: it is written when full, and never grows */
	struct out *target; /**< NULL, or what is written from this one later: it fails with it */
	locale_t locale;    /**< by which text_visible() measures; 0: not needed yet */
};

/** Starts an empty buffer; nothing is allocated before something is written. */
void out_init(struct out *o, int fd);
/** Fails with `error` from now on, and what is made from it as well; the first error stays. */
void out_fail(struct out *o, int error);
/** Frees the buffer without writing it. */
void out_done(struct out *o);
/** Makes room for `n` bytes at the end; NULL after an error. */
char *out_room(struct out *o, size_t n);
/** Writes everything to the descriptor, if there is one; the first error so far, or 0. */
int out_flush(struct out *o);

/** The same, inline where there is room already. */
static inline char *out_reserve(struct out *o, size_t n)
{
	return likely(o->size - o->used >= n) ? o->buffer + o->used : out_room(o, n);
}

static inline void out_bytes(struct out *o, const void *bytes, size_t n)
{
	char *room;

	/* An empty text may come before there is a buffer to reckon with. */
	if (!n)
		return;
	room = out_reserve(o, n);
	if (likely(room != NULL)) {
		memcpy(room, bytes, n);
		o->used += n;
	}
}

static inline void out_text(struct out *o, const char *text)
{
	out_bytes(o, text, strlen(text));
}

static inline void out_char(struct out *o, char c)
{
	out_bytes(o, &c, 1);
}

/** Writes `n` blanks. */
static inline void out_blanks(struct out *o, size_t n)
{
	char *room = out_reserve(o, n);

	if (likely(room != NULL) && n) {
		memset(room, ' ', n);
		o->used += n;
	}
}

/** How many digits out_number() writes. */
static inline size_t out_number_width(uint64_t number)
{
	size_t n = 1;

	for (; number >= 10000; number /= 10000)
		n += 4;
	return n + (number > 9) + (number > 99) + (number > 999);
}

/** Writes the digits of a number in decimal to `room`, which has to have as many; returns how many.
 */
size_t out_digits(char *room, uint64_t number);
/** Writes a number in decimal; returns its length. */
static inline size_t out_number(struct out *o, uint64_t number)
{
	char *room = out_reserve(o, 20);
	size_t n = likely(room != NULL) ? out_digits(room, number) : 0;

	o->used += n;
	return n;
}

/** Writes a number in lower-case hexadecimal without a prefix; returns its length. */
size_t out_hex(struct out *o, uint64_t number);
/** Writes formatted text of at most 1023 bytes. */
void out_format(struct out *o, const char *format, ...) PRINTF_LIKE(2, 3);

/**
 * A buffer in memory, the text of which is written to `o` later: if there is no memory for it, `o`
 * fails, and a reader never takes what is cut for the whole.
 */
#define OUT_FOR(o)                                                                                 \
	{                                                                                          \
		.fd = -1, .target = (o)                                                            \
	}

/** A text in memory: `AUTO_OUT struct out o = OUT_MEMORY;`. */
#define OUT_MEMORY                                                                                 \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/**
 * The text in memory, ended by a NUL that does not count; NULL after an error. It is the buffer,
 * good until the next writing, and STEAL(o.buffer) takes it over.
 */
const char *out_string(struct out *o);

/** Frees the buffer when the variable leaves its scope. */
#define AUTO_OUT CLEANUP(out_done)

#endif
