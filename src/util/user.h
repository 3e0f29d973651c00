/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Users by name and number, as the system's name service has them. A look-up may take long and
 * open sockets and files, so that it comes before anything that gives up a privilege.
 */
#ifndef PORTSCOPE_UTIL_USER_H
#define PORTSCOPE_UTIL_USER_H

#include "util/macros.h"

/**
 * The name of a user, or the number as text where it has none or `numeric` asks for no name; the
 * caller frees it. Negative: it could not be looked up.
 */
int user_name(uint32_t uid, bool numeric, char **ret);
/** The number of a user; -ENOENT: nobody is called so; another: it could not be looked up. */
int user_find(const char *name, uint32_t *ret_uid);
/** The home of a user, an absolute path that the caller frees; -ENOENT: none is known. */
int user_home(uint32_t uid, char **ret);
/** Why a look-up failed, in words; it takes what the functions above return. */
const char *user_error(int error);

#endif
