/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A preloaded library that makes one system call, or allocations, of a program fail. Every system
 * call of its table ends in a signal handler (seccomp's SECCOMP_RET_TRAP), those inside the C
 * library too; the handler counts it and either lets it happen, by an instruction that the filter
 * spares, or returns the error that was asked for. malloc() and its sisters are replaced by name.
 *
 * FAULTS_LOG=FILE     writes a line for each: what, its number, and where it was called
 * FAULTS_CALL=N       fails system call N ...
 * FAULTS_ERRNO=E      ... with this error
 * FAULTS_ALLOC=N      fails allocation N, with FAULTS_ALLOC_ON all that follow too
 * FAULTS_KILL=PID     kills that process before system call N, and waits until it is gone
 * FAULTS_NO_BPF       bpf(2) is not permitted
 *
 * Numbers start at 1, those of a second thread at 1000001 and so on.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "calls.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#define REGISTER(context, i)                                                                       \
	((context)->uc_mcontext.gregs[(const int[]){                                               \
		REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9}[i]])
#define RESULT(context) ((context)->uc_mcontext.gregs[REG_RAX])
__asm__(".text\n"
	".hidden spared_call, spared_end\n"
	".globl spared_call, spared_end\n"
	".type spared_call, @function\n"
	"spared_call:\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	mov %rdx, %rsi\n"
	"	mov %rcx, %rdx\n"
	"	mov %r8, %r10\n"
	"	mov %r9, %r8\n"
	"	mov 8(%rsp), %r9\n"
	"	syscall\n"
	"spared_end:\n"
	"	ret\n");
#elif defined(__aarch64__)
#define ARCHITECTURE         AUDIT_ARCH_AARCH64
#define REGISTER(context, i) ((context)->uc_mcontext.regs[i])
#define RESULT(context)      ((context)->uc_mcontext.regs[0])
__asm__(".text\n"
	".hidden spared_call, spared_end\n"
	".globl spared_call, spared_end\n"
	".type spared_call, @function\n"
	"spared_call:\n"
	"	mov x8, x0\n"
	"	mov x0, x1\n"
	"	mov x1, x2\n"
	"	mov x2, x3\n"
	"	mov x3, x4\n"
	"	mov x4, x5\n"
	"	mov x5, x6\n"
	"	svc 0\n"
	"spared_end:\n"
	"	ret\n");
#else
#error "no way to make a system call is known here"
#endif

/* A system call that the filter does not see; its result is the kernel's, -errno for a failure. */
long spared_call(long number, long a, long b, long c, long d, long e, long f);
extern const char spared_end[];

#define COUNT(array)   (sizeof(array) / sizeof((array)[0]))
#define EXPORT         __attribute__((visibility("default")))
#define FRAMES_MAX     40
#define LOG_DESCRIPTOR 900

static struct {
	bool ready;
	int log;
	long call, error, alloc, kill;
	bool alloc_on, no_bpf;
	long threads;
	uintptr_t program, program_end;
} state = {.log = -1};

/* Threads count for themselves, so that the numbers are the same in every run. */
static __thread struct {
	long first; /* of its numbers; 0: nothing was counted yet */
	long calls, allocs;
	bool busy; /* inside of the library itself */
} own;

static long number(long *count)
{
	if (!own.first)
		own.first = 1000000 * __atomic_fetch_add(&state.threads, 1, __ATOMIC_RELAXED) + 1;
	return own.first + (*count)++;
}

static const struct call *call_of(long number)
{
	for (size_t i = 0; i < COUNT(calls); i++)
		if (calls[i].number == number)
			return &calls[i];
	return NULL;
}

/* Where it was called: offsets in the program, names of functions elsewhere, the innermost first.
 */
static size_t put_frames(char *text, size_t size)
{
	void *frames[FRAMES_MAX];
	int n = backtrace(frames, FRAMES_MAX);
	size_t used = 0;

	for (int i = 0; i < n && used < size; i++) {
		uintptr_t at = (uintptr_t)frames[i];
		Dl_info info;

		if (at >= state.program && at < state.program_end)
			used += (size_t)snprintf(
				text + used, size - used, " +%zx", (size_t)(at - state.program));
		else if (dladdr(frames[i], &info) && info.dli_fname &&
			 !strstr(info.dli_fname, "faults-shim"))
			used += (size_t)snprintf(text + used, size - used, " %s!%s",
				strrchr(info.dli_fname, '/') ? strrchr(info.dli_fname, '/') + 1
							     : info.dli_fname,
				info.dli_sname ? info.dli_sname : "?");
	}
	return used < size ? used : size - 1;
}

static void put_line(const char *kind, long at, const char *name, const char *detail)
{
	char text[8192];
	size_t used;

	used = (size_t)snprintf(
		text, sizeof(text) / 2, "%s\t%ld\t%s\t%s\t", kind, at, name, detail);
	if (used >= sizeof(text) / 2)
		used = sizeof(text) / 2 - 1;
	used += put_frames(text + used, sizeof(text) - used - 1);
	text[used++] = '\n';
	spared_call(SYS_write, state.log, (long)text, (long)used, 0, 0, 0);
}

/* Kills the process and waits until nothing is left of it; its parent does not wait for it. */
static void kill_process(void)
{
	spared_call(SYS_kill, state.kill, SIGKILL, 0, 0, 0, 0);
	while (spared_call(SYS_kill, state.kill, 0, 0, 0, 0, 0) != -ESRCH)
		spared_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
}

static long decide(const struct call *call, ucontext_t *context)
{
	long at = number(&own.calls);

	if (state.log >= 0) {
		const char *path =
			call->path >= 0 ? (const char *)REGISTER(context, call->path) : "";

		put_line("call", at, call->name, path ? path : "");
	}
	if (state.no_bpf && call->number == SYS_bpf)
		return -EPERM;
	if (at == state.call && state.error)
		return -state.error;
	if (at == state.call && state.kill)
		kill_process();
	return spared_call(call->number, (long)REGISTER(context, 0), (long)REGISTER(context, 1),
		(long)REGISTER(context, 2), (long)REGISTER(context, 3), (long)REGISTER(context, 4),
		(long)REGISTER(context, 5));
}

static void trapped(int signal, siginfo_t *info, void *userdata)
{
	ucontext_t *context = userdata;
	int error = errno;
	bool busy = own.busy;

	(void)signal;
	own.busy = true;
	RESULT(context) = decide(call_of(info->si_syscall), context);
	own.busy = busy;
	errno = error;
}

static int find_program(struct dl_phdr_info *info, size_t size, void *userdata)
{
	(void)size;
	(void)userdata;
	/* The program comes first. */
	state.program = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD)
			state.program_end = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr +
					    info->dlpi_phdr[i].p_memsz;
	return 1;
}

