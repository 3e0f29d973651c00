/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command `audit`: from options to an audit, from findings to a format and an exit status. */
#include <string.h>

#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/diff.h"
#include "cli/filter.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/output.h"
#include "util/suggest.h"

#define DEFAULT_POLICY "/etc/portscope/policy"
/** Beyond all severities: nothing fails. */
#define FAIL_NEVER PORTSCOPE_SEVERITIES

static const char text_columns[] = "protocol,local,service,process,unit,exposure";

/** An audit under way. */
struct run {
	struct options options;
	struct portscope_query query;
	struct portscope_policy *policy;
	struct portscope_document *baseline;
	struct listing listing;
	struct report report;
	const struct findings_format *format;
	unsigned fail_on; /**< enum portscope_severity, or FAIL_NEVER */
	bool failed;      /**< a finding is at least as bad */
	uint16_t columns[FORMAT_COLUMNS_MAX];
};

static int choose_fail_on(struct run *run)
{
	static const char *const words[] = {"info", "low", "medium", "high", "critical", "none"};
	const char *word = run->options.fail_on ? run->options.fail_on : "high";
	const char *near;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(word, words[i])) {
			run->fail_on = i;
			run->report.fail_on = words[i];
			return 0;
		}
	near = suggest(word, words, ARRAY_SIZE(words));
	message("--fail-on is info, low, medium, high, critical or none, not '%s'%s%s%s", word,
		near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	return STATUS_USAGE;
}

static int choose_format(struct run *run)
{
	static const struct findings_format *const formats[] = {
		&findings_json, &findings_json_lines, &findings_csv};
	const struct format *asked = run->options.format;

	run->format = run->options.sarif ? &findings_sarif : &findings_text;
	if (asked && run->options.sarif) {
		message("--%s and --sarif exclude each other", asked->name);
		return STATUS_USAGE;
	}
	for (size_t i = 0; asked && i < ARRAY_SIZE(formats); i++)
		if (!strcmp(asked->name, formats[i]->name))
			run->format = formats[i];
	return 0;
}

/* The fields of a socket: those that a reader sees, or all that JSON has. */
static void choose_columns(struct run *run)
{
	bool text = run->format == &findings_text;
	size_t n = 0;

	for (const char *at = text_columns; text && *at; at += *at == ',') {
		char name[32] = "";
		size_t length = strcspn(at, ",");

		memcpy(name, at, MIN(length, sizeof(name) - 1));
		run->columns[n++] = portscope_field_find(name);
		at += length;
	}
	for (unsigned id = 0; !text && portscope_field_at(id); id++)
		if (portscope_field_at(id)->in_json)
			run->columns[n++] = id;
	/* SARIF names a socket as a table does. */
	if (run->format == &findings_sarif) {
		run->columns[n++] = portscope_field_find("local");
		run->columns[n++] = portscope_field_find("process");
	}
	run->listing.columns = run->columns;
	run->listing.n_columns = n;
	run->query.fields = run->columns;
	run->query.n_fields = n;
}

static int read_policy(struct run *run)
{
	const char *asked = run->options.policy;
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

	if (choose_fail_on(run) || choose_format(run))
		return STATUS_USAGE;
	choose_columns(run);
	text = run->format == &findings_text;
	run->query.protocols = o->protocols ? o->protocols : PORTSCOPE_TCP | PORTSCOPE_UDP;
	run->query.families = PORTSCOPE_INET | PORTSCOPE_INET6;
	run->query.states = PORTSCOPE_STATES_LISTENING;
	run->query.numeric = o->numeric;
	run->query.identity = !text && run->format != &findings_csv;
	run->listing.query = &run->query;
	run->listing.command = "audit";
	run->listing.width = text ? output_width() : 0;
	run->listing.colour = text && output_colour(o);
	run->listing.no_header = o->no_header;
	run->listing.verbose = o->verbose;
	run->report.listing = &run->listing;
	r = o->baseline ? cli_document_read(o->baseline, &run->baseline) : 0;
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

	run->failed = run->failed || finding->severity >= run->fail_on;
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
		message("%s: %s", run->options.baseline, wrong);
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

static int run_audit(const struct command *command, int argc, char **argv)
{
	struct run run = {0};
	int r;

	if (options_parse(command, argc, argv, &run.options))
		return STATUS_USAGE;
	if (run.options.help || run.options.version)
		return output_about(command, &run.options);
	if ((run.options.list_rules || run.options.explain_rule) && run.options.n_words) {
		message("unexpected argument '%s': the rules are told without a filter",
			run.options.words[0]);
		return STATUS_USAGE;
	}
	if (run.options.list_rules)
		return output_text(rules_write);
	if (run.options.explain_rule)
		return explain_rule(run.options.explain_rule);
	r = cli_filter_read(&run.options, &run.query.filter);
	if (!r)
		r = prepare(&run);
	if (!r)
		r = judge(&run);
	portscope_policy_free(run.policy);
	portscope_document_free(run.baseline);
	portscope_filter_free(run.query.filter);
	return r;
}

const struct command command_audit = {
	.name = "audit",
	.bit = COMMAND_AUDIT,
	.arguments = "[FILTER]",
	.help = "judge what listens; exit status for scripts",
	.usage = "audit [OPTIONS] [FILTER]",
	.about =
		"What of that which listens on this host should not, how far it reaches, and what "
		"to "
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
