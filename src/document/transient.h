/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of units, and paths, that are another one each time: what of them stays. */
#ifndef PORTSCOPE_DOCUMENT_TRANSIENT_H
#define PORTSCOPE_DOCUMENT_TRANSIENT_H

#include "util/out.h"

/**
 * Writes a unit with `*` for what is made up anew each time: `session-12.scope` becomes
 * `session-*.scope`. A name that stays is written as it is.
 */
void transient_unit(struct out *o, const char *unit);

/**
 * Writes the path of an executable with an asterisk for what of its folders is made up anew at
 * each start or with each version, as in /tmp/.mount_appX1y2Z3 and /opt/app/1.2.3. The name of the
 * file stays.
 */
void transient_path(struct out *o, const char *path);

/**
 * Writes the executable of a program as a listing names it: of an interpreter, whose script may
 * be what the process says, what stands in brackets: `node` of `server.js (node)`.
 */
void transient_program(struct out *o, const char *program);

#endif
