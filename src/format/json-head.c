/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first members of every JSON document. */
#include "format/json-head.h"

#include <stdio.h>
#include <string.h>

static void put_host(struct json *j, const struct portscope_host *host)
{
	json_write_open(j, "host", '{');
	json_write_text(j, "name", host->name);
	json_write_text(j, "machine_id", host->machine_id);
	json_write_text(j, "boot_id", host->boot_id);
	json_write_text(j, "kernel", host->kernel);
	if (host->netns)
		json_write_number(j, "netns", host->netns);
	else
		json_write_null(j, "netns");
	json_write_text(j, "collector", host->collector);
	json_write_text(j, "public_address", host->public_address);
	json_write_text(j, "owner_backend", host->owner_backend);
	json_write_close(j, '}');
}

void json_head_open(
	struct json *j, int64_t time, const struct portscope_host *host, const char *command)
{
	json_write_text(j, "schema", PORTSCOPE_SCHEMA);
	json_write_time(j, "time", time);
	put_host(j, host);
	json_write_open(j, "query", '{');
	json_write_text(j, "command", command);
}

static void put_warning(struct json *j, const char *text, bool incomplete)
{
	json_write_open(j, NULL, '{');
	json_write_text(j, "text", text);
	json_write_bool(j, "incomplete", incomplete);
	json_write_close(j, '}');
}

void json_head_close(
	struct json *j, const struct portscope_warning *warnings, size_t n, bool verbose, int cut)
{
	bool complete = !cut;
	char text[128];

	for (size_t i = 0; i < n; i++)
		complete = complete && !warnings[i].incomplete;
	json_write_close(j, '}');
	json_write_bool(j, "complete", complete);
	json_write_open(j, "warnings", '[');
	for (size_t i = 0; i < n; i++)
		if (!warnings[i].detail || verbose)
			put_warning(j, warnings[i].text, warnings[i].incomplete);
	if (cut) {
		snprintf(text, sizeof(text), "the listing ended early: %s", strerror(-cut));
		put_warning(j, text, true);
	}
	json_write_close(j, ']');
}

void json_write_bits(
	struct json *j, const char *key, uint32_t mask, const char *(*name)(unsigned bit))
{
	json_write_open(j, key, '[');
	for (unsigned bit = 0; bit < 32; bit++)
		if (mask >> bit & 1 && name(bit))
			json_write_text(j, NULL, name(bit));
	json_write_close(j, ']');
}

static const char *protocol_name(unsigned bit)
{
	return UINT32_C(1) << bit == PORTSCOPE_TCP ? "tcp" : "udp";
}

static const char *family_name(unsigned bit)
{
	return UINT32_C(1) << bit == PORTSCOPE_INET ? "inet" : "inet6";
}

static const char *state_name(unsigned bit)
{
	return portscope_field_word(PORTSCOPE_FIELD_STATE, bit);
}

void json_query_masks(struct json *j, unsigned protocols, unsigned families, uint32_t states)
{
	if (protocols)
		json_write_bits(j, "protocols", protocols, protocol_name);
	if (families)
		json_write_bits(j, "families", families, family_name);
	if (states)
		json_write_bits(j, "states", states, state_name);
}
