/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* THE field table, its getters, and the order of values. */
#include "model/field.h"

#include <string.h>

#include "model/finding.h"
#include "model/host.h"
#include "model/names.h"
#include "util/address.h"
#include "util/macros.h"

static void set_number(struct portscope_value *ret, uint64_t number)
{
	ret->known = true;
	ret->number = number;
}

static void set_flag(struct portscope_value *ret, bool flag)
{
	ret->known = true;
	ret->flag = flag;
}

static void set_text(struct portscope_value *ret, const char *text)
{
	ret->known = text != NULL;
	ret->text.text = text;
	ret->text.length = text ? strlen(text) : 0;
}

static void set_word(
	struct portscope_value *ret, const struct vocabulary *vocabulary, unsigned rank)
{
	ret->word.name = vocabulary_word(vocabulary, rank);
	ret->word.label =
		vocabulary->labels && ret->word.name ? vocabulary->labels[rank] : ret->word.name;
	ret->word.rank = rank;
	ret->known = ret->word.name != NULL;
}

static void set_present(
	const struct portscope_row *row, struct portscope_value *ret, unsigned bit, uint64_t number)
{
	if (row->socket->present & bit)
		set_number(ret, number);
}

/* An unconnected socket has no peer: the kernel's zeros there are not an address. */
static bool has_peer(const struct socket *s)
{
	return s->remote_port || !address_is_wildcard(s->family, s->remote_address);
}

static bool is_dual_stack(const struct socket *s)
{
	static const uint8_t zero[16];

	return s->family == AF_INET6 && s->present & SOCKET_HAS_V6ONLY && !s->v6only &&
	       !memcmp(s->local_address, zero, sizeof(zero));
}

static void set_endpoint(const struct portscope_row *row, struct portscope_value *ret,
	const uint8_t *address, uint16_t port)
{
	const struct socket *s = row->socket;

	ret->known = true;
	ret->endpoint.family = s->family;
	ret->endpoint.port = port;
	memcpy(ret->endpoint.address, address, sizeof(ret->endpoint.address));
	ret->endpoint.any_family = false;
	ret->endpoint.ifindex = 0;
	ret->endpoint.interface = NULL;
}

static void get_protocol(const struct portscope_row *row, struct portscope_value *ret)
{
	set_word(ret, &protocol_words, row->socket->protocol);
}

static void get_family(const struct portscope_row *row, struct portscope_value *ret)
{
	set_word(ret, &family_words, row->socket->family);
}

static void get_dual_stack(const struct portscope_row *row, struct portscope_value *ret)
{
	if (row->socket->family == AF_INET || row->socket->present & SOCKET_HAS_V6ONLY)
		set_flag(ret, is_dual_stack(row->socket));
}

static void get_state(const struct portscope_row *row, struct portscope_value *ret)
{
	set_word(ret, &state_words, row->socket->state);
	/* A state that a newer kernel invented stays visible, as its number. */
	ret->known = true;
}

static void get_local_address(const struct portscope_row *row, struct portscope_value *ret)
{
	set_endpoint(row, ret, row->socket->local_address, 0);
}

static void get_local_port(const struct portscope_row *row, struct portscope_value *ret)
{
	set_number(ret, row->socket->local_port);
}

static void get_remote_address(const struct portscope_row *row, struct portscope_value *ret)
{
	if (has_peer(row->socket))
		set_endpoint(row, ret, row->socket->remote_address, 0);
}

static void get_remote_port(const struct portscope_row *row, struct portscope_value *ret)
{
	if (has_peer(row->socket))
		set_number(ret, row->socket->remote_port);
}

static void get_local(const struct portscope_row *row, struct portscope_value *ret)
{
	const struct socket *s = row->socket;

	set_endpoint(row, ret, s->local_address, s->local_port);
	ret->endpoint.any_family = is_dual_stack(s);
	ret->endpoint.ifindex = s->ifindex;
	ret->endpoint.interface = host_interface_name(row->host, s->ifindex);
}

