/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the constant tables: the way from a port to its names, from a name to its ports, and from
 * the rows as they are stored to the rows as they are given out.
 */
#include <netinet/in.h>
#include <string.h>

#include "registry/registry.h"
#include "registry/tables.h"
#include "util/ascii.h"
#include "util/macros.h"

/** The entry of a port of DCCP or SCTP, or -1. */
static int find_other_entry(uint8_t protocol, uint16_t port)
{
	uint32_t key = (uint32_t)protocol << 16 | port;
	size_t low = 0, high = registry_other_ports_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (registry_other_ports[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == registry_other_ports_count || registry_other_ports[low] != key)
		return -1;
	return registry_other_first + (int)low;
}

/** The number of a port's entry, or -1. */
static int find_entry(uint8_t protocol, uint16_t port)
{
	const struct registry_page *page;
	uint64_t bit = UINT64_C(1) << (port & 63);

	if (unlikely(protocol != IPPROTO_TCP && protocol != IPPROTO_UDP))
		return find_other_entry(protocol, port);
	page = &registry_pages[(protocol == IPPROTO_UDP ? 1024 : 0) + (port >> 6)];
	if (!(page->ports & bit))
		return -1;
	return page->first + __builtin_popcountll(page->ports & (bit - 1));
}

const char *registry_name(
	uint8_t protocol, uint16_t port, enum registry_source *ret_source, bool *ret_hint)
{
	int entry = find_entry(protocol, port);
	uint32_t name;

	if (entry < 0)
		return NULL;
	name = registry_entry_names[entry];
	if (ret_source)
		*ret_source = (enum registry_source)REGISTRY_ENTRY_SOURCE(name);
	if (ret_hint)
		*ret_hint = REGISTRY_ENTRY_HINT(name);
	return registry_names + REGISTRY_ENTRY_OFFSET(name);
}

bool registry_name_is_spoken(uint8_t protocol, uint16_t port)
{
	int entry = find_entry(protocol, port);

	return entry >= 0 && REGISTRY_ENTRY_SPOKEN(registry_entry_names[entry]);
}

static void get_service(size_t i, struct registry_service *ret)
{
	const struct registry_service_row *row = &registry_service_rows[i];

	*ret = (struct registry_service){
		.name = registry_name_text(row->name),
		.description = registry_text(row->description),
		.protocol = row->protocol,
		.low = row->low,
		.high = row->high,
	};
}

bool registry_next_service(
	uint8_t protocol, uint16_t port, size_t *position, struct registry_service *ret)
{
	int entry = find_entry(protocol, port);
	size_t i;

	if (entry < 0)
		return false;
	i = registry_entry_rows[entry] + *position;
	if (i >= registry_entry_rows[entry + 1])
		return false;
	get_service(registry_row_lists[i], ret);
	(*position)++;
	return true;
}

bool registry_next_service_of_all(size_t *position, struct registry_service *ret)
{
	if (*position >= registry_service_rows_count)
		return false;
	get_service((*position)++, ret);
	return true;
}

bool registry_next_preferred_of_all(size_t *position, struct registry_preferred *ret)
{
	const struct registry_preferred_row *row;

	if (*position >= registry_preferred_rows_count)
		return false;
	row = &registry_preferred_rows[(*position)++];
	*ret = (struct registry_preferred){
		.name = registry_name_text(row->name),
		.first_name = registry_name_text(row->first_name),
		.reason = registry_text(row->reason),
		.protocol = row->protocol,
		.port = row->port,
	};
	return true;
}

bool registry_preferred(uint8_t protocol, uint16_t port, struct registry_preferred *ret)
{
	struct registry_preferred row;

	for (size_t i = 0; registry_next_preferred_of_all(&i, &row);)
		if (row.protocol == protocol && row.port == port) {
			*ret = row;
			return true;
		}
	return false;
}

bool registry_next_de_facto_of_all(size_t *position, struct registry_de_facto *ret)
{
	const struct registry_de_facto_row *row;

	if (*position >= registry_de_facto_rows_count)
		return false;
	row = &registry_de_facto_rows[(*position)++];
	*ret = (struct registry_de_facto){
		.name = registry_name_text(row->name),
		.software = registry_text(row->software),
		.registered = registry_text(row->registered),
		.source = registry_text(row->source),
		.protocol = row->protocol,
		.port = row->port,
		.ambiguous = row->ambiguous,
	};
	return true;
}

bool registry_de_facto(uint8_t protocol, uint16_t port, struct registry_de_facto *ret)
{
	struct registry_de_facto row;

	for (size_t i = 0; registry_next_de_facto_of_all(&i, &row);)
		if (row.protocol == protocol && row.port == port) {
			*ret = row;
			return true;
		}
	return false;
}

bool registry_next_insecure_of_all(size_t *position, struct registry_insecure *ret)
{
	const struct registry_insecure_row *row;

	if (*position >= registry_insecure_rows_count)
		return false;
	row = &registry_insecure_rows[(*position)++];
	*ret = (struct registry_insecure){
		.key = registry_name_text(row->key),
		.what = registry_text(row->what),
		.why = registry_text(row->why),
		.safer = registry_text(row->safer),
		.reference = registry_text(row->reference),
		.risk = (enum registry_risk)row->risk,
		.severity = (enum registry_severity)row->severity,
		.protocol = row->protocol,
		.low = row->low,
		.high = row->high,
	};
	return true;
}

bool registry_next_insecure(
	uint8_t protocol, uint16_t port, size_t *position, struct registry_insecure *ret)
{
	struct registry_insecure row;

	while (registry_next_insecure_of_all(position, &row))
		if (row.protocol == protocol && row.low <= port && port <= row.high) {
			*ret = row;
			return true;
		}
	return false;
}

bool registry_next_pair_of_all(size_t *position, struct registry_pair *ret)
{
	const struct registry_pair_row *row;

	if (*position >= registry_pair_rows_count)
		return false;
	row = &registry_pair_rows[(*position)++];
	*ret = (struct registry_pair){
		.name = registry_name_text(row->name),
		.secure_name = registry_name_text(row->secure_name),
		.mechanism = registry_text(row->mechanism),
		.reference = registry_text(row->reference),
		.relation = (enum registry_relation)row->relation,
		.protocol = row->protocol,
		.port = row->port,
		.secure_protocol = row->secure_protocol,
		.secure_port = row->secure_port,
	};
	return true;
}

bool registry_next_pair(
	uint8_t protocol, uint16_t port, size_t *position, struct registry_pair *ret)
{
	struct registry_pair row;

	while (registry_next_pair_of_all(position, &row))
		if (row.protocol == protocol && row.port == port) {
			*ret = row;
			return true;
		}
	return false;
}

bool registry_next_pair_of_secure(
	uint8_t protocol, uint16_t port, size_t *position, struct registry_pair *ret)
{
	struct registry_pair row;

	while (registry_next_pair_of_all(position, &row))
		if (row.secure_protocol == protocol && row.secure_port == port) {
			*ret = row;
			return true;
		}
	return false;
}

bool registry_next_member(
	uint8_t protocol, uint16_t port, size_t *position, struct registry_member *ret)
{
	const struct registry_family_row *rows = registry_family_rows, *row;
	size_t i = 0, first;

	while (i < registry_family_rows_count &&
		(rows[i].protocol != protocol || rows[i].port != port))
		i++;
	if (i == registry_family_rows_count)
		return false;
	for (first = i; first > 0 && rows[first - 1].family == rows[i].family;)
		first--;
	row = &rows[first + *position];
	if (first + *position >= registry_family_rows_count || row->family != rows[i].family)
		return false;
	(*position)++;
	*ret = (struct registry_member){
		.family = registry_text(row->family),
		.role = registry_text(row->role),
		.source = registry_text(row->source),
		.protocol = row->protocol,
		.port = row->port,
	};
	return true;
}

bool registry_kernel_service(uint8_t protocol, uint16_t port, struct registry_kernel_service *ret)
{
	for (size_t i = 0; i < registry_kernel_rows_count; i++) {
		const struct registry_kernel_row *row = &registry_kernel_rows[i];

		if (row->protocol != protocol || port < row->low || port > row->high)
			continue;
		*ret = (struct registry_kernel_service){
			.service = registry_name_text(row->service),
			.module = registry_text(row->module),
			.what = registry_text(row->what),
			.source = registry_text(row->source),
			.protocol = row->protocol,
			.low = row->low,
			.high = row->high,
		};
		return true;
	}
	return false;
}

const char *registry_risk_name(enum registry_risk risk)
{
	switch (risk) {
	case REGISTRY_AMPLIFICATION:
		return "amplification";
	case REGISTRY_CLEARTEXT:
		return "cleartext";
	case REGISTRY_CLEARTEXT_CREDENTIALS:
		return "cleartext-credentials";
	case REGISTRY_INFO_ONLY:
		return "info-only";
	case REGISTRY_INFORMATION_DISCLOSURE:
		return "information-disclosure";
	case REGISTRY_LATERAL_MOVEMENT:
		return "lateral-movement";
	case REGISTRY_LEGACY_OBSOLETE:
		return "legacy-obsolete";
	case REGISTRY_OPEN_PROXY:
		return "open-proxy";
	case REGISTRY_REMOTE_CODE_EXECUTION:
		return "remote-code-execution";
	case REGISTRY_REMOTE_ROOT_EQUIVALENT:
		return "remote-root-equivalent";
	case REGISTRY_UNAUTHENTICATED_BY_DEFAULT:
		return "unauthenticated-by-default";
	}
	return NULL;
}

const char *registry_severity_name(enum registry_severity severity)
{
	switch (severity) {
	case REGISTRY_INFO:
		return "info";
	case REGISTRY_LOW:
		return "low";
	case REGISTRY_MEDIUM:
		return "medium";
	case REGISTRY_HIGH:
		return "high";
	case REGISTRY_CRITICAL:
		return "critical";
	}
	return NULL;
}

const char *registry_relation_name(enum registry_relation relation)
{
	switch (relation) {
	case REGISTRY_REPLACE:
		return "replace";
	case REGISTRY_UPGRADE_IN_PLACE:
		return "upgrade-in-place";
	case REGISTRY_COMPANION:
		return "companion";
	case REGISTRY_ALTERNATIVE:
		return "alternative";
	}
	return NULL;
}

size_t registry_name_total(void)
{
	return registry_name_count;
}

const char *registry_name_at(size_t id)
{
	return registry_names + registry_name_offsets[id];
}

int registry_find_name(const char *name, size_t length)
{
	uint32_t hash = 0x811c9dc5;
	uint16_t id;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (uint8_t)ascii_lower(name[i])) * 0x01000193;
	/* More than half of the slots are free, so that this ends. */
	for (uint32_t slot = hash;; slot++) {
		id = registry_name_slots[slot % REGISTRY_NAME_SLOTS];
		if (id == REGISTRY_NAME_NONE)
			return -ENOENT;
		if (ascii_same(registry_name_at(id), name, length))
			return id;
	}
}

