/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the JSON of every command has in common: its first members, `schema` to `warnings`. */
#ifndef PORTSCOPE_FORMAT_JSON_HEAD_H
#define PORTSCOPE_FORMAT_JSON_HEAD_H

#include <portscope.h>

#include "util/json.h"

/**
 * Writes `schema`, `time` and `host`, then opens `query` with its member `command`; the caller adds
 * the others. The object that all this stands in is the caller's.
 */
void json_head_open(
	struct json *j, int64_t time, const struct portscope_host *host, const char *command);
/**
 * Closes `query` and writes `complete` and `warnings`; details count where `verbose`. `cut` is that
 * of a listing.
 */
void json_head_close(
	struct json *j, const struct portscope_warning *warnings, size_t n, bool verbose, int cut);

/** Writes the members of `query` that choose sockets; a mask of 0 has no member. */
void json_query_masks(struct json *j, unsigned protocols, unsigned families, uint32_t states);

/** Writes the names of what is set in `mask`: bit `i` is called `name(i)`, or nothing if NULL. */
void json_write_bits(
	struct json *j, const char *key, uint32_t mask, const char *(*name)(unsigned bit));

#endif
