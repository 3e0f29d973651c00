/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command `audit`: from options to an audit, from findings to a format and an exit status. */
#include <string.h>

#include "cli/audit.h"
#include "cli/columns.h"
#include "cli/command.h"
#include "cli/document.h"
#include "cli/filter.h"
#include "cli/help.h"
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

/* What the text shows at least. */
static const char *const severity_words[] = {
	[PORTSCOPE_INFO] = "info",
	[PORTSCOPE_LOW] = "low",
	[PORTSCOPE_MEDIUM] = "medium",
	[PORTSCOPE_HIGH] = "high",
	[PORTSCOPE_CRITICAL] = "critical",
	NULL,
};

/** An audit under way. */
struct run {
	struct options options;
	const char *policy_asked;   /**< NULL: the default one, if it is there */
	const char *baseline_asked; /**< NULL: none; `-` is the standard input */
	unsigned min_severity;      /**< of the text, counted from 1; 0: not said */
	bool details;
	unsigned fail_on; /**< enum portscope_severity, counted from 1; 0: not said */
	const char *rule; /**< id of a rule to explain */
	bool list_rules;
	bool check_hidden;
	struct portscope_query query;
	struct portscope_policy *policy;
	struct portscope_document *baseline;
	struct listing listing;
	struct listing_kind kind;
	struct report report;
	struct audit_lines lines;
	const struct format *format;
	struct printer printer;
	struct columns columns;
	bool failed; /**< a finding is as bad as fail_on, or worse */
};

/* The lowest severity that makes the exit status 1. */
static unsigned fails_from(const struct run *run)
{
	return run->fail_on ? run->fail_on - 1 : PORTSCOPE_HIGH;
}

/* For a reader, findings are lines that are merged; with --columns, a table. */
static const struct format *choose_format(const struct options *o)
{
	return o->format ? o->format : o->columns ? &format_table : &format_report;
}

static const uint16_t table_columns[] = {PORTSCOPE_FIELD_SEVERITY, PORTSCOPE_FIELD_PROTOCOL,
	PORTSCOPE_FIELD_LOCAL, PORTSCOPE_FIELD_SERVICE, PORTSCOPE_FIELD_EXPOSURE,
	PORTSCOPE_FIELD_PROCESS, PORTSCOPE_FIELD_UNIT, PORTSCOPE_FIELD_RULE};

static int choose_columns(struct run *run)
{
	uint16_t defaults[PORTSCOPE_FIELDS];
	size_t n = ARRAY_SIZE(table_columns);
	int r;

	if (run->format->all_fields)
		n = columns_of_format(run->format, true, defaults);
	else
		memcpy(defaults, table_columns, sizeof(table_columns));
	r = columns_choose(&run->columns, &run->options, true, defaults, n);
	for (size_t i = 0; i < run->format->n_reads; i++)
		columns_read(&run->columns, run->format->reads[i]);
	columns_read(&run->columns, PORTSCOPE_FIELD_SEVERITY);
	run->listing.columns = run->columns.ids;
	run->listing.n_columns = run->columns.n;
	run->listing.n_default = run->columns.n_default;
	run->query.fields = run->columns.ids;
	run->query.n_fields = run->columns.n_read;
	run->query.sort = run->columns.sort;
	run->query.n_sort = run->columns.n_sort;
	return r;
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
	bool reader;
	int r;

	run->format = choose_format(o);
	if (choose_columns(run))
		return STATUS_USAGE;
	reader = run->format == &format_table || run->format == &format_report;
	run->query.protocols = o->protocols ? o->protocols : PORTSCOPE_TCP | PORTSCOPE_UDP;
	run->query.families = PORTSCOPE_INET | PORTSCOPE_INET6;
	run->query.states = PORTSCOPE_STATES_LISTENING;
	run->query.numeric = o->numeric;
	run->query.check_hidden = run->check_hidden;
	run->query.collector = options_collector(o);
	run->query.identity = !reader && run->format != &format_csv;
	run->kind = (struct listing_kind){
		.command = "audit",
		.rows = "findings",
		.record = "finding",
		.more = report_put_summary,
		.of = &run->report,
	};
	run->listing.query = &run->query;
	run->listing.kind = &run->kind;
	run->listing.width = reader ? output_width() : 0;
	run->listing.screen = run->format == &format_table && run->listing.width;
	run->listing.colour = reader && output_colour(o);
	run->listing.no_header = o->no_header;
	run->listing.verbose = o->verbose;
	run->report.lines = &run->lines;
	run->report.least = run->min_severity ? run->min_severity - 1 : PORTSCOPE_LOW;
	run->report.details = run->details;
	run->report.fail_on = fail_words[fails_from(run)];
	r = run->baseline_asked ? cli_document_read(run->baseline_asked, &run->baseline) : 0;
	return r ? r : read_policy(run);
}

