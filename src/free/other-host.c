/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads which ports another host uses from its JSON listing. The document may come from anywhere.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "model/names.h"
#include "util/macros.h"

static inline void json_decref_cleanup(json_t **json)
{
	json_decref(*json);
}

static int fault(struct portscope_other_host *to, const char *format, ...) PRINTF_LIKE(2, 3);

static int fault(struct portscope_other_host *to, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(to->fault, sizeof(to->fault), format, args);
	va_end(args);
	return -EBADMSG;
}

static int parse(int fd, struct portscope_other_host *to, json_t **ret)
{
	json_error_t error;
	json_t *root = json_loadfd(fd, JSON_REJECT_DUPLICATES, &error);

	if (root) {
		*ret = root;
		return 0;
	}
	if (json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	if (json_error_code(&error) == json_error_end_of_input_expected && error.line > 1)
		return fault(to, "more than one document, as in JSON lines: --json is wanted");
	if (json_error_code(&error) == json_error_premature_end_of_input)
		return fault(to, "it ends too early, in line %d", error.line);
	return fault(to, "line %d: %s", error.line, error.text);
}

static int check_schema(const json_t *root, struct portscope_other_host *to)
{
	const char *schema = json_string_value(json_object_get(root, "schema"));

	if (!schema)
		return fault(to, "no listing of portscope: it has no schema");
	if (strcmp(schema, PORTSCOPE_SCHEMA) != 0)
		return fault(
			to, "its schema is %.60s, this version reads " PORTSCOPE_SCHEMA, schema);
	if (!json_is_array(json_object_get(root, "sockets")))
		return fault(to, "no listing of sockets");
	return 0;
}

static bool has_word(const json_t *array, const char *word)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *item = json_string_value(json_array_get(array, i));

		if (item && !strcmp(item, word))
			return true;
	}
	return false;
}

static void lack(struct portscope_other_host *to, const char *what)
{
	size_t length = strlen(to->lack);

	snprintf(to->lack + length, sizeof(to->lack) - length, "%s%s", length ? ", " : "", what);
}

/* A port that is not in a listing is free there only if the listing would have shown it. */
static void find_lack(const json_t *root, unsigned wanted, struct portscope_other_host *to)
{
	const json_t *query = json_object_get(root, "query");
	const json_t *protocols = json_object_get(query, "protocols");
	const json_t *families = json_object_get(query, "families");
	const json_t *states = json_object_get(query, "states");
	const json_t *filter = json_object_get(query, "filter");
	bool all = true;

	for (unsigned state = 0; state < 32; state++)
		if (PORTSCOPE_STATES_ALL >> state & 1 &&
			!has_word(states, portscope_field_word(PORTSCOPE_FIELD_STATE, state)))
			all = false;
	if (!all)
		lack(to, "some states");
	if (wanted & PORTSCOPE_TCP && !has_word(protocols, "tcp"))
		lack(to, "TCP");
	if (wanted & PORTSCOPE_UDP && !has_word(protocols, "udp"))
		lack(to, "UDP");
	if (!has_word(families, "inet") || !has_word(families, "inet6"))
		lack(to, "a family of addresses");
	if (filter && !json_is_null(filter))
		lack(to, "what its filter left out");
	if (!json_is_true(json_object_get(root, "complete")))
		lack(to, "what that host could not see");
}

static int take_socket(const json_t *item, size_t i, struct portscope_other_host *to)
{
	const char *protocol = json_string_value(json_object_get(item, "protocol"));
	const json_t *number = json_object_get(item, "local_port");
	json_int_t port = json_integer_value(number);
	uint8_t *map;

	if (!protocol || !json_is_integer(number))
		return fault(to, "its socket %zu has no protocol or local_port", i + 1);
	if (port < 0 || port > 65535)
		return fault(to, "its socket %zu has the port %" JSON_INTEGER_FORMAT, i + 1, port);
	map = !strcmp(protocol, "tcp") ? to->tcp : !strcmp(protocol, "udp") ? to->udp : NULL;
	if (map)
		map[port / 8] |= 1u << port % 8;
	return 0;
}

int portscope_read_other_host(int fd, unsigned protocols, struct portscope_other_host *to)
{
	CLEANUP(json_decref_cleanup) json_t *root = NULL;
	const json_t *sockets;
	int r;

	memset(to, 0, sizeof(*to));
	r = parse(fd, to, &root);
	if (r >= 0)
		r = check_schema(root, to);
	if (r < 0)
		return r;
	find_lack(root, protocols, to);
	sockets = json_object_get(root, "sockets");
	for (size_t i = 0; i < json_array_size(sockets) && r >= 0; i++)
		r = take_socket(json_array_get(sockets, i), i, to);
	return r;
}
