/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the public header offers of rules and policies beside an audit. */
#include <string.h>

#include <portscope.h>

#include "listing/request.h"
#include "audit/policy.h"
#include "rules/rules.h"

static const char *const severities[] = {
	[PORTSCOPE_INFO] = "info",
	[PORTSCOPE_LOW] = "low",
	[PORTSCOPE_MEDIUM] = "medium",
	[PORTSCOPE_HIGH] = "high",
	[PORTSCOPE_CRITICAL] = "critical",
};

const char *portscope_severity_name(enum portscope_severity severity)
{
	return (unsigned)severity < ARRAY_SIZE(severities) ? severities[severity] : NULL;
}

int portscope_severity_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(severities); i++)
		if (!strcmp(severities[i], name))
			return i;
	return -ENOENT;
}

const struct portscope_rule *portscope_rule_at(unsigned i)
{
	const struct rule *rule = rule_at(i);

	return rule ? &rule->shown : NULL;
}

/* The two rules about insecure services look at the row alone. */
bool portscope_may_be_insecure(const struct portscope_row *row)
{
	judge_fn *const rules[] = {judge_insecure, judge_moved};
	bool found = false;

	for (size_t i = 0; i < ARRAY_SIZE(rules) && !found; i++) {
		struct verdict v;

		if (rules[i](row, NULL, &v) <= 0)
			continue;
		found = v.severity >= PORTSCOPE_MEDIUM;
		verdict_done(&v);
	}
	return found;
}

int portscope_policy_read(const char *path, struct portscope_policy **ret, char **ret_error)
{
	AUTO_FREE char *text = NULL;
	struct filter_lookup lookup;
	int r = policy_read_text(path, geteuid() == 0, &text, ret_error);

	if (r < 0)
		return r;
	filter_lookup_init(&lookup);
	r = policy_parse(path, text, &lookup.names, ret, ret_error);
	filter_lookup_done(&lookup);
	return r;
}

struct portscope_policy *portscope_policy_free(struct portscope_policy *policy)
{
	return policy_free(policy);
}

const char *portscope_policy_path(const struct portscope_policy *policy)
{
	return policy->path;
}