static int measure_row(const struct portscope_row *row, void *userdata)
{
	struct run *run = userdata;

	run->format->measure(&run->printer, row);
	return 0;
}

static int print_row(const struct portscope_row *row, void *userdata)
{
	struct run *run = userdata;
	struct portscope_value severity;

	portscope_get(row, PORTSCOPE_FIELD_SEVERITY, &severity);
	run->failed = run->failed || severity.word.rank >= fails_from(run);
	run->format->row(&run->printer, row);
	return run->printer.out->error;
}

static int print_all(struct run *run, const struct portscope_audit *audit)
{
	int r = 0;

	run->listing.snapshot = portscope_audit_snapshot(audit);
	run->report.audit = audit;
	run->printer.listing = &run->listing;
	if (run->format->begin)
		run->format->begin(&run->printer);
	if (run->format->measure)
		r = portscope_audit_each(audit, measure_row, run);
	if (r >= 0)
		r = portscope_audit_each(audit, print_row, run);
	run->listing.cut = MIN(r, 0);
	if (run->format->end)
		run->format->end(&run->printer);
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
	run->printer.out = &out;
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
		message("there is no rule '%s'; portscope audit --list-rules lists them", id);
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
	if (run->options.list_fields)
		return output_text(finding_fields_write);
	if (run->rule)
		return explain_rule(run->rule);
	r = cli_filter_read(&run->options, &run->query.filter);
	if (!r)
		r = prepare(run);
	if (!r)
		r = judge(run);
	audit_lines_done(&run->lines);
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
	{0, "check-hidden", NULL, OPTION_FLAG, AT(check_hidden),
		"bind every port, to find those in use that nothing shows"},
	{0, "min-severity", "SEVERITY", OPTION_WORD, AT(min_severity),
		"least that the text shows (default: low)", .words = severity_words},
	{0, "details", NULL, OPTION_FLAG, AT(details), "say all that is known of each finding"},
	{0, "list-rules", NULL, OPTION_FLAG, AT(list_rules), "list all rules and exit"},
	{0, "explain", "RULE", OPTION_TEXT, AT(rule), "say what a rule looks at and exit"},
	OPTION_NO_HEADER,
	OPTION_JSON,
	OPTION_JSON_LINES,
	OPTION_CSV,
	OPTION_FORMAT(0, sarif, "sarif", "SARIF 2.1.0 for dashboards"),
	OPTION_COLUMNS,
	OPTION_SORT,
	OPTION_LIST_FIELDS,
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
	.about = "Which listening sockets should not be open, how exposed they are, and what to\n"
		 "use instead.\n"
		 "\n"
		 "FILTER chooses which sockets are judged, still with the whole host in view.\n",
	.closing =
		"\nExamples:\n"
		"  sudo portscope audit                        all findings, worst first\n"
		"  sudo portscope audit --fail-on medium exposure != loopback\n"
		"  portscope audit --explain insecure-service  what a rule looks at\n"
		"\n"
		"Exit status: 0 done, 1 a finding of --fail-on or worse, 2 wrong usage, 3 failed,\n"
		"4 something could not be seen.\n",
	.run = run_audit,
};
