/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * portscope: which ports are open on this host, what each is for, who holds it, who can reach it.
 *
 * The seam between the library and the program. A query goes in, rows come out through a callback,
 * and a row is read through field descriptors, so that a program that prints rows needs no
 * knowledge of sockets. It is not installed: that waits for a shared library and a promise to keep
 * it.
 *
 * Two phases: portscope_open() does everything that needs a privilege or a name service,
 * portscope_each() hands out the rows and needs neither (where portscope_streams() says so, the
 * dump itself happens there, on a netlink socket that was opened before).
 *
 * Functions return 0 or a negative errno; documented outcomes are positive. They never print,
 * never exit and leave `ret_` arguments unchanged on failure. Strings in values live as long as the
 * snapshot, those of a row as long as the callback.
 */
#ifndef PORTSCOPE_H
#define PORTSCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The version of the JSON documents; rises when a key changes its meaning or goes. */
#define PORTSCOPE_SCHEMA "portscope/1"

/** Transport protocols, as bits of portscope_query.protocols. */
enum portscope_protocol {
	PORTSCOPE_TCP = 1,
	PORTSCOPE_UDP = 2,
};

/** Address families, as bits of portscope_query.families. */
enum portscope_family {
	PORTSCOPE_INET = 1,
	PORTSCOPE_INET6 = 2,
};

/**
 * States, numbered as the kernel numbers them for TCP (include/net/tcp_states.h); a query holds
 * them as bits, 1 << state. UDP knows established and unconnected. The kernel's state 7 (close)
 * is `unconnected` for UDP and `bound-inactive` for TCP, where it answers so.
 */
enum portscope_state {
	PORTSCOPE_ESTABLISHED = 1,
	PORTSCOPE_SYN_SENT,
	PORTSCOPE_SYN_RECV,
	PORTSCOPE_FIN_WAIT_1,
	PORTSCOPE_FIN_WAIT_2,
	PORTSCOPE_TIME_WAIT,
	PORTSCOPE_UNCONNECTED,
	PORTSCOPE_CLOSE_WAIT,
	PORTSCOPE_LAST_ACK,
	PORTSCOPE_LISTEN,
	PORTSCOPE_CLOSING,
	PORTSCOPE_BOUND_INACTIVE = 13,
};

/** What listens: TCP in listen, UDP unconnected (the option -l). */
#define PORTSCOPE_STATES_LISTENING (1u << PORTSCOPE_LISTEN | 1u << PORTSCOPE_UNCONNECTED)
/** What has a peer and lives: what bare `ss` lists. */
#define PORTSCOPE_STATES_CONNECTED                                                                 \
	(1u << PORTSCOPE_ESTABLISHED | 1u << PORTSCOPE_SYN_SENT | 1u << PORTSCOPE_FIN_WAIT_1 |     \
		1u << PORTSCOPE_FIN_WAIT_2 | 1u << PORTSCOPE_CLOSE_WAIT |                          \
		1u << PORTSCOPE_LAST_ACK | 1u << PORTSCOPE_CLOSING)
/** Every state (the option -a). */
#define PORTSCOPE_STATES_ALL                                                                       \
	(PORTSCOPE_STATES_LISTENING | PORTSCOPE_STATES_CONNECTED | 1u << PORTSCOPE_TIME_WAIT |     \
		1u << PORTSCOPE_SYN_RECV | 1u << PORTSCOPE_BOUND_INACTIVE)

/** The type of a field's values: which member of portscope_value holds them. */
enum portscope_type {
	PORTSCOPE_BOOL,      /**< .flag */
	PORTSCOPE_NUMBER,    /**< .number */
	PORTSCOPE_HEX,       /**< .number, written as a hexadecimal string: cookies */
	PORTSCOPE_TEXT,      /**< .text */
	PORTSCOPE_WORD,      /**< .word: one of a fixed set, in the order of .word.rank */
	PORTSCOPE_ADDRESS,   /**< .endpoint without its port */
	PORTSCOPE_ENDPOINT,  /**< .endpoint */
	PORTSCOPE_PROCESSES, /**< .processes: all of it */
	PORTSCOPE_NAMES,     /**< .processes: name/pid of the first, +N for the others */
	PORTSCOPE_PIDS,      /**< .processes: their pids */
	PORTSCOPE_CONTAINER, /**< .container */
	PORTSCOPE_TEXTS,     /**< .texts: words that need no escape */
	PORTSCOPE_TIME,      /**< .number: seconds since the epoch, written as RFC 3339 has it */
};

