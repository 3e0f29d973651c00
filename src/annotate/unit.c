/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cgroup paths, read component by component.
 *
 * Units: systemd makes slices, in them one cgroup a unit, and below a unit whatever the unit
 * likes. A user's manager is the service user@UID.service, below which the same begins anew.
 *
 * Containers: each runtime names its cgroups in its own way, once for the systemd driver (a scope
 * below a slice) and once for the cgroupfs driver (a directory below one with a known name). All
 * of them are in the tables below. What marks a container are the 64 hexadecimal digits of its
 * id, wherever they stand (a parent may be chosen: /ecs/TASK/ID), or a place that only the runtime
 * uses.
 */
#include "annotate/unit.h"

#include <stdio.h>
#include <string.h>

#include "util/macros.h"

/** A part of the path. */
struct part {
	const char *text;
	size_t length;
};

static bool part_is(struct part p, const char *word)
{
	return p.length == strlen(word) && !memcmp(p.text, word, p.length);
}

static bool part_begins(struct part p, const char *prefix)
{
	size_t n = strlen(prefix);

	return p.length > n && !memcmp(p.text, prefix, n);
}

static bool part_ends(struct part p, const char *suffix)
{
	size_t n = strlen(suffix);

	return p.length > n && !memcmp(p.text + p.length - n, suffix, n);
}

static struct part part_cut(struct part p, size_t front, size_t back)
{
	return (struct part){p.text + front, p.length - front - back};
}

