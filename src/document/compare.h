/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two documents beside each other. Sockets are brought into the order of what names them, sockets
 * of the same name are matched as sets: first those that are equal in all that is compared, then
 * those that differ least. What is not known in one document differs from nothing.
 */
#ifndef PORTSCOPE_DOCUMENT_COMPARE_H
#define PORTSCOPE_DOCUMENT_COMPARE_H

#include "document/document.h"
#include "model/warnings.h"

/** A difference; what opened has no `before`, what closed no `after`. */
struct change {
	enum portscope_change_kind kind;
	unsigned differs;
	size_t count;
	uint32_t before, after; /**< positions of entries */
};

struct portscope_diff {
	const struct portscope_document *documents[2]; /**< borrowed: before, after */
	struct pool pool;                              /**< the texts of both */
	uint32_t *numbers[2]; /**< from numbers of a document's pool to those of `pool` */
	unsigned compared;    /**< bits 1 << enum portscope_aspect */
	bool listening; /**< only what listens is compared, and each socket is reported by itself */
	bool owners;    /**< both say whether a socket's holders are known */
	bool directions, clients, interfaces, states; /**< both have the column */
	size_t unseen; /**< sockets whose programs are not known in both */
	struct change *changes;
	size_t count;
	size_t counts[3]; /**< sockets, by kind */
	struct warnings warnings;
};

/**
 * Compares two documents, which must outlive the result. `listening`: the first is a baseline of
 * what listens, and nothing else of the second counts.
 */
int documents_compare(const struct portscope_document *before,
	const struct portscope_document *after, bool listening, struct portscope_diff **ret);
DEFINE_CLEANUP(struct portscope_diff *, portscope_diff_free)

/** Adds what a reader of the comparison should know. */
int comparison_warn(struct portscope_diff *diff);

#endif
