/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The public audit: gathers the host index without a filter, asks the policy and the rules about
 * each socket that is to be judged, and keeps what they found in order.
 */
#include <string.h>

#include "audit/baseline.h"
#include "audit/hidden.h"
#include "audit/policy.h"
#include "document/take.h"
#include "listing/names.h"
#include "listing/request.h"
#include "listing/snapshot.h"
#include "listing/sort.h"
#include "model/field.h"
#include "model/finding.h"
#include "rules/rules.h"
#include "util/array.h"

/** A finding as it is kept: its row is understood anew each time it is handed out. */
struct kept {
	struct verdict verdict;
	struct finding finding; /**< what is shown of it */
	char *references;       /**< owned: those of the verdict, taken apart */
	const char **reference; /**< owned: each of them */
	uint32_t row;
};

struct portscope_audit {
	struct portscope_snapshot *snapshot;
	const struct portscope_query *query;
	struct filter *filter; /**< borrowed; NULL: all are judged */
	const struct portscope_policy *policy;
	const struct portscope_document *baseline; /**< borrowed; NULL: none */
	struct baseline_row *fresh;                /**< by row; NULL without a baseline */
	struct policy_use *uses;                   /**< by line of the policy */
	uint64_t **autobound; /**< cookies that the filters borrow: of the filter, of each line */
	struct kept *findings;
	size_t n_findings;
	uint32_t *order;     /**< of the findings */
	size_t first_hidden; /**< the rows from here on are ports that nothing shows */
	struct portscope_audit_counts counts;
};

/* Filter `i` of those that see the rows: the one that chooses, then those of the policy. */
static struct filter *filter_at(const struct portscope_audit *a, size_t i)
{
	return i == 0 ? a->filter : a->policy->lines[i - 1].filter;
}

static size_t count_filters(const struct portscope_audit *a)
{
	return 1 + (a->policy ? a->policy->count : 0);
}

/* What rules, filters and the baseline read of every row. */
static unsigned needs_of(const struct portscope_audit *a)
{
	unsigned needs = NEED_RULES;

	for (size_t i = 0; i < count_filters(a); i++)
		if (filter_at(a, i))
			needs |= filter_needs(filter_at(a, i));
	for (size_t i = 0; i < a->query->n_sort; i++)
		needs |= field_needs(&a->query->sort[i].field, 1);
	return a->baseline ? needs | document_needs(a->baseline) : needs;
}

static int open_snapshot(struct portscope_audit *a)
{
	struct portscope_query query = *a->query;

	query.protocols = PORTSCOPE_TCP | PORTSCOPE_UDP;
	query.families = PORTSCOPE_INET | PORTSCOPE_INET6;
	query.states = PORTSCOPE_STATES_LISTENING;
	query.filter = NULL;
	query.sort = NULL;
	query.n_sort = 0;
	query.unsorted = false;
	return snapshot_open(&query, needs_of(a), NULL, &a->snapshot);
}

/* Adds the ports that nothing shows, if they are asked for, as sockets without a holder. */
static int add_hidden(struct portscope_audit *a)
{
	struct portscope_snapshot *s = a->snapshot;
	struct hidden_report report = {0};
	uint32_t *order;
	int r;

	a->first_hidden = s->sockets.count;
	if (!a->query->check_hidden)
		return 0;
	r = hidden_find_here(&s->sources, a->query->collector, &s->warnings, &report);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return warnings_add(&s->warnings, WARNING_INCOMPLETE,
			"could not look for hidden ports: %s", strerror(-r));
	if (report.tcp_skipped)
		r = warnings_add(&s->warnings, WARNING_INCOMPLETE,
			"hidden TCP ports were not looked for: this listing does not show sockets "
			"that are only bound");
	if (r >= 0 && report.denied)
		r = warnings_add(&s->warnings, WARNING_INCOMPLETE,
			"%zu ports could not be tried for hidden sockets: binding them needs "
			"CAP_NET_BIND_SERVICE",
			report.denied);
	order = reallocarray(
		s->order, s->sockets.count + report.sockets.count + 1, sizeof(*s->order));
	if (!order)
		r = -ENOMEM;
	else
		s->order = order;
	for (size_t i = 0; r >= 0 && i < report.sockets.count; i++) {
		s->order[s->sockets.count] = (uint32_t)s->sockets.count;
		r = sockets_add(&report.sockets.items[i], &s->sockets);
	}
	sockets_done(&report.sockets);
	return r;
}

