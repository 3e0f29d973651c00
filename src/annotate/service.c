/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the two files of a site, keeps their text and what its lines say of it, and answers for a
 * port or a name together with the registry.
 */
#include "annotate/service.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "model/host.h"
#include "model/names.h"
#include "registry/registry.h"
#include "util/array.h"
#include "util/ascii.h"
#include "util/file.h"
#include "util/suggest.h"

#define FILE_MAX      (1024 * 1024)
#define NAME_MAX_SIZE 63
#define FIELDS_MAX    64
/** Stock files that are not a copy of the registry have a few hundred lines. */
#define REGISTRY_LINES 2000
/** A damaged file is one problem, not thousands: after this many lines they are only counted. */
#define WARNINGS_MAX 8

/** A name that a file gives to a port, or another word for it. */
struct site_name {
	const char *name; /**< in one of service_names.texts */
	uint32_t key;     /**< as port_key() */
	uint8_t source;   /**< enum service_source */
	bool alias;
};

struct service_names {
	char *texts[2]; /**< the files, with a NUL after each field */
	struct site_name *names;
	size_t count;
	/** The names that win over the registry, by key, one a port. */
	struct site_name *winners;
	size_t n_winners;
	/** One bit a key: there is a winner. */
	uint64_t has_winner[2 * 65536 / 64];
};

/** A port of TCP or UDP as a number below 2 * 65536, in order of protocol and port. */
static uint32_t port_key(uint8_t protocol, uint16_t port)
{
	return (protocol == IPPROTO_UDP ? 65536u : 0u) + port;
}

static uint8_t key_protocol(uint32_t key)
{
	return key >= 65536 ? IPPROTO_UDP : IPPROTO_TCP;
}

/** A file while it is read. */
struct site_file {
	const char *path; /**< as it is shown */
	enum service_source source;
	struct warnings *warnings;
	size_t line;
	size_t skipped;
	bool is_registry; /**< as long as only a copy of the whole registry is */
};

static int skip_line(struct site_file *file, const char *why)
{
	if (++file->skipped > WARNINGS_MAX)
		return 0;
	return warnings_add(file->warnings, WARNING_NOTE, "%s:%zu: %s; the line is skipped",
		file->path, file->line, why);
}

static int skip_file(struct site_file *file, enum warning_kind kind, const char *why)
{
	return warnings_add(file->warnings, kind, "%s is not used: %s", file->path, why);
}

static int add_name(struct service_names *names, const struct site_name *name)
{
	struct site_name *added = ARRAY_ADD(names->names, names->count);

	if (!added)
		return -ENOMEM;
	*added = *name;
	return 0;
}

/** As isspace(3) in the C locale, which is what services(5) is read with. */
static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/**
 * Cuts a line into fields and ends each with a NUL. At most FIELDS_MAX are stored; the number of
 * all is given back. `end` may be written to.
 */
static size_t split_line(char *line, char *end, char **fields, size_t *lengths)
{
	size_t n = 0;

	for (char *at = line;;) {
		char *start;

		while (at < end && is_blank(*at))
			at++;
		if (at == end || *at == '#')
			return n;
		start = at;
		while (at < end && !is_blank(*at) && *at != '#')
			at++;
		if (n < FIELDS_MAX) {
			fields[n] = start;
			lengths[n] = (size_t)(at - start);
		}
		n++;
		/* A comment may follow without a blank; its `#` becomes the NUL. */
		if (at < end && *at == '#')
			end = at;
		*at = '\0';
		if (at < end)
			at++;
	}
}

/** What is wrong with a name, or NULL. */
static const char *check_name(const char *name, size_t length)
{
	if (length > NAME_MAX_SIZE)
		return "a name is longer than 63 bytes";
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return "a control character in a name";
	return NULL;
}

/**
 * Reads `PORT/PROTOCOL`. NULL: `ret_key` holds, or is left alone for a protocol that has ports but
 * is none of ours. Else what is wrong.
 */
