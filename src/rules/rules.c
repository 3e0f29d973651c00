/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* THE table of rules. */
#include "rules/rules.h"

#include <string.h>

#include "model/field.h"
#include "registry/registry.h"

#define HOLDERS (NEED_OWNERS | NEED_PROCESSES | NEED_DETAILS | NEED_TRUST | NEED_PROGRAMS)

/* clang-format off */
static const struct rule rules[] = {
#define RULE(id, severity, needs, judge, title, references, about) \
	{{id, title, PORTSCOPE_##severity, about, references}, needs, judge}
	RULE("insecure-service", CRITICAL, NEED_ADDRESSES | NEED_EPHEMERAL | HOLDERS, judge_insecure,
		"known-insecure service", NULL,
		"The port is that of a service that is known to be insecure. The severity is that of the service; on "
		"loopback it is info, on the link one step less, on a private address one step less for services that "
		"amplify. The evidence is port+process where a holder is known to speak the service, else port. Only a "
		"holder that is known to speak something else lowers it, see port-of-another-service."),
	RULE("insecure-service-moved", CRITICAL, NEED_ADDRESSES | NEED_EPHEMERAL | HOLDERS, judge_moved,
		"insecure service on another port", NULL,
		"A program that is known for an insecure service listens on a port that is not the service's. The "
		"severity is that of the service, weighted in the same way; the evidence is the process."),
	RULE("port-of-another-service", LOW, NEED_ADDRESSES | HOLDERS, judge_mismatch,
		"port of another service", NULL,
		"All holders are known to speak something else than the insecure service that the port stands for: the "
		"finding is about that, not about the service. Info on loopback."),
	RULE("encrypted-twin-open", LOW, NEED_ADDRESSES | NEED_EPHEMERAL | HOLDERS, judge_replace,
		"the encrypted replacement is open too", NULL,
		"The protected form of the service does the same and is open too, at least as widely: the cleartext "
		"port can be closed. Info on loopback."),
	RULE("encryption-optional", INFO, NEED_ADDRESSES | NEED_EPHEMERAL | HOLDERS, judge_upgrade,
		"encryption in place", NULL,
		"The same port serves the protected and the unprotected form: the finding says what to enforce."),
	RULE("encrypted-companion-open", INFO, NEED_ADDRESSES | NEED_EPHEMERAL | HOLDERS, judge_companion,
		"unencrypted companion", NULL,
		"The service and its protected companion are both open and both needed."),
	RULE("encrypted-alternative-open", INFO, NEED_ADDRESSES | NEED_EPHEMERAL | HOLDERS, judge_alternative,
		"protected alternative", NULL,
		"Another, protected way to the same end is open too."),
	RULE("executable-in-memory", HIGH, HOLDERS, judge_memory_exe,
		"executable in memory", "memfd_create(2)",
		"A holder was started from a memfd: no file of it is on any disk."),
	RULE("executable-in-temporary-folder", HIGH, HOLDERS, judge_temporary_exe,
		"executable in a temporary folder", NULL,
		"The executable of a holder is in /tmp, /var/tmp or /dev/shm."),
	RULE("executable-deleted", MEDIUM, HOLDERS, judge_deleted_exe,
		"deleted executable", "proc(5), /proc/PID/exe",
		"The executable of a holder is deleted, mostly by an update without a restart."),
	RULE("preloaded-library", HIGH, HOLDERS | NEED_PRELOAD | NEED_UNITS, judge_preload,
		"preloaded library", "ld.so(8), LD_PRELOAD",
		"LD_PRELOAD or /etc/ld.so.preload put a library into a holder that is not in the system's folders, and "
		"the holder has it mapped. Low in a container, whose folders are its own."),
	RULE("impostor", HIGH, HOLDERS | NEED_TRUST, judge_impostor,
		"name of another program", NULL,
		"A holder gives itself, by its title, its comm or its argv[0], the name of a program that is known, but "
		"runs another executable. Medium where the port is not a well-known one. Of an interpreter only the title "
		"counts, for the others are those of its script."),
	RULE("shell-on-socket", HIGH, HOLDERS, judge_shell,
		"shell on a socket", NULL,
		"A shell has a standard stream, or an interpreter two of them, on the listening socket."),
	RULE("no-process", MEDIUM, NEED_OWNERS, judge_no_process,
		"no process", NULL,
		"No process holds the socket and the port is none of the kernel's own services. Judged only where all "
		"processes can be seen. Info where the kernel may hold it all the same: UDP, as tunnels are, and TCP "
		"beside NFS or rpcbind."),
	RULE("ephemeral-listener", LOW, NEED_ADDRESSES | NEED_EPHEMERAL, judge_ephemeral,
		"listener in the ephemeral range", "ip(7), ip_local_port_range",
		"A TCP listener has a port that the kernel hands out by itself. Info on loopback and on the link."),
	RULE("shared-by-users", MEDIUM, NEED_OWNERS | NEED_USERS, judge_shared,
		"address and port shared by users", "socket(7), SO_REUSEPORT",
		"Several sockets have the same address and port and no user in common. Info for UDP, where receivers "
		"of multicast share ports."),
	RULE("shared-by-programs", MEDIUM, HOLDERS | NEED_UNITS | NEED_USERS, judge_shared_programs,
		"address and port shared by programs", "socket(7), SO_REUSEPORT",
		"Several sockets of one user have the same address and port, and their holders run different executables "
		"or belong to different units. Info for UDP, where receivers of multicast share ports."),
	RULE("local-clients-only", INFO, NEED_ADDRESSES, judge_local_clients,
		"wildcard where every client is local", NULL,
		"A TCP socket listens on every address, at least one client is connected, and all of them are on this "
		"host."),
	RULE("accept-queue-full", MEDIUM, NEED_NETLINK, judge_queue,
		"accept queue full", "listen(2)",
		"As many connections wait to be accepted as the backlog allows, or more."),
	RULE("udp-client", INFO, NEED_EPHEMERAL, judge_udp_client,
		"UDP socket of a client", NULL,
		"An unconnected UDP socket on an ephemeral port counts as a listener, but most likely is a client's."),
	RULE("privileged-port-without-root", INFO, HOLDERS | NEED_USERS, judge_privileged,
		"privileged port without root", "ip(7), ip_unprivileged_port_start",
		"No holder of a port that needs privilege to be bound is root."),
	RULE("root-on-unprivileged-wildcard", INFO, NEED_EPHEMERAL | HOLDERS | NEED_USERS, judge_root,
		"root on an unprivileged wildcard port", NULL,
		"All holders are root, the address is a wildcard and the port needs no privilege. Not judged where one "
		"is a program that works for others and must be root for that, as sshd and dockerd are."),
	RULE("new-since-baseline", HIGH, 0, NULL,
		"new since the baseline", NULL,
		"The listing that --baseline names does not have the socket, by protocol, address and "
		"port. Only loopback lowers it to information, the link by a step."),
	RULE("changed-since-baseline", HIGH, 0, NULL,
		"changed hands since the baseline", NULL,
		"The listing that --baseline names has another program, executable, user, unit, "
		"container or exposure for the socket. Pids and names that are made up anew each time "
		"do not count. It is weighed as what is new."),
	RULE("hidden-port", HIGH, 0, NULL,
		"hidden port", "bind(2), EADDRINUSE",
		"Only with --check-hidden: bind(2) says twice that a port is in use, and no listing before, between and "
		"after shows a socket that has it. Something may filter what this host tells of its sockets."),
	RULE("denied-by-policy", HIGH, 0, NULL,
		"denied by the policy", NULL,
		"The first line of the policy that matches the socket says deny."),
	RULE("warned-by-policy", MEDIUM, 0, NULL,
		"warned of by the policy", NULL,
		"The first line of the policy that matches the socket says warn."),
	RULE("expired-in-policy", LOW, 0, NULL,
		"its allowance in the policy is over", NULL,
		"A line of the policy allowed the socket until a day that is over; what else is found on it "
		"is reported again."),
};
/* clang-format on */

const struct rule *rule_at(size_t i)
{
	return i < ARRAY_SIZE(rules) ? &rules[i] : NULL;
}

const struct rule *rule_find(const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (!strcmp(rules[i].shown.id, id))
			return &rules[i];
	return NULL;
}

unsigned rules_need(void)
{
	unsigned needs = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		needs |= rules[i].needs;
	return needs;
}

bool rules_lack_owner(const struct portscope_row *row, const struct rules_index *index)
{
	return row->owner == OWNER_HIDDEN || row->owner == OWNER_GONE ||
	       (row->owner == OWNER_UNKNOWN && !index->all_processes);
}

int rules_warn_unseen(size_t unseen, size_t judged, struct warnings *warnings)
{
	if (!unseen)
		return 0;
	return warnings_add(warnings, WARNING_NOTE,
		"the owners of %zu of %zu sockets could not be seen: what is said of these "
		"rests only on the port",
		unseen, judged);
}

const struct portscope_rule *portscope_rule_at(unsigned i)
{
	const struct rule *rule = rule_at(i);

	return rule ? &rule->shown : NULL;
}

bool portscope_is_carrier(const char *program)
{
	struct registry_carrier carrier;
	size_t position = 0;

	return registry_next_carrier(program, &position, &carrier);
}

/* The two rules about insecure services look only at the row. */
int portscope_insecurity(const struct portscope_row *row)
{
	judge_fn *const services[] = {judge_insecure, judge_moved};
	int worst = -1;

	for (size_t i = 0; rules_judge_socket(row->socket) && i < ARRAY_SIZE(services); i++) {
		struct verdict v = {.wordless = true};

		if (services[i](row, NULL, &v) > 0)
			worst = MAX(worst, (int)v.severity);
	}
	return worst;
}
