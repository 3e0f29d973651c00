/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks each holder of a socket what it is known to speak. */
#include "rules/evidence.h"

enum evidence evidence_of(const struct portscope_row *row, const char *service,
	const struct registry_program **ret_program, const struct portscope_process **ret_holder)
{
	const struct registry_program *other = NULL;
	bool contradicted = row->n_processes > 0;

	*ret_program = NULL;
	*ret_holder = NULL;
	for (size_t i = 0; i < row->n_processes; i++) {
		enum program_proof proof;
		const struct registry_program *program = program_of(row, i, &proof);

		if (program && program_speaks(program, service)) {
			*ret_program = program;
			*ret_holder = &row->processes[i];
			return EVIDENCE_PROCESS;
		}
		if (!program || proof != PROGRAM_BY_EXECUTABLE ||
			registry_program_is_carrier(program))
			contradicted = false;
		else if (!other)
			other = program;
	}
	if (!contradicted)
		return EVIDENCE_PORT;
	*ret_program = other;
	*ret_holder = &row->processes[0];
	return EVIDENCE_CONTRADICTED;
}