bool registry_knows_name(const char *name, size_t length)
{
	return registry_find_name(name, length) >= 0;
}

bool registry_next_place(size_t id, size_t *position, struct registry_place *ret)
{
	size_t i = registry_name_places[id] + *position;
	uint16_t place;

	if (i >= registry_name_places[id + 1])
		return false;
	place = registry_places[i];
	if (place & REGISTRY_PLACE_DE_FACTO) {
		const struct registry_de_facto_row *row =
			&registry_de_facto_rows[place & ~REGISTRY_PLACE_DE_FACTO];

		*ret = (struct registry_place){row->protocol, row->port, row->port, true};
	} else if (place & REGISTRY_PLACE_SPEECH) {
		const struct registry_speech_row *row =
			&registry_speech_rows[place & ~REGISTRY_PLACE_SPEECH];

		*ret = (struct registry_place){row->protocol, row->low, row->high, true};
	} else {
		const struct registry_service_row *row = &registry_service_rows[place];

		*ret = (struct registry_place){row->protocol, row->low, row->high, false};
	}
	(*position)++;
	return true;
}

/** The first row of the baseline that is not before this port. */
static size_t find_baseline(uint8_t protocol, uint16_t port)
{
	size_t low = 0, high = registry_baseline_rows_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct registry_baseline_row *row = &registry_baseline_rows[middle];

		if (row->protocol < protocol || (row->protocol == protocol && row->port < port))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool registry_in_baseline(uint8_t protocol, uint16_t port, const char *name, size_t length)
{
	const struct registry_baseline_row *rows = registry_baseline_rows;

	for (size_t i = find_baseline(protocol, port);
		i < registry_baseline_rows_count && rows[i].protocol == protocol &&
		rows[i].port == port;
		i++)
		if (ascii_same(registry_name_text(rows[i].name), name, length))
			return true;
	return false;
}
