/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --help, --version and --list-fields: what the tables say of themselves. */
#ifndef PORTSCOPE_CLI_HELP_H
#define PORTSCOPE_CLI_HELP_H

#include "cli/options.h"
#include "util/out.h"

/** --help of a command; that of the default one also names the others. */
void help_write(struct out *o, const struct options *options);
void version_write(struct out *o);
/** --list-fields: what a socket has, and what a finding has, which is more. */
void socket_fields_write(struct out *o);
void finding_fields_write(struct out *o);

#endif
