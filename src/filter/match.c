/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The exact answer. Conditions are true, false or undecided: a value that is null decides nothing,
 * and a row that is not computed yet decides as little, which makes the quick look at a socket
 * alone the same code as the full one. What the kernel knows too is read off the socket directly.
 */
#include <string.h>

#include "filter/tree.h"
#include "model/field.h"
#include "util/address.h"
#include "util/glob.h"

/* In this order: `and` is the least of its parts, `or` the greatest. */
enum truth {
	NO,
	UNDECIDED,
	YES,
};

struct subject {
	const struct filter *filter;
	const struct socket *socket;
	const struct portscope_row *row; /* NULL: not computed yet */
	bool strict;                     /* a name proves nothing; the row has one holder */
};

static enum truth truth(bool b)
{
	return b ? YES : NO;
}

static bool in_numbers(const struct node *node, uint64_t v)
{
	for (size_t i = 0; i < node->n; i++)
		if (v >= node->numbers[i].low && v <= node->numbers[i].high)
			return true;
	return false;
}

static bool in_ports(const struct node *node, const struct socket *s)
{
	bool local = node->side & SIDE_LOCAL, remote = node->side & SIDE_REMOTE;

	for (size_t i = 0; i < node->n; i++) {
		const struct port_span *r = &node->ports[i];

		if (local && s->local_port >= r->low && s->local_port <= r->high)
			return true;
		if (remote && s->remote_port >= r->low && s->remote_port <= r->high)
			return true;
	}
	return false;
}

static bool prefix_equals(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned bytes = bits / 8;

	if (memcmp(a, b, bytes))
		return false;
	return !(bits % 8) || !((a[bytes] ^ b[bytes]) & (0xff00 >> bits % 8 & 0xff));
}

/* IPv4 conditions see the IPv4 address of a v4-mapped one; IPv6 ones see it as it is. */
static bool address_matches(const struct filter_address *a, uint8_t family, const uint8_t *address)
{
	if (a->family == AF_INET)
		address = address_as_ipv4(family, address);
	else if (family != AF_INET6)
		return false;
	return address && prefix_equals(address, a->bytes, a->prefix);
}

static bool in_addresses(const struct node *node, const struct socket *s)
{
	for (size_t i = 0; i < node->n; i++) {
		const struct filter_address *a = &node->addresses[i];

		if (node->side & SIDE_LOCAL && address_matches(a, s->family, s->local_address))
			return true;
		if (node->side & SIDE_REMOTE && address_matches(a, s->family, s->remote_address))
			return true;
	}
	return false;
}

static bool in_marks(const struct node *node, uint32_t mark)
{
	for (size_t i = 0; i < node->n; i++)
		if ((mark & node->marks[i].mask) == node->marks[i].mark)
			return true;
	return false;
}

static enum truth match_autobound(const struct subject *s)
{
	size_t low = 0, high = s->filter->n_autobound;

	if (!s->filter->autobound_known || !(s->socket->present & SOCKET_HAS_COOKIE))
		return UNDECIDED;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->filter->autobound[middle] == s->socket->cookie)
			return YES;
		if (s->filter->autobound[middle] < s->socket->cookie)
			low = middle + 1;
		else
			high = middle;
	}
	return NO;
}

/* The holders' user where one is known, else the socket's. */
static enum truth match_user(const struct node *node, const struct subject *s)
{
	bool known = false;

	if (!s->row)
		return UNDECIDED;
	for (size_t i = 0; s->row->holders && i < s->row->n_processes; i++) {
		if (!s->row->holders[i]->has_uid)
			continue;
		if (in_numbers(node, s->row->holders[i]->uid))
			return YES;
		known = true;
	}
	if (known)
		return NO;
	if (!(s->socket->present & SOCKET_HAS_UID))
		return UNDECIDED;
	return truth(in_numbers(node, s->socket->uid));
}

static enum truth match_text(const struct node *node, const char *text, size_t length)
{
	if (!text)
		return UNDECIDED;
	for (size_t i = 0; i < node->n; i++) {
		const char *wanted = node->texts[i];

		if (node->kind == NODE_GLOB
				? glob_match_bytes(wanted, text, length)
				: strlen(wanted) == length && !memcmp(wanted, text, length))
			return YES;
	}
	return NO;
}

static enum truth match_string(const struct node *node, const char *text)
{
	return match_text(node, text, text ? strlen(text) : 0);
}

/*
 * Any name of the process: its program with and without the interpreter in brackets, the kernel's
 * name, the file name of its executable, the first word of its title. One that could not be read
 * is left out.
 */
