/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Findings as SARIF 2.1.0 (OASIS), for dashboards of code scanning. A socket has no file and no
 * line, which such dashboards want: it stands there as `PROTOCOL/ADDRESS/PORT`, line 1,
 * with `%25INTERFACE` after the address where it is bound to one.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "format/format.h"
#include "format/text.h"
#include "util/address.h"
#include "util/json.h"

#define SCHEMA                                                                                     \
	"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"                      \
	"sarif-schema-2.1.0.json"

static const char *level_of(enum portscope_severity severity)
{
	return severity >= PORTSCOPE_HIGH     ? "error"
	       : severity == PORTSCOPE_MEDIUM ? "warning"
					      : "note";
}

/* What dashboards sort by: a number as CVSS has it, in the middle of its band. */
static const char *score_of(enum portscope_severity severity)
{
	static const char *const scores[PORTSCOPE_SEVERITIES] = {
		[PORTSCOPE_INFO] = "0.0",
		[PORTSCOPE_LOW] = "2.0",
		[PORTSCOPE_MEDIUM] = "5.5",
		[PORTSCOPE_HIGH] = "8.0",
		[PORTSCOPE_CRITICAL] = "9.5",
	};

	return scores[severity];
}

static void put_message(struct json *j, const char *key, const char *text)
{
	json_write_open(j, key, '{');
	json_write_text(j, "text", text);
	json_write_close(j, '}');
}

static void put_rule(struct json *j, const struct portscope_rule *rule)
{
	json_write_open(j, NULL, '{');
	json_write_text(j, "id", rule->id);
	json_write_text(j, "name", rule->id);
	put_message(j, "shortDescription", rule->title);
	put_message(j, "fullDescription", rule->about);
	json_write_open(j, "defaultConfiguration", '{');
	json_write_text(j, "level", level_of(rule->severity));
	json_write_close(j, '}');
	json_write_open(j, "properties", '{');
	json_write_text(j, "security-severity", score_of(rule->severity));
	json_write_open(j, "tags", '[');
	json_write_text(j, NULL, "security");
	json_write_text(j, NULL, "network");
	json_write_close(j, ']');
	json_write_close(j, '}');
	json_write_close(j, '}');
}

/* What a run could not see is a notification of the run. */
static void put_invocation(struct json *j, const struct printer *p)
{
	size_t n;
	const struct portscope_warning *w = portscope_get_warnings(p->listing->snapshot, &n);
	bool complete = true;

	for (size_t i = 0; i < n; i++)
		complete = complete && !w[i].incomplete;
	json_write_open(j, "invocations", '[');
	json_write_open(j, NULL, '{');
	json_write_bool(j, "executionSuccessful", complete);
	json_write_time(j, "endTimeUtc", portscope_get_time(p->listing->snapshot));
	json_write_open(j, "toolExecutionNotifications", '[');
	for (size_t i = 0; i < n; i++) {
		if (w[i].detail && !p->listing->verbose)
			continue;
		json_write_open(j, NULL, '{');
		json_write_text(j, "level", w[i].incomplete ? "error" : "note");
		put_message(j, "message", w[i].text);
		json_write_close(j, '}');
	}
	json_write_close(j, ']');
	json_write_close(j, '}');
	json_write_close(j, ']');
}

static void sarif_begin(struct printer *p)
{
	struct json j = {.out = p->out};
	const struct portscope_rule *rule;

	json_write_open(&j, NULL, '{');
	json_write_text(&j, "$schema", SCHEMA);
	json_write_text(&j, "version", "2.1.0");
	json_write_open(&j, "runs", '[');
	json_write_open(&j, NULL, '{');
	json_write_open(&j, "tool", '{');
	json_write_open(&j, "driver", '{');
	json_write_text(&j, "name", "portscope");
	json_write_text(&j, "version", PORTSCOPE_VERSION);
	json_write_open(&j, "rules", '[');
	for (unsigned i = 0; (rule = portscope_rule_at(i)); i++)
		put_rule(&j, rule);
	json_write_close(&j, ']');
	json_write_close(&j, '}');
	json_write_close(&j, '}');
	put_invocation(&j, p);
	json_write_open(&j, "properties", '{');
	if (p->listing->kind->more)
		p->listing->kind->more(&j, p->listing->kind->of);
	json_write_close(&j, '}');
	json_write_open(&j, "results", '[');
}

/* The position of a rule in the table of rules. */
static unsigned index_of(const struct portscope_value *id)
{
	const struct portscope_rule *rule;
	unsigned i = 0;

	while ((rule = portscope_rule_at(i)) && strcmp(rule->id, id->text.text))
		i++;
	return i;
}

/* What SARIF reads of a row, whatever its columns are. */
static const uint16_t fields_read[] = {PORTSCOPE_FIELD_PROTOCOL, PORTSCOPE_FIELD_LOCAL,
	PORTSCOPE_FIELD_SEVERITY, PORTSCOPE_FIELD_RULE, PORTSCOPE_FIELD_EVIDENCE,
	PORTSCOPE_FIELD_TEXT, PORTSCOPE_FIELD_ADVICE, PORTSCOPE_FIELD_REFERENCES};

