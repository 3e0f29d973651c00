/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the JSON of a listing to a document. The text is never in memory as a whole: the members of
 * the document, in whichever order they stand, and each socket are cut out by the scanner and
 * parsed by jansson one at a time. Nothing in the text is trusted.
 */
#ifndef PORTSCOPE_DOCUMENT_READ_H
#define PORTSCOPE_DOCUMENT_READ_H

#include <jansson.h>

#include "document/document.h"
#include "document/scan.h"

/** See portscope_document_read(). */
int document_read(
	scan_read_fn read, void *userdata, struct portscope_document **ret, char **ret_error);

/** A document on its way in. */
struct reader {
	struct scan scan;
	struct portscope_document *document;
	struct out piece;    /**< the value under way */
	struct out scratch;  /**< a container's name */
	size_t line, column; /**< where that value begins */
	unsigned seen;       /**< members that were there */
	const char **names;  /**< of the holders of the socket under way */
	size_t n_names;
	char *error; /**< printable */
};

/** Says what is wrong, escaped; returns `code`. */
int reader_fault(struct reader *reader, int code, const char *format, ...) PRINTF_LIKE(3, 4);

/** Takes one of the members that tell of the document as a whole. */
int read_query(struct reader *reader, json_t *query);
int read_host(struct reader *reader, json_t *host);
int read_time(struct reader *reader, json_t *time);
int read_warnings(struct reader *reader, json_t *warnings);

/** Takes one socket. */
int read_socket(struct reader *reader, json_t *socket);

/** What kind of value something is, for messages. */
const char *read_kind(const json_t *value);

#endif