static enum truth match_process(const struct node *node, const struct portscope_process *process)
{
	const char *slash = process->exe ? strrchr(process->exe, '/') : NULL;
	size_t length = 0;
	const char *word = process->title ? title_word(process->title, &length) : NULL;
	const struct {
		const char *text;
		size_t length;
	} names[] = {
		{process->program, process->program ? strlen(process->program) : 0},
		{process->program, process->name_length},
		{process->comm, process->comm ? strlen(process->comm) : 0},
		{slash ? slash + 1 : NULL, slash ? strlen(slash + 1) : 0},
		{word, length},
	};
	enum truth best = UNDECIDED;

	if (node->kind == NODE_NUMBER)
		return truth(in_numbers(node, process->pid));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		enum truth t = match_text(node, names[i].text, names[i].length);

		if (t == YES)
			return YES;
		best = MIN(best, t);
	}
	return best;
}

/* Any holder; nobody where nobody can be. */
static enum truth match_processes(const struct node *node, const struct portscope_value *value)
{
	enum truth best = value->processes.absent ? UNDECIDED : NO;

	for (size_t i = 0; i < value->processes.count; i++) {
		enum truth t = match_process(node, &value->processes.items[i]);

		best = MAX(best, t);
	}
	return best;
}

/* By its name, its id, or the first twelve characters of it, as container tools show it. */
static enum truth match_container(const struct node *node, const struct portscope_container *c)
{
	enum truth best = match_string(node, c->name);

	best = MAX(best, match_string(node, c->id));
	if (c->id && strlen(c->id) > 12)
		best = MAX(best, match_text(node, c->id, 12));
	return best;
}

/* One of them is enough. */
static enum truth match_texts(const struct node *node, const struct portscope_value *value)
{
	enum truth best = NO;

	for (size_t i = 0; i < value->texts.count; i++) {
		enum truth t = match_string(node, value->texts.items[i]);

		best = MAX(best, t);
	}
	return best;
}

static enum truth match_value(const struct node *node, const struct portscope_row *row)
{
	struct portscope_value value;

	portscope_get(row, node->field, &value);
	if (node->kind == NODE_NULL)
		return truth(!value.known);
	if (!value.known)
		return UNDECIDED;
	switch (value.type) {
	case PORTSCOPE_BOOL:
		return truth(in_numbers(node, value.flag));
	case PORTSCOPE_NUMBER:
	case PORTSCOPE_HEX:
	case PORTSCOPE_TIME:
		return truth(in_numbers(node, value.number));
	case PORTSCOPE_TEXT:
		return match_text(node, value.text.text, value.text.length);
	case PORTSCOPE_WORD:
		return node->kind == NODE_NUMBER ? truth(in_numbers(node, value.word.rank))
						 : match_string(node, value.word.name);
	case PORTSCOPE_PROCESSES:
	case PORTSCOPE_NAMES:
	case PORTSCOPE_PIDS:
		return match_processes(node, &value);
	case PORTSCOPE_CONTAINER:
		return match_container(node, value.container);
	case PORTSCOPE_TEXTS:
		return match_texts(node, &value);
	case PORTSCOPE_ADDRESS:
	case PORTSCOPE_ENDPOINT:
		break; /* always NODE_ADDRESS or NODE_NULL */
	}
	return UNDECIDED;
}

/* Users, units and containers are the holders': a row shows those of the first. */
static bool shows_first_holder(const struct node *node)
{
	return node->kind != NODE_NULL && field_get(node->field)->from == FIELD_FROM_HOLDER;
}

/* The manager of a user may call its units and containers as that user likes. */
static bool is_users_own(const struct portscope_row *row)
{
	return row->unit && row->unit->users_own;
}

/*
 * Whether the executable of the one holder is what its path says: a trusted file of this host that
 * root runs, or whom a condition beside this one says; or a file of a container that is named.
 */
static bool is_trusted(const struct node *node, const struct subject *s)
{
	const struct process *holder = s->row->holders[0];

	if (node->who & WHO_BY_PLACE && s->row->unit && s->row->unit->container)
		return !is_users_own(s->row);
	return s->row->processes[0].exe_trusted &&
	       (node->who || (holder->has_uid && holder->uid == 0));
}

/* Of what is not trusted it is not known what it is: neither this nor its negation is true. */
static enum truth match_trusted(const struct node *node, const struct subject *s)
{
	const struct portscope_process *p = &s->row->processes[0];
	const char *slash = p->exe ? strrchr(p->exe, '/') : NULL;
	enum truth best;

	if (!slash || !is_trusted(node, s))
		return UNDECIDED;
	if (node->field == PORTSCOPE_FIELD_EXE)
		return match_string(node, p->exe);
	best = match_string(node, slash + 1);
	if (best != YES && s->row->holders[0]->name_trusted)
		best = match_text(node, p->program, p->name_length);
	return best;
}

