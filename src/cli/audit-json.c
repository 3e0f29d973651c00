/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The summary of an audit in JSON. */
#include "cli/audit.h"

void report_put_summary(struct json *j, const void *report)
{
	const struct report *r = report;
	struct portscope_audit_counts c = portscope_audit_count(r->audit);
	const char *exposure;

	json_write_open(j, "summary", '{');
	json_write_number(j, "sockets", c.sockets);
	json_write_number(j, "findings", c.findings);
	json_write_open(j, "by_severity", '{');
	for (size_t i = PORTSCOPE_SEVERITIES; i-- > 0;)
		json_write_number(j, portscope_severity_name(i), c.by_severity[i]);
	json_write_close(j, '}');
	json_write_open(j, "by_exposure", '{');
	for (unsigned i = 0; (exposure = portscope_field_word(PORTSCOPE_FIELD_EXPOSURE, i)); i++)
		json_write_number(j, exposure, c.by_exposure[i]);
	json_write_close(j, '}');
	json_write_number(j, "allowed", c.allowed);
	json_write_number(j, "silenced", c.silenced);
	json_write_number(j, "quiet", c.quiet);
	json_write_number(j, "unseen", c.unseen);
	json_write_text(j, "policy", r->policy);
	json_write_text(j, "fail_on", r->fail_on);
	json_write_close(j, '}');
}
