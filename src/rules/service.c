/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules about what a port is for: insecure services, moved ones, and halves of pairs. */
#include <stdio.h>
#include <string.h>

#include "rules/evidence.h"
#include "rules/rules.h"

static bool is_amplification(const struct registry_insecure *facts)
{
	return facts->risk == REGISTRY_AMPLIFICATION;
}

static enum portscope_severity weigh(
	const struct registry_insecure *facts, const struct portscope_row *row)
{
	return severity_weigh(
		(enum portscope_severity)facts->severity, row->exposure, is_amplification(facts));
}

/* What is known of a service wherever it listens, for one protocol. */
static bool find_facts(const char *key, uint8_t protocol, struct registry_insecure *ret)
{
	for (size_t i = 0; registry_next_insecure_of_all(&i, ret);)
		if (ret->protocol == protocol && !strcmp(ret->key, key))
			return true;
	return false;
}

/* A port that a pair gives to the protected form of what the program speaks. */
static bool is_protected_port(
	const struct registry_program *program, uint8_t protocol, uint16_t port)
{
	struct registry_pair pair;

	for (size_t i = 0; registry_next_pair_of_secure(protocol, port, &i, &pair);)
		if (program_speaks(program, pair.name))
			return true;
	return false;
}

static bool is_insecure_port(const struct portscope_row *row)
{
	struct registry_insecure facts;
	size_t i = 0;

	return registry_next_insecure(row->socket->protocol, row->socket->local_port, &i, &facts);
}

/* A holder that speaks one insecure service on whatever port, here on one that is not its own. */
static const struct portscope_process *find_moved(const struct portscope_row *row,
	const struct registry_program **ret_program, struct registry_insecure *ret_facts)
{
	const struct socket *s = row->socket;

	/* A source port that the kernel chose is not a service, and FTP opens one for each
	 * transfer.
	 */
	for (size_t i = 0; i < row->n_processes && !row->probable_client; i++) {
		enum program_proof proof;
		const struct registry_program *program = program_of(row, i, &proof);
		struct registry_speech speech;
		const char *plain = NULL;

		/* Where nothing is known of TLS, nothing is said against it. */
		if (program && program_speaks_anywhere(program, s->protocol, &speech) &&
			speech.tls != REGISTRY_TLS_UNKNOWN)
			plain = speech.service;
		if (!plain || !find_facts(plain, s->protocol, ret_facts) ||
			program_at_home(program, s->protocol, s->local_port) ||
			is_protected_port(program, s->protocol, s->local_port) ||
			(row->ephemeral && !strcmp(plain, "ftp")))
			continue;
		/* A name or an argument takes nothing off what the port may be. */
		if (proof != PROGRAM_BY_EXECUTABLE && is_insecure_port(row))
			continue;
		*ret_program = program;
		return &row->processes[i];
	}
	return NULL;
}

/* The service that the holders speak for; where none does, the worst that the port may stand for.
 */
static enum evidence choose(const struct portscope_row *row, struct registry_insecure *ret)
{
	enum evidence best = EVIDENCE_CONTRADICTED;
	struct registry_insecure facts;
	bool any = false;

	for (size_t i = 0; registry_next_insecure(
		     row->socket->protocol, row->socket->local_port, &i, &facts);) {
		const struct portscope_process *holder;
		const struct registry_program *program;
		enum evidence evidence = evidence_of(row, facts.key, &program, &holder);

		if (evidence == EVIDENCE_PROCESS) {
			*ret = facts;
			return evidence;
		}
		if (!any || facts.severity > ret->severity)
			*ret = facts;
		best = evidence;
		any = true;
	}
	return best;
}

/* Why only the port tells what it is. */
static void put_doubt(const struct portscope_row *row, char *text, size_t size)
{
	const struct portscope_process *p = row->processes;

	if (row->n_processes && (p->program || p->comm))
		snprintf(text, size, "its holder %s does not tell", verdict_holder(p));
	else if (row->n_processes)
		snprintf(text, size, "its holder does not tell");
	else if (row->owner == OWNER_NONE || row->owner == OWNER_UNKNOWN)
		snprintf(text, size, "no process in sight holds it");
	else
		snprintf(text, size, "its holder could not be seen");
}

int judge_insecure(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret)
{
	struct registry_insecure facts, moved;
	const struct registry_program *program;
	enum portscope_severity severity;
	enum evidence evidence;
	char doubt[128];
	int r;

	if (!is_insecure_port(row))
		return 0;
	evidence = choose(row, &facts);
	if (evidence == EVIDENCE_CONTRADICTED)
		return 0;
	severity = weigh(&facts, row);
	if (evidence == EVIDENCE_PROCESS) {
		r = verdict_fill(ret, severity, "port+process", facts.reference, facts.safer, "%s",
			facts.why);
		return r < 0 ? r : verdict_brief(ret, "%s", facts.what);
	}
	if (find_moved(row, &program, &moved))
		return 0;
	put_doubt(row, doubt, sizeof(doubt));
	/* A holder that is not known may be what the port belongs to: it lowers nothing. */
	r = verdict_fill(ret, severity, "port", facts.reference, facts.safer,
		"Port %u belongs to %s; %s. If it is %s: %s", row->socket->local_port, facts.key,
		doubt, facts.key, facts.why);
	return r < 0 ? r : verdict_brief(ret, "if %s: %s", facts.key, facts.what);
}

int judge_moved(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret)
{
	struct registry_insecure facts;
	const struct registry_program *program;
	const struct portscope_process *holder = find_moved(row, &program, &facts);

	int r;

	if (!holder)
		return 0;
	r = verdict_fill(ret, weigh(&facts, row), "process", facts.reference, facts.safer,
		"%s is known for %s and listens on port %u: %s", verdict_holder(holder), facts.key,
		row->socket->local_port, facts.why);
	return r < 0 ? r : verdict_brief(ret, "%s here: %s", facts.key, facts.what);
}