/** An address with its port, as the kernel gave it. */
struct portscope_endpoint {
	uint8_t family;        /**< AF_INET or AF_INET6 (with ::ffff:a.b.c.d for v4-mapped) */
	bool any_family;       /**< a wildcard that takes IPv4 and IPv6: written `*` */
	uint16_t port;         /**< host byte order; 0 where none */
	uint8_t address[16];   /**< network byte order; the first 4 bytes for AF_INET */
	const char *interface; /**< name of the interface it is bound to, which is the scope of a
				    link-local address; NULL: none, or its name is unknown */
	uint32_t ifindex;      /**< its number; 0: none */
};

/** One process that holds a socket. */
struct portscope_process {
	uint32_t pid;
	const uint32_t
		*fds; /**< its descriptors for this socket; none where only a ring holds it */
	size_t n_fds;
	const char *program; /**< file name of the executable; of an interpreter what it runs, as
				  `gunicorn (python3.11)`; NULL: not known */
	size_t name_length;  /**< of `program` without the interpreter in brackets */
	const char *title;   /**< what it wrote over its arguments; NULL: nothing */
	const char *comm; /**< the kernel's name of its first thread, at most 15 bytes, unescaped;
			       NULL: not read */
	const char *exe;  /**< path of the executable; NULL: not readable (kernel thread, hidden) */
	bool exe_deleted; /**< the file behind `exe` is gone; not known where that is NULL */
	bool exe_trust_known;   /**< it could be seen */
	bool exe_trusted;       /**< `exe` is that file here too, and only root can change it */
	const char *cwd;        /**< its folder; NULL: not read */
	const char *cmdline;    /**< the arguments, separated by spaces; NULL: not readable */
	int64_t start_time;     /**< seconds since the epoch; 0: unknown */
	const char *started_by; /**< how it came to run, in words; NULL: not asked for */
	uint32_t parent;        /**< pid of the process that it belongs to; 0: none, or unknown */
	const char *user; /**< name of its effective user, or its number as text; NULL: unknown */
};

/** The container that a process runs in, read off its cgroup. */
struct portscope_container {
	const char *runtime; /**< docker, podman, containerd, cri-o, lxc, systemd-nspawn; unknown */
	const char *id;
	const char *name; /**< NULL: not readable */
	const char *pod;  /**< Kubernetes pod uid; NULL: none */
};

/** One value of one field of one row. */
struct portscope_value {
	enum portscope_type type;
	bool known; /**< false: null, nothing else is valid */
	bool hint;  /**< a guess: tables write it with a question mark */
	union {
		bool flag;
		uint64_t number;
		struct {
			const char *text; /**< bytes as they came: not escaped, maybe not UTF-8 */
			size_t length;
		} text;
		struct {
			const char *name;  /**< as in JSON: `established`; NULL: only its rank is
					      known */
			const char *label; /**< as in tables: `ESTAB` */
			unsigned rank;
		} word;
		struct portscope_endpoint endpoint;
		struct {
			const struct portscope_process *items;
			size_t count;
			const char *absent; /**< why there is none: hidden, gone, unknown;
						 NULL: no process can hold it */
		} processes;
		const struct portscope_container *container;
		struct {
			const char *const *items;
			size_t count;
			const char *separator; /**< where they are one text */
		} texts;
	};
};

