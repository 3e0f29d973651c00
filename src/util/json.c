/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The JSON writer. */
#include "util/json.h"

#include "util/text.h"

void json_write_key(struct json *j, const char *key)
{
	if (j->comma)
		out_char(j->out, ',');
	j->comma = true;
	if (!key)
		return;
	out_char(j->out, '"');
	out_text(j->out, key);
	out_bytes(j->out, "\":", 2);
}

void json_write_open(struct json *j, const char *key, char bracket)
{
	json_write_key(j, key);
	out_char(j->out, bracket);
	j->comma = false;
}

void json_write_close(struct json *j, char bracket)
{
	out_char(j->out, bracket);
	j->comma = true;
}

void json_write_text(struct json *j, const char *key, const char *text)
{
	if (!text) {
		json_write_null(j, key);
		return;
	}
	json_write_key(j, key);
	out_char(j->out, '"');
	text_json(j->out, text, strlen(text));
	out_char(j->out, '"');
}

void json_write_number(struct json *j, const char *key, uint64_t number)
{
	json_write_key(j, key);
	out_number(j->out, number);
}

void json_write_time(struct json *j, const char *key, int64_t time)
{
	json_write_key(j, key);
	out_char(j->out, '"');
	text_time(j->out, time);
	out_char(j->out, '"');
}

void json_write_bool(struct json *j, const char *key, bool flag)
{
	json_write_key(j, key);
	out_text(j->out, flag ? "true" : "false");
}

void json_write_null(struct json *j, const char *key)
{
	json_write_key(j, key);
	out_text(j->out, "null");
}
