/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * THE field table: one line a field. Only it drives columns, JSON keys, CSV headers, sorting,
 * filtering by field, --list-fields, completions and the check of the manual. Everybody else names
 * a field by its id (enum portscope_field_id), never by a string.
 */
#ifndef PORTSCOPE_MODEL_FIELD_H
#define PORTSCOPE_MODEL_FIELD_H

#include "model/names.h"

/** What has to be gathered before a field can be read; OR-ed over the fields of a query. */
enum field_need {
	NEED_SERVICES = 1 << 0,   /**< site files with names of services */
	NEED_EPHEMERAL = 1 << 1,  /**< the kernel's port range */
	NEED_INTERFACES = 1 << 2, /**< names of interfaces */
	NEED_ADDRESSES = 1 << 3,  /**< addresses of interfaces */
	NEED_LISTENERS = 1 << 4,  /**< all TCP listeners */
	NEED_USERS = 1 << 5,      /**< names of users */
	NEED_OWNERS = 1 << 6,     /**< who holds the sockets */
	NEED_PROCESSES = 1 << 7,  /**< names of the holders */
	NEED_DETAILS = 1 << 8,    /**< their arguments, executables and start times too */
	NEED_UNITS = 1 << 9,      /**< cgroups, units and containers of sockets or holders */
	NEED_NETNS = 1 << 10,     /**< the identity of the network namespace */
	NEED_NETLINK = 1 << 11,   /**< a fact that /proc/net does not have */
	NEED_FINDINGS = 1 << 12,  /**< the rules that each listener breaks */
	NEED_RULES = 1 << 13,     /**< what rules look at: all that listens, its clients */
	NEED_TRUST = 1 << 14,     /**< whether their executables are what their paths say */
	NEED_CWD = 1 << 15,       /**< their folders */
	NEED_PROGRAMS = 1 << 16,  /**< what the holders are in the table of programs */
	NEED_IDENTITY = 1 << 17,  /**< name and machine id of the host */
	NEED_ORIGIN = 1 << 18,    /**< how they came to run */
	NEED_REACH = 1 << 20,     /**< the rules of the packet filter */
	NEED_PRELOAD = 1 << 19,   /**< libraries that were put into them */
	/** What the label of a socket rests on. */
	NEEDS_LABEL = NEED_SERVICES | NEED_EPHEMERAL | NEED_OWNERS | NEED_PROCESSES | NEED_TRUST |
		      NEED_PROGRAMS,
	/** What a listing may need and still hand out rows as they come from the kernel. */
	NEEDS_STREAMING = NEED_SERVICES | NEED_EPHEMERAL | NEED_INTERFACES | NEED_ADDRESSES |
			  NEED_NETNS | NEED_NETLINK | NEED_IDENTITY,
};

/** Where the value of a field comes from. */
enum field_source {
	FIELD_FROM_SOCKET,  /**< the kernel's message: no other part of a row is read */
	FIELD_FROM_HOST,    /**< worked out from it by the host index and constant tables */
	FIELD_FROM_HOLDER,  /**< a fact of one holder: a row shows that of the first */
	FIELD_FROM_HOLDERS, /**< all holders */
	FIELD_FROM_RULES,   /**< the judgement */
	FIELD_FROM_FINDING, /**< one finding of an audit: null in a listing */
	FIELD_FROM_ANSWER,  /**< the answer: the same in all its rows */
};

/** Fills `ret->known` and the value; `ret->type` is set and `known` false before. */
typedef void (*field_get_fn)(const struct portscope_row *row, struct portscope_value *ret);

struct field {
	struct portscope_field shown;
	const struct vocabulary *words; /**< of type WORD: which; otherwise NULL */
	enum field_source from;
	unsigned needs; /**< of enum field_need */
	field_get_fn get;
};

/** Field `id`, or NULL after the last. */
const struct field *field_get(unsigned id);
/** What `fields` need together. */
unsigned field_needs(const uint16_t *fields, size_t n);
/**
 * Reduces a value to what decides its place in an order, so that it can be kept beyond its row: of
 * processes the name or pid of the first.
 */
void value_reduce(struct portscope_value *value);
/** Orders two reduced values of one field; unknown ones come last. */
int value_compare(const struct portscope_value *a, const struct portscope_value *b);

#endif
