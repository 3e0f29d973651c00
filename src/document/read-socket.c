/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One socket of a document: its values, checked one by one. */
#include "document/read.h"

#include <arpa/inet.h>
#include <string.h>

#include "model/names.h"
#include "util/array.h"

/* No name is longer: paths have at most PATH_MAX bytes (limits.h), everything else fewer. */
#define NAME_LENGTH_MAX 8192

static int fault(struct reader *r, const char *key, const json_t *value, const char *expected)
{
	return reader_fault(r, -EBADMSG, "line %zu: socket %zu: %s is %s and not %s", r->line,
		r->document->count + 1, key, value ? read_kind(value) : "missing", expected);
}

static int wrong_word(struct reader *r, const char *key, const char *word)
{
	return reader_fault(r, -EBADMSG, "line %zu: socket %zu: %s: '%.100s' is unknown here",
		r->line, r->document->count + 1, key, word);
}

/*
 * The value of a column: NULL where the document has no such column, or before its query says so.
 * What a document has once it has for every socket, if only null.
 */
static const json_t *get(const struct reader *r, const json_t *socket, enum document_column column)
{
	return r->document->columns & column
		       ? json_object_get(
				 socket, document_column_name((unsigned)__builtin_ctz(column)))
		       : NULL;
}

static int check_length(struct reader *r, const char *key, const json_t *value)
{
	if (json_string_length(value) > NAME_LENGTH_MAX)
		return reader_fault(r, -EBADMSG, "line %zu: socket %zu: %s is longer than any name",
			r->line, r->document->count + 1, key);
	return 0;
}

/* A string or null. */
static int get_text(
	struct reader *r, const json_t *socket, enum document_column column, const char **ret)
{
	const char *key = document_column_name((unsigned)__builtin_ctz(column));
	const json_t *value = get(r, socket, column);

	if (!value || json_is_null(value))
		return 0;
	if (!json_is_string(value))
		return fault(r, key, value, "a string or null");
	*ret = json_string_value(value);
	return check_length(r, key, value);
}

static int get_flag(struct reader *r, const json_t *socket, enum document_column column,
	struct entry *entry, unsigned known, unsigned set)
{
	const json_t *value = get(r, socket, column);

	if (!value || json_is_null(value))
		return 0;
	if (!json_is_boolean(value))
		return fault(r, document_column_name((unsigned)__builtin_ctz(column)), value,
			"a boolean or null");
	entry->flags |= known | (json_is_true(value) ? set : 0);
	return 0;
}

static int get_port(
	struct reader *r, const json_t *socket, enum document_column column, uint16_t *ret)
{
	const json_t *value = get(r, socket, column);
	json_int_t port = json_integer_value(value);

	if (!value || (json_is_null(value) && column == COLUMN_REMOTE_PORT))
		return 0;
	if (!json_is_integer(value) || port < 0 || port > 65535)
		return fault(r, document_column_name((unsigned)__builtin_ctz(column)), value,
			"a port from 0 to 65535");
	*ret = (uint16_t)port;
	return 0;
}

static int get_address(struct reader *r, const json_t *socket, enum document_column column,
	uint8_t *ret_family, uint8_t *ret)
{
	const char *key = document_column_name((unsigned)__builtin_ctz(column));
	const json_t *value = get(r, socket, column);
	const char *text = json_string_value(value);

	if (!value || (json_is_null(value) && column == COLUMN_REMOTE_ADDRESS))
		return 0;
	if (!text)
		return fault(r, key, value, "an address");
	*ret_family = strchr(text, ':') ? AF_INET6 : AF_INET;
	return inet_pton(*ret_family, text, ret) == 1 ? 0 : wrong_word(r, key, text);
}