/* Understands a row; who has a hidden port is not known. */
static void understand(const struct portscope_audit *a, size_t i, struct portscope_row *ret)
{
	snapshot_row(a->snapshot, i, ret);
	if (i >= a->first_hidden)
		ret->owner = OWNER_UNKNOWN;
}

/* What a filter reads beside the rows: `autobound` is asked of the kernel for it. */
static int prepare_filters(struct portscope_audit *a)
{
	struct collect_request request = {0};
	size_t n = count_filters(a);
	int r = 0;

	a->autobound = calloc(n, sizeof(*a->autobound));
	if (!a->autobound)
		return -ENOMEM;
	collect_request_fill(&request, PORTSCOPE_TCP | PORTSCOPE_UDP,
		PORTSCOPE_INET | PORTSCOPE_INET6, PORTSCOPE_STATES_LISTENING);
	for (size_t i = 0; i < n && r >= 0; i++) {
		struct warnings *warnings = &a->snapshot->warnings;
		struct filter *filter = filter_at(a, i);

		if (filter)
			r = filter_warn(filter, warnings);
		if (filter && r >= 0 && filter_uses_autobound(filter))
			r = filter_ask_autobound(filter, &a->snapshot->sources, &request,
				&a->autobound[i], warnings);
	}
	return r;
}

/* Sockets that share an address, as the processes of a REUSEPORT group do, are reported once. */
static bool same_place(const struct socket *a, const struct socket *b)
{
	return a->protocol == b->protocol && a->local_port == b->local_port &&
	       a->family == b->family && a->ifindex == b->ifindex &&
	       !memcmp(a->local_address, b->local_address, sizeof(a->local_address));
}

static bool same_verdict(const struct verdict *a, const struct verdict *b)
{
	return a->rule == b->rule && a->severity == b->severity && !strcmp(a->text, b->text);
}

static struct kept *find_same(struct portscope_audit *a, size_t first, const struct verdict *v)
{
	for (size_t i = first; i < a->n_findings; i++)
		if (same_verdict(&a->findings[i].verdict, v))
			return &a->findings[i];
	return NULL;
}

/* Takes the references apart, which are separated by `; `. */
static int split_references(struct kept *k)
{
	size_t n = 1;
	char *at;

	if (!k->verdict.references)
		return 0;
	k->references = strdup(k->verdict.references);
	if (!k->references)
		return -ENOMEM;
	for (at = k->references; (at = strstr(at, "; ")); at += 2)
		n++;
	k->reference = reallocarray(NULL, n, sizeof(*k->reference));
	if (!k->reference)
		return -ENOMEM;
	at = k->references;
	for (size_t i = 0; i < n; i++) {
		char *end = strstr(at, "; ");

		k->reference[i] = at;
		if (end) {
			*end = 0;
			at = end + 2;
		}
	}
	k->finding.references = k->reference;
	k->finding.n_references = n;
	return 0;
}

/* What is shown of a finding. */
static int show(struct kept *k, const char *decided)
{
	const struct verdict *v = &k->verdict;

	k->finding = (struct finding){
		.rule = v->rule->shown.id,
		.title = v->rule->shown.title,
		.severity = v->severity,
		.evidence = v->evidence,
		.what = v->what ? v->what : v->rule->shown.title,
		.text = v->text,
		.advice = v->advice,
		.verdict = decided,
		.sockets = 1,
	};
	return split_references(k);
}

/** The row under judgement. */
struct judged {
	const struct portscope_row *row;
	uint32_t position;
	size_t first; /**< the first finding of those that share its address */
	const struct policy_line *line;
	const struct policy_line *expired; /**< an allowance that is over; NULL: none */
};

/* A filter of findings chooses among them; the sockets are all judged. */
static bool is_asked_for(
	const struct portscope_audit *a, const struct portscope_row *row, const struct kept *found)
{
	struct portscope_row finding = *row;

	if (!a->filter || !filter_is_of_findings(a->filter))
		return true;
	finding.finding = &found->finding;
	return filter_match(a->filter, &finding);
}

