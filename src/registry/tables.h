/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The layout of the constant tables that build.py writes; registry.c and programs.c read them. They
 * hold no pointer, so that they stay in the read-only pages of the file, shared and never
 * relocated: a string is an offset into one of two pools, names in the order of ports in one, all
 * other texts in the other. Offset 0 is the empty string and means that there is none.
 *
 * An *entry* is a port of a protocol that has a name. Entries are numbered by protocol (tcp, udp,
 * dccp, sctp) and port. That of a TCP or UDP port is found by rank: a page of 64 ports holds one
 * bit for each and the number of the first entry, so that a lookup touches one page and one entry
 * and the whole two-level table has 32 KiB. The few ports of other protocols are searched.
 */
#ifndef PORTSCOPE_REGISTRY_TABLES_H
#define PORTSCOPE_REGISTRY_TABLES_H

#include <stddef.h>
#include <stdint.h>

/** 64 ports: bit n stands for port page * 64 + n. TCP has pages 0-1023, UDP 1024-2047. */
struct registry_page {
	uint64_t ports;
	uint16_t first; /**< entry of the lowest of them */
};

extern const struct registry_page registry_pages[];
/** Ports of the other protocols, protocol << 16 | port, ascending, and the entry of the first. */
extern const uint32_t registry_other_ports[];
extern const uint16_t registry_other_ports_count;
extern const uint16_t registry_other_first;

/**
 * The canonical name of an entry: its offset, where it is from, whether it is but a hint, and
 * whether the table of programs has one that speaks it.
 */
extern const uint32_t registry_entry_names[];
#define REGISTRY_ENTRY_OFFSET(entry) ((entry)&0xffffffu)
#define REGISTRY_ENTRY_SOURCE(entry) ((entry) >> 24 & 3u)
#define REGISTRY_ENTRY_SPOKEN(entry) ((entry) >> 30 & 1u)
#define REGISTRY_ENTRY_HINT(entry)   ((entry) >> 31)

/** Registered rows of entry n: registry_row_lists[registry_entry_rows[n]] to that of n + 1. */
extern const uint16_t registry_entry_rows[];
extern const uint16_t registry_row_lists[];

/** All names in alphabetical order, in lower case. */
extern const uint32_t registry_name_offsets[];
extern const uint16_t registry_name_count;
/** Places of name n, as with the rows of an entry. */
extern const uint16_t registry_name_places[];
extern const uint16_t registry_places[];
/** Open addressing by FNV-1a, linear probing. */
#define REGISTRY_NAME_SLOTS 16384u
#define REGISTRY_NAME_NONE  0xffffu
extern const uint16_t registry_name_slots[];
/** In a place: the number of a de-facto row, not of a registered one. */
#define REGISTRY_PLACE_DE_FACTO 0x8000u
/** The number of what a program speaks, for a name that nobody else has. */
#define REGISTRY_PLACE_SPEECH 0x4000u

struct registry_service_row {
	uint32_t name : 24;
	uint32_t protocol : 8;
	uint32_t description;
	uint16_t low, high;
};

struct registry_preferred_row {
	uint32_t name : 24;
	uint32_t protocol : 8;
	uint32_t first_name;
	uint32_t reason;
	uint16_t port;
};

struct registry_de_facto_row {
	uint32_t name : 24;
	uint32_t protocol : 8;
	uint32_t software;
	uint32_t registered;
	uint32_t source;
	uint16_t port;
	uint16_t ambiguous;
};

struct registry_insecure_row {
	uint32_t key : 24;
	uint32_t protocol : 8;
	uint32_t what;
	uint32_t why;
	uint32_t safer;
	uint32_t reference;
	uint16_t low, high;
	uint8_t risk;
	uint8_t severity;
};

struct registry_pair_row {
	uint32_t name : 24;
	uint32_t protocol : 8;
	uint32_t secure_name : 24;
	uint32_t secure_protocol : 8;
	uint32_t mechanism;
	uint32_t reference;
	uint16_t port;
	uint16_t secure_port;
	uint8_t relation;
};

struct registry_family_row {
	uint32_t family : 24;
	uint32_t protocol : 8;
	uint32_t role;
	uint32_t source;
	uint16_t port;
};

struct registry_kernel_row {
	uint32_t service : 24;
	uint32_t protocol : 8;
	uint32_t module;
	uint32_t what;
	uint32_t source;
	uint16_t low, high;
};