/** The fields, by their ids, which count up in the order of JSON. */
enum portscope_field_id {
	PORTSCOPE_FIELD_PROTOCOL,
	PORTSCOPE_FIELD_FAMILY,
	PORTSCOPE_FIELD_DUAL_STACK,
	PORTSCOPE_FIELD_STATE,
	PORTSCOPE_FIELD_LOCAL_ADDRESS,
	PORTSCOPE_FIELD_LOCAL_PORT,
	PORTSCOPE_FIELD_REMOTE_ADDRESS,
	PORTSCOPE_FIELD_REMOTE_PORT,
	PORTSCOPE_FIELD_LOCAL,
	PORTSCOPE_FIELD_PEER,
	PORTSCOPE_FIELD_INTERFACE,
	PORTSCOPE_FIELD_IFINDEX,
	PORTSCOPE_FIELD_RECV_Q,
	PORTSCOPE_FIELD_SEND_Q,
	PORTSCOPE_FIELD_UID,
	PORTSCOPE_FIELD_USER,
	PORTSCOPE_FIELD_INODE,
	PORTSCOPE_FIELD_COOKIE,
	PORTSCOPE_FIELD_MARK,
	PORTSCOPE_FIELD_CGROUP,
	PORTSCOPE_FIELD_UNIT,
	PORTSCOPE_FIELD_SOCKET_UNIT,
	PORTSCOPE_FIELD_CONTAINER,
	PORTSCOPE_FIELD_WORKLOAD,
	PORTSCOPE_FIELD_NETNS,
	PORTSCOPE_FIELD_SERVICE,
	PORTSCOPE_FIELD_SERVICE_SOURCE,
	PORTSCOPE_FIELD_SERVICE_HINT,
	PORTSCOPE_FIELD_PORT_SERVICE,
	PORTSCOPE_FIELD_PORT_RANGE,
	PORTSCOPE_FIELD_EPHEMERAL,
	PORTSCOPE_FIELD_EXPOSURE,
	PORTSCOPE_FIELD_REACH,
	PORTSCOPE_FIELD_REACH_CERTAIN,
	PORTSCOPE_FIELD_REACH_RULE,
	PORTSCOPE_FIELD_DIRECTION,
	PORTSCOPE_FIELD_PROBABLE_CLIENT,
	PORTSCOPE_FIELD_OWNER,
	PORTSCOPE_FIELD_PROCESS,
	PORTSCOPE_FIELD_PID,
	PORTSCOPE_FIELD_PROCESSES,
	PORTSCOPE_FIELD_PROGRAM,
	PORTSCOPE_FIELD_EXE,
	PORTSCOPE_FIELD_EXE_TRUSTED,
	PORTSCOPE_FIELD_CMDLINE,
	PORTSCOPE_FIELD_CWD,
	PORTSCOPE_FIELD_PPID,
	PORTSCOPE_FIELD_START_TIME,
	PORTSCOPE_FIELD_STARTED_BY,
	PORTSCOPE_FIELD_FINDINGS,
	/* Those of a finding, which a row of portscope_audit_each() is. */
	PORTSCOPE_FIELD_SEVERITY,
	PORTSCOPE_FIELD_RULE,
	PORTSCOPE_FIELD_TITLE,
	PORTSCOPE_FIELD_EVIDENCE,
	PORTSCOPE_FIELD_WHAT,
	PORTSCOPE_FIELD_TEXT,
	PORTSCOPE_FIELD_ADVICE,
	PORTSCOPE_FIELD_REFERENCES,
	PORTSCOPE_FIELD_VERDICT,
	PORTSCOPE_FIELD_SOCKETS,
	/* Those of the answer, so that the rows of many hosts can stand in one file. */
	PORTSCOPE_FIELD_HOST,
	PORTSCOPE_FIELD_MACHINE_ID,
	PORTSCOPE_FIELD_TIME,
	PORTSCOPE_FIELDS, /**< how many there are */
};

/** A field: a column, a JSON key, something to sort by. portscope_field_at() has them all. */
struct portscope_field {
	const char *name;  /**< JSON key, name in --columns and --sort */
	const char *title; /**< column title of tables */
	const char *help;  /**< one sentence */
	enum portscope_type type;
	bool in_json;     /**< among the fields of JSON and CSV unless others are asked for */
	bool right;       /**< aligned to the right in tables */
	uint8_t give_way; /**< of the columns of a narrow table the highest is left out first; 0:
			     none */
	bool of_finding;  /**< only a finding has it: null in the rows of a listing */
	bool of_answer;   /**< the same in every row: JSON says it once, in `time` and `host` */
};

/** The field with this id, or NULL after the last. */
const struct portscope_field *portscope_field_at(unsigned id);
/** The id of the field called `name`, or -ENOENT. */
int portscope_field_find(const char *name);

/**
 * The word of this rank in a field of words, as in JSON: `any` for PORTSCOPE_FIELD_EXPOSURE and 4.
 * Ranks of a state are those of enum portscope_state, of a protocol IPPROTO_*, of a family AF_*.
 * NULL where no word has the rank.
 */
const char *portscope_field_word(unsigned id, unsigned rank);

struct portscope_row;

/** Reads field `id` of `row`; what is not known has `known` false. */
void portscope_get(const struct portscope_row *row, unsigned id, struct portscope_value *ret);

/**
 * A filter: which sockets are asked for, in the language of ss(8) and more (see the manual). It is
 * parsed, with the names in it looked up, before a query holds it.
 */
struct portscope_filter;

/**
 * Parses a filter. -EINVAL: the text is wrong, and `ret_error` tells where and why, in lines for a
 * reader; the caller frees it.
 */