/** Moves to the next component; `..` (seen from a cgroup namespace beside it) is passed over. */
static bool path_next(const char **path, struct part *ret)
{
	do {
		*path += strspn(*path, "/");
		*ret = (struct part){*path, strcspn(*path, "/")};
		*path += ret->length;
	} while (part_is(*ret, ".."));
	return ret->length > 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/** The id that Docker and its relatives give to every container. */
static bool part_is_id(struct part p)
{
	for (size_t i = 0; i < p.length; i++)
		if (hex_digit(p.text[i]) < 0)
			return false;
	return p.length == 64;
}

static bool part_number(struct part p, uint32_t *ret)
{
	uint64_t n = 0;

	for (size_t i = 0; i < p.length; i++) {
		if (p.text[i] < '0' || p.text[i] > '9')
			return false;
		n = 10 * n + (p.text[i] - '0');
		if (n >= UINT32_MAX) /* which is not a user */
			return false;
	}
	*ret = n;
	return p.length > 0;
}

/** The byte that an escape `\x2d` at `s` stands for, -1 if there is none to be undone. */
static int escaped_byte(const char *s, size_t length)
{
	int high, low, c;

	if (length < 4 || s[0] != '\\' || s[1] != 'x')
		return -1;
	high = hex_digit(s[2]);
	low = hex_digit(s[3]);
	if (high < 0 || low < 0)
		return -1;
	c = high << 4 | low;
	/* What would forge a path or vanish stays as it is. */
	return c < ' ' || c == '/' || c == '\\' || c == 0x7f ? -1 : c;
}

/** Undoes the escapes of systemd.unit(5) in a name; `to` has room for it and a NUL. */
static void part_unescape(struct part p, char *to)
{
	for (size_t i = 0; i < p.length; to++) {
		int c = escaped_byte(p.text + i, p.length - i);

		*to = (char)(c < 0 ? p.text[i] : c);
		i += c < 0 ? 1 : 4;
	}
	*to = '\0';
}

static char *part_dup(struct part p)
{
	char *s = malloc(p.length + 1);

	if (s)
		part_unescape(p, s);
	return s;
}

static bool part_is_slice(struct part p)
{
	return part_ends(p, ".slice");
}

/** Unit types that have processes, but for slices. */
static bool part_is_unit(struct part p)
{
	static const char *const suffixes[] = {".service", ".scope", ".socket", ".mount", ".swap"};

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (part_ends(p, suffixes[i]))
			return true;
	return false;
}

/** Recognises user@UID.service, the manager of a user. */
static bool part_is_manager(struct part p, uint32_t *ret_uid)
{
	return part_begins(p, "user@") && part_ends(p, ".service") &&
	       part_number(part_cut(p, strlen("user@"), strlen(".service")), ret_uid);
}

/** Moves past slices to the unit in them; false if what stands there is none of systemd's. */
static bool path_unit(const char **path, struct part *ret)
{
	while (path_next(path, ret)) {
		if (part_is_slice(*ret))
			continue;
		/* systemd puts it before names that look like a file of the kernel's. */
		if (part_begins(*ret, "_"))
			*ret = part_cut(*ret, 1, 0);
		return part_is_unit(*ret);
	}
	return false;
}

static int unit_name_parse(const char *path, struct unit_parts *parts)
{
	struct part unit, inner;

	if (!path_unit(&path, &unit))
		return 0;
	parts->has_uid = part_is_manager(unit, &parts->uid);
	if (!parts->has_uid || !path_unit(&path, &inner)) {
		parts->unit = part_dup(unit);
		return parts->unit ? 0 : -ENOMEM;
	}
	parts->unit = malloc(sizeof("user@4294967295/") + inner.length);
	if (!parts->unit)
		return -ENOMEM;
	part_unescape(inner, parts->unit + sprintf(parts->unit, "user@%u/", parts->uid));
	return 0;
}

/**
 * Cgroups that are called by a prefix and the id: as a scope (PREFIX-ID.scope), as a directory
 * where the runtime uses cgroupfs (PREFIX-ID), and where it was given a name for systemd but uses
 * cgroupfs all the same (SLICE:PREFIX:ID). A monitor (conmon) counts to its container: it holds the
 * container's published ports.
 */
static const struct {
	const char *prefix;
	const char *runtime;
} prefixes[] = {
	{"docker", "docker"},
	{"libpod", "podman"},
	{"libpod-conmon", "podman"},
	{"libpod-payload", "podman"}, /* --cgroups=split, as Quadlet does */
	{"cri-containerd", "containerd"},
	{"nerdctl", "containerd"},
	{"crio", "cri-o"},
	{"crio-conmon", "cri-o"},
};

/** Directories in which a runtime puts its containers. */
static const struct {
	const char *parent;
	const char *runtime;
	bool named; /**< by a name that the user chose, not by an id */
} parents[] = {
	{"docker", "docker", false},
	{"libpod_parent", "podman", false},
	{"lxc", "lxc", true},
	{"lxc.payload", "lxc", true},
	{"lxc.monitor", "lxc", true},
};

/** Sets the container. Where a user chose the name, it is the id too. */
static int container_set(struct unit_parts *parts, const char *runtime, struct part id, bool named)
{
	parts->id = strndup(id.text, id.length);
	parts->name = named && parts->id ? strdup(parts->id) : NULL;
	if (!parts->id || (named && !parts->name))
		return -ENOMEM;
	parts->runtime = runtime;
	return 1;
}

static int container_by_prefix(struct part p, struct unit_parts *parts)
{
	struct part id;

	if (part_ends(p, ".scope"))
		p = part_cut(p, 0, strlen(".scope"));
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (!part_begins(p, prefixes[i].prefix))
			continue;
		id = part_cut(p, strlen(prefixes[i].prefix), 0);
		if (id.text[0] != '-' && id.text[0] != ':')
			continue;
		id = part_cut(id, 1, 0);
		if (part_is_id(id))
			return container_set(parts, prefixes[i].runtime, id, false);
	}
	if (part_begins(p, "lxc.payload."))
		return container_set(parts, "lxc", part_cut(p, strlen("lxc.payload."), 0), true);
	if (part_begins(p, "lxc.monitor."))
		return container_set(parts, "lxc", part_cut(p, strlen("lxc.monitor."), 0), true);
	return 0;
}

static int container_by_parent(struct part p, struct part parent, struct unit_parts *parts)
{
	for (size_t i = 0; i < ARRAY_SIZE(parents); i++)
		if (part_is(parent, parents[i].parent) && (parents[i].named || part_is_id(p)))
			return container_set(parts, parents[i].runtime, p, parents[i].named);
	return 0;
}

/** libvirt calls its machines DRIVER-NUMBER-NAME: cuts that to the name, if it is so. */
static bool libvirt_cut(struct part machine, const char *driver, struct part *ret_name)
{
	struct part rest;
	size_t digits = 0;

	if (!part_begins(machine, driver))
		return false;
	rest = part_cut(machine, strlen(driver), 0);
	while (digits < rest.length && rest.text[digits] >= '0' && rest.text[digits] <= '9')
		digits++;
	if (!digits || rest.length - digits < 2 || rest.text[digits] != '-')
		return false;
	*ret_name = part_cut(rest, digits + 1, 0);
	return true;
}

/** The systemd-nspawn container with an escaped name. */
static int container_nspawn(struct part escaped, struct unit_parts *parts)
{
	AUTO_FREE char *name = part_dup(escaped);

	if (!name)
		return -ENOMEM;
	return container_set(parts, "systemd-nspawn", (struct part){name, strlen(name)}, true);
}