static void kept_done(struct kept *k)
{
	verdict_done(&k->verdict);
	free(k->references);
	free(k->reference);
}

/* Takes over a verdict. */
static int keep(
	struct portscope_audit *a, const struct judged *j, struct verdict *v, const char *decided)
{
	struct kept *same = find_same(a, j->first, v), *added;
	int r;

	if (same) {
		same->finding.sockets++;
		verdict_done(v);
		return 0;
	}
	added = ARRAY_ADD(a->findings, a->n_findings);
	if (!added) {
		verdict_done(v);
		return -ENOMEM;
	}
	*added = (struct kept){.verdict = *v, .row = j->position};
	r = show(added, decided);
	if (r < 0 || is_asked_for(a, j->row, added))
		return r;
	kept_done(added);
	a->n_findings--;
	return 0;
}

/* What the policy itself has against the socket. 1: something. */
static int judge_by_policy(struct portscope_audit *a, const struct judged *j)
{
	bool deny = j->line && j->line->verdict == POLICY_DENY;
	const char *reason = j->line ? j->line->reason : NULL;
	struct verdict v = {0};
	int r;

	if (!j->line || j->line->verdict == POLICY_ALLOW)
		return 0;
	r = verdict_fill(&v, deny ? PORTSCOPE_HIGH : PORTSCOPE_MEDIUM, "policy", NULL,
		"stop what listens here, or allow it in the policy",
		"The policy %s (line %u, %s)%s%s.", deny ? "denies it" : "warns of it",
		j->line->number, j->line->text, reason ? ": " : "", reason ? reason : "");
	if (r < 0)
		return r;
	v.rule = rule_find(deny ? "denied-by-policy" : "warned-by-policy");
	r = keep(a, j, &v, deny ? "deny" : "warn");
	return r < 0 ? r : 1;
}

/* An allowance that is over. 1: there is one. */
static int judge_expired(struct portscope_audit *a, const struct judged *j)
{
	const char *reason = j->expired ? j->expired->reason : NULL;
	struct verdict v = {0};
	int r;

	if (!j->expired || (j->line && j->line->verdict == POLICY_ALLOW))
		return 0;
	r = verdict_fill(&v, PORTSCOPE_LOW, "policy", NULL,
		"look whether it is still needed; then stop it, or give the line a new day",
		"The policy allowed it until %s (line %u, %s)%s%s.", j->expired->until,
		j->expired->number, j->expired->text, reason ? ": " : "", reason ? reason : "");
	if (r < 0)
		return r;
	v.rule = rule_find("expired-in-policy");
	r = keep(a, j, &v, NULL);
	return r < 0 ? r : 1;
}

/* What the baseline has against the socket. 1 and a verdict: something; 0: nothing. */
static int judge_by_baseline(
	const struct portscope_audit *a, const struct judged *j, struct verdict *ret)
{
	const struct baseline_row *fresh = a->fresh ? &a->fresh[j->position] : NULL;
	enum portscope_severity severity = severity_weigh(PORTSCOPE_HIGH, j->row->exposure, false);
	int r;

	if (!fresh || (!fresh->opened && !fresh->changed))
		return 0;
	if (fresh->opened)
		r = verdict_fill(ret, severity, "observed", NULL,
			"stop it, or take a new baseline if it is meant to be there",
			"It was not there when the baseline was taken.");
	else
		r = verdict_fill(ret, severity, "observed", NULL,
			"find out why, or take a new baseline if the change is intended",
			"It changed since the baseline was taken: %s.", fresh->changed);
	if (r > 0)
		ret->rule =
			rule_find(fresh->opened ? "new-since-baseline" : "changed-since-baseline");
	return r;
}

/* Keeps what was found, unless the policy allows the socket. */
static int take_verdict(struct portscope_audit *a, const struct judged *j, struct verdict *v)
{
	if (j->line && j->line->verdict == POLICY_ALLOW) {
		verdict_done(v);
		return 0;
	}
	return keep(a, j, v, NULL);
}

