/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading netlink attributes whose lengths may be anything: nothing is read beyond its end. */
#ifndef PORTSCOPE_PACKETFILTER_ATTRIBUTES_H
#define PORTSCOPE_PACKETFILTER_ATTRIBUTES_H

#include <endian.h>
#include <linux/netlink.h>
#include <string.h>

#include "util/macros.h"

/** The attributes of one level by type; those above the highest that is known are passed over. */
#define ATTRIBUTES 32
struct attributes {
	const struct nlattr *at[ATTRIBUTES];
};

/** The first attribute in `length` bytes, or NULL when none is left or it does not fit. */
static inline const struct nlattr *attribute_in(const void *from, size_t length)
{
	const struct nlattr *a = from;

	return length >= sizeof(*a) && a->nla_len >= sizeof(*a) && a->nla_len <= length ? a : NULL;
}

/** How far it is to the next one. */
static inline size_t attribute_step(const struct nlattr *a, size_t left)
{
	return MIN((size_t)NLA_ALIGN(a->nla_len), left);
}

static inline unsigned attribute_type(const struct nlattr *a)
{
	return a->nla_type & NLA_TYPE_MASK;
}

static inline const void *attribute_bytes(const struct nlattr *a)
{
	return (const char *)a + NLA_HDRLEN;
}

static inline size_t attribute_length(const struct nlattr *a)
{
	return a->nla_len - NLA_HDRLEN;
}

/** The one after it; `left` counts down from what `a` begins. */
static inline const struct nlattr *attribute_next(const struct nlattr *a, size_t *left)
{
	size_t step = attribute_step(a, *left);

	*left -= step;
	return attribute_in((const char *)a + step, *left);
}

/** Walks over the attributes in `length` bytes as `a`, which it declares. */
#define EACH_ATTRIBUTE(a, from, length)                                                            \
	size_t a##_left = (length);                                                                \
	for (const struct nlattr *a = attribute_in((from), a##_left); a;                           \
		a = attribute_next(a, &a##_left))

/** Sorts the attributes by type; false: a length does not hold. */
static inline bool attributes_parse(const void *from, size_t length, struct attributes *ret)
{
	const char *at = from;

	*ret = (struct attributes){0};
	while (length) {
		const struct nlattr *a = attribute_in(at, length);
		size_t step;

		if (!a)
			return false;
		step = attribute_step(a, length);
		if (attribute_type(a) < ATTRIBUTES)
			ret->at[attribute_type(a)] = a;
		at += step;
		length -= step;
	}
	return true;
}

/** The same of what an attribute holds; an absent one holds nothing. */
static inline bool attributes_nested(const struct nlattr *in, struct attributes *ret)
{
	if (!in) {
		*ret = (struct attributes){0};
		return true;
	}
	return attributes_parse(attribute_bytes(in), attribute_length(in), ret);
}

/** A number in network byte order; `otherwise` where it is absent or has another length. */
static inline uint32_t attribute_be32(const struct nlattr *a, uint32_t otherwise)
{
	uint32_t value;

	if (!a || attribute_length(a) != sizeof(value))
		return otherwise;
	memcpy(&value, attribute_bytes(a), sizeof(value));
	return be32toh(value);
}

static inline uint64_t attribute_be64(const struct nlattr *a, uint64_t otherwise)
{
	uint64_t value;

	if (!a || attribute_length(a) != sizeof(value))
		return otherwise;
	memcpy(&value, attribute_bytes(a), sizeof(value));
	return be64toh(value);
}

/** A number in the byte order of the host, as rtnetlink has them. */
static inline uint32_t attribute_u32(const struct nlattr *a, uint32_t otherwise)
{
	uint32_t value;

	if (!a || attribute_length(a) != sizeof(value))
		return otherwise;
	memcpy(&value, attribute_bytes(a), sizeof(value));
	return value;
}

/** A text, if it ends within the attribute; else NULL. */
static inline const char *attribute_text(const struct nlattr *a)
{
	return a && memchr(attribute_bytes(a), 0, attribute_length(a)) ? attribute_bytes(a) : NULL;
}

#endif