struct registry_purpose_row {
	uint32_t what : 24;
	uint32_t protocol : 8;
	uint16_t port;
};

struct registry_everyday_row {
	uint32_t word : 24;
	uint32_t protocol : 8;
	uint32_t note;
	uint16_t port;
};

/**
 * A program; its speeches are rows `first` to that of the next program. Those recognized by
 * a path come first, then plain names in the order of strcmp(), then globs; one row more ends
 * them.
 */
struct registry_program {
	uint32_t pattern : 24;
	uint32_t flags : 8; /**< REGISTRY_PROGRAM_* */
	uint32_t match;
	uint16_t first;
};
#define REGISTRY_PROGRAM_ROOT    1u
#define REGISTRY_PROGRAM_CARRIER 2u

struct registry_speech_row {
	uint32_t service : 24;
	uint32_t protocol : 8;
	uint32_t source;
	uint16_t low, high; /**< from 0 to 65535: any port; 0 and 0: one that the kernel chooses */
	uint8_t tls;
};

/** In the order of protocol and port. */
struct registry_baseline_row {
	uint32_t name : 24;
	uint32_t protocol : 8;
	uint16_t port;
};

extern const struct registry_family_row registry_family_rows[];
extern const uint16_t registry_family_rows_count;
extern const struct registry_kernel_row registry_kernel_rows[];
extern const uint16_t registry_kernel_rows_count;
extern const struct registry_purpose_row registry_purpose_rows[]; /**< by protocol, port */
extern const uint16_t registry_purpose_rows_count;
extern const struct registry_everyday_row registry_everyday_rows[]; /**< by word */
extern const uint16_t registry_everyday_rows_count;
extern const struct registry_program registry_programs[];
extern const uint16_t registry_programs_count;
extern const uint16_t registry_programs_plain; /**< the first that is a plain name */
extern const uint16_t registry_programs_glob;  /**< the first that is a glob */
extern const struct registry_speech_row registry_speech_rows[];
extern const uint16_t registry_speech_rows_count;
extern const struct registry_baseline_row registry_baseline_rows[];
extern const uint16_t registry_baseline_rows_count;

struct registry_interpreter_row {
	uint32_t names;
	uint32_t value;
	uint32_t attached;
	uint32_t code;
	uint32_t script;
	uint32_t skip;
	uint32_t source;
	uint8_t style;
};

extern const struct registry_service_row registry_service_rows[];
extern const uint16_t registry_service_rows_count;
extern const struct registry_preferred_row registry_preferred_rows[];
extern const uint16_t registry_preferred_rows_count;
extern const struct registry_de_facto_row registry_de_facto_rows[];
extern const uint16_t registry_de_facto_rows_count;
extern const struct registry_insecure_row registry_insecure_rows[];
extern const uint16_t registry_insecure_rows_count;
extern const struct registry_pair_row registry_pair_rows[];
extern const uint16_t registry_pair_rows_count;
struct registry_filterer_row {
	uint32_t tool;
	uint32_t names;
	uint32_t source;
	uint8_t kind;
};

extern const struct registry_filterer_row registry_filterer_rows[];
extern const uint16_t registry_filterer_rows_count;

struct registry_broker_row {
	uint32_t program;
	uint32_t why;
	uint32_t source;
};

extern const struct registry_broker_row registry_broker_rows[];
extern const uint16_t registry_broker_rows_count;

struct registry_starter_row {
	uint32_t names;
	uint32_t source;
	uint8_t kind;
};

extern const struct registry_starter_row registry_starter_rows[];
extern const uint16_t registry_starter_rows_count;

struct registry_carrier_row {
	uint32_t program;
	uint32_t runtime;
	uint32_t option;
	uint32_t source;
	uint8_t kind;
};

extern const struct registry_carrier_row registry_carrier_rows[];
extern const uint16_t registry_carrier_rows_count;
extern const struct registry_interpreter_row registry_interpreter_rows[];
extern const uint16_t registry_interpreter_rows_count;

extern const char registry_names[];
extern const char registry_texts[];

static inline const char *registry_name_text(uint32_t offset)
{
	return offset == 0 ? NULL : registry_names + offset;
}

static inline const char *registry_text(uint32_t offset)
{
	return offset == 0 ? NULL : registry_texts + offset;
}

#endif