static bool names_container(const struct node *node)
{
	return node->field == PORTSCOPE_FIELD_CONTAINER || node->field == PORTSCOPE_FIELD_WORKLOAD;
}

static enum truth match_field(const struct node *node, const struct subject *s)
{
	struct portscope_row row = {.socket = s->socket};
	enum truth best;

	if (s->strict && node_rests_on_name(node))
		return match_trusted(node, s);
	if (s->strict && names_container(node) && is_users_own(s->row))
		return UNDECIDED;
	if (!s->row)
		return field_get(node->field)->from == FIELD_FROM_SOCKET ? match_value(node, &row)
									 : UNDECIDED;
	best = match_value(node, s->row);
	if (s->row->n_processes < 2 || !shows_first_holder(node))
		return best;
	/* Each of the others in its turn, as if it were the only one. */
	row = *s->row;
	row.n_processes = 1;
	for (size_t i = 1; i < s->row->n_processes; i++) {
		enum truth t;

		row.processes = &s->row->processes[i];
		row.holders = &s->row->holders[i];
		row.unit = row.holders[0]->unit;
		t = match_value(node, &row);
		best = MAX(best, t);
	}
	return best;
}

static enum truth match_node(const struct node *node, const struct subject *s)
{
	enum truth t;

	switch (node->kind) {
	case NODE_ALL:
		return YES;
	case NODE_NONE:
		return NO;
	case NODE_NOT:
		return YES - match_node(node->children[0], s);
	case NODE_AND:
		t = YES;
		for (size_t i = 0; i < node->n && t != NO; i++) {
			enum truth part = match_node(node->children[i], s);

			t = MIN(t, part);
		}
		return t;
	case NODE_OR:
		t = NO;
		for (size_t i = 0; i < node->n && t != YES; i++) {
			enum truth part = match_node(node->children[i], s);

			t = MAX(t, part);
		}
		return t;
	case NODE_PORT:
		return truth(in_ports(node, s->socket));
	case NODE_ADDRESS:
		return truth(in_addresses(node, s->socket));
	case NODE_DEVICE:
		return truth(in_numbers(node, s->socket->ifindex));
	case NODE_MARK:
		return s->socket->present & SOCKET_HAS_MARK ? truth(in_marks(node, s->socket->mark))
							    : UNDECIDED;
	case NODE_CGROUP:
		return s->socket->present & SOCKET_HAS_CGROUP
			       ? truth(in_numbers(node, s->socket->cgroup))
			       : UNDECIDED;
	case NODE_AUTOBOUND:
		return match_autobound(s);
	case NODE_STATE:
		return truth(s->socket->state < 32 && node->mask >> s->socket->state & 1);
	case NODE_PROTOCOL:
		return truth(node->mask & protocol_bit(s->socket->protocol));
	case NODE_FAMILY:
		return truth(node->mask & family_bit(s->socket->family));
	case NODE_USER:
		return match_user(node, s);
	case NODE_NUMBER:
	case NODE_TEXT:
	case NODE_GLOB:
	case NODE_NULL:
		return match_field(node, s);
	}
	return UNDECIDED;
}

static enum truth match(const struct filter *filter, const struct subject *s)
{
	if (filter->has_states &&
		(s->socket->state >= 32 || !(filter->states >> s->socket->state & 1)))
		return NO;
	return filter->root ? match_node(filter->root, s) : YES;
}

bool filter_match(const struct filter *filter, const struct portscope_row *row)
{
	struct subject s = {filter, row->socket, row};

	return match(filter, &s) == YES;
}

bool filter_match_trusted(const struct filter *filter, const struct portscope_row *row)
{
	struct portscope_row one = *row;
	struct subject s = {.filter = filter, .socket = row->socket, .row = &one, .strict = true};

	if (!filter_match(filter, row))
		return false;
	if (!filter->strict || !row->n_processes)
		return true;
	one.n_processes = 1;
	for (size_t i = 0; i < row->n_processes; i++) {
		one.processes = &row->processes[i];
		one.holders = &row->holders[i];
		one.unit = one.holders[0]->unit;
		if (match(filter, &s) == YES)
			return true;
	}
	return false;
}

bool filter_is_undecided(const struct filter *filter, const struct portscope_row *row)
{
	struct subject s = {filter, row->socket, row};

	return match(filter, &s) == UNDECIDED;
}

bool filter_match_socket(const struct filter *filter, const struct socket *socket)
{
	struct subject s = {filter, socket, NULL};

	return match(filter, &s) != NO;
}