static const char *parse_port(const char *field, size_t length, uint32_t *ret_key)
{
	static const char others[][8] = {"sctp", "dccp", "udplite", "ddp", "idp"};
	const char *slash = memchr(field, '/', length);
	unsigned port = 0;

	if (!slash || slash == field || strlen(field) != length)
		return "the second field is not PORT/PROTOCOL";
	for (const char *at = field; at < slash; at++) {
		if (*at < '0' || *at > '9')
			return "the port is not a number";
		if (port <= 65535)
			port = port * 10 + (unsigned)(*at - '0');
	}
	if (port < 1 || port > 65535)
		return "the port is not in 1-65535";
	if (!strcmp(slash + 1, "tcp")) {
		*ret_key = port_key(IPPROTO_TCP, (uint16_t)port);
		return NULL;
	}
	if (!strcmp(slash + 1, "udp")) {
		*ret_key = port_key(IPPROTO_UDP, (uint16_t)port);
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcmp(slash + 1, others[i]))
			return NULL;
	return "unknown protocol";
}

/** True if IANA registered this name for the port. */
static bool is_registered(uint32_t key, const char *name, size_t length)
{
	struct registry_service service;

	for (size_t i = 0; registry_next_service(key_protocol(key), (uint16_t)key, &i, &service);)
		if (ascii_same(service.name, name, length))
			return true;
	return false;
}

/**
 * True if a line of /etc/services is the site's: the file as it was installed would not have it.
 * Where that is a copy of the whole registry, of whatever date, a name that is registered anywhere
 * is from there.
 */
static bool is_site_line(const struct site_file *file, uint32_t key, char **names,
	const size_t *lengths, size_t count)
{
	if (is_registered(key, names[0], lengths[0]) ||
		registry_in_baseline(key_protocol(key), (uint16_t)key, names[0], lengths[0]))
		return false;
	for (size_t i = 0; file->is_registry && i < count; i++)
		if (registry_knows_name(names[i], lengths[i]))
			return false;
	return true;
}

static int parse_line(struct service_names *names, struct site_file *file, char *line, char *end)
{
	char *fields[FIELDS_MAX];
	size_t lengths[FIELDS_MAX];
	size_t n = split_line(line, end, fields, lengths), n_names;
	struct site_name name = {.key = UINT32_MAX, .source = file->source};
	const char *wrong;

	if (n == 0)
		return 0;
	if (n == 1)
		return skip_line(file, "the port is missing");
	if (n > FIELDS_MAX)
		return skip_line(file, "too many aliases");
	wrong = parse_port(fields[1], lengths[1], &name.key);
	if (wrong)
		return skip_line(file, wrong);
	/* The names are the first field and those from the third on: move them together. */
	fields[1] = fields[0];
	lengths[1] = lengths[0];
	n_names = n - 1;
	for (size_t i = 1; i <= n_names; i++) {
		wrong = check_name(fields[i], lengths[i]);
		if (wrong)
			return skip_line(file, wrong);
	}
	if (name.key == UINT32_MAX)
		return 0;
	if (file->source == SERVICE_ETC &&
		is_site_line(file, name.key, fields + 1, lengths + 1, n_names))
		name.source = SERVICE_SITE;
	for (size_t i = 1; i <= n_names; i++) {
		int r;

		name.name = fields[i];
		name.alias = i > 1;
		r = add_name(names, &name);
		if (r < 0)
			return r;
	}
	return 0;
}

/** Parses a text line by line. */
static int parse_text(
	struct service_names *names, struct site_file *file, char *text, size_t length)
{
	char *end = text + length;
	size_t lines = 0;

	for (char *at = text; (at = memchr(at, '\n', (size_t)(end - at))); at++)
		lines++;
	file->is_registry = lines > REGISTRY_LINES;
	for (char *line = text; line < end;) {
		char *newline = memchr(line, '\n', (size_t)(end - line));
		char *stop = newline ? newline : end;
		int r;

		file->line++;
		r = parse_line(names, file, line, stop);
		if (r < 0)
			return r;
		line = stop + 1;
	}
	if (file->skipped > WARNINGS_MAX)
		return warnings_add(file->warnings, WARNING_NOTE, "%s: %zu more lines are skipped",
			file->path, file->skipped - WARNINGS_MAX);
	return 0;
}

/** Reads one file below /etc; `ret_text` receives what the names point into. */
static int load_file(struct service_names *names, int etc_dirfd, const char *below,
	struct site_file *file, char **ret_text)
{
	struct stat st;
	size_t length;
	int r;