static void get_peer(const struct portscope_row *row, struct portscope_value *ret)
{
	const struct socket *s = row->socket;

	if (!has_peer(s))
		return;
	set_endpoint(row, ret, s->remote_address, s->remote_port);
	if (address_is_link_local6(s->family, s->remote_address)) {
		ret->endpoint.ifindex = s->ifindex;
		ret->endpoint.interface = host_interface_name(row->host, s->ifindex);
	}
}

static void get_interface(const struct portscope_row *row, struct portscope_value *ret)
{
	set_text(ret, host_interface_name(row->host, row->socket->ifindex));
}

static void get_ifindex(const struct portscope_row *row, struct portscope_value *ret)
{
	if (row->socket->ifindex)
		set_number(ret, row->socket->ifindex);
}

static void get_recv_q(const struct portscope_row *row, struct portscope_value *ret)
{
	set_number(ret, row->socket->recv_q);
}

static void get_send_q(const struct portscope_row *row, struct portscope_value *ret)
{
	set_present(row, ret, SOCKET_HAS_SEND_Q, row->socket->send_q);
}

static void get_uid(const struct portscope_row *row, struct portscope_value *ret)
{
	set_present(row, ret, SOCKET_HAS_UID, row->socket->uid);
}

static void get_user(const struct portscope_row *row, struct portscope_value *ret)
{
	if (row->n_processes && row->processes[0].user)
		set_text(ret, row->processes[0].user);
	else if (row->socket->present & SOCKET_HAS_UID)
		set_text(ret, users_name(&row->host->users, row->socket->uid));
}

static void get_inode(const struct portscope_row *row, struct portscope_value *ret)
{
	set_present(row, ret, SOCKET_HAS_INODE, row->socket->inode);
}

static void get_cookie(const struct portscope_row *row, struct portscope_value *ret)
{
	set_present(row, ret, SOCKET_HAS_COOKIE, row->socket->cookie);
}

static void get_mark(const struct portscope_row *row, struct portscope_value *ret)
{
	set_present(row, ret, SOCKET_HAS_MARK, row->socket->mark);
}

static void get_netns(const struct portscope_row *row, struct portscope_value *ret)
{
	if (row->host->shown.netns)
		set_number(ret, row->host->shown.netns);
}

static void get_service(const struct portscope_row *row, struct portscope_value *ret)
{
	set_text(ret, row->service.name);
	ret->hint = row->service.hint;
}

static void get_port_service(const struct portscope_row *row, struct portscope_value *ret)
{
	set_text(ret, row->port_service.name);
	ret->hint = row->port_service.hint;
}

static void get_service_source(const struct portscope_row *row, struct portscope_value *ret)
{
	if (row->service.name)
		set_word(ret, &service_source_words, row->service.source);
}

static void get_service_hint(const struct portscope_row *row, struct portscope_value *ret)
{
	if (row->service.name)
		set_flag(ret, row->service.hint);
}

static void get_port_range(const struct portscope_row *row, struct portscope_value *ret)
{
	set_word(ret, &port_range_words, row->range);
}

static void get_ephemeral(const struct portscope_row *row, struct portscope_value *ret)
{
	if (row->host->ephemeral.high)
		set_flag(ret, row->ephemeral);
}

static void get_exposure(const struct portscope_row *row, struct portscope_value *ret)
{
	set_word(ret, &exposure_words, row->exposure);
	/* The value stays: it is what the address is, wherever it is looked at. */
	if (row->exposure == EXPOSURE_ANY && row->host->say_public &&
		row->host->shown.public_address)
		ret->word.label = "any (public)";
}

static void get_reach(const struct portscope_row *row, struct portscope_value *ret)
{
	if (!row->reach)
		return;
	set_word(ret, &reach_words, row->reach->word);
	ret->hint = !row->reach->certain;
}

static void get_reach_certain(const struct portscope_row *row, struct portscope_value *ret)
{
	if (row->reach)
		set_flag(ret, row->reach->certain);
}

static void get_reach_rule(const struct portscope_row *row, struct portscope_value *ret)
{
	set_text(ret, row->reach ? row->reach->rule : NULL);
}