static long number_of(const char *name)
{
	const char *text = getenv(name);

	return text ? atol(text) : 0;
}

/* All calls of the table, but where the instruction is ours. */
static void install_filter(void)
{
	struct sock_filter code[COUNT(calls) + 16];
	struct sock_fprog program = {.filter = code};
	unsigned short n = 0;
	uint64_t end = (uint64_t)(uintptr_t)spared_end;

#define PUT(...) code[n++] = (struct sock_filter)__VA_ARGS__
	PUT(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)));
	PUT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
	PUT(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	PUT(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer)));
	PUT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)end, 0, 3));
	PUT(BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer) + 4));
	PUT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(end >> 32), 0, 1));
	PUT(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	PUT(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
	for (size_t i = 0; i < COUNT(calls); i++)
		PUT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[i].number,
			(uint8_t)(COUNT(calls) - i), 0));
	PUT(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	PUT(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
#undef PUT
	program.len = n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
		perror("faults: seccomp");
		_exit(99);
	}
}

__attribute__((constructor)) static void prepare(void)
{
	struct sigaction action = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO | SA_NODEFER};
	const char *log = getenv("FAULTS_LOG");
	void *frame;

	own.busy = true;
	state.call = number_of("FAULTS_CALL");
	state.error = number_of("FAULTS_ERRNO");
	state.alloc = number_of("FAULTS_ALLOC");
	state.alloc_on = getenv("FAULTS_ALLOC_ON");
	state.kill = number_of("FAULTS_KILL");
	state.no_bpf = getenv("FAULTS_NO_BPF");
	dl_iterate_phdr(find_program, NULL);
	backtrace(&frame, 1); /* loads what it needs */
	if (log) {
		int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);

		state.log = fcntl(fd, F_DUPFD_CLOEXEC, LOG_DESCRIPTOR);
		close(fd);
	}
	/* A run that only counts allocations, or fails one, needs no filter. */
	if (state.log >= 0 || state.call || state.no_bpf) {
		sigaction(SIGSYS, &action, NULL);
		install_filter();
	}
	own.busy = false;
	state.ready = true;
}

static bool allocation_fails(const char *name)
{
	long at;

	if (!state.ready || own.busy)
		return false;
	at = number(&own.allocs);
	if (state.log >= 0) {
		own.busy = true;
		put_line("alloc", at, name, "");
		own.busy = false;
	}
	if (!state.alloc || at < state.alloc || (at > state.alloc && !state.alloc_on))
		return false;
	errno = ENOMEM;
	return true;
}

/* glibc's own, which it exports under these names. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *memory, size_t size);

EXPORT void *malloc(size_t size)
{
	return allocation_fails("malloc") ? NULL : __libc_malloc(size);
}

EXPORT void *calloc(size_t n, size_t size)
{
	return allocation_fails("calloc") ? NULL : __libc_calloc(n, size);
}

EXPORT void *realloc(void *memory, size_t size)
{
	return allocation_fails("realloc") ? NULL : __libc_realloc(memory, size);
}
