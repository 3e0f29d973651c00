/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the verdicts of all rules share: how bad something is from where, and their words. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rules/rules.h"

enum portscope_severity severity_weigh(
	enum portscope_severity severity, enum exposure exposure, bool amplification)
{
	switch (exposure) {
	case EXPOSURE_LOOPBACK:
		return PORTSCOPE_INFO;
	case EXPOSURE_LINK:
		return severity ? severity - 1 : severity;
	case EXPOSURE_PRIVATE:
		return severity && amplification ? severity - 1 : severity;
	case EXPOSURE_PUBLIC:
	case EXPOSURE_ANY:
	case EXPOSURE_UNKNOWN:
		break;
	}
	return severity;
}

int verdict_fill(struct verdict *ret, enum portscope_severity severity, const char *evidence,
	const char *references, const char *advice, const char *format, ...)
{
	struct verdict v = {
		.severity = severity,
		.evidence = evidence,
		.references = references,
	};
	va_list args;
	int length;

	/* It takes no memory, and cannot fail. */
	if (ret->wordless) {
		ret->severity = severity;
		return 1;
	}
	va_start(args, format);
	length = vasprintf(&v.text, format, args);
	va_end(args);
	if (length < 0)
		return -ENOMEM;
	if (advice) {
		v.advice = strdup(advice);
		if (!v.advice) {
			verdict_done(&v);
			return -ENOMEM;
		}
	}
	*ret = v;
	return 1;
}

int verdict_brief(struct verdict *verdict, const char *format, ...)
{
	va_list args;
	int length;

	if (verdict->wordless)
		return 1;
	va_start(args, format);
	length = vasprintf(&verdict->what, format, args);
	va_end(args);
	if (length >= 0)
		return 1;
	verdict->what = NULL;
	verdict_done(verdict);
	return -ENOMEM;
}

void verdict_done(struct verdict *verdict)
{
	free(verdict->what);
	free(verdict->text);
	free(verdict->advice);
}

const char *verdict_holder(const struct portscope_process *process)
{
	return process->program ? process->program : process->comm ? process->comm : "its holder";
}
