/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values as text for a reader: what tables and CSV share. */
#ifndef PORTSCOPE_FORMAT_TEXT_H
#define PORTSCOPE_FORMAT_TEXT_H

#include <portscope.h>

#include "util/out.h"

enum text_style {
	TEXT_TABLE, /**< labels, question marks at hints, v4-mapped addresses as IPv4, `-` for null
		     */
	TEXT_PLAIN, /**< as JSON has it, nothing for null */
	TEXT_EXACT, /**< the same of an endpoint, not escaped: for a writer that escapes by itself
		     */
};

/** Writes one value, escaped; returns the terminal columns it takes. */
size_t text_value(struct out *o, const struct portscope_value *value, enum text_style style);

/** At least the columns that text_value() will write in a table; cheap where it can be told so. */
size_t text_bound(const struct portscope_value *value);

#endif
