/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kept listings that a command line names. */
#ifndef PORTSCOPE_CLI_DOCUMENT_H
#define PORTSCOPE_CLI_DOCUMENT_H

#include <portscope.h>

/**
 * Reads a document; `-` is the standard input. Returns 0, or the exit status after it has said on
 * stderr what is wrong.
 */
int cli_document_read(const char *path, struct portscope_document **ret);

#endif