int portscope_filter_parse(const char *text, struct portscope_filter **ret, char **ret_error);
/** Frees a filter; NULL is fine. No snapshot may use it any more. */
struct portscope_filter *portscope_filter_free(struct portscope_filter *filter);
/** The text that it was parsed from. */
const char *portscope_filter_text(const struct portscope_filter *filter);
/** True for a lone port or service name, which means the local port in any state. */
bool portscope_filter_is_lone(const struct portscope_filter *filter);
/** True for a word that a condition of a filter starts with, or that joins some. */
bool portscope_filter_is_word(const char *word);
/** True if it asks who holds a socket: for a process, a user, a unit, a container. */
bool portscope_filter_asks_holder(const struct portscope_filter *filter);
/** True if it asks for one local port, whatever else it asks for. */
bool portscope_filter_is_one_port(const struct portscope_filter *filter);
/** True if it asks for fields of findings: only an audit can answer. */
bool portscope_filter_is_of_findings(const struct portscope_filter *filter);
/** Makes a lone port or service name mean that of the peer. */
void portscope_filter_turn_to_peer(struct portscope_filter *filter);
/** The states that can match, where `states` are asked for beside it. */
uint32_t portscope_filter_states(const struct portscope_filter *filter, uint32_t states);
/**
 * Its tree, which of the `states` that a query asks for can match, what of it the kernel judges
 * and what remains, in lines; the caller frees them.
 */
int portscope_filter_explain(
	const struct portscope_filter *filter, uint32_t states, char **ret_text);

/** One key of an order. */
struct portscope_sort {
	uint16_t field;
	bool descending;
};

/** Where sockets come from. */
enum portscope_collector {
	/**
	 * sock_diag as long as one datagram holds the answer, which is exact; beyond that the
	 * kernel's iterators where this process may use them; /proc/net where sock_diag is refused.
	 */
	PORTSCOPE_COLLECTOR_AUTO,
	PORTSCOPE_COLLECTOR_BPF,     /**< the kernel's iterators (iter/tcp, iter/udp) */
	PORTSCOPE_COLLECTOR_NETLINK, /**< sock_diag(7) */
	PORTSCOPE_COLLECTOR_PROCFS,  /**< /proc/net/{tcp,tcp6,udp,udp6} */
};

/** What is asked. Zero everything first; 0 in a mask means none. */
struct portscope_query {
	unsigned protocols; /**< of enum portscope_protocol */
	unsigned families;  /**< of enum portscope_family; IPv4 includes dual-stack and v4-mapped */
	uint32_t states;    /**< bits 1 << enum portscope_state */
	const uint16_t *fields; /**< ids of the fields that will be read: no other may be */
	size_t n_fields;
	const struct portscope_sort *sort; /**< none: protocol, local port, address */
	size_t n_sort;
	struct portscope_filter *filter; /**< NULL: none; must outlive the snapshot */
	bool unsorted;                   /**< any order will do: lets the listing stream; where it
					    cannot, the rows are sorted all the same */
	bool numeric;                    /**< no user names */
	bool check_hidden; /**< an audit binds every port to find those that nothing shows */
	enum portscope_collector collector;
	bool identity; /**< portscope_get_host() will be asked */
	/** The label of `exposure` says of a wildcard whether this host has a public address */
	bool say_public;
};

/** Who answered: the `host` of JSON. Strings are NULL where unknown. */
struct portscope_host {
	const char *name;       /**< host name */
	const char *machine_id; /**< machine-id(5) */
	const char *boot_id;    /**< random UUID of this boot */
	const char *kernel;     /**< release, as in uname(2) */
	uint32_t netns;         /**< inode number of the network namespace; 0: unknown */
	/** The first public address of an interface; NULL: there is none, or they were not read */
	const char *public_address;
	/** bpf, netlink or procfs; where parts come from several, the one that knows least among
	 *  procfs and bpf */
	const char *collector;
	const char *owner_backend; /**< bpf or procfs; NULL: owners were not asked for */
};

/** Something that the answer lacks or that the reader should know. */
struct portscope_warning {
	const char *text; /**< one line, no final stop; may hold unsafe bytes from outside */
	bool incomplete;  /**< something asked for could not be seen: exit status 4 */
	bool detail;      /**< only for readers who ask for more (--verbose) */
};

/** Who this host is, for answers that hold no snapshot. */
struct portscope_identity {
	struct portscope_host host; /**< `collector` and `owner_backend` are NULL */
	const struct portscope_warning *warnings;
	size_t n_warnings;
};

/** Asks who this host is; -ENOMEM at worst. */
int portscope_identity_open(struct portscope_identity **ret);
/** Frees it; NULL is fine. */
struct portscope_identity *portscope_identity_close(struct portscope_identity *identity);

/** What a listing has seen, counted over all its rows. */
struct portscope_counts {
	size_t rows;
	size_t hidden_owners; /**< rows whose owner this user may not see */
};

struct portscope_snapshot;

/** True if this query is answered while the kernel's dump is read, without a buffer. */
bool portscope_streams(const struct portscope_query *query);

/** Does all that needs a privilege or a name service. `query` is copied. */
int portscope_open(const struct portscope_query *query, struct portscope_snapshot **ret);

