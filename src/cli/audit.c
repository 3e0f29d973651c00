/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command `audit`: from options to an audit, from findings to a format and an exit status. */
#include <string.h>

#include "cli/audit.h"
#include "cli/command.h"
#include "cli/document.h"
#include "cli/filter.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/word.h"
#include "util/suggest.h"

#define DEFAULT_POLICY "/etc/portscope/policy"

/* What makes the exit status 1; `none` is beyond all severities. */
static const char *const fail_words[] = {
	[PORTSCOPE_INFO] = "info",
	[PORTSCOPE_LOW] = "low",
	[PORTSCOPE_MEDIUM] = "medium",
	[PORTSCOPE_HIGH] = "high",
	[PORTSCOPE_CRITICAL] = "critical",
	[PORTSCOPE_SEVERITIES] = "none",
	NULL,
};

/** An audit under way. */
struct run {
	struct options options;
	const char *policy_asked;   /**< NULL: the default one, if it is there */
	const char *baseline_asked; /**< NULL: none; `-` is the standard input */
	unsigned fail_on;           /**< enum portscope_severity, counted from 1; 0: not said */
	const char *rule;           /**< id of a rule to explain */
	bool list_rules;
	struct portscope_query query;
	struct portscope_policy *policy;
	struct portscope_document *baseline;
	struct listing listing;
	struct report report;
	const struct findings_format *format; /**< NULL: for a reader */
	bool failed;                          /**< a finding is as bad as fail_on, or worse */
	uint16_t columns[FORMAT_COLUMNS_MAX];
};

/* The lowest severity that makes the exit status 1. */
static unsigned fails_from(const struct run *run)
{
	return run->fail_on ? run->fail_on - 1 : PORTSCOPE_HIGH;
}

/* The fields of a socket: those that a reader sees, or all that JSON has. */
static void choose_columns(struct run *run)
{
	bool text = run->format == &findings_text;
	size_t n = 0;

	for (size_t i = 0; text && i < FINDING_CELLS; i++)
		run->columns[n++] = findings_text_columns[i];
	for (unsigned id = 0; !text && portscope_field_at(id); id++)
		if (portscope_field_at(id)->in_json)
			run->columns[n++] = id;
	/* SARIF names a socket as a table does. */
	if (run->format == &findings_sarif) {
		run->columns[n++] = PORTSCOPE_FIELD_LOCAL;
		run->columns[n++] = PORTSCOPE_FIELD_PROCESS;
	}
	run->listing.columns = run->columns;
	run->listing.n_columns = n;
	run->query.fields = run->columns;
	run->query.n_fields = n;
}

static int read_policy(struct run *run)
{
	const char *asked = run->policy_asked;
	AUTO_FREE char *wrong = NULL;
	int r = portscope_policy_read(asked ? asked : DEFAULT_POLICY, &run->policy, &wrong);

	if (!asked && (r == -ENOENT || r == -ENOTDIR))
		return 0;
	if (wrong)
		message_lines(wrong);
	else if (r < 0)
		message("cannot read the policy %s: %s", asked ? asked : DEFAULT_POLICY,
			strerror(-r));
	if (r >= 0)
		run->report.policy = portscope_policy_path(run->policy);
	return r >= 0 ? 0 : r == -EINVAL ? STATUS_USAGE : STATUS_FAILED;
}

static int prepare(struct run *run)
{
	const struct options *o = &run->options;
	bool text;
	int r;

	if (!run->format)
		run->format = &findings_text;
	choose_columns(run);
	text = run->format == &findings_text;
	run->query.protocols = o->protocols ? o->protocols : PORTSCOPE_TCP | PORTSCOPE_UDP;
	run->query.families = PORTSCOPE_INET | PORTSCOPE_INET6;
	run->query.states = PORTSCOPE_STATES_LISTENING;
	run->query.numeric = o->numeric;
	run->query.collector = options_collector(o);
	run->query.identity = !text && run->format != &findings_csv;
	run->listing.query = &run->query;
	run->listing.command = "audit";
	run->listing.width = text ? output_width() : 0;
	run->listing.colour = text && output_colour(o);
	run->listing.no_header = o->no_header;
	run->listing.verbose = o->verbose;
	run->report.listing = &run->listing;
	run->report.fail_on = fail_words[fails_from(run)];
	r = run->baseline_asked ? cli_document_read(run->baseline_asked, &run->baseline) : 0;
	return r ? r : read_policy(run);
}

static int measure_finding(const struct portscope_finding *finding, void *userdata)
{
	struct run *run = userdata;

	run->format->measure(&run->report, finding);
	return 0;
}

static int print_finding(const struct portscope_finding *finding, void *userdata)
{
	struct run *run = userdata;

	run->failed = run->failed || finding->severity >= fails_from(run);
	run->format->finding(&run->report, finding);
	return run->report.out->error;
}

static int print_all(struct run *run, const struct portscope_audit *audit)
{
	int r = 0;

	run->listing.snapshot = portscope_audit_snapshot(audit);
	run->report.audit = audit;
	if (run->format->begin)
		run->format->begin(&run->report);
	if (run->format->measure)
		r = portscope_audit_each(audit, measure_finding, run);
	if (r >= 0)
		r = portscope_audit_each(audit, print_finding, run);
	run->listing.cut = MIN(r, 0);
	if (run->format->end)
		run->format->end(&run->report);
	return r;
}