static int get_endpoints(struct reader *r, const json_t *socket, struct entry *entry)
{
	int c = get_address(r, socket, COLUMN_LOCAL_ADDRESS, &entry->local_family, entry->local);

	if (c >= 0)
		c = get_port(r, socket, COLUMN_LOCAL_PORT, &entry->local_port);
	if (c >= 0)
		c = get_address(
			r, socket, COLUMN_REMOTE_ADDRESS, &entry->remote_family, entry->remote);
	if (c >= 0)
		c = get_port(r, socket, COLUMN_REMOTE_PORT, &entry->remote_port);
	return c;
}

/* Words of the socket that decide what it is compared with. */
static int get_words(struct reader *r, const json_t *socket, struct entry *entry)
{
	const char *protocol = NULL, *state = NULL, *direction = NULL, *owner = NULL;
	int c = get_text(r, socket, COLUMN_PROTOCOL, &protocol);

	if (c >= 0)
		c = get_text(r, socket, COLUMN_STATE, &state);
	if (c >= 0)
		c = get_text(r, socket, COLUMN_DIRECTION, &direction);
	if (c >= 0)
		c = get_text(r, socket, COLUMN_OWNER, &owner);
	if (c < 0)
		return c;
	if (!protocol || (strcmp(protocol, "tcp") != 0 && strcmp(protocol, "udp") != 0))
		return wrong_word(r, "protocol", protocol ? protocol : "null");
	entry->protocol = *protocol == 't' ? IPPROTO_TCP : IPPROTO_UDP;
	if (state && state_find(state) == PORTSCOPE_BOUND_INACTIVE)
		entry->flags |= ENTRY_IDLE;
	if (direction && !strcmp(direction, vocabulary_word(&direction_words, DIRECTION_INBOUND)))
		entry->flags |= ENTRY_INBOUND;
	if (direction && !strcmp(direction, vocabulary_word(&direction_words, DIRECTION_OUTBOUND)))
		entry->flags |= ENTRY_OUTBOUND;
	if (owner && !strcmp(owner, vocabulary_word(&owner_words, OWNER_KNOWN)))
		entry->flags |= ENTRY_HELD;
	if (owner && !strcmp(owner, vocabulary_word(&owner_words, OWNER_NONE)))
		entry->flags |= ENTRY_NOT_HELD;
	return 0;
}

static int get_cookie(struct reader *r, const json_t *socket, struct entry *entry)
{
	const char *text = NULL;
	char *end;
	int c = get_text(r, socket, COLUMN_COOKIE, &text);

	if (c < 0 || !text)
		return c;
	errno = 0;
	entry->cookie = strtoull(text, &end, 16);
	return errno || *end || end == text ? wrong_word(r, "cookie", text) : 0;
}

static int get_container(struct reader *r, const json_t *socket, struct entry_facts *facts)
{
	const json_t *value = get(r, socket, COLUMN_CONTAINER), *name, *id, *runtime;
	int c;

	if (!value || json_is_null(value))
		return 0;
	runtime = json_object_get(value, "runtime");
	id = json_object_get(value, "id");
	name = json_object_get(value, "name");
	if (!json_is_string(runtime) || !json_is_string(id) ||
		(!json_is_string(name) && !json_is_null(name)))
		return fault(r, "container", value, "one with runtime, id and name");
	c = check_length(r, "container", runtime);
	if (c >= 0)
		c = check_length(r, "container", id);
	if (c >= 0)
		c = check_length(r, "container", name);
	return c < 0 ? c
		     : document_set_container(facts, &r->scratch, json_string_value(runtime),
			       json_string_value(id), json_string_value(name));
}

/* Joins one member of every process, or where `member` is NULL the processes themselves. */
static int join_names(
	struct reader *r, const json_t *list, const char *column, const char *member, char **ret)
{
	const json_t *item;
	size_t i;

