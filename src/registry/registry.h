/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is known of ports in general: who registered them, what commonly runs there, what is wrong
 * with it and what to use instead. The facts stand in the *.tsv files beside this one and their
 * sources in README.md; a name is a hint, for a port number is not a protocol.
 *
 * A protocol is an IPPROTO_ number: TCP, UDP, DCCP or SCTP; nothing is known of others. A port is
 * in host byte order. Strings are constants. A string that the data lacks is NULL.
 *
 * Functions called registry_next_X() walk the rows of one table: `*position` starts at 0 and each
 * call that returns true filled `*ret` with the next row; when there is none they return false and
 * leave `*ret` unchanged. Where a protocol and port are asked for, only rows about that port are
 * given.
 */
#ifndef PORTSCOPE_REGISTRY_REGISTRY_H
#define PORTSCOPE_REGISTRY_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Which table a port's name comes from, in order of precedence. */
enum registry_source {
	REGISTRY_PREFERRED, /**< preferred.tsv: the registered name that is met in practice */
	REGISTRY_DE_FACTO,  /**< defacto.tsv: what commonly runs there */
	REGISTRY_IANA,      /**< services.tsv: the first registered name */
};

/**
 * The one name by which portscope calls a port; NULL if it has none. Constant time. `ret_source`
 * and `ret_hint` (true: it is a guess, other programs use the port as well or
 * nobody but IANA speaks of the name) may be NULL and are left
 * alone where there is no name.
 */
const char *registry_name(
	uint8_t protocol, uint16_t port, enum registry_source *ret_source, bool *ret_hint);

/** True if a program of programs.tsv is known to speak what registry_name() says of the port. */
bool registry_name_is_spoken(uint8_t protocol, uint16_t port);

/** A row of services.tsv. */
struct registry_service {
	const char *name;
	const char *description; /**< NULL: empty in the registry */
	uint8_t protocol;
	uint16_t low, high; /**< the ports it was registered for; mostly the same */
};

/** All services that IANA registered for a port, in its order; ranges around it come last. */
bool registry_next_service(
	uint8_t protocol, uint16_t port, size_t *position, struct registry_service *ret);
/** The whole registry, by protocol (tcp, udp, dccp, sctp) and port. */
bool registry_next_service_of_all(size_t *position, struct registry_service *ret);

/** A row of preferred.tsv. */
struct registry_preferred {
	const char *name;
	const char *first_name; /**< what IANA lists first */
	const char *reason;
	uint8_t protocol;
	uint16_t port;
};

bool registry_preferred(uint8_t protocol, uint16_t port, struct registry_preferred *ret);
bool registry_next_preferred_of_all(size_t *position, struct registry_preferred *ret);

/** A row of defacto.tsv. */
struct registry_de_facto {
	const char *name;
	const char *software;
	const char *registered; /**< IANA's names for the port, by comma; NULL: none */
	const char *source;     /**< where the name is documented */
	uint8_t protocol;
	uint16_t port;
	bool ambiguous; /**< other programs commonly use the port as well: the name is a hint */
};

bool registry_de_facto(uint8_t protocol, uint16_t port, struct registry_de_facto *ret);
bool registry_next_de_facto_of_all(size_t *position, struct registry_de_facto *ret);

/** What kind of harm a service does when it can be reached. */
enum registry_risk {
	REGISTRY_AMPLIFICATION,
	REGISTRY_CLEARTEXT,
	REGISTRY_CLEARTEXT_CREDENTIALS,
	REGISTRY_INFO_ONLY,
	REGISTRY_INFORMATION_DISCLOSURE,
	REGISTRY_LATERAL_MOVEMENT,
	REGISTRY_LEGACY_OBSOLETE,
	REGISTRY_OPEN_PROXY,
	REGISTRY_REMOTE_CODE_EXECUTION,
	REGISTRY_REMOTE_ROOT_EQUIVALENT,
	REGISTRY_UNAUTHENTICATED_BY_DEFAULT,
};

/** How bad it is for a listener that is not on loopback: our judgement. */
enum registry_severity {
	REGISTRY_INFO,
	REGISTRY_LOW,
	REGISTRY_MEDIUM,
	REGISTRY_HIGH,
	REGISTRY_CRITICAL,
};

/** A row of insecure.tsv; one that is about tcp and udp is two here. */
struct registry_insecure {
	const char *key;  /**< of this row, not the name of the port: see registry_name() */
	const char *what; /**< the risk in a few words */
	const char *why;
	const char *safer;     /**< what to use instead */
	const char *reference; /**< several are separated by `; `; NULL: none that was verified */
	enum registry_risk risk;
	enum registry_severity severity;
	uint8_t protocol;
	uint16_t low, high;
};