	if (fstatat(etc_dirfd, below, &st, 0) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return 0;
		return skip_file(file, WARNING_INCOMPLETE, strerror(errno));
	}
	if (!S_ISREG(st.st_mode))
		return skip_file(file, WARNING_NOTE, "not a regular file");
	r = file_read(etc_dirfd, below, FILE_MAX, ret_text, &length);
	if (r == -ENOMEM)
		return r;
	if (r == -EFBIG)
		return skip_file(file, WARNING_NOTE, "larger than 1 MiB");
	if (r < 0)
		return skip_file(file, WARNING_INCOMPLETE, strerror(-r));
	return parse_text(names, file, *ret_text, length);
}

/** By port, then by precedence, then as they stand in the file. */
static int compare_names(const void *a, const void *b)
{
	const struct site_name *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

/** A line that is not the site's names only a port that has no other name. */
static bool can_win(const struct site_name *name)
{
	return !name->alias &&
	       (name->source != SERVICE_ETC ||
		       !registry_name(key_protocol(name->key), (uint16_t)name->key, NULL, NULL));
}

/** Chooses for each port the name that wins over the registry, or that alone knows it. */
static int choose_winners(struct service_names *names)
{
	size_t n = 0;

	for (size_t i = 0; i < names->count; i++)
		n += can_win(&names->names[i]);
	if (n == 0)
		return 0;
	names->winners = calloc(n, sizeof(*names->winners));
	if (!names->winners)
		return -ENOMEM;
	n = 0;
	for (size_t i = 0; i < names->count; i++)
		if (can_win(&names->names[i]))
			names->winners[n++] = names->names[i];
	qsort(names->winners, n, sizeof(*names->winners), compare_names);
	for (size_t i = 0; i < n; i++) {
		uint32_t key = names->winners[i].key;

		if (names->n_winners && names->winners[names->n_winners - 1].key == key)
			continue;
		names->winners[names->n_winners++] = names->winners[i];
		names->has_winner[key / 64] |= UINT64_C(1) << key % 64;
	}
	return 0;
}

int service_names_load(int etc_dirfd, struct warnings *warnings, struct service_names **ret)
{
	CLEANUP(service_names_free_cleanup) struct service_names *names = NULL;
	struct site_file own = {
		.path = "/etc/portscope/services",
		.source = SERVICE_PORTSCOPE,
		.warnings = warnings,
	};
	struct site_file etc = {
		.path = "/etc/services",
		.source = SERVICE_ETC,
		.warnings = warnings,
	};
	int r;

	names = calloc(1, sizeof(*names));
	if (!names)
		return -ENOMEM;
	r = load_file(names, etc_dirfd, "portscope/services", &own, &names->texts[0]);
	if (r < 0)
		return r;
	r = load_file(names, etc_dirfd, "services", &etc, &names->texts[1]);
	if (r < 0)
		return r;
	r = choose_winners(names);
	if (r < 0)
		return r;
	*ret = STEAL(names);
	return 0;
}

struct service_names *service_names_free(struct service_names *names)
{
	if (!names)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(names->texts); i++)
		free(names->texts[i]);
	free(names->names);
	free(names->winners);
	free(names);
	return NULL;
}

/** The site's name for a port that has one. */
static struct service find_winner(const struct service_names *names, uint32_t key)
{
	size_t low = 0, high = names->n_winners;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (names->winners[middle].key <= key)
			low = middle;
		else
			high = middle;
	}
	return (struct service){
		.name = names->winners[low].name,
		.source = (enum service_source)names->winners[low].source,
		.hint = names->winners[low].source == SERVICE_ETC &&
			port_range_of((uint16_t)key) != PORT_WELL_KNOWN,
	};
}

struct service service_name(const struct service_names *names, uint8_t protocol, uint16_t port)
{
	static const enum service_source sources[] = {
		[REGISTRY_PREFERRED] = SERVICE_PREFERRED,
		[REGISTRY_DE_FACTO] = SERVICE_DE_FACTO,
		[REGISTRY_IANA] = SERVICE_IANA,
	};
	uint32_t key = port_key(protocol, port);
	enum registry_source source = REGISTRY_IANA;
	struct service service = {0};

	if (names && unlikely(names->has_winner[key / 64] & UINT64_C(1) << key % 64))
		return find_winner(names, key);
	service.name = registry_name(protocol, port, &source, &service.hint);
	service.source = sources[source];
	return service;
}

