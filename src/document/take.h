/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A document from a listing taken now. */
#ifndef PORTSCOPE_DOCUMENT_TAKE_H
#define PORTSCOPE_DOCUMENT_TAKE_H

#include "document/document.h"
#include "listing/snapshot.h"

/** What a snapshot has to gather to be compared with `like`, of enum field_need. */
unsigned document_needs(const struct portscope_document *like);

/** Makes a document of the rows of a snapshot, with those columns of `like` that it can have. */
int document_take_snapshot(const struct portscope_document *like,
	struct portscope_snapshot *snapshot, struct portscope_document **ret);

#endif
