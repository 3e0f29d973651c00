/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One function a type of value. All return how many terminal columns they wrote. */
#include "format/text.h"

#include <sys/socket.h>

#include "util/address.h"
#include "util/text.h"

static size_t put(struct out *o, const char *text)
{
	size_t n = strlen(text);

	out_bytes(o, text, n);
	return n;
}

static size_t put_foreign(struct out *o, const char *text)
{
	return text_visible(o, text, strlen(text));
}

static size_t put_ipv4_or_6(
	struct out *o, const struct portscope_endpoint *e, enum text_style style)
{
	const uint8_t *ipv4 = address_as_ipv4(e->family, e->address);

	return ipv4 && style == TEXT_TABLE ? address_write(o, AF_INET, ipv4)
					   : address_write(o, e->family, e->address);
}

/* As ss writes it: `*:80`, `0.0.0.0%eth0:68`, `[fe80::1%eth0]:546`. */
static size_t put_endpoint(struct out *o, const struct portscope_endpoint *e, enum text_style style)
{
	bool brackets = !address_as_ipv4(e->family, e->address) && !e->any_family;
	size_t n = 0;

	if (brackets)
		n += put(o, "[");
	n += e->any_family ? put(o, "*") : put_ipv4_or_6(o, e, TEXT_TABLE);
	if (e->ifindex) {
		n += put(o, "%");
		if (!e->interface)
			n += out_number(o, e->ifindex);
		else
			n += style == TEXT_EXACT ? put(o, e->interface)
						 : put_foreign(o, e->interface);
	}
	n += put(o, brackets ? "]:" : ":");
	return n + out_number(o, e->port);
}

/* A slash ends a name and a semicolon a process: in the name itself they would forge another. */
static size_t put_process_name(struct out *o, const char *name)
{
	size_t n = 0;

	for (;;) {
		size_t length = strcspn(name, "/;");

		n += text_visible(o, name, length);
		name += length;
		if (!*name)
			return n;
		n += put(o, *name++ == '/' ? "\\x2f" : "\\x3b");
	}
}

static size_t put_process(struct out *o, const struct portscope_process *p)
{
	size_t n = p->program ? put_process_name(o, p->program) : put(o, "?");

	if (p->exe_deleted)
		n += put(o, " (deleted)");
	n += put(o, "/");
	return n + out_number(o, p->pid);
}

static size_t put_names(struct out *o, const struct portscope_value *v)
{
	size_t n = put_process(o, v->processes.items);

	if (v->processes.count > 1) {
		n += put(o, " +");
		n += out_number(o, v->processes.count - 1);
	}
	return n;
}

static size_t put_pids(struct out *o, const struct portscope_value *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->processes.count; i++) {
		n += i ? put(o, ",") : 0;
		n += out_number(o, v->processes.items[i].pid);
	}
	return n;
}

/* `nginx/901 fd=6,7; nginx/902 fd=6` */
static size_t put_processes(struct out *o, const struct portscope_value *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->processes.count; i++) {
		const struct portscope_process *p = &v->processes.items[i];

		n += i ? put(o, "; ") : 0;
		n += put_process(o, p);
		for (size_t f = 0; f < p->n_fds; f++) {
			n += put(o, f ? "," : " fd=");
			n += out_number(o, p->fds[f]);
		}
	}
	return n;
}

static size_t put_container(struct out *o, const struct portscope_container *c)
{
	size_t n = put_foreign(o, c->runtime);

	n += put(o, ":");
	if (c->name)
		return n + put_foreign(o, c->name);
	/* The first twelve digits of an id are what the runtimes themselves show. */
	return n + text_visible(o, c->id, strnlen(c->id, 12));
}

static size_t put_texts(struct out *o, const struct portscope_value *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->texts.count; i++) {
		n += i ? put(o, v->texts.separator) : 0;
		n += put(o, v->texts.items[i]);
	}
	return n;
}

static size_t put_word(struct out *o, const struct portscope_value *v, enum text_style style)
{
	const char *word = style == TEXT_TABLE ? v->word.label : v->word.name;

	return (word ? put(o, word) : out_number(o, v->word.rank)) +
	       (v->hint && style == TEXT_TABLE ? put(o, "?") : 0);
}

static size_t put_known(struct out *o, const struct portscope_value *v, enum text_style style)
{
	switch (v->type) {
	case PORTSCOPE_BOOL:
		if (style == TEXT_PLAIN)
			return put(o, v->flag ? "true" : "false");
		return put(o, v->flag ? "yes" : "no");
	case PORTSCOPE_NUMBER:
		return out_number(o, v->number);
	case PORTSCOPE_HEX:
		return out_hex(o, v->number);
	case PORTSCOPE_TEXT:
		return text_visible(o, v->text.text, v->text.length) +
		       (v->hint && style == TEXT_TABLE ? put(o, "?") : 0);
	case PORTSCOPE_WORD:
		return put_word(o, v, style);
	case PORTSCOPE_ADDRESS:
		return put_ipv4_or_6(o, &v->endpoint, style);
	case PORTSCOPE_ENDPOINT:
		return put_endpoint(o, &v->endpoint, style);
	case PORTSCOPE_PROCESSES:
		return put_processes(o, v);
	case PORTSCOPE_NAMES:
		return put_names(o, v);
	case PORTSCOPE_PIDS:
		return put_pids(o, v);
	case PORTSCOPE_CONTAINER:
		return put_container(o, v->container);
	case PORTSCOPE_TEXTS:
		return put_texts(o, v);
	case PORTSCOPE_TIME:
		return text_time(o, (int64_t)v->number);
	}
	return 0;
}

static bool is_processes(const struct portscope_value *v)
{
	return v->type == PORTSCOPE_PROCESSES || v->type == PORTSCOPE_NAMES ||
	       v->type == PORTSCOPE_PIDS;
}

size_t text_value(struct out *o, const struct portscope_value *v, enum text_style style)
{
	if (v->known && !(is_processes(v) && !v->processes.count) &&
		!(v->type == PORTSCOPE_TEXTS && !v->texts.count))
		return put_known(o, v, style);
	/* "hidden" is said in a table, never printed as if there were nobody. */
	if (is_processes(v) && v->processes.absent && style == TEXT_TABLE)
		return put(o, v->processes.absent);
	return style == TEXT_TABLE ? put(o, "-") : 0;
}

size_t text_bound(const struct portscope_value *v)
{
	const uint8_t *ipv4;

	if (!v->known)
		return is_processes(v) ? SIZE_MAX : 1;
	switch (v->type) {
	case PORTSCOPE_NUMBER:
		return out_number_width(v->number);
	case PORTSCOPE_WORD:
		return v->word.label ? strlen(v->word.label) : SIZE_MAX;
	case PORTSCOPE_ADDRESS:
	case PORTSCOPE_ENDPOINT:
		ipv4 = address_as_ipv4(v->endpoint.family, v->endpoint.address);
		if (!ipv4 || (v->type == PORTSCOPE_ENDPOINT && v->endpoint.ifindex))
			return SIZE_MAX;
		return address_ipv4_width(ipv4) +
		       (v->type == PORTSCOPE_ENDPOINT ? 1 + out_number_width(v->endpoint.port) : 0);
	default:
		return SIZE_MAX;
	}
}
