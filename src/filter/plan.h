/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's part of a filter, still as a tree: negations stand only at leaves, every leaf is
 * one that the kernel can judge, what it cannot is taken as true. Whatever matches the filter
 * matches its plan.
 */
#ifndef PORTSCOPE_FILTER_PLAN_H
#define PORTSCOPE_FILTER_PLAN_H

#include "filter/tree.h"

/**
 * Makes the plan of `node`, for the kernel that `flags` (enum filter_compile) describe. `ret_exact`
 * tells whether it lets through nothing else. Its program has at most FILTER_PROGRAM_MAX bytes.
 */
int plan_make(const struct node *node, unsigned flags, struct node **ret, bool *ret_exact);
/** The bytes that the program of a plan takes. */
size_t plan_size(const struct node *plan);
/** The number of single comparisons that a leaf is a choice of. */
size_t leaf_arms(const struct node *leaf);

#endif