/** Frees a snapshot; NULL is fine. */
struct portscope_snapshot *portscope_close(struct portscope_snapshot *snapshot);

/** Takes a row; a non-zero result ends the listing and is what portscope_each() returns. */
typedef int (*portscope_row_fn)(const struct portscope_row *row, void *userdata);

/** Hands out the rows. A buffered snapshot may be asked again, a streaming one only once. */
int portscope_each(struct portscope_snapshot *snapshot, portscope_row_fn row, void *userdata);

/** Who answered; of a streaming listing `collector` holds after portscope_each(). */
const struct portscope_host *portscope_get_host(const struct portscope_snapshot *snapshot);

/** When the answer was taken: seconds since the epoch. */
int64_t portscope_get_time(const struct portscope_snapshot *snapshot);

/** What is missing or worth knowing; final after portscope_each(). */
const struct portscope_warning *portscope_get_warnings(
	const struct portscope_snapshot *snapshot, size_t *ret_count);

/** The number of rows that a buffered snapshot holds; 0 while a stream has not run. */
size_t portscope_count(const struct portscope_snapshot *snapshot);

/** What was counted; final after portscope_each(). */
struct portscope_counts portscope_get_counts(const struct portscope_snapshot *snapshot);

/*
 * What a port is: knowledge that needs no privilege, no network and no socket. A port number is
 * not a protocol, so that every name given here is a hint.
 */

struct portscope_knowledge;

/** Reads this site's names of services and what this kernel does with ports. */
int portscope_knowledge_open(struct portscope_knowledge **ret);

/** Frees it and whatever it handed out but for what has a free function; NULL is fine. */
struct portscope_knowledge *portscope_knowledge_close(struct portscope_knowledge *knowledge);

/** What could not be read. */
const struct portscope_warning *portscope_knowledge_warnings(
	const struct portscope_knowledge *knowledge, size_t *ret_count);

/** What this kernel does with port numbers (ip(7)). */
struct portscope_kernel_ports {
	bool ephemeral_known;
	uint16_t ephemeral_low, ephemeral_high; /**< ip_local_port_range, inclusive */
	bool privileged_known;
	uint16_t unprivileged_from; /**< ip_unprivileged_port_start */
};

struct portscope_kernel_ports portscope_kernel_ports(const struct portscope_knowledge *knowledge);

/** One of ICANN's ranges (RFC 6335, section 6). */
struct portscope_range {
	const char *name; /**< as in the field port_range */
	uint16_t low, high;
	const char *brief;   /**< what it is for, in a few words */
	const char *purpose; /**< the same in sentences */
	const char *reference;
};

/** Range `i`, from low to high; NULL after the last. */
const struct portscope_range *portscope_range_at(unsigned i);

/** A service that IANA registered for a port. */
struct portscope_registration {
	const char *name;
	const char *description; /**< NULL: empty in the registry */
	uint16_t low, high;      /**< all ports of the registration */
};

/** What commonly runs on a port, whoever registered it. */
struct portscope_de_facto {
	const char *name;
	const char *software;
	const char *source; /**< where that is documented */
	bool ambiguous;     /**< other programs commonly use the port as well */
};

/** What is wrong with a service on that port. */
struct portscope_risk {
	const char *key;      /**< of the fact; not the name of the port */
	const char *risk;     /**< class: `cleartext-credentials` */
	const char *severity; /**< info, low, medium, high or critical, if not only on loopback */
	unsigned rank;        /**< of the severity, from 0 */
	const char *why;
	const char *safer;     /**< what to do instead */
	const char *reference; /**< several are separated by `; `; NULL: none was verified */
};

/** The other half of a pair: a service in clear text and its protected counterpart. */
struct portscope_counterpart {
	const char *protocol;
	uint16_t port;
	const char *name; /**< canonical name of that port; NULL: none */
	const char *mechanism;
	const char *reference;
	/** How the protected one relates to the other: `replace`, it does the same;
	    `upgrade-in-place`, it is the same port; `companion`, both are needed; `alternative`. */
	const char *relation;
};

/** A port of a family: services that one application uses together, or one in several dresses. */
struct portscope_member {
	const char *protocol;
	uint16_t port;
	const char *name; /**< canonical; NULL: none */
	const char *role; /**< what it does in the family */
};

/** A program that is known to listen on a port by default. */
struct portscope_speaker {
	const char *program; /**< a glob(7) of its executable's file name, or of its path */
	const char *match;   /**< what else tells it, as `arg=GLOB`; NULL: nothing */
	const char *service; /**< what it speaks there */
	const char *source;  /**< where that stands */
};

