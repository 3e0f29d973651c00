/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which part of a name is made up. systemd-logind numbers sessions (session-12.scope, or
 * c12 where audit is off), systemd-run makes run-u7.service, run-p12-i34.service and
 * run-r<hex>.scope, desktops follow https://systemd.io/DESKTOP_ENVIRONMENTS
 * (app-<name>-<random>.scope, app-<name>@<random>.service), and container runtimes put the
 * container's id in.
 *
 * Of paths: an AppImage mounts itself at /tmp/.mount_<name><random>, PyInstaller unpacks to
 * /tmp/_MEI<random>, /run/user/<uid> is what a session fills, Nix and Guix put a hash before each
 * name, and many programs have a folder for each version.
 */
#include "document/transient.h"

#include <string.h>

/* Shorter runs of hexadecimal digits may be words: `cafe`, `decade`. */
#define ID_LENGTH_MIN 12

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t span(const char *text, size_t length, bool (*is)(char))
{
	size_t n = 0;

	while (n < length && is(text[n]))
		n++;
	return n;
}

static bool starts(const char *text, size_t length, const char *with)
{
	size_t n = strlen(with);

	return length >= n && !memcmp(text, with, n);
}

/* A run of hexadecimal digits that is long enough for an id and no decimal number; or 0. */
static size_t id_length(const char *text, size_t length)
{
	size_t n = span(text, length, is_hex);

	return n >= ID_LENGTH_MIN ? n : 0;
}

/* A UUID, with the hyphens that its digits have between them (RFC 9562); or 0. */
static size_t uuid_length(const char *text, size_t length)
{
	static const char form[] = "8-4-4-4-12";
	size_t at = 0;

	for (const char *f = form; *f;) {
		size_t digits = strtoul(f, (char **)&f, 10);

		if (span(text + at, MIN(length - at, digits), is_hex) != digits)
			return 0;
		at += digits;
		if (*f == '-') {
			f++;
			if (at == length || text[at] != '-')
				return 0;
			at++;
		}
	}
	return at;
}

/* Writes a name with its ids replaced, wherever they stand between other characters. */
static void put_without_ids(struct out *o, const char *name, size_t length)
{
	for (size_t i = 0; i < length;) {
		bool begins = !i || !is_alnum(name[i - 1]);
		size_t n = begins ? uuid_length(name + i, length - i) : 0;

		if (begins && !n)
			n = id_length(name + i, length - i);
		if (n && i + n < length && is_alnum(name[i + n]))
			n = 0;
		if (n)
			out_char(o, '*');
		else
			out_char(o, name[i]);
		i += n ? n : 1;
	}
}

/* session-12, session-c12 */
static bool is_session(const char *name, size_t length)
{
	size_t n = 8;

	if (!starts(name, length, "session-"))
		return false;
	n += n < length && name[n] == 'c';
	return n < length && span(name + n, length - n, is_digit) == length - n;
}

/* run-u7, run-7, run-r0123456789abcdef0123456789abcdef, run-p12-i34 */
static bool is_run(const char *name, size_t length)
{
	size_t n = 4, digits;

	if (!starts(name, length, "run-") || length == n)
		return false;
	n += strchr("urp", name[n]) != NULL;
	digits = span(name + n, length - n, is_hex);
	n += digits;
	return digits && (n == length || starts(name + n, length - n, "-i"));
}

/* The number of leading characters that stay of a name which ends in what is made up, or 0. */
static size_t fixed_part(const char *name, size_t length, bool scope)
{
	size_t n = length;

	if (is_session(name, length))
		return strlen("session-");
	if (is_run(name, length))
		return strlen("run-");
	if (!scope || !starts(name, length, "app-"))
		return 0;
	while (is_digit(name[n - 1]))
		n--;
	return n < length && n > strlen("app-") && name[n - 1] == '-' ? n : 0;
}

/* One unit: a name, a dot and a kind. */
static void put_unit(struct out *o, const char *unit, size_t length)
{
	const char *dot = memrchr(unit, '.', length);
	size_t name = dot ? (size_t)(dot - unit) : length;
	size_t fixed = fixed_part(unit, name, starts(unit + name, length - name, ".scope"));

	if (fixed) {
		out_bytes(o, unit, fixed);
		out_char(o, '*');
	} else {
		put_without_ids(o, unit, name);
	}
	out_bytes(o, unit + name, length - name);
}

void transient_unit(struct out *o, const char *unit)
{
	/* A user's unit comes after that of its manager: user@1000/backup.service. */
	for (;;) {
		size_t length = strcspn(unit, "/");

		put_unit(o, unit, length);
		if (!unit[length])
			return;
		out_char(o, '/');
		unit += length + 1;
	}
}

/* 7, 1.2.3, v20.11.1, 15.4-1+deb12u1: digits with dots, and what may follow a version. */
static bool is_version(const char *text, size_t length)
{
	size_t n = length && *text == 'v';

	if (n == length || !is_digit(text[n]))
		return false;
	while (n < length && (is_digit(text[n]) || text[n] == '.'))
		n++;
	return n == length || strchr("-+~_", text[n]);
}

/* Where the version of name-1.2.3 begins; or its length. */
static size_t version_start(const char *text, size_t length)
{
	for (size_t i = 1; i + 1 < length; i++)
		if ((text[i] == '-' || text[i] == '_') && is_version(text + i + 1, length - i - 1))
			return i + 1;
	return length;
}

/* One folder of a path; `parent` is all that stands before it. */
static void put_folder(
	struct out *o, const char *parent, size_t parent_length, const char *name, size_t length)
{
	static const struct {
		const char *parent, *start; /* the name begins so, and the rest is made up */
		bool hash;                  /* or the rest, up to a hyphen, is */
	} made[] = {{"/tmp/", ".mount_", false}, {"/tmp/", "_MEI", false},
		{"/var/tmp/", "_MEI", false}, {"/run/user/", "", false}, {"/nix/store/", "", true},
		{"/gnu/store/", "", true}};
	size_t version;

	for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
		const char *hyphen = made[i].hash ? memchr(name, '-', length) : NULL;

		if (strlen(made[i].parent) != parent_length ||
			memcmp(made[i].parent, parent, parent_length) ||
			!starts(name, length, made[i].start) || (made[i].hash && !hyphen))
			continue;
		out_text(o, made[i].start);
		out_char(o, '*');
		if (!hyphen)
			return;
		length -= (size_t)(hyphen - name);
		name = hyphen;
		break;
	}
	version = is_version(name, length) ? 0 : version_start(name, length);
	put_without_ids(o, name, version);
	if (version < length)
		out_char(o, '*');
}

void transient_path(struct out *o, const char *path)
{
	const char *at = path;
	bool session = false;

	for (;;) {
		size_t length = strcspn(at, "/");

		if (!at[length]) {
			out_bytes(o, at, length);
			return;
		}
		/* Below /run/user/UID the first name is made up too. */
		if (session)
			out_char(o, '*');
		else
			put_folder(o, path, (size_t)(at - path), at, length);
		session = starts(path, (size_t)(at - path), "/run/user/") &&
			  (size_t)(at - path) == strlen("/run/user/");
		out_char(o, '/');
		at += length + 1;
	}
}

void transient_program(struct out *o, const char *program)
{
	size_t length = strlen(program);
	const char *bracket = NULL;

	for (const char *at = program; (at = strstr(at, " (")); at++)
		bracket = at;
	if (bracket && length && program[length - 1] == ')')
		out_bytes(o, bracket + 2, length - 1 - (size_t)(bracket + 2 - program));
	else
		out_bytes(o, program, length);
}