static void get_direction(const struct portscope_row *row, struct portscope_value *ret)
{
	set_word(ret, &direction_words, row->direction);
}

static void get_probable_client(const struct portscope_row *row, struct portscope_value *ret)
{
	set_flag(ret, row->probable_client);
}

static void get_cgroup(const struct portscope_row *row, struct portscope_value *ret)
{
	set_text(ret, row->unit ? row->unit->cgroup : NULL);
}

static void get_unit(const struct portscope_row *row, struct portscope_value *ret)
{
	set_text(ret, row->unit ? row->unit->unit : NULL);
}

static void get_socket_unit(const struct portscope_row *row, struct portscope_value *ret)
{
	set_text(ret, row->socket_unit ? row->socket_unit->unit : NULL);
}

static void get_container(const struct portscope_row *row, struct portscope_value *ret)
{
	ret->container = row->unit ? row->unit->container : NULL;
	ret->known = ret->container != NULL;
}

static void get_workload(const struct portscope_row *row, struct portscope_value *ret)
{
	set_text(ret, row->unit ? row->unit->workload : NULL);
}

static void get_owner(const struct portscope_row *row, struct portscope_value *ret)
{
	set_word(ret, &owner_words, row->owner);
}

/* "Hidden" is never told as "none": the list is null then, and tables say the state instead. */
static void get_processes(const struct portscope_row *row, struct portscope_value *ret)
{
	ret->known = row->owner == OWNER_KNOWN || row->owner == OWNER_NONE;
	ret->processes.items = row->processes;
	ret->processes.count = row->n_processes;
	ret->processes.absent = ret->known ? NULL : vocabulary_word(&owner_words, row->owner);
}

/* The first holder; NULL: none is known. */
static const struct portscope_process *holder_of(const struct portscope_row *row)
{
	return row->n_processes ? &row->processes[0] : NULL;
}

static void get_program(const struct portscope_row *row, struct portscope_value *ret)
{
	if (holder_of(row))
		set_text(ret, holder_of(row)->program);
}

static void get_exe(const struct portscope_row *row, struct portscope_value *ret)
{
	if (holder_of(row))
		set_text(ret, holder_of(row)->exe);
}

static void get_exe_trusted(const struct portscope_row *row, struct portscope_value *ret)
{
	if (holder_of(row) && holder_of(row)->exe_trust_known)
		set_flag(ret, holder_of(row)->exe_trusted);
}

static void get_cmdline(const struct portscope_row *row, struct portscope_value *ret)
{
	if (holder_of(row))
		set_text(ret, holder_of(row)->cmdline);
}

static void get_cwd(const struct portscope_row *row, struct portscope_value *ret)
{
	if (holder_of(row))
		set_text(ret, holder_of(row)->cwd);
}

static void get_ppid(const struct portscope_row *row, struct portscope_value *ret)
{
	if (holder_of(row) && holder_of(row)->parent)
		set_number(ret, holder_of(row)->parent);
}

static void get_start_time(const struct portscope_row *row, struct portscope_value *ret)
{
	if (holder_of(row) && holder_of(row)->start_time)
		set_number(ret, (uint64_t)holder_of(row)->start_time);
}

static void get_started_by(const struct portscope_row *row, struct portscope_value *ret)
{
	if (holder_of(row))
		set_text(ret, holder_of(row)->started_by);
}

static void get_findings(const struct portscope_row *row, struct portscope_value *ret)
{
	ret->known = row->judged;
	ret->texts.separator = ",";
	ret->texts.items = row->findings;
	ret->texts.count = row->n_findings;
}

/* The finding that a row is; NULL: it is the socket of a listing. */
static const struct finding *finding_of(
	const struct portscope_row *row, struct portscope_value *ret)
{
	ret->known = row->finding != NULL;
	return row->finding;
}

static void get_severity(const struct portscope_row *row, struct portscope_value *ret)
{
	if (finding_of(row, ret))
		set_word(ret, &severity_words, row->finding->severity);
}

static void get_rule(const struct portscope_row *row, struct portscope_value *ret)
{
	if (finding_of(row, ret))
		set_text(ret, row->finding->rule);
}

