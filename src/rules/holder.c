/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules about who holds a socket: odd executables, shells, nobody, and whose user it is. */
#include <stdio.h>
#include <string.h>

#include "annotate/program.h"
#include "rules/rules.h"
#include "registry/registry.h"
#include "util/address.h"
#include "util/glob.h"

static bool is_below(const char *path, const char *const *folders, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strncmp(path, folders[i], strlen(folders[i])))
			return true;
	return false;
}

static bool is_in_memory(const struct portscope_process *p)
{
	static const char *const names[] = {"/memfd:"};

	return p->exe && is_below(p->exe, names, ARRAY_SIZE(names));
}

static bool is_temporary(const struct portscope_process *p)
{
	static const char *const folders[] = {"/tmp/", "/var/tmp/", "/dev/shm/"};

	return p->exe && is_below(p->exe, folders, ARRAY_SIZE(folders));
}

/* Only the worst is reported: a deleted file in /tmp is one in /tmp. */
static bool is_deleted(const struct portscope_process *p)
{
	return p->exe && p->exe_deleted && !is_in_memory(p) && !is_temporary(p);
}

static const struct portscope_process *find_holder(
	const struct portscope_row *row, bool (*is)(const struct portscope_process *p))
{
	for (size_t i = 0; i < row->n_processes; i++)
		if (is(&row->processes[i]))
			return &row->processes[i];
	return NULL;
}

int judge_memory_exe(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret)
{
	const struct portscope_process *p = find_holder(row, is_in_memory);

	if (!p)
		return 0;
	return verdict_fill(ret, PORTSCOPE_HIGH, "observed", NULL,
		"find out what started it: programs that are installed have a file",
		"%s runs from memory (%s): there is no file of it on any disk.", verdict_holder(p),
		p->exe);
}

int judge_temporary_exe(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret)
{
	const struct portscope_process *p = find_holder(row, is_temporary);

	if (!p)
		return 0;
	return verdict_fill(ret, PORTSCOPE_HIGH, "observed", NULL,
		"find out who put it there; install what is wanted where only root writes",
		"%s runs from %s, a folder that everybody may write to.", verdict_holder(p),
		p->exe);
}

int judge_deleted_exe(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret)
{
	const struct portscope_process *p = find_holder(row, is_deleted);

	if (!p)
		return 0;
	return verdict_fill(ret, PORTSCOPE_MEDIUM, "observed", NULL,
		"restart it; if no update replaced the file, find out who deleted it",
		"The executable of %s (%s) is deleted: it runs code that is no longer installed.",
		verdict_holder(p), p->exe);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool matches(const char *name, const char *const *patterns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (glob_match(patterns[i], name))
			return true;
	return false;
}

/** A name that a process gives itself. */
struct own_name {
	const char *text;
	size_t length;
};

/*
 * What it calls itself, beside its executable: 0 its title, 1 the kernel's name of it, 2 its
 * argv[0]. A script gives an interpreter the last two, so that only a title counts there.
 */
static struct own_name own_name(const struct portscope_process *p, unsigned i)
{
	struct own_name name = {NULL, 0};
	const char *slash;

	if (i == 0 && p->title)
		name.text = title_word(p->title, &name.length);
	if (i == 0 || !p->program || p->program[p->name_length])
		return name;
	if (i == 1 && p->comm)
		return (struct own_name){p->comm, strlen(p->comm)};
	if (i != 2 || !p->cmdline)
		return name;
	name = (struct own_name){p->cmdline, strcspn(p->cmdline, " ")};
	slash = memrchr(name.text, '/', name.length);
	if (slash)
		name = (struct own_name){slash + 1, name.length - (size_t)(slash + 1 - name.text)};
	return name;
}

/* Whether a name is that of a program that the registry knows. */
static bool is_known_name(struct own_name name)
{
	char text[64];
	const struct registry_program *program;

	if (name.length < 3 || name.length >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)name.length, name.text);
	for (size_t i = 0; (program = registry_next_program(text, &i));)
		if (!registry_program_match(program) &&
			!strcmp(registry_program_pattern(program), text))
			return true;
	return false;
}

/* A name that the executable has as well, or a part of it: php-fpm is that of php-fpm8.2. */
static bool is_of_executable(struct own_name name, const char *executable)
{
	size_t length = strlen(executable);

	return !strncmp(name.text, executable, MIN(name.length, length));
}

/* The name of a known program that this process gives itself and does not run. */
static struct own_name find_false_name(
	const struct portscope_process *p, const struct process *holder)
{
	const struct own_name none = {NULL, 0};
	size_t position = 0;

	if (!p->exe || holder->name_trusted)
		return none;
	/* One that is installed and known may have more names: mysqld is a link to mariadbd. */
	if (p->exe_trusted && registry_next_program(p->exe, &position))
		return none;
	for (unsigned i = 0; i < 3; i++) {
		struct own_name name = own_name(p, i);

		if (name.text && !is_of_executable(name, base_name(p->exe)) && is_known_name(name))
			return name;
	}
	return none;
}

int judge_impostor(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret)
{
	for (size_t i = 0; i < row->n_processes; i++) {
		const struct portscope_process *p = &row->processes[i];
		struct own_name name = find_false_name(p, row->holders[i]);

		if (name.text)
			return verdict_fill(ret,
				row->socket->local_port < 1024 ? PORTSCOPE_HIGH : PORTSCOPE_MEDIUM,
				"observed", NULL,
				"find out what it is and who started it: few programs have a "
				"reason "
				"to take the name of another one",
				"Process %u calls itself %.*s, but runs %s.", p->pid,
				(int)name.length, name.text, p->exe);
	}
	return 0;
}