/** What is wrong with a port; 514/tcp has two rows. */
bool registry_next_insecure(
	uint8_t protocol, uint16_t port, size_t *position, struct registry_insecure *ret);
bool registry_next_insecure_of_all(size_t *position, struct registry_insecure *ret);

/** How a protected service relates to its cleartext counterpart. */
enum registry_relation {
	REGISTRY_REPLACE,          /**< it does the same: the cleartext port can be closed */
	REGISTRY_UPGRADE_IN_PLACE, /**< the same port can be used safely */
	REGISTRY_COMPANION,        /**< both are needed */
	REGISTRY_ALTERNATIVE,      /**< another way to the same end */
};

/** A row of pairs.tsv. */
struct registry_pair {
	const char *name;
	const char *secure_name; /**< NULL: the secure port has no registered name */
	const char *mechanism;
	const char *reference;
	enum registry_relation relation;
	uint8_t protocol; /**< of the cleartext service */
	uint16_t port;
	uint8_t secure_protocol;
	uint16_t secure_port;
};

/** The pairs of which this is the cleartext port. */
bool registry_next_pair(
	uint8_t protocol, uint16_t port, size_t *position, struct registry_pair *ret);
/** The pairs of which this is the secure port: what it protects. */
bool registry_next_pair_of_secure(
	uint8_t protocol, uint16_t port, size_t *position, struct registry_pair *ret);
bool registry_next_pair_of_all(size_t *position, struct registry_pair *ret);

/** A row of families.tsv: ports that one application uses together, or one service in several
 * forms. */
struct registry_member {
	const char *family;
	const char *role;
	const char *source;
	uint8_t protocol;
	uint16_t port;
};

/** The members of the family that a port belongs to, in order; a port has one family at most. */
bool registry_next_member(
	uint8_t protocol, uint16_t port, size_t *position, struct registry_member *ret);

/** What a port does, in one sentence for a learner; NULL: not in purposes.tsv. */
const char *registry_purpose(uint8_t protocol, uint16_t port);

/** A word of everyday.tsv, which is not a name of the registry, and a port that it stands for. */
struct registry_everyday {
	const char *word;
	const char *note; /**< a sentence on how the word and the port go together; NULL: none */
	uint8_t protocol;
	uint16_t port;
};

/** All words, one port at a time. */
bool registry_next_everyday(size_t *position, struct registry_everyday *ret);
/** The ports of one word, in any case. */
bool registry_next_everyday_of(const char *word, size_t *position, struct registry_everyday *ret);

/** A row of kernel.tsv: a service that the kernel itself listens for. */
struct registry_kernel_service {
	const char *service;
	const char *module;
	const char *what;
	const char *source;
	uint8_t protocol;
	uint16_t low, high;
};

bool registry_kernel_service(uint8_t protocol, uint16_t port, struct registry_kernel_service *ret);

/** Whether what is spoken is encrypted. */
enum registry_tls {
	REGISTRY_TLS_UNKNOWN,
	REGISTRY_TLS_NO,       /**< never */
	REGISTRY_TLS_STARTTLS, /**< may be turned on in the same connection */
	REGISTRY_TLS_OPTION,   /**< by configuration, from the first byte or not at all */
	REGISTRY_TLS_YES,      /**< TLS, DTLS or QUIC from the first byte */
	REGISTRY_TLS_OWN,      /**< encrypted by the protocol's own means: ssh, wireguard */
};

/**
 * A program of programs.tsv. Its pattern is a glob(7) of the executable's file name, or of its
 * path where it has a `/`; a second one narrows it to some uses of the executable.
 */
struct registry_program;

/** Program `i` of the table, NULL after the last. */
const struct registry_program *registry_program_at(size_t i);
/**
 * Walks the programs whose pattern fits the path or name `executable`, the most particular first.
 * The caller sees whether registry_program_match() fits, too. `*position` starts at 0; NULL: no
 * more.
 */
const struct registry_program *registry_next_program(const char *executable, size_t *position);
const char *registry_program_pattern(const struct registry_program *program);
/**
 * What else must fit: `arg=GLOB`, one of the arguments or the file name of one; `unit=GLOB`, the
 * systemd unit. NULL: nothing.
 */
const char *registry_program_match(const struct registry_program *program);
/** True if it must run as root to do its work. */
bool registry_program_needs_root(const struct registry_program *program);
/** True if it may carry anything else as well: what it holds elsewhere says nothing. */
bool registry_program_is_carrier(const struct registry_program *program);