static void get_title(const struct portscope_row *row, struct portscope_value *ret)
{
	if (finding_of(row, ret))
		set_text(ret, row->finding->title);
}

static void get_what(const struct portscope_row *row, struct portscope_value *ret)
{
	if (finding_of(row, ret))
		set_text(ret, row->finding->what);
}

static void get_evidence(const struct portscope_row *row, struct portscope_value *ret)
{
	if (finding_of(row, ret))
		set_text(ret, row->finding->evidence);
}

static void get_finding_text(const struct portscope_row *row, struct portscope_value *ret)
{
	if (finding_of(row, ret))
		set_text(ret, row->finding->text);
}

static void get_advice(const struct portscope_row *row, struct portscope_value *ret)
{
	if (finding_of(row, ret))
		set_text(ret, row->finding->advice);
}

static void get_references(const struct portscope_row *row, struct portscope_value *ret)
{
	if (!finding_of(row, ret))
		return;
	ret->texts.separator = "; ";
	ret->texts.items = row->finding->references;
	ret->texts.count = row->finding->n_references;
}

static void get_verdict(const struct portscope_row *row, struct portscope_value *ret)
{
	if (finding_of(row, ret))
		set_text(ret, row->finding->verdict);
}

static void get_sockets(const struct portscope_row *row, struct portscope_value *ret)
{
	if (finding_of(row, ret))
		set_number(ret, row->finding->sockets);
}

static void get_host(const struct portscope_row *row, struct portscope_value *ret)
{
	set_text(ret, row->host->shown.name);
}

static void get_machine_id(const struct portscope_row *row, struct portscope_value *ret)
{
	set_text(ret, row->host->shown.machine_id);
}

static void get_time(const struct portscope_row *row, struct portscope_value *ret)
{
	set_number(ret, (uint64_t)row->host->time);
}

