/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing JSON as it comes: a writer counts the depth and sets the commas, everything else is the
 * caller's. A NULL text is null.
 */
#ifndef PORTSCOPE_UTIL_JSON_H
#define PORTSCOPE_UTIL_JSON_H

#include "util/out.h"

struct json {
	struct out *out;
	bool comma; /**< a value stands before the next one */
};

/** Writes `"key":`, after a comma where one is due; NULL in an array. */
void json_key(struct json *j, const char *key);
/** Opens an object `{` or array `[`; `key` as above. */
void json_open(struct json *j, const char *key, char bracket);
/** Closes it with `}` or `]`. */
void json_close(struct json *j, char bracket);
void json_text(struct json *j, const char *key, const char *text);
void json_number(struct json *j, const char *key, uint64_t number);
void json_bool(struct json *j, const char *key, bool flag);
void json_null(struct json *j, const char *key);

#endif