/** What a program speaks, and where. */
struct registry_speech {
	const char *service; /**< a name of a port, or a key of insecure.tsv */
	const char *source;
	enum registry_tls tls;
	uint8_t protocol;
	uint16_t low, high; /**< its default ports */
	bool any;           /**< on whatever other port it is given; `low` and `high` say nothing */
	bool chosen;        /**< on a port that the kernel chooses; `low` and `high` say nothing */
};

/** What the program speaks, as in programs.tsv: what comes first is its label. */
bool registry_next_speech(
	const struct registry_program *program, size_t *position, struct registry_speech *ret);
/** How an interpreter reads its arguments. */
enum registry_style {
	REGISTRY_LETTERS, /**< options of one letter may stand together: `-um` */
	REGISTRY_WORDS,   /**< each option is an argument of its own */
	REGISTRY_APPLETS, /**< no interpreter, but many programs in one file: argv[0] says which */
};

/**
 * A row of interpreters.tsv: programs that run another one, which is what people know the process
 * by. Lists are words separated by blanks, and NULL where they are empty.
 */
struct registry_interpreter {
	const char *names;    /**< patterns (see util/glob.h) for the file name of the executable */
	const char *value;    /**< options whose value is the next argument */
	const char *attached; /**< letters that take the rest of their argument as a value */
	const char *code;     /**< options after which there is no script: they bring the code */
	const char *script;   /**< options whose value is the script, module or archive */
	const char *skip;     /**< words before the script that are not it */
	const char *source;
	enum registry_style style;
};

bool registry_next_interpreter_of_all(size_t *position, struct registry_interpreter *ret);

/** Why the program with this file name must be root, brokers.tsv; NULL: it is not known to. */
const char *registry_broker(const char *program);

/** What of the packet filter has a name that tells whose it is. */
enum registry_filterer {
	REGISTRY_FILTERER_TABLE,
	REGISTRY_FILTERER_CHAIN,
};

/** The tool that makes tables or chains of this name, filterers.tsv; NULL: not known. */
const char *registry_filterer(enum registry_filterer kind, const char *name);

/** What kind of program starts others: starters.tsv. */
enum registry_starter {
	REGISTRY_STARTER_OTHER,
	REGISTRY_STARTER_SHELL,
	REGISTRY_STARTER_MULTIPLEXER, /**< tmux, screen */
	REGISTRY_STARTER_CRON,
	REGISTRY_STARTER_SSH,
	REGISTRY_STARTER_CONTAINER, /**< of a container runtime */
	REGISTRY_STARTER_MANAGER,   /**< systemd */
};

/** The kind of the executable with this file name. */
enum registry_starter registry_starter(const char *program);

/** Whether a file name is one of several patterns, as of fnmatch(3), separated by blanks. */
bool registry_is_named(const char *patterns, const char *name);

/** What tells which container a carrier holds ports for. */
enum registry_carried {
	REGISTRY_CARRIED_ADDRESS, /**< an address of it, after an option */
	REGISTRY_CARRIED_ID,      /**< its id, after an option */
	REGISTRY_CARRIED_PIPE,    /**< a pipe from another carrier, which has its id */
};

/** A row of carriers.tsv: a program that holds ports for a container. */
struct registry_carrier {
	const char *program; /**< file name of its executable */
	const char *runtime; /**< of the container, as in portscope_container */
	const char *option;  /**< the option, or the file name of that other carrier */
	const char *source;
	enum registry_carried kind;
};

/** The carriers whose executable has this file name. */
bool registry_next_carrier(const char *program, size_t *position, struct registry_carrier *ret);

/** As in the data and in JSON: `cleartext-credentials`, `high`, `upgrade-in-place`. */
const char *registry_risk_name(enum registry_risk risk);
const char *registry_severity_name(enum registry_severity severity);
const char *registry_relation_name(enum registry_relation relation);

/** Where a name is found. */
struct registry_place {
	uint8_t protocol;
	uint16_t low, high;
	bool de_facto; /**< not registered there */
};

/** How many names there are: registered, de facto, and those that only programs.tsv has. */
size_t registry_name_total(void);
/** Name `id`, from 0: they are numbered in alphabetical order, in lower case. */
const char *registry_name_at(size_t id);
/** The id of a name, in any case; -ENOENT if nobody has it. Constant time. */
int registry_find_name(const char *name, size_t length);
/**
 * The ports that have the name `id`: registered ones by protocol and port, then de facto; where
 * there is none of these, the default ports of the programs that speak it.
 */
bool registry_next_place(size_t id, size_t *position, struct registry_place *ret);
/** True if any port of any protocol has this name. */
bool registry_knows_name(const char *name, size_t length);

/** True if a distribution's stock /etc/services gives this name, in any case, to the port. */
bool registry_in_baseline(uint8_t protocol, uint16_t port, const char *name, size_t length);

#endif