/** A port of one protocol. */
struct portscope_use {
	const char *protocol; /**< tcp, udp, sctp or dccp */
	const char *name;     /**< the one name by which portscope calls it; NULL: none */
	const char *source;   /**< as the field service_source; NULL without a name */
	bool hint;            /**< other programs commonly use the port as well */
	const char *purpose;  /**< what it does, in one sentence; NULL: nothing to tell a learner */
	const char *reason;   /**< why it is not the first registered name; mostly NULL */
	const struct portscope_registration *registrations; /**< in the order of the registry */
	size_t n_registrations;
	const struct portscope_de_facto *de_facto; /**< NULL: none known */
	const struct portscope_risk *risks;
	size_t n_risks;
	const struct portscope_counterpart *protected_by;
	size_t n_protected_by;
	const struct portscope_counterpart *protects;
	size_t n_protects;
	const char *family;                     /**< NULL: it has none */
	const struct portscope_member *members; /**< of the family, this port among them */
	size_t n_members;
	const struct portscope_speaker *speakers; /**< by name */
	size_t n_speakers;
};

/** What is known of a port. */
struct portscope_port {
	uint16_t port;
	const struct portscope_range *range;
	bool ephemeral;  /**< this kernel may hand it out by itself */
	bool reserved;   /**< it does not, by ip_local_reserved_ports */
	bool privileged; /**< to bind it needs CAP_NET_BIND_SERVICE */
	bool named;      /**< at least one protocol has a name for it, or something to tell */
	const struct portscope_use *uses; /**< tcp, udp, and others where they have a name */
	size_t n_uses;
};

/** Tells what is known of a port; to be freed by portscope_port_free(). -ENOMEM at worst. */
int portscope_explain(
	const struct portscope_knowledge *knowledge, uint16_t port, struct portscope_port **ret);

struct portscope_port *portscope_port_free(struct portscope_port *port);

/** Where a name is found. */
struct portscope_place {
	const char *protocol;
	uint16_t low, high;
	const char
		*note; /**< how an everyday word and the port go together; NULL: nothing to say */
};

/**
 * The ports that somebody calls `name`: any registered or de-facto name or alias, this site's
 * among them, or a word that people use (`dns`), in any case; `* ? [` make it a glob(7). Ordered by
 * port, the caller's to free(). -ENOENT: nobody calls a port so.
 */
int portscope_find_ports(const struct portscope_knowledge *knowledge, const char *name,
	struct portscope_place **ret, size_t *ret_count);

/** Fills `ret` with up to `n` names near to `word`, the nearest first; returns their number. */
size_t portscope_similar_names(
	const struct portscope_knowledge *knowledge, const char *word, const char **ret, size_t n);

/*
 * Ports that nobody uses. The choice needs no privilege but for ports that do; a port may be taken
 * between the choice and its use, so that who binds it must look at the result.
 */

struct portscope_document;

/** What is wanted. Zero everything first. */
struct portscope_wish {
	uint16_t low, high; /**< the range, inclusive; not 0 */
	unsigned protocols; /**< of enum portscope_protocol: free for all of them */
	size_t count;       /**< how many, at least 1 */
	bool consecutive;   /**< one after the other */
	bool first;         /**< the lowest ones, not any: two callers at once may get the same */
	bool registered;    /**< those with a service are welcome too */
	bool lasting;       /**< none that the kernel hands out by itself (ip_local_port_range) */
	/** Only for this address, its port does not matter; NULL: for every address. */
	const struct portscope_endpoint *address;
	/** A listing of another host, where they are to be free as well; NULL: none. */
	const struct portscope_document *other;
};

/** What was found; each port of the range that is not free counts once, in this order. */
struct portscope_choice {
	const uint16_t *ports; /**< in ascending order; none unless as many as wanted were found */
	size_t n_ports;
	size_t available;  /**< how many were found free until there were enough */
	size_t in_use;     /**< by a socket in whatever state, on this host */
	size_t elsewhere;  /**< in use on the other host */
	size_t reserved;   /**< by ip_local_reserved_ports */
	size_t registered; /**< a service has it, registered or de facto */
	size_t ephemeral;  /**< in ip_local_port_range, where a lasting one was wished for */
	size_t refused;    /**< this user may not bind it */
	int refusal;       /**< errno of the first such bind; 0: none */
	/** What the listing of the other host does not cover, a part of a sentence; NULL: nothing.
	 */
	const char *other_lacks;
	const char *collector; /**< where the sockets come from: netlink or procfs */
	const struct portscope_warning *warnings;
	size_t n_warnings;
};

/**
 * Chooses ports that are free: no socket in any state has them, and each one was bound for a moment
 * on every protocol and family wanted. Found or not, it returns 0. -EADDRNOTAVAIL or another errno
 * of bind(2): nothing at all can be bound on that address.
 */