static const char *first_service(const struct registry_program *program)
{
	struct registry_speech speech;
	size_t i = 0;

	return registry_next_speech(program, &i, &speech) ? speech.service : "something else";
}

int judge_mismatch(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret)
{
	const struct portscope_process *holder;
	struct registry_insecure facts, moved;
	const struct registry_program *program;
	int r;

	if (!is_insecure_port(row) || choose(row, &facts) != EVIDENCE_CONTRADICTED ||
		!facts.severity)
		return 0;
	evidence_of(row, facts.key, &program, &holder);
	if (program_at_home(program, row->socket->protocol, row->socket->local_port) ||
		find_moved(row, &program, &moved))
		return 0;
	r = verdict_fill(ret, severity_weigh(PORTSCOPE_LOW, row->exposure, false), "contradicted",
		NULL, "move it to a port of its own, or write down why it is here in the policy",
		"%s, which speaks %s, listens on the port of %s: whoever looks only at the "
		"port takes it for that.",
		verdict_holder(holder), first_service(program), facts.key);
	return r < 0 ? r
		     : verdict_brief(
			       ret, "%s on the port of %s", first_service(program), facts.key);
}

/* True if a listener of the protected half takes what the other one takes. */
static bool is_open(const struct rules_index *index, const struct registry_pair *pair,
	const struct portscope_row *row)
{
	size_t n;
	const struct rules_listener *l =
		rules_index_port(index, pair->secure_protocol, pair->secure_port, &n);

	for (size_t i = 0; i < n; i++)
		if (l[i].exposure != EXPOSURE_UNKNOWN && l[i].exposure >= row->exposure &&
			l[i].socket != row->socket)
			return true;
	return false;
}

/** A pair whose cleartext half a socket is. */
struct half {
	struct registry_pair pair;
	const char *evidence;
	char condition[64]; /**< what a text begins with: nothing, or `If this is imap: ` */
};

/* The pair of this relation whose cleartext half the socket is, as far as its holders allow. */
static bool find_half(const struct portscope_row *row, const struct rules_index *index,
	enum registry_relation relation, struct half *ret)
{
	const struct socket *s = row->socket;
	struct registry_pair *pair = &ret->pair;

	for (size_t i = 0; registry_next_pair(s->protocol, s->local_port, &i, pair);) {
		const struct portscope_process *holder;
		const struct registry_program *program;
		enum evidence evidence;

		if (pair->relation != relation)
			continue;
		evidence = evidence_of(row, pair->name, &program, &holder);
		if (evidence == EVIDENCE_CONTRADICTED ||
			(relation != REGISTRY_UPGRADE_IN_PLACE && !is_open(index, pair, row)))
			continue;
		ret->evidence = evidence == EVIDENCE_PROCESS ? "port+process" : "port";
		ret->condition[0] = 0;
		if (evidence == EVIDENCE_PORT)
			snprintf(ret->condition, sizeof(ret->condition),
				"If this is %s: ", pair->name);
		return true;
	}
	return false;
}

static const char *secure_name(const struct registry_pair *pair)
{
	return pair->secure_name ? pair->secure_name : "its protected form";
}

int judge_replace(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret)
{
	struct half half;
	const struct registry_pair *p = &half.pair;
	char advice[64];
	int r;

	if (!find_half(row, index, REGISTRY_REPLACE, &half))
		return 0;
	snprintf(advice, sizeof(advice), "close it, %u is open as well", p->secure_port);
	r = verdict_fill(ret, severity_weigh(PORTSCOPE_LOW, row->exposure, false), half.evidence,
		p->reference, advice,
		"%s%u (%s) does the same as %u (%s), protected, and is open as well.",
		half.condition, p->secure_port, secure_name(p), p->port, p->name);
	return r < 0 ? r
		     : verdict_brief(ret, "%u (%s) is open as well: close this", p->secure_port,
			       secure_name(p));
}

int judge_upgrade(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret)
{
	struct half half;
	char advice[128];

	if (!find_half(row, index, REGISTRY_UPGRADE_IN_PLACE, &half))
		return 0;
	snprintf(advice, sizeof(advice), "enforce %s", half.pair.mechanism);
	return verdict_fill(ret, PORTSCOPE_INFO, half.evidence, half.pair.reference, advice,
		"%s%s can be spoken safely or not on the same port, which does not tell how it is.",
		half.condition, half.pair.name);
}

int judge_companion(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret)
{
	struct half half;
	const struct registry_pair *p = &half.pair;
	char advice[192];

	if (!find_half(row, index, REGISTRY_COMPANION, &half))
		return 0;
	snprintf(advice, sizeof(advice), "keep both, and have clients use %s where they can: %s",
		secure_name(p), p->mechanism);
	return verdict_fill(ret, PORTSCOPE_INFO, half.evidence, p->reference, advice,
		"%s%u (%s) is the unencrypted companion of %u (%s): both have their use.",
		half.condition, p->port, p->name, p->secure_port, secure_name(p));
}

int judge_alternative(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret)
{
	struct half half;
	const struct registry_pair *p = &half.pair;
	char advice[128];

	if (!find_half(row, index, REGISTRY_ALTERNATIVE, &half))
		return 0;
	snprintf(advice, sizeof(advice), "the other way: %s on %u", p->mechanism, p->secure_port);
	return verdict_fill(ret, PORTSCOPE_INFO, half.evidence, p->reference, advice,
		"%s%u (%s) is open as well and leads to the same end as %u (%s).", half.condition,
		p->secure_port, secure_name(p), p->port, p->name);
}