static struct portscope_value get(const struct portscope_row *row, unsigned field)
{
	struct portscope_value value;

	portscope_get(row, field, &value);
	return value;
}

/* The kernel takes any byte but a slash and blanks for a name. */
static void put_encoded(struct out *o, const char *name)
{
	for (; *name; name++) {
		unsigned char c = *name;

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			strchr("-._~", c))
			out_char(o, c);
		else
			out_format(o, "%%%02X", c);
	}
}

/* `tcp/0.0.0.0/23`: a relative URI (RFC 3986), whose first segment has no colon. */
static void put_place(struct json *j, const char *key, const struct portscope_row *row)
{
	struct portscope_value protocol = get(row, PORTSCOPE_FIELD_PROTOCOL);
	struct portscope_value local = get(row, PORTSCOPE_FIELD_LOCAL);

	json_write_key(j, key);
	out_format(j->out, "\"%s/", protocol.word.name);
	address_write(j->out, local.endpoint.family, local.endpoint.address);
	/* The same address on two interfaces is two places. */
	if (local.endpoint.interface) {
		out_text(j->out, "%25");
		put_encoded(j->out, local.endpoint.interface);
	} else if (local.endpoint.ifindex) {
		out_format(j->out, "%%25%u", local.endpoint.ifindex);
	}
	out_format(j->out, "/%u\"", local.endpoint.port);
}

static void put_location(struct json *j, const struct portscope_row *row)
{
	AUTO_OUT struct out name = OUT_FOR(j->out);
	struct portscope_value local = get(row, PORTSCOPE_FIELD_LOCAL);

	text_value(&name, &local, TEXT_TABLE);
	json_write_open(j, "locations", '[');
	json_write_open(j, NULL, '{');
	json_write_open(j, "physicalLocation", '{');
	json_write_open(j, "artifactLocation", '{');
	put_place(j, "uri", row);
	json_write_close(j, '}');
	json_write_open(j, "region", '{');
	json_write_number(j, "startLine", 1);
	json_write_close(j, '}');
	json_write_close(j, '}');
	json_write_open(j, "logicalLocations", '[');
	json_write_open(j, NULL, '{');
	json_write_text(j, "name", out_string(&name) ? name.buffer : "");
	json_write_text(j, "kind", "socket");
	json_write_close(j, '}');
	json_write_close(j, ']');
	json_write_close(j, '}');
	json_write_close(j, ']');
}

/* The sentence, what to do, where to read on. */
static void put_text(struct json *j, const struct portscope_row *row)
{
	struct portscope_value what = get(row, PORTSCOPE_FIELD_TEXT);
	struct portscope_value advice = get(row, PORTSCOPE_FIELD_ADVICE);
	struct portscope_value references = get(row, PORTSCOPE_FIELD_REFERENCES);
	AUTO_OUT struct out text = OUT_FOR(j->out);

	out_text(&text, what.text.text);
	if (advice.known) {
		out_text(&text, " What to do: ");
		out_text(&text, advice.text.text);
		out_char(&text, '.');
	}
	if (references.texts.count) {
		out_text(&text, " See: ");
		text_value(&text, &references, TEXT_PLAIN);
	}
	put_message(j, "message", out_string(&text) ? text.buffer : what.text.text);
}

static void sarif_row(struct printer *p, const struct portscope_row *row)
{
	struct portscope_value rule = get(row, PORTSCOPE_FIELD_RULE);
	struct portscope_value severity = get(row, PORTSCOPE_FIELD_SEVERITY);
	struct portscope_value evidence = get(row, PORTSCOPE_FIELD_EVIDENCE);
	struct json j = {.out = p->out};

	out_text(p->out, p->rows++ ? ",\n" : "\n");
	json_write_open(&j, NULL, '{');
	json_write_text(&j, "ruleId", rule.text.text);
	json_write_number(&j, "ruleIndex", index_of(&rule));
	json_write_text(&j, "level", level_of(severity.word.rank));
	put_text(&j, row);
	put_location(&j, row);
	json_write_open(&j, "partialFingerprints", '{');
	put_place(&j, "socket/v1", row);
	json_write_close(&j, '}');
	json_write_open(&j, "properties", '{');
	json_write_text(&j, "severity", severity.word.name);
	json_write_text(&j, "security-severity", score_of(severity.word.rank));
	json_write_text(&j, "evidence", evidence.text.text);
	json_write_key(&j, "socket");
	format_json_row(p->out, p->listing, row);
	json_write_close(&j, '}');
	json_write_close(&j, '}');
}

static void sarif_end(struct printer *p)
{
	if (!p->listing->cut)
		out_text(p->out, p->rows ? "\n]}]}\n" : "]}]}\n");
}

const struct format format_sarif = {
	.name = "sarif",
	.all_fields = true,
	.reads = fields_read,
	.n_reads = ARRAY_SIZE(fields_read),
	.begin = sarif_begin,
	.row = sarif_row,
	.end = sarif_end,
};