/* clang-format off */
static const struct field fields[] = {
#define ROW(id, name, title, type, words, from, needs, get, in_json, right, give_way, help) \
	[PORTSCOPE_FIELD_##id] = {{name, title, help, type, in_json, right, give_way, \
		FIELD_FROM_##from == FIELD_FROM_FINDING, FIELD_FROM_##from == FIELD_FROM_ANSWER}, words, \
		FIELD_FROM_##from, needs, get}
/* One whose words are a vocabulary of names.h, and any other. */
#define WORDS(id, name, title, vocabulary, ...) \
	ROW(id, name, title, PORTSCOPE_WORD, &vocabulary##_words, __VA_ARGS__)
#define FIELD(id, name, title, type, ...) ROW(id, name, title, PORTSCOPE_##type, NULL, __VA_ARGS__)
	/* id                  name               title          type            from     needs                  getter               json   right  gives way */
	WORDS(PROTOCOL,        "protocol",        "PROTO",       protocol,       SOCKET,  0,                     get_protocol,        true,  false, 2, "Transport protocol: tcp or udp."),
	WORDS(FAMILY,          "family",          "FAMILY",      family,         SOCKET,  0,                     get_family,          true,  false, 0, "Address family of the socket: inet or inet6."),
	FIELD(DUAL_STACK,      "dual_stack",      "DUAL",        BOOL,           SOCKET,  NEED_NETLINK,          get_dual_stack,      true,  false, 0, "True for an IPv6 wildcard socket that takes IPv4 as well."),
	WORDS(STATE,           "state",           "STATE",       state,          SOCKET,  0,                     get_state,           true,  false, 0, "State of the socket."),
	FIELD(LOCAL_ADDRESS,   "local_address",   "LOCAL-ADDR",  ADDRESS,        SOCKET,  0,                     get_local_address,   true,  false, 0, "Local address."),
	FIELD(LOCAL_PORT,      "local_port",      "LPORT",       NUMBER,         SOCKET,  0,                     get_local_port,      true,  true,  0, "Local port."),
	FIELD(REMOTE_ADDRESS,  "remote_address",  "PEER-ADDR",   ADDRESS,        SOCKET,  0,                     get_remote_address,  true,  false, 0, "Address of the peer; null without one."),
	FIELD(REMOTE_PORT,     "remote_port",     "PPORT",       NUMBER,         SOCKET,  0,                     get_remote_port,     true,  true,  0, "Port of the peer; null without one."),
	FIELD(LOCAL,           "local",           "LOCAL",       ENDPOINT,       HOST,    NEED_INTERFACES | NEED_NETLINK, get_local,           false, false, 0, "Local address and port, as ss writes them."),
	FIELD(PEER,            "peer",            "PEER",        ENDPOINT,       HOST,    NEED_INTERFACES | NEED_NETLINK, get_peer,            false, false, 0, "Address and port of the peer."),
	FIELD(INTERFACE,       "interface",       "INTERFACE",   TEXT,           HOST,    NEED_INTERFACES | NEED_NETLINK, get_interface,       true,  false, 3, "Interface that the socket is bound to."),
	FIELD(IFINDEX,         "ifindex",         "IFINDEX",     NUMBER,         SOCKET,  NEED_NETLINK,          get_ifindex,         true,  true,  3, "Number of that interface."),
	FIELD(RECV_Q,          "recv_q",          "RECV-Q",      NUMBER,         SOCKET,  0,                     get_recv_q,          true,  true,  5, "Bytes received and not read; of a TCP listener, connections not accepted."),
	FIELD(SEND_Q,          "send_q",          "SEND-Q",      NUMBER,         SOCKET,  NEED_NETLINK,          get_send_q,          true,  true,  5, "Bytes sent and not acknowledged; of a TCP listener, its backlog."),
	FIELD(UID,             "uid",             "UID",         NUMBER,         SOCKET,  0,                     get_uid,             true,  true,  7, "User id of the socket; null for time-wait, syn-recv and orphaned sockets."),
	FIELD(USER,            "user",            "USER",        TEXT,           HOLDER,  NEED_USERS | NEED_OWNERS, get_user,            true,  false, 7, "User that holds the socket: the holder's where known, else the socket's."),
	FIELD(INODE,           "inode",           "INODE",       NUMBER,         SOCKET,  0,                     get_inode,           true,  true,  3, "Inode of the socket, as in /proc/PID/fd."),
	FIELD(COOKIE,          "cookie",          "COOKIE",      HEX,            SOCKET,  NEED_NETLINK,          get_cookie,          true,  false, 3, "The kernel's own number of the socket, never used twice."),
	FIELD(MARK,            "mark",            "MARK",        NUMBER,         SOCKET,  NEED_NETLINK,          get_mark,            true,  true,  3, "Firewall mark; null without the privilege to see it."),
	FIELD(CGROUP,          "cgroup",          "CGROUP",      TEXT,           HOLDER,  NEED_UNITS | NEED_OWNERS, get_cgroup,          true,  false, 6, "Control group of the holder where known, else of the socket's creator."),
	FIELD(UNIT,            "unit",            "UNIT",        TEXT,           HOLDER,  NEED_UNITS | NEED_OWNERS, get_unit,            true,  false, 6, "Systemd unit of the holder where known, else of the socket's creator."),
	FIELD(SOCKET_UNIT,     "socket_unit",     "SOCKET-UNIT", TEXT,           HOST,    NEED_UNITS,            get_socket_unit,     true,  false, 6, "Systemd unit that the socket was created in."),
	FIELD(CONTAINER,       "container",       "CONTAINER",   CONTAINER,      HOLDER,  NEED_UNITS | NEED_OWNERS, get_container,       true,  false, 6, "Container of the holder where known, else of the socket's creator."),
	FIELD(WORKLOAD,        "workload",        "WORKLOAD",    TEXT,           HOLDER,  NEED_UNITS | NEED_OWNERS, get_workload,        true,  false, 6, "What the holder runs as: its container, else its systemd unit."),
	FIELD(NETNS,           "netns",           "NETNS",       NUMBER,         HOST,    NEED_NETNS,            get_netns,           true,  true,  3, "Inode of the network namespace."),
	FIELD(SERVICE,         "service",         "SERVICE",     TEXT,           HOLDERS, NEEDS_LABEL,           get_service,         true,  false, 3, "What its holder is known to speak, else what the port is for by its number."),
	WORDS(SERVICE_SOURCE,  "service_source",  "SOURCE",      service_source, HOLDERS, NEEDS_LABEL,           get_service_source,  true,  false, 3, "Where the name of the service comes from."),
	FIELD(SERVICE_HINT,    "service_hint",    "HINT",        BOOL,           HOLDERS, NEEDS_LABEL,           get_service_hint,    true,  false, 3, "True where the name of the service is a guess."),
	FIELD(PORT_SERVICE,    "port_service",    "PORT-NAME",   TEXT,           HOST,    NEED_SERVICES | NEED_EPHEMERAL, get_port_service,    true,  false, 3, "What the port is for, judging only by its number."),
	WORDS(PORT_RANGE,      "port_range",      "RANGE",       port_range,     HOST,    0,                     get_port_range,      true,  false, 9, "ICANN range of the local port: well-known, registered or dynamic."),
	FIELD(EPHEMERAL,       "ephemeral",       "EPHEMERAL",   BOOL,           HOST,    NEED_EPHEMERAL,        get_ephemeral,       true,  false, 3, "True where this kernel may hand out the local port by itself."),
	WORDS(EXPOSURE,        "exposure",        "EXPOSURE",    exposure,       HOST,    NEED_ADDRESSES | NEED_NETLINK, get_exposure,        true,  false, 3, "Widest place that the local address can be reached from."),
	WORDS(REACH,           "reach",           "REACH",       reach,          HOST,    NEED_REACH | NEED_ADDRESSES | NEED_NETLINK, get_reach,           false, false, 3, "Widest place that the packet filter lets new connections through from."),
	FIELD(REACH_CERTAIN,   "reach_certain",   "CERTAIN",     BOOL,           HOST,    NEED_REACH | NEED_ADDRESSES | NEED_NETLINK, get_reach_certain,   false, false, 3, "False where something that was not inspected may change that."),
	FIELD(REACH_RULE,      "reach_rule",      "REACH-RULE",  TEXT,           HOST,    NEED_REACH | NEED_ADDRESSES | NEED_NETLINK, get_reach_rule,      false, false, 3, "Rule or policy of the packet filter that decides for most sources."),
	WORDS(DIRECTION,       "direction",       "DIRECTION",   direction,      HOST,    NEED_LISTENERS | NEED_EPHEMERAL, get_direction,       true,  false, 4, "Who opened the connection, as far as it can be inferred."),
	FIELD(PROBABLE_CLIENT, "probable_client", "CLIENT",      BOOL,           HOST,    NEED_EPHEMERAL,        get_probable_client, true,  false, 3, "True for an unconnected UDP socket on an ephemeral port."),
	WORDS(OWNER,           "owner",           "OWNER",       owner,          HOLDERS, NEED_OWNERS,           get_owner,           true,  false, 3, "What is known of the holders: known, none, hidden, gone or unknown."),
	FIELD(PROCESS,         "process",         "PROCESS",     NAMES,          HOLDERS, NEED_OWNERS | NEED_PROCESSES, get_processes,       false, false, 1, "Name and pid of the first holder, and how many more there are."),
	FIELD(PID,             "pid",             "PID",         PIDS,           HOLDERS, NEED_OWNERS,           get_processes,       false, false, 0, "Pids of all holders."),
	FIELD(PROCESSES,       "processes",       "PROCESSES",   PROCESSES,      HOLDERS, NEED_OWNERS | NEED_PROCESSES | NEED_DETAILS | NEED_TRUST, get_processes,       true,  false, 0, "All holders with their descriptors; in JSON with all that is known of them."),
	FIELD(PROGRAM,         "program",         "PROGRAM",     TEXT,           HOLDER,  NEED_OWNERS | NEED_PROCESSES, get_program,         false, false, 0, "File name of the executable; of an interpreter what it runs."),
	FIELD(EXE,             "exe",             "EXE",         TEXT,           HOLDER,  NEED_OWNERS | NEED_PROCESSES, get_exe,             false, false, 3, "Path of the executable."),
	FIELD(EXE_TRUSTED,     "exe_trusted",     "TRUSTED",     BOOL,           HOLDER,  NEED_OWNERS | NEED_PROCESSES | NEED_TRUST, get_exe_trusted,     false, false, 3, "True where the executable is the file of that path and only root can change it."),
	FIELD(CMDLINE,         "cmdline",         "CMDLINE",     TEXT,           HOLDER,  NEED_OWNERS | NEED_PROCESSES | NEED_DETAILS, get_cmdline,         false, false, 3, "Arguments of the process, separated by spaces."),
	FIELD(CWD,             "cwd",             "CWD",         TEXT,           HOLDER,  NEED_OWNERS | NEED_PROCESSES | NEED_CWD, get_cwd,             false, false, 3, "Working directory of the process."),
	FIELD(PPID,            "ppid",            "PPID",        NUMBER,         HOLDER,  NEED_OWNERS | NEED_PROCESSES, get_ppid,            false, true,  3, "Pid of its parent; null where that is outside of this pid namespace."),
	FIELD(START_TIME,      "start_time",      "STARTED",     TIME,           HOLDER,  NEED_OWNERS | NEED_PROCESSES | NEED_DETAILS, get_start_time,      false, false, 3, "When the process was started."),
	FIELD(STARTED_BY,      "started_by",      "STARTED-BY",  TEXT,           HOLDER,  NEED_OWNERS | NEED_PROCESSES | NEED_UNITS | NEED_ORIGIN, get_started_by,      false, false, 3, "How the process came to run: its parents up to systemd, cron, an ssh session or a container runtime."),
	FIELD(FINDINGS,        "findings",        "FINDINGS",    TEXTS,          RULES,   NEED_FINDINGS,         get_findings,        false, false, 6, "Rules of the audit that the socket breaks; null where it does not listen."),
	WORDS(SEVERITY,        "severity",        "SEVERITY",    severity,       FINDING, 0,                     get_severity,        false, false, 0, "How bad the finding is: info, low, medium, high or critical."),
	FIELD(RULE,            "rule",            "RULE",        TEXT,           FINDING, 0,                     get_rule,            false, false, 3, "Rule of the audit that the socket breaks."),
	FIELD(TITLE,           "title",           "TITLE",       TEXT,           FINDING, 0,                     get_title,           false, false, 3, "What the rule is called."),
	FIELD(EVIDENCE,        "evidence",        "EVIDENCE",    TEXT,           FINDING, 0,                     get_evidence,        false, false, 3, "What the finding rests on: port, port+process, process, contradicted, observed or policy."),
	FIELD(WHAT,            "what",            "WHAT",        TEXT,           FINDING, 0,                     get_what,            false, false, 0, "What is wrong, in a few words."),
	FIELD(TEXT,            "text",            "TEXT",        TEXT,           FINDING, 0,                     get_finding_text,    false, false, 0, "What is wrong, in sentences."),
	FIELD(ADVICE,          "advice",          "ADVICE",      TEXT,           FINDING, 0,                     get_advice,          false, false, 0, "What to do about it; null where there is nothing in particular."),
	FIELD(REFERENCES,      "references",      "REFERENCES",  TEXTS,          FINDING, 0,                     get_references,      false, false, 3, "Where to read more."),
	FIELD(VERDICT,         "verdict",         "VERDICT",     TEXT,           FINDING, 0,                     get_verdict,         false, false, 3, "What the policy says of the socket: deny or warn; null where it says nothing."),
	FIELD(SOCKETS,         "sockets",         "SOCKETS",     NUMBER,         FINDING, 0,                     get_sockets,         false, true,  3, "How many sockets with this address share the finding."),
	FIELD(HOST,            "host",            "HOST",        TEXT,           ANSWER,  NEED_IDENTITY,         get_host,            false, false, 0, "Name of the host that answers."),
	FIELD(MACHINE_ID,      "machine_id",      "MACHINE-ID",  TEXT,           ANSWER,  NEED_IDENTITY,         get_machine_id,      false, false, 0, "Its machine-id(5)."),
	FIELD(TIME,            "time",            "TIME",        TIME,           ANSWER,  0,                     get_time,            false, false, 0, "When the answer was taken."),
};
/* clang-format on */

_Static_assert(ARRAY_SIZE(fields) == PORTSCOPE_FIELDS, "every field has its line");

const struct field *field_get(unsigned id)
{
	return id < ARRAY_SIZE(fields) ? &fields[id] : NULL;
}

const struct portscope_field *portscope_field_at(unsigned id)
{
	return id < ARRAY_SIZE(fields) ? &fields[id].shown : NULL;
}

const char *portscope_field_word(unsigned id, unsigned rank)
{
	const struct vocabulary *vocabulary = id < ARRAY_SIZE(fields) ? fields[id].words : NULL;

	return vocabulary ? vocabulary_word(vocabulary, rank) : NULL;
}

int portscope_field_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (!strcmp(fields[i].shown.name, name))
			return i;
	return -ENOENT;
}

unsigned field_needs(const uint16_t *ids, size_t n)
{
	unsigned needs = 0;

	for (size_t i = 0; i < n; i++)
		needs |= fields[ids[i]].needs;
	return needs;
}

void portscope_get(const struct portscope_row *row, unsigned id, struct portscope_value *ret)
{
	ret->type = fields[id].shown.type;
	ret->known = false;
	ret->hint = false;
	fields[id].get(row, ret);
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_texts(const char *a, size_t a_length, const char *b, size_t b_length)
{
	int c = memcmp(a, b, MIN(a_length, b_length));

	return c ? c : compare_numbers(a_length, b_length);
}

/* IPv4 first, v4-mapped addresses among them, as tables show them. */
static int compare_endpoints(const struct portscope_endpoint *a, const struct portscope_endpoint *b)
{
	const uint8_t *a4 = address_as_ipv4(a->family, a->address);
	const uint8_t *b4 = address_as_ipv4(b->family, b->address);
	int c;

	if (!a4 != !b4)
		return a4 ? -1 : 1;
	c = a4 ? memcmp(a4, b4, 4) : memcmp(a->address, b->address, 16);
	return c ? c : compare_numbers(a->port, b->port);
}

void value_reduce(struct portscope_value *v)
{
	const struct portscope_process *first;

	if (!v->known || (v->type != PORTSCOPE_NAMES && v->type != PORTSCOPE_PROCESSES &&
				 v->type != PORTSCOPE_PIDS))
		return;
	first = v->processes.count ? v->processes.items : NULL;
	if (v->type == PORTSCOPE_PIDS) {
		v->type = PORTSCOPE_NUMBER;
		v->known = first != NULL;
		v->number = first ? first->pid : 0;
	} else {
		v->type = PORTSCOPE_TEXT;
		set_text(v, first ? first->program : NULL);
	}
}

int value_compare(const struct portscope_value *a, const struct portscope_value *b)
{
	if (!a->known || !b->known)
		return compare_numbers(!a->known, !b->known);
	switch (a->type) {
	case PORTSCOPE_BOOL:
		return compare_numbers(a->flag, b->flag);
	case PORTSCOPE_NUMBER:
	case PORTSCOPE_HEX:
	case PORTSCOPE_TIME:
		return compare_numbers(a->number, b->number);
	case PORTSCOPE_TEXT:
		return compare_texts(a->text.text, a->text.length, b->text.text, b->text.length);
	case PORTSCOPE_WORD:
		return compare_numbers(a->word.rank, b->word.rank);
	case PORTSCOPE_ADDRESS:
	case PORTSCOPE_ENDPOINT:
		return compare_endpoints(&a->endpoint, &b->endpoint);
	case PORTSCOPE_PROCESSES:
	case PORTSCOPE_NAMES:
	case PORTSCOPE_PIDS:
		break; /* reduced to a text or a number */
	case PORTSCOPE_CONTAINER:
		return strcmp(a->container->id, b->container->id);
	case PORTSCOPE_TEXTS:
		return compare_numbers(a->texts.count, b->texts.count);
	}
	return 0;
}