/* A port that nothing shows: nothing else is known of it. */
static int judge_hidden(struct portscope_audit *a, const struct judged *j)
{
	struct verdict v = {0};
	int r = verdict_fill(&v, PORTSCOPE_HIGH, "observed", NULL,
		"do not trust what this host says of itself: look at it from outside, or started "
		"from "
		"another medium",
		"Port %u is in use, and no listing shows a socket that has it.",
		j->row->socket->local_port);

	if (r < 0)
		return r;
	v.rule = rule_find("hidden-port");
	r = take_verdict(a, j, &v);
	return r < 0 ? r : 1;
}

/* How many rules found something; the findings on a socket that is allowed are only counted. */
static int judge_by_rules(struct portscope_audit *a, const struct judged *j)
{
	const struct rule *rule;
	struct verdict fresh = {0};
	int found = judge_by_baseline(a, j, &fresh), r;

	if (found > 0) {
		r = take_verdict(a, j, &fresh);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; found >= 0 && (rule = rule_at(i)); i++) {
		struct verdict v = {0};

		r = rule->judge ? rule->judge(j->row, &a->snapshot->rules, &v) : 0;
		if (r > 0) {
			found++;
			v.rule = rule;
			if (!v.references)
				v.references = rule->shown.references;
			r = take_verdict(a, j, &v);
		}
		if (r < 0)
			return r;
	}
	return found;
}

static int judge(struct portscope_audit *a, const struct judged *j)
{
	int by_policy = judge_by_policy(a, j);
	int expired = by_policy < 0 ? by_policy : judge_expired(a, j);
	int found = expired;

	if (found >= 0)
		found = j->position < a->first_hidden ? judge_by_rules(a, j) : judge_hidden(a, j);

	if (found < 0)
		return found;
	by_policy |= expired;
	a->counts.sockets++;
	a->counts.unseen += rules_lack_owner(j->row, &a->snapshot->rules);
	if (j->line && j->line->verdict == POLICY_ALLOW) {
		a->counts.allowed++;
		a->counts.silenced += found;
	} else if (!found && !by_policy) {
		a->counts.quiet++;
	}
	return 0;
}

static bool is_chosen(const struct portscope_audit *a, const struct portscope_row *row)
{
	unsigned protocol = row->socket->protocol == IPPROTO_TCP ? PORTSCOPE_TCP : PORTSCOPE_UDP;

	return a->query->protocols & protocol &&
	       (!a->filter || filter_is_of_findings(a->filter) || filter_match(a->filter, row));
}

static int judge_all(struct portscope_audit *a)
{
	const struct socket *last = NULL;
	size_t first = 0;
	int r = 0;

	for (size_t i = 0; i < portscope_count(a->snapshot) && r >= 0; i++) {
		struct portscope_row row;
		struct judged judged = {.row = &row, .position = i};

		understand(a, i, &row);
		/* A line of the policy is of use wherever it matches, whatever is judged now. */
		if (a->policy)
			judged.line = policy_judge(a->policy, &row, a->uses, &judged.expired);
		if (!is_chosen(a, &row))
			continue;
		if (!last || !same_place(last, row.socket))
			first = a->n_findings;
		last = row.socket;
		judged.first = first;
		r = judge(a, &judged);
	}
	return r;
}

static void finding_row(const void *userdata, uint32_t position, struct portscope_row *ret)
{
	const struct portscope_audit *a = userdata;

	understand(a, a->findings[position].row, ret);
	ret->finding = &a->findings[position].finding;
}

/* The worst first, then by socket; or as the query has it. */
static int sort(struct portscope_audit *a)
{
	static const struct portscope_sort worst = {PORTSCOPE_FIELD_SEVERITY, .descending = true};
	bool asked = a->query->n_sort > 0;

	a->order = reallocarray(NULL, a->n_findings + 1, sizeof(*a->order));
	if (!a->order)
		return -ENOMEM;
	for (size_t i = 0; i < a->n_findings; i++)
		a->order[i] = (uint32_t)i;
	return rows_sort(asked ? a->query->sort : &worst, asked ? a->query->n_sort : 1, finding_row,
		a, a->order, a->n_findings);
}

