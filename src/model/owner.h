/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who holds which socket, as far as this user could see: the answer of the owner stage, asked by
 * the annotator. Each socket has a state and a list of processes, each process is described once
 * however many sockets it holds.
 */
#ifndef PORTSCOPE_MODEL_OWNER_H
#define PORTSCOPE_MODEL_OWNER_H

#include <portscope.h>

#include "model/socket.h"

/** What is known of a socket's holders; the order is that of sorting. */
enum owner_state {
	OWNER_KNOWN,
	OWNER_NONE,    /**< no process can hold it: time-wait, orphan, kernel */
	OWNER_HIDDEN,  /**< this user may not look at every process that might hold it */
	OWNER_GONE,    /**< its holder ended while we looked */
	OWNER_UNKNOWN, /**< nobody in sight holds it, though somebody may */
};

struct registry_program;
struct unit;

/** Where the chain of parents of a process ends. */
enum origin_end {
	ORIGIN_GOES_ON,   /**< nowhere that is known: it is too long */
	ORIGIN_MANAGER,   /**< a systemd, of the system or of a user */
	ORIGIN_FIRST,     /**< process 1, which is none */
	ORIGIN_CRON,      /**< the last of the chain */
	ORIGIN_SSH,       /**< the sshd of a session */
	ORIGIN_CONTAINER, /**< the runtime of a container */
	ORIGIN_OUTSIDE,   /**< a process outside of this pid namespace */
	ORIGIN_UNKNOWN,   /**< a parent that could not be read, or that ended */
};

/** How a process came to run, as its parents tell. */
struct origin {
	char *chain; /**< parents before the end, nearest first: `bash/1480 in tmux/1200`; or NULL
		      */
	enum origin_end end;
	uint32_t pid; /**< of the end */
	uint32_t uid; /**< its user */
};

/** Frees it; NULL is fine. */
struct origin *origin_free(struct origin *origin);

/** The container that a process holds ports for. */
struct carried {
	const char *runtime; /**< a constant */
	char *container;     /**< its address, or its id; NULL: there is none */
	bool by_id;
	uint32_t uid; /**< the user whose container it is; 0: root's */
};

/** A process that holds sockets. */
struct process {
	struct portscope_process
		shown; /**< what of it leaves the library, but for its descriptors */
	uint32_t uid;  /**< its effective user */
	bool has_uid;
	bool name_trusted; /**< the name of its program, too, is one of the trusted executable */
	struct origin *origin; /**< NULL: not asked for */
	char *preload; /**< a library that was put into it from outside of the system's folders */
	struct carried carried;
	char *cgroup; /**< path in the unified hierarchy, or that of systemd in cgroup v1;
			   NULL: not asked for, or not readable */
	const struct unit *unit; /**< what its cgroup stands for; NULL: nothing, or not asked for */
	bool looked_up;          /**< what follows is known */
	uint8_t program_proof;   /**< enum program_proof */
	const struct registry_program *program; /**< in the table of programs; NULL: not there */
};

struct owner_index;

/** Process `i` of all that hold a listed socket, to be described further; NULL after the last. */
struct process *owner_index_process(struct owner_index *index, size_t i);

/**
 * The holders of `socket`, which must be one of those that the index was made for, in the order of
 * their pids; a systemd, which keeps the sockets of the units that it starts, comes after all
 * others. The arrays are the index's own and hold until the second next call, so that two
 * sockets can be compared; the members of each are those of portscope_process, `fds` among them.
 * `ret_processes` receives the fuller descriptions in the same order; it may be NULL.
 *
 * Without an inode the state is `none`: a time-wait or syn-recv socket, an orphan and a connection
 * that nobody accepted yet belong to no file. Where every holder that was found ended before it
 * could be described, the state is `gone` and the list empty. Where none was found it is `hidden`
 * if any process could not be inspected, whoever owns the socket: our own sockets too can be
 * held by a process that we may not see (handed over, or by a program that is not dumpable). Else
 * it is `unknown`.
 */
enum owner_state owner_index_get(const struct owner_index *index, const struct socket *socket,
	const struct portscope_process **ret_shown, const struct process *const **ret_processes,
	size_t *ret_count);

/** The backend that answered, `bpf` or `procfs`; NULL: neither could. */
const char *owner_index_backend(const struct owner_index *index);

/** Whether every process in sight was looked at, so that what has no holder has none among them. */
bool owner_index_saw_all(const struct owner_index *index);

/** Frees an index; NULL is fine. */
struct owner_index *owner_index_free(struct owner_index *index);

/**
 * The program that a title begins with, and its length: `gunicorn` of `gunicorn: master [app]`,
 * `redis-server` of `/usr/bin/redis-server 127.0.0.1:6379`. What follows the first word may hold
 * slashes and colons of its own.
 */
const char *title_word(const char *title, size_t *ret_length);

#endif