int portscope_choose(const struct portscope_wish *wish, struct portscope_choice **ret);

struct portscope_choice *portscope_choice_free(struct portscope_choice *choice);
/** How bad a finding is. */
enum portscope_severity {
	PORTSCOPE_INFO,
	PORTSCOPE_LOW,
	PORTSCOPE_MEDIUM,
	PORTSCOPE_HIGH,
	PORTSCOPE_CRITICAL,
};

#define PORTSCOPE_SEVERITIES 5

/** `info`, `low`, `medium`, `high`, `critical`. */
const char *portscope_severity_name(enum portscope_severity severity);

/** Something that may be wrong with a socket that listens. */
struct portscope_rule {
	const char *id; /**< `insecure-service`: never changes its meaning */
	const char *title;
	enum portscope_severity severity; /**< the highest that it gives */
	const char *about;                /**< what it looks at and how it weighs, in sentences */
	const char *references;           /**< by `; `; NULL: those of the finding, or none */
};

/** Rule `i`, or NULL after the last. */
const struct portscope_rule *portscope_rule_at(unsigned i);

/**
 * The severity at which an audit would report what listens here as an insecure service, as far as
 * the fields that were asked for tell; -1: not at all. Needs the field `exposure`; who holds the
 * socket may take the suspicion away, so ask for `processes` or `process` too.
 */
int portscope_insecurity(const struct portscope_row *row);
/** Whether a program of this name holds ports for a container: to end it ends no service. */
bool portscope_is_carrier(const char *program);

/** A policy: what is normal on this host, a line each. */
struct portscope_policy;

/**
 * Reads a policy. -ENOENT: there is no such file. -EINVAL: it is wrong, and -EPERM: it is not to be
 * trusted (run as root: not root's, or writable by others; in any case no regular file, or larger
 * than 1 MiB); for these `ret_error` tells a reader why, in lines that the caller frees.
 */
int portscope_policy_read(const char *path, struct portscope_policy **ret, char **ret_error);
/** Frees a policy; NULL is fine. No audit may use it any more. */
struct portscope_policy *portscope_policy_free(struct portscope_policy *policy);
/** The file that it was read from. */
const char *portscope_policy_path(const struct portscope_policy *policy);

/** What an audit has found, counted. */
struct portscope_audit_counts {
	size_t sockets;  /**< judged */
	size_t findings; /**< that stand */
	size_t by_severity[PORTSCOPE_SEVERITIES];
	size_t by_exposure[8]; /**< findings by rank of the field `exposure` */
	size_t allowed;        /**< sockets that the policy allows */
	size_t silenced;       /**< findings on these */
	size_t quiet;          /**< sockets that raise nothing and were not allowed */
	size_t unseen;         /**< sockets whose owner could not be seen */
};

struct portscope_audit;
struct portscope_document;

/**
 * Judges what listens. Of `query` only `fields`, `sort`, `numeric`, `identity`, `protocols` and
 * `filter` count: the last two choose which sockets are judged, not what is known of the host.
 * `policy` and `baseline`, beside which what is new becomes a finding, may be NULL; they and the
 * filter must outlive the audit. All that needs a privilege or a name service is done here.
 * -EINVAL: the baseline does not hold all that listened; `ret_error` says so, in printable text
 * that the caller frees.
 */
int portscope_audit_open(const struct portscope_query *query, struct portscope_policy *policy,
	const struct portscope_document *baseline, struct portscope_audit **ret, char **ret_error);
/** Frees an audit; NULL is fine. */
struct portscope_audit *portscope_audit_close(struct portscope_audit *audit);

/**
 * Hands out the findings: rows that have the fields of a finding beside those of its socket, in the
 * order that the query asks for; by default the worst first, then by socket. May be asked again.
 */
int portscope_audit_each(const struct portscope_audit *audit, portscope_row_fn row, void *userdata);

struct portscope_audit_counts portscope_audit_count(const struct portscope_audit *audit);
/** The snapshot behind it: who answered, when, and the warnings of all stages. */
const struct portscope_snapshot *portscope_audit_snapshot(const struct portscope_audit *audit);

/**
 * Comparing two listings: what opened, what closed, what changed hands between them.
 *
 * A document is a listing that was kept: read from a file that `portscope --json` wrote, or taken
 * now. Two documents can be compared where they answer the same query; their columns may differ,
 * and what one of them lacks is not compared.
 *
 * A socket is the same one in both documents where protocol, local address, local port, interface
 * and, of a connection, the peer are the same. Numbers that the kernel chose by chance name nobody:
 * the local port of an outbound connection, the peer's port of an inbound one, the port of a
 * probable UDP client. Several sockets of the same name (SO_REUSEPORT) are compared as a set.
 * Pids, descriptors, inodes and cookies count for nothing, so a restart is not a difference.
 */