static void count_findings(struct portscope_audit *a)
{
	a->counts.findings = a->n_findings;
	for (size_t i = 0; i < a->n_findings; i++) {
		struct portscope_row row;

		snapshot_row(a->snapshot, a->findings[i].row, &row);
		a->counts.by_severity[a->findings[i].verdict.severity]++;
		a->counts.by_exposure[row.exposure]++;
	}
}

/* A line that is of no use, or of less than its writer may think. */
static int warn_of_line(const struct portscope_audit *a, size_t i, struct warnings *w)
{
	const struct policy_line *line = &a->policy->lines[i];
	const struct policy_use *use = &a->uses[i];

	if (use->by_name)
		return warnings_add(w, WARNING_NOTE,
			"%s:%u does not allow %zu socket%s that it matches by name only: the "
			"executable must be one that only root can change, and run as root unless "
			"the "
			"line says user or unit: %s",
			a->policy->path, line->number, use->by_name, use->by_name == 1 ? "" : "s",
			line->text);
	if (!use->matched)
		return warnings_add(w, WARNING_NOTE, "%s:%u matches no socket: %s", a->policy->path,
			line->number, line->text);
	return 0;
}

/* What the reader should know of the policy and of what could not be judged. */
static int warn(struct portscope_audit *a)
{
	struct warnings *w = &a->snapshot->warnings;
	int r = 0;

	for (size_t i = 0; a->policy && i < a->policy->count && r >= 0; i++)
		r = warn_of_line(a, i, w);
	if (r >= 0)
		r = rules_warn_unseen(a->counts.unseen, a->counts.sockets, w);
	return r;
}

static int compare_baseline(struct portscope_audit *a, char **ret_error)
{
	if (!a->baseline)
		return 0;
	a->fresh = calloc(portscope_count(a->snapshot) + 1, sizeof(*a->fresh));
	if (!a->fresh)
		return -ENOMEM;
	return baseline_compare(a->baseline, a->snapshot, a->fresh, ret_error);
}

static int fill(struct portscope_audit *a, char **ret_error)
{
	int r = open_snapshot(a);

	if (r >= 0)
		r = add_hidden(a);
	if (r >= 0)
		r = prepare_filters(a);
	if (r >= 0)
		r = compare_baseline(a, ret_error);
	if (r >= 0)
		r = judge_all(a);
	if (r >= 0)
		r = sort(a);
	if (r < 0)
		return r;
	count_findings(a);
	return warn(a);
}

int portscope_audit_open(const struct portscope_query *query, struct portscope_policy *policy,
	const struct portscope_document *baseline, struct portscope_audit **ret, char **ret_error)
{
	struct portscope_audit *a = calloc(1, sizeof(*a));
	int r = -ENOMEM;

	if (!a)
		return -ENOMEM;
	a->query = query;
	a->policy = policy;
	a->baseline = baseline;
	a->filter = query->filter ? portscope_filter_parsed(query->filter) : NULL;
	a->uses = calloc(policy ? policy->count + 1 : 1, sizeof(*a->uses));
	if (a->uses)
		r = fill(a, ret_error);
	if (r < 0) {
		portscope_audit_close(a);
		return r;
	}
	*ret = a;
	return 0;
}

struct portscope_audit *portscope_audit_close(struct portscope_audit *a)
{
	if (!a)
		return NULL;
	for (size_t i = 0; a->autobound && i < count_filters(a); i++)
		free(a->autobound[i]);
	free(a->autobound);
	for (size_t i = 0; i < a->n_findings; i++)
		kept_done(&a->findings[i]);
	free(a->findings);
	free(a->order);
	free(a->uses);
	if (a->snapshot)
		baseline_rows_free(a->fresh, portscope_count(a->snapshot));
	portscope_close(a->snapshot);
	free(a);
	return NULL;
}

int portscope_audit_each(const struct portscope_audit *a, portscope_row_fn take, void *userdata)
{
	int r = 0;

	for (size_t i = 0; i < a->n_findings && !r; i++) {
		struct portscope_row row;

		finding_row(a, a->order[i], &row);
		r = take(&row, userdata);
	}
	return r;
}

struct portscope_audit_counts portscope_audit_count(const struct portscope_audit *a)
{
	return a->counts;
}

const struct portscope_snapshot *portscope_audit_snapshot(const struct portscope_audit *a)
{
	return a->snapshot;
}