bool service_is_local(const struct host *host, const struct socket *socket)
{
	const struct service_names *names = host->services;
	uint16_t local = socket->local_port, remote = socket->remote_port;
	bool local_ephemeral = host_port_is_ephemeral(host, local);
	bool remote_ephemeral = host_port_is_ephemeral(host, remote);

	if (remote == 0 || socket->state == PORTSCOPE_LISTEN ||
		socket->state == PORTSCOPE_UNCONNECTED || socket->state == PORTSCOPE_SYN_RECV)
		return true;
	if (socket->state == PORTSCOPE_SYN_SENT)
		return false;
	if (local_ephemeral != remote_ephemeral)
		return remote_ephemeral;
	return service_name(names, socket->protocol, local).name &&
	       !(remote < local && service_name(names, socket->protocol, remote).name);
}

/** Takes a place if one of `protocols` has it. */
static size_t take_port(struct service_port *ports, size_t count, unsigned protocols,
	const struct service_port *port)
{
	bool wanted = (port->protocol == IPPROTO_TCP && protocols & PORTSCOPE_TCP) ||
		      (port->protocol == IPPROTO_UDP && protocols & PORTSCOPE_UDP);

	if (!wanted)
		return count;
	ports[count] = *port;
	return count + 1;
}

static int compare_ports(const void *a, const void *b)
{
	const struct service_port *x = a, *y = b;

	if (x->protocol != y->protocol)
		return x->protocol < y->protocol ? -1 : 1;
	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	return x->high < y->high ? -1 : x->high > y->high;
}

/** Orders ports and drops doubles; the number of those that stay. */
static size_t order_ports(struct service_port *ports, size_t count)
{
	size_t n = 0;

	if (count > 1)
		qsort(ports, count, sizeof(*ports), compare_ports);
	for (size_t i = 0; i < count; i++)
		if (n == 0 || compare_ports(&ports[n - 1], &ports[i]) != 0)
			ports[n++] = ports[i];
	return n;
}

int service_ports(const struct service_names *names, const char *name, unsigned protocols,
	struct service_port **ret, size_t *ret_count)
{
	AUTO_FREE struct service_port *ports = NULL;
	size_t length = strlen(name);
	int id = registry_find_name(name, length);
	size_t most = names ? names->count : 0, count = 0;
	struct registry_place place;

	if (id >= 0)
		for (size_t i = 0; registry_next_place((size_t)id, &i, &place);)
			most++;
	if (most == 0)
		return -ENOENT;
	ports = calloc(most, sizeof(*ports));
	if (!ports)
		return -ENOMEM;
	if (id >= 0)
		for (size_t i = 0; registry_next_place((size_t)id, &i, &place);)
			count = take_port(ports, count, protocols,
				&(struct service_port){place.protocol, place.low, place.high});
	for (size_t i = 0; names && i < names->count; i++) {
		uint16_t port = (uint16_t)names->names[i].key;
		uint8_t protocol = key_protocol(names->names[i].key);

		if (ascii_same(names->names[i].name, name, length))
			count = take_port(ports, count, protocols,
				&(struct service_port){protocol, port, port});
	}
	count = order_ports(ports, count);
	if (count == 0)
		return -ENOENT;
	*ret = STEAL(ports);
	*ret_count = count;
	return 0;
}

bool service_next_word(const struct service_names *names, size_t *position, const char **ret)
{
	if (!names || *position >= names->count)
		return false;
	*ret = names->names[(*position)++].name;
	return true;
}

size_t service_similar(
	const struct service_names *names, const char *word, const char **ret, size_t n)
{
	AUTO_FREE const char **all = NULL;
	size_t count = 0, found = 0, total = registry_name_total();
	const char *site;

	for (size_t i = 0; service_next_word(names, &i, &site);)
		total++;
	all = reallocarray(NULL, total, sizeof(*all));
	if (!all)
		return 0;
	for (size_t i = 0; service_next_word(names, &i, &site);)
		all[count++] = site;
	for (size_t id = 0; id < registry_name_total(); id++)
		all[count++] = registry_name_at(id);
	while (found < n) {
		const char *near = suggest(word, all, count);

		if (!near)
			break;
		ret[found++] = near;
		/* What was given once, in whatever case, is not given again. */
		for (size_t i = 0; i < count; i++)
			if (all[i] && !strcasecmp(all[i], near))
				all[i] = NULL;
	}
	return found;
}