/** What can differ of a socket that stays. */
enum portscope_aspect {
	PORTSCOPE_ASPECT_PROGRAM,    /**< the names of the programs that hold it */
	PORTSCOPE_ASPECT_EXECUTABLE, /**< the paths of their executables */
	PORTSCOPE_ASPECT_USER,
	PORTSCOPE_ASPECT_UNIT,      /**< but for what is made up anew each time: session-12.scope */
	PORTSCOPE_ASPECT_CONTAINER, /**< runtime:name, or runtime:id where its name is unknown */
	PORTSCOPE_ASPECT_EXPOSURE,
	PORTSCOPE_ASPECT_DUAL_STACK,
	PORTSCOPE_ASPECTS, /**< how many there are */
};

/** The name of an aspect, as in JSON; NULL after the last. */
const char *portscope_aspect_name(unsigned aspect);

/** What a document says of itself. Strings are NULL where unknown, and live as long as it. */
struct portscope_document_head {
	int64_t time;                 /**< seconds since the epoch */
	const char *host;             /**< name of the host */
	const char *machine_id;       /**< machine-id(5) */
	unsigned protocols, families; /**< as in portscope_query */
	uint32_t states;
	const char *filter; /**< its text; NULL: none */
	size_t sockets;
	bool complete;
};

struct portscope_document;

/**
 * Reads a document from a descriptor up to its end, one socket at a time: the memory taken is that
 * of what is kept, about 100 bytes a socket. -EBADMSG: it is not such a document, damaged or cut
 * off; -EINVAL: it is one that cannot be compared; -EFBIG: it is too large. `ret_error` then says
 * what is wrong, where, and what to do, in printable text that the caller frees; NULL after any
 * other error, which is one of reading.
 */
int portscope_document_read(int fd, struct portscope_document **ret, char **ret_error);

/**
 * Lists now what `like` was asked for, with those of its columns that a comparison reads. This does
 * all that needs a privilege, as portscope_open() does. -EINVAL: its filter cannot be read here any
 * more, see `ret_error` as above.
 */
int portscope_document_take(
	const struct portscope_document *like, struct portscope_document **ret, char **ret_error);

const struct portscope_document_head *portscope_document_get_head(
	const struct portscope_document *document);

/** Frees a document; NULL is fine. No diff may use it any more. */
struct portscope_document *portscope_document_free(struct portscope_document *document);

enum portscope_change_kind {
	PORTSCOPE_OPENED,
	PORTSCOPE_CLOSED,
	PORTSCOPE_CHANGED,
};

/** A socket as one of the documents has it. */
struct portscope_side {
	/** Of an interface that it is bound to only the name counts; `ifindex` is 0 without one. */
	struct portscope_endpoint local;
	struct portscope_endpoint peer; /**< `family` 0: none */
	/**
	 * By enum portscope_aspect; NULL: unknown or none. Programs and executables are lists,
	 * separated by newlines. Bytes as they came: not escaped.
	 */
	const char *aspects[PORTSCOPE_ASPECTS];
	uint64_t cookie; /**< of the first of them; 0: unknown */
};

/** One difference. What opened has no `before`, what closed no `after`. */
struct portscope_change {
	enum portscope_change_kind kind;
	unsigned protocol; /**< of enum portscope_protocol */
	size_t count;      /**< sockets of which all of this is true */
	unsigned differs;  /**< of what changed: bits 1 << enum portscope_aspect */
	struct portscope_side before, after;
};

struct portscope_diff;

/**
 * Compares two documents, which must outlive the diff. -EINVAL: they do not answer the same query;
 * `ret_error` says what differs, in printable text that the caller frees.
 */
int portscope_diff(const struct portscope_document *before, const struct portscope_document *after,
	struct portscope_diff **ret, char **ret_error);

/** Frees a diff; NULL is fine. */
struct portscope_diff *portscope_diff_free(struct portscope_diff *diff);

/** Change `i`, sorted by protocol, port, address and peer; false after the last. */
bool portscope_diff_at(const struct portscope_diff *diff, size_t i, struct portscope_change *ret);

/** How many sockets were opened, closed and changed, by enum portscope_change_kind. */
const size_t *portscope_diff_get_counts(const struct portscope_diff *diff);

/** The aspects that were compared: bits 1 << enum portscope_aspect. */
unsigned portscope_diff_get_compared(const struct portscope_diff *diff);

/** What the comparison lacks or its reader should know. */
const struct portscope_warning *portscope_diff_get_warnings(
	const struct portscope_diff *diff, size_t *ret_count);

#endif
