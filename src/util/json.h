/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing JSON as it comes: a writer counts the depth and sets the commas, everything else is the
 * caller's. A NULL text is null.
 *
 * All is called json_write_*: plain json_* is jansson's, which is linked dynamically and would find
 * our json_null() in the place of its own.
 */
#ifndef PORTSCOPE_UTIL_JSON_H
#define PORTSCOPE_UTIL_JSON_H

#include "util/out.h"

struct json {
	struct out *out;
	bool comma; /**< a value stands before the next one */
};

/** Writes `"key":`, after a comma where one is due; NULL in an array. */
void json_write_key(struct json *j, const char *key);
/** Opens an object `{` or array `[`; `key` as above. */
void json_write_open(struct json *j, const char *key, char bracket);
/** Closes it with `}` or `]`. */
void json_write_close(struct json *j, char bracket);
void json_write_text(struct json *j, const char *key, const char *text);
void json_write_number(struct json *j, const char *key, uint64_t number);
/** A time, seconds since the epoch, as RFC 3339 has it. */
void json_write_time(struct json *j, const char *key, int64_t time);
void json_write_bool(struct json *j, const char *key, bool flag);
void json_write_null(struct json *j, const char *key);

#endif
