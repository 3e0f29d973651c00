/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a fuzz target is, and how it says that something does not hold. */
#ifndef PORTSCOPE_TESTS_FUZZ_H
#define PORTSCOPE_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/** Takes one input; libFuzzer's own name (llvm.org/docs/LibFuzzer.html). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Ends the program where `condition` does not hold, in every build. */
#define HOLDS(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