	r->n_names = 0;
	json_array_foreach(list, i, item)
	{
		const json_t *name = member ? json_object_get(item, member) : item;
		const char **added;
		int c;

		if (!json_is_string(name) && !json_is_null(name))
			return fault(r, column, name, "a list of names");
		c = check_length(r, column, name);
		if (c < 0)
			return c;
		added = ARRAY_ADD(r->names, r->n_names);
		if (!added)
			return -ENOMEM;
		*added = json_string_value(name);
	}
	return document_join(r->names, r->n_names, ret);
}

/* Who holds it; null where that could not be seen. */
static int get_holders(struct reader *r, const json_t *socket, struct entry *entry, char **programs,
	char **executables)
{
	const json_t *full = get(r, socket, COLUMN_PROCESSES);
	const json_t *names = full ? full : get(r, socket, COLUMN_PROCESS);
	const char *column = full ? "processes" : "process";
	int c;

	if (!names || json_is_null(names))
		return 0;
	if (!json_is_array(names))
		return fault(r, column, names, "an array or null");
	entry->flags |= json_array_size(names) ? ENTRY_HELD : ENTRY_NOT_HELD;
	c = join_names(r, names, column, full ? "program" : NULL, programs);
	return c < 0 || !full ? c : join_names(r, full, column, "exe", executables);
}

/* Every column of the document is there, and its query came before its sockets. */
static int check_keys(struct reader *r, const json_t *socket)
{
	unsigned columns = r->document->columns;

	if (!json_is_object(socket))
		return reader_fault(r, -EBADMSG, "line %zu: socket %zu is %s and not an object",
			r->line, r->document->count + 1, read_kind(socket));
	if (!columns)
		return reader_fault(r, -EINVAL,
			"line %zu: its sockets come before its query, which says how to read "
			"them: keep the members in order, as portscope --json and jq -S do",
			r->line);
	for (; columns; columns &= columns - 1) {
		const char *key = document_column_name((unsigned)__builtin_ctz(columns));

		if (!json_object_get(socket, key))
			return fault(r, key, NULL, "what the columns promise");
	}
	return 0;
}

int read_socket(struct reader *r, json_t *socket)
{
	AUTO_FREE char *programs = NULL;
	AUTO_FREE char *executables = NULL;
	struct entry_facts facts = {0};
	int c = check_keys(r, socket);

	if (c >= 0)
		c = get_words(r, socket, &facts.entry);
	if (c >= 0)
		c = get_endpoints(r, socket, &facts.entry);
	if (c >= 0)
		c = get_flag(r, socket, COLUMN_PROBABLE_CLIENT, &facts.entry, 0, ENTRY_CLIENT);
	if (c >= 0)
		c = get_flag(
			r, socket, COLUMN_DUAL_STACK, &facts.entry, ENTRY_DUAL_KNOWN, ENTRY_DUAL);
	if (c >= 0)
		c = get_cookie(r, socket, &facts.entry);
	if (c >= 0)
		c = get_text(r, socket, COLUMN_INTERFACE, &facts.interface);
	/* It is bound to an interface whose name could not be read. */
	if (!facts.interface && json_integer_value(json_object_get(socket, "ifindex")))
		r->document->unnamed = true;
	if (c >= 0)
		c = get_text(r, socket, COLUMN_USER, &facts.aspects[PORTSCOPE_ASPECT_USER]);
	if (c >= 0)
		c = get_text(r, socket, COLUMN_UNIT, &facts.aspects[PORTSCOPE_ASPECT_UNIT]);
	if (c >= 0)
		c = get_text(r, socket, COLUMN_EXPOSURE, &facts.aspects[PORTSCOPE_ASPECT_EXPOSURE]);
	if (c >= 0)
		c = get_container(r, socket, &facts);
	if (c >= 0)
		c = get_holders(r, socket, &facts.entry, &programs, &executables);
	if (c < 0)
		return c;
	facts.aspects[PORTSCOPE_ASPECT_PROGRAM] = programs;
	facts.aspects[PORTSCOPE_ASPECT_EXECUTABLE] = executables;
	return document_add(r->document, &facts);
}