/** What systemd-machined was told to call NAME. Virtual machines are not containers. */
static int container_machined(struct part escaped, struct unit_parts *parts)
{
	static const char *const virtual[] = {"qemu-", "xen-", "libxl-", "ch-", "bhyve-"};
	AUTO_FREE char *text = part_dup(escaped);
	struct part machine, name;

	if (!text)
		return -ENOMEM;
	machine = (struct part){text, strlen(text)};
	for (size_t i = 0; i < ARRAY_SIZE(virtual); i++)
		if (libvirt_cut(machine, virtual[i], &name))
			return 0;
	if (libvirt_cut(machine, "lxc-", &name))
		return container_set(parts, "lxc", name, true);
	return container_set(parts, "systemd-nspawn", machine, true);
}

/** What stands in machine.slice. */
static int container_by_machine(struct part p, const char *rest, struct unit_parts *parts)
{
	struct part below;

	if (part_begins(p, "systemd-nspawn@") && part_ends(p, ".service"))
		return container_nspawn(
			part_cut(p, strlen("systemd-nspawn@"), strlen(".service")), parts);
	if (!part_ends(p, ".scope"))
		return 0;
	p = part_cut(p, 0, strlen(".scope"));
	if (part_begins(p, "machine-"))
		return container_machined(part_cut(p, strlen("machine-"), 0), parts);
	/* Where machined was not told, the scope has the bare name: its own two cgroups tell. */
	if (path_next(&rest, &below) && (part_is(below, "payload") || part_is(below, "supervisor")))
		return container_nspawn(p, parts);
	return 0;
}

/** The uid of a pod; systemd's driver writes its hyphens as underlines. */
static int pod_set(struct part uid, struct unit_parts *parts)
{
	char *pod = strndup(uid.text, uid.length);

	if (!pod)
		return -ENOMEM;
	for (char *c = pod; *c; c++)
		if (*c == '_')
			*c = '-';
	free(parts->pod);
	parts->pod = pod;
	return 0;
}

/**
 * Recognises the cgroup of a Kubernetes pod: `kubepods-burstable-podUID.slice`, or `podUID` below
 * `kubepods`.
 */
static int pod_parse(struct part p, bool *below_kubepods, struct unit_parts *parts)
{
	static const char mark[] = "-pod";
	const char *at;

	if (*below_kubepods && part_begins(p, "pod"))
		return pod_set(part_cut(p, strlen("pod"), 0), parts);
	if (!memmem(p.text, p.length, "kubepods", strlen("kubepods")))
		return 0;
	*below_kubepods = true;
	at = memmem(p.text, p.length, mark, sizeof(mark) - 1);
	if (!at || !part_is_slice(p))
		return 0;
	p = part_cut(p, at + strlen(mark) - p.text, strlen(".slice"));
	return p.length ? pod_set(p, parts) : 0;
}

static int container_parse(const char *path, struct unit_parts *parts)
{
	struct part p, parent = {"", 0};
	bool below_kubepods = false;
	int r = 0;

	while (!r && path_next(&path, &p)) {
		/* What runc makes of `SLICE:PREFIX:ID` where it uses cgroupfs after all. */
		const char *colon = memchr(p.text, ':', p.length);

		if (colon && part_is_slice((struct part){p.text, colon - p.text})) {
			parent = (struct part){p.text, colon - p.text};
			p = part_cut(p, parent.length + 1, 0);
			r = pod_parse(parent, &below_kubepods, parts);
		} else {
			r = pod_parse(p, &below_kubepods, parts);
		}
		if (!r)
			r = container_by_prefix(p, parts);
		if (!r)
			r = container_by_parent(p, parent, parts);
		if (!r && part_is(parent, "machine.slice"))
			r = container_by_machine(p, path, parts);
		if (!r && part_is_id(p))
			r = container_set(parts, parts->pod ? "containerd" : "unknown", p, false);
		parent = p;
	}
	return MIN(r, 0);
}

int unit_parse(const char *path, struct unit_parts *ret)
{
	CLEANUP(unit_parts_done) struct unit_parts parts = {0};
	int r = unit_name_parse(path, &parts);

	if (!r)
		r = container_parse(path, &parts);
	if (r < 0)
		return r;
	*ret = parts;
	parts = (struct unit_parts){0};
	return 0;
}

void unit_parts_done(struct unit_parts *parts)
{
	free(parts->unit);
	free(parts->id);
	free(parts->name);
	free(parts->pod);
	*parts = (struct unit_parts){0};
}