static int judge(struct run *run)
{
	AUTO_OUT struct out out = {.fd = STDOUT_FILENO};
	const struct portscope_warning *warnings;
	AUTO_FREE char *wrong = NULL;
	struct portscope_audit *audit;
	int r, status, written;
	size_t n;

	r = portscope_audit_open(&run->query, run->policy, run->baseline, &audit, &wrong);
	if (wrong) {
		message("%s: %s", run->baseline_asked, wrong);
		return STATUS_USAGE;
	}
	if (r < 0) {
		message("cannot audit the sockets: %s", strerror(-r));
		return STATUS_FAILED;
	}
	run->report.out = &out;
	r = print_all(run, audit);
	written = output_finish(&out);
	warnings = portscope_get_warnings(portscope_audit_snapshot(audit), &n);
	status = output_warnings(warnings, n, run->options.verbose);
	if (r < 0 && !out.error) {
		message("the audit ended early: %s", strerror(-r));
		written = STATUS_FAILED;
	}
	portscope_audit_close(audit);
	return written ? written : run->failed ? STATUS_FOUND : status;
}

static int explain_rule(const char *id)
{
	AUTO_OUT struct out out = {.fd = STDOUT_FILENO};
	const struct portscope_rule *rule;
	const char *ids[64], *near;
	unsigned n = 0;

	for (; (rule = portscope_rule_at(n)) && n < ARRAY_SIZE(ids); n++) {
		if (!strcmp(rule->id, id)) {
			rule_write(&out, rule, output_width());
			return output_finish(&out);
		}
		ids[n] = rule->id;
	}
	near = suggest(id, ids, n);
	if (near)
		message("there is no rule '%s'; did you mean %s?", id, near);
	else
		message("there is no rule '%s'; portscope audit --list-rules names them", id);
	return STATUS_USAGE;
}

static int run_audit(void *state)
{
	struct run *run = state;
	int r;

	if ((run->list_rules || run->rule) && run->options.n_words) {
		message("unexpected argument '%s': --list-rules and --explain take no filter",
			run->options.words[0]);
		return STATUS_USAGE;
	}
	if (run->list_rules)
		return output_text(rules_write);
	if (run->rule)
		return explain_rule(run->rule);
	r = cli_filter_read(&run->options, &run->query.filter);
	if (!r)
		r = prepare(run);
	if (!r)
		r = judge(run);
	portscope_policy_free(run->policy);
	portscope_document_free(run->baseline);
	portscope_filter_free(run->query.filter);
	return r;
}

#define AT(member) offsetof(struct run, member)

/* clang-format off */
static const struct option_spec options[] = {
	OPTION_TCP,
	OPTION_UDP,
	OPTION_NUMERIC,
	OPTION_FILTER,
	{0, "policy", "FILE", OPTION_TEXT, AT(policy_asked), "policy file (default: " DEFAULT_POLICY ")"},
	{0, "baseline", "FILE", OPTION_TEXT, AT(baseline_asked),
		"report what is new or changed since FILE (an earlier -l --json)"},
	{0, "fail-on", "SEVERITY", OPTION_WORD, AT(fail_on),
		"exit 1 on findings of SEVERITY or worse (default: high; none: never)", .words = fail_words},
	{0, "list-rules", NULL, OPTION_FLAG, AT(list_rules), "name all rules and exit"},
	{0, "explain", "RULE", OPTION_TEXT, AT(rule), "say what a rule looks at and exit"},
	OPTION_NO_HEADER,
	{'j', "json", NULL, OPTION_CHOICE, AT(format), "one JSON document", .choice = &findings_json},
	{0, "json-lines", NULL, OPTION_CHOICE, AT(format), "one JSON record a line", .choice = &findings_json_lines},
	{0, "csv", NULL, OPTION_CHOICE, AT(format), "comma-separated values for spreadsheets", .choice = &findings_csv},
	{0, "sarif", NULL, OPTION_CHOICE, AT(format), "SARIF 2.1.0 for dashboards", .choice = &findings_sarif},
	OPTION_COLOR,
	OPTION_COLLECTOR,
	OPTION_VERBOSE,
	OPTIONS_END,
};
/* clang-format on */

const struct command command_audit = {
	.name = "audit",
	.options = options,
	.size = sizeof(struct run),
	.arguments = "[FILTER]",
	.help = "judge what listens; exit status for scripts",
	.usage = "audit [OPTIONS] [FILTER]",
	.about =
		"Which listening sockets should not be open, how exposed they are, and what to\n"
		"use instead.\n"
		"\n"
		"FILTER chooses which sockets are judged; what is known of the host stays whole.\n",
	.closing =
		"\nExamples:\n"
		"  sudo portscope audit                        all findings, the worst first\n"
		"  sudo portscope audit --fail-on medium exposure != loopback\n"
		"  portscope audit --explain insecure-service  what a rule looks at\n"
		"\n"
		"Exit status: 0 done, 1 a finding of --fail-on or worse, 2 wrong usage, 3 failed,\n"
		"4 something could not be seen.\n",
	.run = run_audit,
};
