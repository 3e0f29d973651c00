/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Explains a port: draws together what the tables, the site and the kernel say of it. */
#include "explain/knowledge.h"

#include "model/names.h"
#include "registry/registry.h"
#include "util/array.h"

/* Protocols in the order of a page; TCP and UDP are on every one. */
static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_DCCP};

static int add_registrations(struct portscope_use *use, uint8_t protocol, uint16_t port)
{
	struct registry_service service;

	for (size_t i = 0; registry_next_service(protocol, port, &i, &service);) {
		struct portscope_registration *r = (struct portscope_registration *)ARRAY_ADD(
			use->registrations, use->n_registrations);

		if (!r)
			return -ENOMEM;
		*r = (struct portscope_registration){
			.name = service.name,
			.description = service.description,
			.low = service.low,
			.high = service.high,
		};
	}
	return 0;
}

static int add_de_facto(struct portscope_use *use, uint8_t protocol, uint16_t port)
{
	struct registry_de_facto row;
	struct portscope_de_facto *copy;

	if (!registry_de_facto(protocol, port, &row))
		return 0;
	copy = malloc(sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	*copy = (struct portscope_de_facto){
		.name = row.name,
		.software = row.software,
		.source = row.source,
		.ambiguous = row.ambiguous,
	};
	use->de_facto = copy;
	return 0;
}

static int add_risks(struct portscope_use *use, uint8_t protocol, uint16_t port)
{
	struct registry_insecure row;

	for (size_t i = 0; registry_next_insecure(protocol, port, &i, &row);) {
		struct portscope_risk *r =
			(struct portscope_risk *)ARRAY_ADD(use->risks, use->n_risks);

		if (!r)
			return -ENOMEM;
		*r = (struct portscope_risk){
			.key = row.key,
			.risk = registry_risk_name(row.risk),
			.severity = registry_severity_name(row.severity),
			.rank = row.severity,
			.why = row.why,
			.safer = row.safer,
			.reference = row.reference,
		};
	}
	return 0;
}

static struct portscope_counterpart counterpart(const struct portscope_knowledge *k,
	const struct registry_pair *pair, uint8_t protocol, uint16_t port)
{
	return (struct portscope_counterpart){
		.protocol = knowledge_protocol_name(protocol),
		.port = port,
		.name = service_name(k->services, protocol, port).name,
		.mechanism = pair->mechanism,
		.reference = pair->reference,
		.relation = registry_relation_name(pair->relation),
	};
}

static int add_counterparts(const struct portscope_knowledge *k, struct portscope_use *use,
	uint8_t protocol, uint16_t port)
{
	struct portscope_counterpart *to;
	struct registry_pair pair;

	for (size_t i = 0; registry_next_pair(protocol, port, &i, &pair);) {
		to = (struct portscope_counterpart *)ARRAY_ADD(
			use->protected_by, use->n_protected_by);
		if (!to)
			return -ENOMEM;
		*to = counterpart(k, &pair, pair.secure_protocol, pair.secure_port);
	}
	for (size_t i = 0; registry_next_pair_of_secure(protocol, port, &i, &pair);) {
		/* One that is protected on its own port says so already. */
		if (pair.port == port && pair.protocol == protocol)
			continue;
		to = (struct portscope_counterpart *)ARRAY_ADD(use->protects, use->n_protects);
		if (!to)
			return -ENOMEM;
		*to = counterpart(k, &pair, pair.protocol, pair.port);
	}
	return 0;
}

static int add_family(const struct portscope_knowledge *k, struct portscope_use *use,
	uint8_t protocol, uint16_t port)
{
	struct registry_member member;

	for (size_t i = 0; registry_next_member(protocol, port, &i, &member);) {
		struct portscope_member *m =
			(struct portscope_member *)ARRAY_ADD(use->members, use->n_members);

		if (!m)
			return -ENOMEM;
		*m = (struct portscope_member){
			.protocol = knowledge_protocol_name(member.protocol),
			.port = member.port,
			.name = service_name(k->services, member.protocol, member.port).name,
			.role = member.role,
		};
		use->family = member.family;
	}
	return 0;
}

/* Each program once: what it speaks first on a port is its name there. */
static int add_speakers(struct portscope_use *use, uint8_t protocol, uint16_t port)
{
	const struct registry_program *program;

	for (size_t i = 0; (program = registry_program_at(i)); i++) {
		struct registry_speech speech;
		struct portscope_speaker *s;
		bool here = false;

		for (size_t k = 0; !here && registry_next_speech(program, &k, &speech);)
			here = speech.protocol == protocol && !speech.any && port >= speech.low &&
			       port <= speech.high;
		if (!here || registry_program_is_carrier(program))
			continue;
		s = (struct portscope_speaker *)ARRAY_ADD(use->speakers, use->n_speakers);
		if (!s)
			return -ENOMEM;
		*s = (struct portscope_speaker){
			.program = registry_program_pattern(program),
			.match = registry_program_match(program),
			.service = speech.service,
			.source = speech.source,
		};
	}
	return 0;
}

static int fill_use(const struct portscope_knowledge *k, struct portscope_use *use,
	uint8_t protocol, uint16_t port)
{
	struct service service = {0};
	struct registry_preferred preferred;
	int r;

	/* The site's files speak only of TCP and UDP. */
	if (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP)
		service = service_name(k->services, protocol, port);
	else
		service = (struct service){
			.name = registry_name(protocol, port, NULL, NULL),
			.source = SERVICE_IANA,
		};
	use->protocol = knowledge_protocol_name(protocol);
	use->name = service.name;
	use->source = service.name ? vocabulary_word(&service_source_words, service.source) : NULL;
	use->hint = service.hint;
	use->purpose = registry_purpose(protocol, port);
	r = add_registrations(use, protocol, port);
	if (r < 0 || !(k->special[port / 8] >> port % 8 & 1))
		return r < 0 ? r : add_family(k, use, protocol, port);
	if (registry_preferred(protocol, port, &preferred))
		use->reason = preferred.reason;
	r = add_de_facto(use, protocol, port);
	if (r >= 0)
		r = add_risks(use, protocol, port);
	if (r >= 0)
		r = add_counterparts(k, use, protocol, port);
	return r < 0 ? r : add_family(k, use, protocol, port);
}

int portscope_explain(
	const struct portscope_knowledge *k, uint16_t port, struct portscope_port **ret)
{
	struct portscope_port *p = calloc(1, sizeof(*p));
	struct portscope_use *uses = calloc(ARRAY_SIZE(protocols), sizeof(*uses));
	const struct ephemeral_ports *e = &k->ephemeral;
	int r = p && uses ? 0 : -ENOMEM;

	if (!p) {
		free(uses);
		return r;
	}
	p->uses = uses;
	p->port = port;
	p->range = portscope_range_at(port_range_of(port));
	p->reserved = e->reserved && e->reserved[port / 8] >> port % 8 & 1;
	p->ephemeral = port && port >= e->low && port <= e->high && !p->reserved;
	p->privileged = k->kernel.privileged_known && port && port < k->kernel.unprivileged_from;
	for (size_t i = 0; i < ARRAY_SIZE(protocols) && r >= 0; i++) {
		struct portscope_use *use = &uses[p->n_uses];

		if (protocols[i] != IPPROTO_TCP && protocols[i] != IPPROTO_UDP &&
			!registry_name(protocols[i], port, NULL, NULL))
			continue;
		p->n_uses++;
		r = fill_use(k, use, protocols[i], port);
		if (r >= 0 && k->spoken[port / 8] >> port % 8 & 1)
			r = add_speakers(use, protocols[i], port);
		p->named = p->named || use->name || use->n_risks;
	}
	if (r < 0) {
		portscope_port_free(p);
		return r;
	}
	*ret = p;
	return 0;
}

struct portscope_port *portscope_port_free(struct portscope_port *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < p->n_uses; i++) {
		const struct portscope_use *use = &p->uses[i];

		free((void *)use->registrations);
		free((void *)use->de_facto);
		free((void *)use->risks);
		free((void *)use->protected_by);
		free((void *)use->protects);
		free((void *)use->members);
		free((void *)use->speakers);
	}
	free((void *)p->uses);
	free(p);
	return NULL;
}