int judge_preload(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret)
{
	for (size_t i = 0; i < row->n_processes; i++) {
		const struct process *holder = row->holders[i];

		if (holder->preload)
			return verdict_fill(ret,
				holder->unit && holder->unit->container ? PORTSCOPE_LOW
									: PORTSCOPE_HIGH,
				"observed", NULL,
				"find out who set LD_PRELOAD or wrote /etc/ld.so.preload, and what "
				"the library does",
				"%s was started with %s preloaded: it can change all that the "
				"program "
				"does.",
				verdict_holder(&row->processes[i]), holder->preload);
	}
	return 0;
}

/* How many of its standard streams are the socket. */
static unsigned count_streams(const struct portscope_process *p)
{
	unsigned n = 0;

	for (size_t i = 0; i < p->n_fds; i++)
		n += p->fds[i] <= 2;
	return n;
}

/*
 * A shell opens no socket, so one stream is enough. A daemon in a scripting language that closed
 * its streams gets 0 for its socket, so there it takes two.
 */
static bool is_shell(const struct portscope_process *p)
{
	static const char *const shells[] = {"sh", "bash", "dash", "ash", "zsh", "ksh*", "mksh",
		"fish", "csh", "tcsh", "busybox"};
	static const char *const interpreters[] = {"python*", "perl*", "ruby*", "php", "php[0-9]*",
		"node", "nodejs", "lua*", "tclsh*", "expect", "awk", "gawk", "mawk", "pwsh"};
	const char *name = p->exe ? base_name(p->exe) : p->comm ? p->comm : "";
	unsigned streams = count_streams(p);

	if (!strcmp(name, "busybox") && p->comm)
		name = p->comm;
	return (streams >= 1 && matches(name, shells, ARRAY_SIZE(shells))) ||
	       (streams >= 2 && matches(name, interpreters, ARRAY_SIZE(interpreters)));
}

int judge_shell(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret)
{
	const struct portscope_process *p = find_holder(row, is_shell);

	if (!p)
		return 0;
	return verdict_fill(ret, PORTSCOPE_HIGH, "observed", NULL,
		"find out who started it; a service that inetd starts so belongs in the policy",
		"%s has its standard streams on this socket: whoever reaches it may give it "
		"commands.",
		verdict_holder(p));
}

/* Where the kernel serves NFS, its lock manager listens on ports of its choice. */
static bool has_nfs(const struct rules_index *index)
{
	size_t nfs, sunrpc;

	rules_index_port(index, IPPROTO_TCP, 2049, &nfs);
	rules_index_port(index, IPPROTO_TCP, 111, &sunrpc);
	return nfs || sunrpc;
}

int judge_no_process(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret)
{
	const struct socket *s = row->socket;
	struct registry_kernel_service kernel;
	bool maybe_kernel = s->protocol == IPPROTO_UDP || has_nfs(index);

	/* "Unknown" says that all processes in sight were looked at, and all were in sight. */
	if (row->owner != OWNER_UNKNOWN || !index->all_processes ||
		registry_kernel_service(s->protocol, s->local_port, &kernel))
		return 0;
	return verdict_fill(ret, maybe_kernel ? PORTSCOPE_INFO : PORTSCOPE_MEDIUM, "observed", NULL,
		"find out what opened it: the kernel (a tunnel, NFS), a process that is hidden by "
		"a rootkit, or one that passed it on",
		maybe_kernel ? "No process holds it: it may be the kernel's, a tunnel or NFS."
			     : "No process holds it, and the kernel is not known to listen here.");
}

/* The users of the holders, if every one is known. */
static bool all_users(const struct portscope_row *row, bool root)
{
	if (!row->n_processes)
		return false;
	for (size_t i = 0; i < row->n_processes; i++)
		if (!row->holders[i]->has_uid || (row->holders[i]->uid == 0) != root)
			return false;
	return true;
}

int judge_privileged(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret)
{
	const struct portscope_process *p = row->processes;

	if (row->socket->local_port >= index->unprivileged_from || !all_users(row, false))
		return 0;
	return verdict_fill(ret, PORTSCOPE_INFO, "observed", NULL,
		"nothing, if it gave up root or was given the port on purpose",
		"%s of user %s holds a port that needs privilege to be bound.", verdict_holder(p),
		p->user ? p->user : "other than root");
}

/* Programs that work for others and must be root for that: where they are what they seem. */
static bool must_be_root(const struct portscope_row *row, size_t i)
{
	const struct portscope_process *p = &row->processes[i];
	const struct registry_program *program;
	enum program_proof proof;

	if (!p->exe || !p->exe_trusted)
		return false;
	if (registry_broker(base_name(p->exe)))
		return true;
	program = program_of(row, i, &proof);
	return program && proof != PROGRAM_BY_NAME && registry_program_needs_root(program);
}

int judge_root(
	const struct portscope_row *row, const struct rules_index *index, struct verdict *ret)
{
	const struct socket *s = row->socket;

	if (s->local_port < index->unprivileged_from || row->probable_client ||
		!address_is_wildcard(s->family, s->local_address) || !all_users(row, true))
		return 0;
	for (size_t i = 0; i < row->n_processes; i++)
		if (must_be_root(row, i))
			return 0;
	return verdict_fill(ret, PORTSCOPE_INFO, "observed", NULL,
		"run it as a user of its own, or bind it to the address that needs it",
		"%s runs as root and listens on every address, on a port that needs no root.",
		verdict_holder(row->processes));
}
