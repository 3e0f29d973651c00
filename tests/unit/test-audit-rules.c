/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of the audit, one after the other, on made-up rows: what raises each, and what looks
 * like it and does not. A helper makes a row that raises nothing, and each test changes it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>

#include "rules/evidence.h"
#include "rules/rules.h"
#include "model/field.h"

#define HOLDERS_MAX 4

/** A row with all that it points to. */
struct sample {
	struct socket socket;
	struct portscope_row row;
	struct portscope_process shown[HOLDERS_MAX];
	struct process full[HOLDERS_MAX];
	const struct process *holders[HOLDERS_MAX];
};

/** A host index with room for a few listeners. */
struct sample_index {
	struct rules_listener listeners[8];
	struct rules_index index;
};

static enum exposure exposure_of_text(const char *address)
{
	return !strcmp(address, "127.0.0.1")      ? EXPOSURE_LOOPBACK
	       : !strncmp(address, "10.", 3)      ? EXPOSURE_PRIVATE
	       : !strncmp(address, "169.254.", 8) ? EXPOSURE_LINK
	       : !strcmp(address, "0.0.0.0")      ? EXPOSURE_ANY
						  : EXPOSURE_PUBLIC;
}

static void sample_init(struct sample *s, uint8_t protocol, const char *address, uint16_t port)
{
	*s = (struct sample){
		.socket =
			{
				.protocol = protocol,
				.family = AF_INET,
				.state = protocol == IPPROTO_TCP ? PORTSCOPE_LISTEN
								 : PORTSCOPE_UNCONNECTED,
				.present = SOCKET_HAS_UID | SOCKET_HAS_INODE | SOCKET_HAS_SEND_Q,
				.local_port = port,
				.send_q = protocol == IPPROTO_TCP ? 128 : 0,
				.inode = port,
				.uid = 1000,
			},
		.row =
			{
				.owner = OWNER_HIDDEN,
				.exposure = exposure_of_text(address),
			},
	};
	assert_int_equal(inet_pton(AF_INET, address, s->socket.local_address), 1);
}

/* The socket and the row point into the sample, which is where the test keeps it. */
static const struct portscope_row *row_of(struct sample *s)
{
	s->row.socket = &s->socket;
	s->row.processes = s->shown;
	s->row.holders = s->holders;
	return &s->row;
}

static struct portscope_process *add_holder(struct sample *s, const char *exe, uint32_t uid)
{
	size_t n = s->row.n_processes++;
	const char *slash = strrchr(exe, '/');
	struct portscope_process *p = &s->shown[n];

	assert_true(n < HOLDERS_MAX);
	*p = (struct portscope_process){.pid = 100 + n, .exe = exe, .user = uid ? "ada" : "root"};
	p->exe_trust_known = p->exe_trusted = !strncmp(exe, "/usr/", 5);
	p->program = p->comm = slash ? slash + 1 : exe;
	p->name_length = strlen(p->program);
	s->full[n] = (struct process){.shown = *p, .uid = uid, .has_uid = true};
	s->holders[n] = &s->full[n];
	s->row.owner = OWNER_KNOWN;
	return p;
}

static void index_init(struct sample_index *i)
{
	*i = (struct sample_index){.index.unprivileged_from = 1024, .index.all_processes = true};
}

static struct rules_listener *index_add(struct sample_index *i, struct sample *s)
{
	struct rules_listener *l = &i->listeners[i->index.n_listeners++];

	assert_true(i->index.n_listeners <= ARRAY_SIZE(i->listeners));
	*l = (struct rules_listener){.socket = &s->socket, .exposure = s->row.exposure};
	i->index.listeners = i->listeners;
	return l;
}

/* Judges; the verdict is the caller's where there is one. */
static int judge(judge_fn *rule, struct sample *s, struct sample_index *i, struct verdict *ret)
{
	struct sample_index none;

	index_init(&none);
	return rule(row_of(s), i ? &i->index : &none.index, ret);
}

static void expect(judge_fn *rule, struct sample *s, struct sample_index *i,
	enum portscope_severity severity, const char *evidence)
{
	struct verdict v = {0};

	assert_int_equal(judge(rule, s, i, &v), 1);
	assert_int_equal(v.severity, severity);
	assert_string_equal(v.evidence, evidence);
	assert_true(strlen(v.text) > 10);
	assert_int_equal(v.text[strlen(v.text) - 1], '.');
	assert_non_null(v.advice);
	verdict_done(&v);
}

static void expect_text(judge_fn *rule, struct sample *s, struct sample_index *i, const char *text,
	const char *advice)
{
	struct verdict v = {0};

	assert_int_equal(judge(rule, s, i, &v), 1);
	if (!strstr(v.text, text))
		fail_msg("'%s' is not in: %s", text, v.text);
	if (advice && !strstr(v.advice, advice))
		fail_msg("'%s' is not in: %s", advice, v.advice);
	verdict_done(&v);
}

static void refute(judge_fn *rule, struct sample *s, struct sample_index *i)
{
	struct verdict v = {0};

	assert_int_equal(judge(rule, s, i, &v), 0);
	assert_null(v.text);
}

static void test_weights(void **state)
{
	static const struct {
		enum portscope_severity severity;
		enum exposure exposure;
		enum portscope_severity other, amplification;
	} table[] = {
		{PORTSCOPE_CRITICAL, EXPOSURE_ANY, PORTSCOPE_CRITICAL, PORTSCOPE_CRITICAL},
		{PORTSCOPE_CRITICAL, EXPOSURE_PUBLIC, PORTSCOPE_CRITICAL, PORTSCOPE_CRITICAL},
		{PORTSCOPE_CRITICAL, EXPOSURE_PRIVATE, PORTSCOPE_CRITICAL, PORTSCOPE_HIGH},
		{PORTSCOPE_CRITICAL, EXPOSURE_LINK, PORTSCOPE_HIGH, PORTSCOPE_HIGH},
		{PORTSCOPE_CRITICAL, EXPOSURE_LOOPBACK, PORTSCOPE_INFO, PORTSCOPE_INFO},
		{PORTSCOPE_HIGH, EXPOSURE_LINK, PORTSCOPE_MEDIUM, PORTSCOPE_MEDIUM},
		{PORTSCOPE_MEDIUM, EXPOSURE_ANY, PORTSCOPE_MEDIUM, PORTSCOPE_MEDIUM},
		{PORTSCOPE_MEDIUM, EXPOSURE_PRIVATE, PORTSCOPE_MEDIUM, PORTSCOPE_LOW},
		{PORTSCOPE_LOW, EXPOSURE_LINK, PORTSCOPE_INFO, PORTSCOPE_INFO},
		{PORTSCOPE_INFO, EXPOSURE_LINK, PORTSCOPE_INFO, PORTSCOPE_INFO},
		{PORTSCOPE_INFO, EXPOSURE_PRIVATE, PORTSCOPE_INFO, PORTSCOPE_INFO},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		assert_int_equal(severity_weigh(table[i].severity, table[i].exposure, false),
			table[i].other);
		assert_int_equal(severity_weigh(table[i].severity, table[i].exposure, true),
			table[i].amplification);
	}
}

static void test_table(void **state)
{
	size_t n = 0;

	for (; rule_at(n); n++) {
		const struct portscope_rule *rule = &rule_at(n)->shown;

		assert_ptr_equal(rule_find(rule->id), rule_at(n));
		assert_true(strlen(rule->id) < 32);
		assert_int_equal(strspn(rule->id, "abcdefghijklmnopqrstuvwxyz-"), strlen(rule->id));
		assert_true(strlen(rule->title) > 5);
		assert_int_equal(rule->about[strlen(rule->about) - 1], '.');
		/* What nobody asks for is not there when it is read. */
		assert_int_equal(rule_at(n)->needs & ~rules_need(), 0);
	}
	/* findings are kept as bits */
	assert_in_range(n, 21, 32);
	assert_null(rule_find("no-such-rule"));
}

static void test_program_of(void **state)
{
	static const struct {
		const char *exe, *comm, *program;
		bool sure;
	} table[] = {
		{"/usr/sbin/sshd", "sshd", "sshd", true},
		{"/usr/lib/postfix/sbin/master", "master", "*/postfix/sbin/master", true},
		{"/opt/x/master", "master", NULL, false},
		{"/usr/sbin/php-fpm8.2", "php-fpm8.2", "php-fpm*", true},
		/* what a process calls itself counts where its executable says nothing */
		{"/bin/busybox", "telnetd", "telnetd", false},
		{NULL, "redis-server", "redis-server", false},
		{NULL, "prometheus-node", "prometheus-node-exporter", false},
		{"/usr/bin/evil", "sshd", "sshd", false},
		{"/usr/sbin/sshd", "vsftpd", "sshd", true},
		{"/usr/bin/python3.11", "python3", NULL, false},
		{NULL, NULL, NULL, false},
		{NULL, "", NULL, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct portscope_process p = {
			.exe = table[i].exe, .exe_trusted = table[i].sure, .comm = table[i].comm};
		struct portscope_row row = {.processes = &p, .n_processes = 1};
		enum program_proof proof = PROGRAM_BY_ARGUMENTS;
		const struct registry_program *program = program_of(&row, 0, &proof);

		assert_int_equal(proof, table[i].sure ? PROGRAM_BY_EXECUTABLE : PROGRAM_BY_NAME);
		assert_int_equal(!program, !table[i].program);
		if (program)
			assert_string_equal(registry_program_pattern(program), table[i].program);
	}
}

static void test_evidence(void **state)
{
	const struct portscope_process *holder;
	const struct registry_program *program;
	struct sample s;

	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 23);
	assert_int_equal(evidence_of(row_of(&s), "telnet", &program, &holder), EVIDENCE_PORT);
	assert_null(holder);
	add_holder(&s, "/usr/sbin/sshd", 0);
	assert_int_equal(
		evidence_of(row_of(&s), "telnet", &program, &holder), EVIDENCE_CONTRADICTED);
	assert_string_equal(registry_program_pattern(program), "sshd");
	assert_int_equal(evidence_of(row_of(&s), "ssh", &program, &holder), EVIDENCE_PROCESS);
	/* One that is not known may be what speaks it. */
	add_holder(&s, "/opt/unheard-of", 0);
	assert_int_equal(evidence_of(row_of(&s), "telnet", &program, &holder), EVIDENCE_PORT);
	add_holder(&s, "/usr/sbin/in.telnetd", 0);
	assert_int_equal(evidence_of(row_of(&s), "telnet", &program, &holder), EVIDENCE_PROCESS);
	assert_int_equal(holder->pid, 102);

	/* A super-server may serve anything; a name that anybody may take contradicts nothing. */
	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 2323);
	add_holder(&s, "/usr/sbin/xinetd", 0);
	assert_int_equal(evidence_of(row_of(&s), "telnet-alt", &program, &holder), EVIDENCE_PORT);
	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 23);
	add_holder(&s, "/usr/bin/evil", 0)->comm = "sshd";
	assert_int_equal(evidence_of(row_of(&s), "telnet", &program, &holder), EVIDENCE_PORT);
}

static void test_insecure(void **state)
{
	struct sample s;

	/* by exposure, with the program known */
	static const struct {
		const char *address;
		enum portscope_severity telnet, domain;
	} table[] = {
		{"0.0.0.0", PORTSCOPE_HIGH, PORTSCOPE_MEDIUM},
		{"192.0.2.1", PORTSCOPE_HIGH, PORTSCOPE_MEDIUM},
		{"10.0.0.1", PORTSCOPE_HIGH, PORTSCOPE_LOW},
		{"169.254.0.1", PORTSCOPE_MEDIUM, PORTSCOPE_LOW},
		{"127.0.0.1", PORTSCOPE_INFO, PORTSCOPE_INFO},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		sample_init(&s, IPPROTO_TCP, table[i].address, 23);
		add_holder(&s, "/usr/sbin/in.telnetd", 0);
		expect(judge_insecure, &s, NULL, table[i].telnet, "port+process");
		sample_init(&s, IPPROTO_UDP, table[i].address, 53);
		add_holder(&s, "/usr/sbin/named", 0);
		expect(judge_insecure, &s, NULL, table[i].domain, "port+process");
	}

	/* neither a holder out of sight nor one in sight that is not known takes anything off */
	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 2375);
	expect(judge_insecure, &s, NULL, PORTSCOPE_CRITICAL, "port");
	expect_text(judge_insecure, &s, NULL,
		"Port 2375 belongs to docker; its holder could not be seen. If it is docker: ",
		"client certificates");
	s.row.owner = OWNER_UNKNOWN;
	expect_text(judge_insecure, &s, NULL, "; no process in sight holds it. If it", NULL);
	add_holder(&s, "/usr/bin/python3", 0);
	expect(judge_insecure, &s, NULL, PORTSCOPE_CRITICAL, "port");
	expect_text(judge_insecure, &s, NULL,
		"Port 2375 belongs to docker; its holder python3 does not tell. If it is docker: ",
		NULL);
	s.shown[0].program = s.shown[0].comm = NULL;
	expect_text(judge_insecure, &s, NULL, "; its holder does not tell. If it", NULL);
	sample_init(&s, IPPROTO_TCP, "127.0.0.1", 2375);
	add_holder(&s, "/usr/bin/python3", 0);
	expect(judge_insecure, &s, NULL, PORTSCOPE_INFO, "port");

	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 23);
	add_holder(&s, "/usr/sbin/sshd", 0);
	refute(judge_insecure, &s, NULL);
	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 22);
	refute(judge_insecure, &s, NULL);
	sample_init(&s, IPPROTO_UDP, "0.0.0.0", 23);
	refute(judge_insecure, &s, NULL);
	/* a program that is known for another insecure service has moved */
	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 23);
	add_holder(&s, "/usr/sbin/vsftpd", 0);
	refute(judge_insecure, &s, NULL);
}

/* Root sees a holder, others do not: one that no table knows, or that carries what others speak,
 * changes nothing of what is said of the port. */
static void test_same_for_all_users(void **state)
{
	static const char *const holders[] = {"/opt/unheard-of", "/usr/bin/python3.11",
		"/usr/bin/perl", "/usr/bin/node", "/usr/bin/ruby3.1",
		"/usr/lib/jvm/java-17-openjdk-amd64/bin/java", "/usr/lib/systemd/systemd",
		"/usr/bin/docker-proxy", "/usr/bin/conmon", "/usr/bin/rootlessport",
		"/usr/bin/socat", "/usr/sbin/haproxy", "/usr/bin/ssh", "/usr/sbin/xinetd"};
	static const char *const addresses[] = {"0.0.0.0", "10.0.0.1", "169.254.0.1", "127.0.0.1"};
	struct registry_insecure facts;
	size_t n = 0;

	for (size_t i = 0; registry_next_insecure_of_all(&i, &facts); n++)
		for (size_t a = 0; a < ARRAY_SIZE(addresses); a++) {
			struct verdict hidden = {0};
			struct sample s;

			sample_init(&s, facts.protocol, addresses[a], facts.low);
			assert_int_equal(judge(judge_insecure, &s, NULL, &hidden), 1);
			for (size_t h = 0; h < ARRAY_SIZE(holders); h++) {
				struct verdict seen = {0};

				sample_init(&s, facts.protocol, addresses[a], facts.low);
				add_holder(&s, holders[h], 0);
				assert_int_equal(judge(judge_insecure, &s, NULL, &seen), 1);
				if (!strcmp(seen.evidence, "port") &&
					seen.severity != hidden.severity)
					fail_msg("%s on %u: %u, hidden: %u", holders[h], facts.low,
						seen.severity, hidden.severity);
				verdict_done(&seen);
			}
			verdict_done(&hidden);
		}
	assert_in_range(n, 130, 1000);
}

/* 514/tcp is registered for rsh, and what syslog daemons take for themselves. */
static void test_program_decides(void **state)
{
	struct sample s;

	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 514);
	add_holder(&s, "/usr/sbin/rsyslogd", 0);
	expect(judge_insecure, &s, NULL, PORTSCOPE_MEDIUM, "port+process");
	expect_text(judge_insecure, &s, NULL, "Syslog over plain TCP", "6514");
	refute(judge_mismatch, &s, NULL);
	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 514);
	add_holder(&s, "/usr/sbin/in.rshd", 0);
	expect(judge_insecure, &s, NULL, PORTSCOPE_HIGH, "port+process");
	expect_text(judge_insecure, &s, NULL, "rsh runs commands", "ssh");
}

static void test_moved(void **state)
{
	struct sample s;

	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 2121);
	add_holder(&s, "/usr/sbin/vsftpd", 0);
	expect(judge_moved, &s, NULL, PORTSCOPE_HIGH, "process");
	expect_text(
		judge_moved, &s, NULL, "vsftpd is known for ftp and listens on port 2121", "SFTP");
	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 2323);
	add_holder(&s, "/usr/sbin/in.telnetd", 0);
	expect(judge_moved, &s, NULL, PORTSCOPE_HIGH, "process");
	refute(judge_insecure, &s, NULL);
	sample_init(&s, IPPROTO_TCP, "127.0.0.1", 6380);
	add_holder(&s, "/usr/bin/redis-server", 0);
	expect(judge_moved, &s, NULL, PORTSCOPE_INFO, "process");

	/* its own port, the protected one, a transfer, another protocol, one that speaks both */
	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 21);
	add_holder(&s, "/usr/sbin/vsftpd", 0);
	refute(judge_moved, &s, NULL);
	s.socket.local_port = 990;
	refute(judge_moved, &s, NULL);
	s.socket.local_port = 40000;
	s.row.ephemeral = true;
	refute(judge_moved, &s, NULL);
	sample_init(&s, IPPROTO_UDP, "0.0.0.0", 2121);
	add_holder(&s, "/usr/sbin/vsftpd", 0);
	refute(judge_moved, &s, NULL);
	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 9999);
	add_holder(&s, "/usr/sbin/nginx", 0);
	refute(judge_moved, &s, NULL);
	sample_init(&s, IPPROTO_UDP, "0.0.0.0", 40000);
	add_holder(&s, "/usr/sbin/in.tftpd", 0);
	s.row.ephemeral = s.row.probable_client = true;
	refute(judge_moved, &s, NULL);
}

static void test_mismatch(void **state)
{
	struct sample s;

	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 23);
	add_holder(&s, "/usr/sbin/sshd", 0);
	expect(judge_mismatch, &s, NULL, PORTSCOPE_LOW, "contradicted");
	expect_text(judge_mismatch, &s, NULL,
		"sshd, which speaks ssh, listens on the port of telnet", NULL);
	sample_init(&s, IPPROTO_TCP, "127.0.0.1", 23);
	add_holder(&s, "/usr/sbin/sshd", 0);
	expect(judge_mismatch, &s, NULL, PORTSCOPE_INFO, "contradicted");

	/* MinIO is what 9000 commonly is, whatever else uses the port */
	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 9000);
	add_holder(&s, "/usr/local/bin/minio", 1000);
	refute(judge_mismatch, &s, NULL);
	refute(judge_insecure, &s, NULL);
	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 22);
	add_holder(&s, "/usr/sbin/nginx", 0);
	refute(judge_mismatch, &s, NULL);
	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 23);
	refute(judge_mismatch, &s, NULL);
	add_holder(&s, "/usr/sbin/vsftpd", 0);
	refute(judge_mismatch, &s, NULL);
	/* what is told as information alone is not worth a word when it is not so */
	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 6443);
	add_holder(&s, "/usr/sbin/sshd", 0);
	refute(judge_mismatch, &s, NULL);
}

/* A service and its other half, both open where `secure` says so. */
static void make_pair(struct sample_index *i, struct sample *a, struct sample *b, uint8_t protocol,
	uint16_t port, uint16_t secure)
{
	index_init(i);
	sample_init(a, protocol, "0.0.0.0", port);
	index_add(i, a);
	if (!secure)
		return;
	sample_init(b, IPPROTO_TCP, "0.0.0.0", secure);
	index_add(i, b);
	rules_index_sort(&i->index);
}

static void test_replace(void **state)
{
	struct sample_index i;
	struct sample a, b;

	make_pair(&i, &a, &b, IPPROTO_TCP, 143, 993);
	add_holder(&a, "/usr/sbin/dovecot", 0);
	expect(judge_replace, &a, &i, PORTSCOPE_LOW, "port+process");
	expect_text(judge_replace, &a, &i, "993 (imaps) does the same as 143 (imap)",
		"close it, 993 is open as well");
	/* nobody is told to close it for what others cannot reach */
	i.listeners[0].exposure = i.listeners[1].exposure = EXPOSURE_LOOPBACK;
	refute(judge_replace, &a, &i);
	make_pair(&i, &a, &b, IPPROTO_TCP, 143, 0);
	add_holder(&a, "/usr/sbin/dovecot", 0);
	refute(judge_replace, &a, &i);
	make_pair(&i, &a, &b, IPPROTO_TCP, 143, 993);
	expect(judge_replace, &a, &i, PORTSCOPE_LOW, "port");
	expect_text(judge_replace, &a, &i, "If this is imap: ", NULL);
	add_holder(&a, "/usr/sbin/sshd", 0);
	refute(judge_replace, &a, &i);
	make_pair(&i, &a, &b, IPPROTO_TCP, 25, 465);
	refute(judge_replace, &a, &i);
}

static void test_upgrade(void **state)
{
	struct sample_index i;
	struct sample a, b;

	make_pair(&i, &a, &b, IPPROTO_UDP, 161, 0);
	add_holder(&a, "/usr/sbin/snmpd", 0);
	expect(judge_upgrade, &a, &i, PORTSCOPE_INFO, "port+process");
	expect_text(judge_upgrade, &a, &i, "same port", "enforce SNMPv3");
	make_pair(&i, &a, &b, IPPROTO_TCP, 143, 993);
	refute(judge_upgrade, &a, &i);
}

/* Never a word of closing: both are needed. */
static void test_companion(void **state)
{
	static const struct {
		uint8_t protocol;
		uint16_t port, secure;
	} table[] = {{IPPROTO_TCP, 25, 465}, {IPPROTO_TCP, 80, 443}, {IPPROTO_UDP, 53, 853},
		{IPPROTO_TCP, 53, 853}};

	for (size_t n = 0; n < ARRAY_SIZE(table); n++) {
		struct sample_index i;
		struct sample a, b;
		struct verdict v = {0};

		make_pair(&i, &a, &b, table[n].protocol, table[n].port, table[n].secure);
		assert_int_equal(judge(judge_companion, &a, &i, &v), 1);
		assert_int_equal(v.severity, PORTSCOPE_INFO);
		assert_null(strstr(v.text, "close"));
		assert_null(strstr(v.advice, "close"));
		verdict_done(&v);
		refute(judge_replace, &a, &i);
		make_pair(&i, &a, &b, table[n].protocol, table[n].port, 0);
		refute(judge_companion, &a, &i);
	}
}

static void test_alternative(void **state)
{
	struct sample_index i;
	struct sample a, b;

	make_pair(&i, &a, &b, IPPROTO_TCP, 873, 22);
	expect(judge_alternative, &a, &i, PORTSCOPE_INFO, "port");
	expect_text(judge_alternative, &a, &i, "leads to the same end", "rsync over SSH on 22");
	make_pair(&i, &a, &b, IPPROTO_TCP, 873, 443);
	refute(judge_alternative, &a, &i);
}

static void test_executables(void **state)
{
	static const struct {
		const char *exe;
		bool deleted;
		judge_fn *rule;
		enum portscope_severity severity;
	} table[] = {
		{"/memfd:payload", true, judge_memory_exe, PORTSCOPE_HIGH},
		{"/tmp/x", false, judge_temporary_exe, PORTSCOPE_HIGH},
		{"/tmp/x", true, judge_temporary_exe, PORTSCOPE_HIGH},
		{"/var/tmp/.hidden/x", false, judge_temporary_exe, PORTSCOPE_HIGH},
		{"/dev/shm/x", false, judge_temporary_exe, PORTSCOPE_HIGH},
		{"/usr/sbin/nginx", true, judge_deleted_exe, PORTSCOPE_MEDIUM},
		{"/usr/sbin/nginx", false, NULL, 0},
		{"/home/tmp/x", false, NULL, 0},
		{"/tmpfiles/x", false, NULL, 0},
	};
	judge_fn *const rules[] = {judge_memory_exe, judge_temporary_exe, judge_deleted_exe};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		for (size_t k = 0; k < ARRAY_SIZE(rules); k++) {
			struct sample s;

			sample_init(&s, IPPROTO_TCP, "127.0.0.1", 5000);
			add_holder(&s, "/usr/bin/innocent", 0);
			add_holder(&s, table[i].exe, 0)->exe_deleted = table[i].deleted;
			if (rules[k] == table[i].rule)
				expect(rules[k], &s, NULL, table[i].severity, "observed");
			else
				refute(rules[k], &s, NULL);
		}
}

static void test_shell(void **state)
{
	static const struct {
		const char *exe, *comm;
		uint32_t fds[3];
		size_t n_fds;
		bool found;
	} table[] = {
		{"/bin/bash", "bash", {0, 1, 2}, 3, true},
		{"/bin/dash", "sh", {0}, 1, true},
		{"/bin/busybox", "sh", {1, 5}, 2, true},
		{"/usr/bin/python3.11", "python3", {0, 1}, 2, true},
		{"/usr/bin/perl", "perl", {0, 1, 2}, 3, true},
		/* closed its streams, so that its socket is 0 */
		{"/usr/bin/python3.11", "python3", {0}, 1, false},
		{"/usr/bin/python3.11", "python3", {3, 4, 5}, 3, false},
		{"/bin/bash", "bash", {7}, 1, false},
		{"/usr/sbin/in.tftpd", "in.tftpd", {0, 1, 2}, 3, false},
		{"/bin/busybox", "telnetd", {0}, 1, false},
		{NULL, "sh", {0}, 1, true},
		{NULL, NULL, {0}, 1, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct portscope_process *p;
		struct sample s;

		sample_init(&s, IPPROTO_TCP, "0.0.0.0", 4444);
		p = add_holder(&s, table[i].exe ? table[i].exe : "", 0);
		p->exe = table[i].exe;
		p->comm = table[i].comm;
		p->fds = table[i].fds;
		p->n_fds = table[i].n_fds;
		if (table[i].found)
			expect(judge_shell, &s, NULL, PORTSCOPE_HIGH, "observed");
		else
			refute(judge_shell, &s, NULL);
	}
}

static void test_no_process(void **state)
{
	struct sample_index i;
	struct sample s, nfs;

	index_init(&i);
	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 4444);
	s.row.owner = OWNER_UNKNOWN;
	expect(judge_no_process, &s, &i, PORTSCOPE_MEDIUM, "observed");
	/* only where nobody is out of sight, and "hidden" and "gone" are not "nobody" */
	i.index.all_processes = false;
	refute(judge_no_process, &s, &i);
	i.index.all_processes = true;
	for (enum owner_state o = OWNER_KNOWN; o <= OWNER_UNKNOWN; o++) {
		s.row.owner = o;
		if (o != OWNER_UNKNOWN)
			refute(judge_no_process, &s, &i);
	}
	/* the kernel's own */
	s.row.owner = OWNER_UNKNOWN;
	s.socket.local_port = 2049;
	refute(judge_no_process, &s, &i);
	s.socket.local_port = 7795;
	refute(judge_no_process, &s, &i);
	sample_init(&s, IPPROTO_UDP, "0.0.0.0", 51820);
	s.row.owner = OWNER_UNKNOWN;
	refute(judge_no_process, &s, &i);
	/* what may be a tunnel's, or the lock manager of NFS */
	sample_init(&s, IPPROTO_UDP, "0.0.0.0", 51821);
	s.row.owner = OWNER_UNKNOWN;
	expect(judge_no_process, &s, &i, PORTSCOPE_INFO, "observed");
	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 41234);
	s.row.owner = OWNER_UNKNOWN;
	sample_init(&nfs, IPPROTO_TCP, "0.0.0.0", 2049);
	index_add(&i, &nfs);
	expect(judge_no_process, &s, &i, PORTSCOPE_INFO, "observed");
}

static void test_privileged(void **state)
{
	struct sample_index i;
	struct sample s;

	index_init(&i);
	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 80);
	refute(judge_privileged, &s, &i);
	add_holder(&s, "/usr/sbin/thing", 1000);
	expect(judge_privileged, &s, &i, PORTSCOPE_INFO, "observed");
	expect_text(judge_privileged, &s, &i, "thing of user ada", NULL);
	i.index.unprivileged_from = 80;
	refute(judge_privileged, &s, &i);
	i.index.unprivileged_from = 81;
	expect(judge_privileged, &s, &i, PORTSCOPE_INFO, "observed");
	add_holder(&s, "/usr/sbin/thing", 0);
	refute(judge_privileged, &s, &i);
}

static void test_root(void **state)
{
	struct sample_index i;
	struct sample s;

	index_init(&i);
	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 8080);
	add_holder(&s, "/usr/sbin/thing", 0);
	expect(judge_root, &s, &i, PORTSCOPE_INFO, "observed");
	add_holder(&s, "/usr/sbin/thing", 33);
	refute(judge_root, &s, &i);
	sample_init(&s, IPPROTO_TCP, "10.0.0.1", 8080);
	add_holder(&s, "/usr/sbin/thing", 0);
	refute(judge_root, &s, &i);
	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 443);
	add_holder(&s, "/usr/sbin/thing", 0);
	refute(judge_root, &s, &i);
	sample_init(&s, IPPROTO_UDP, "0.0.0.0", 45678);
	add_holder(&s, "/usr/sbin/thing", 0);
	s.row.probable_client = true;
	refute(judge_root, &s, &i);
}

static void test_ephemeral(void **state)
{
	struct sample s;

	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 50123);
	refute(judge_ephemeral, &s, NULL);
	s.row.ephemeral = true;
	expect(judge_ephemeral, &s, NULL, PORTSCOPE_LOW, "observed");
	s.row.exposure = EXPOSURE_LOOPBACK;
	expect(judge_ephemeral, &s, NULL, PORTSCOPE_INFO, "observed");
	sample_init(&s, IPPROTO_UDP, "0.0.0.0", 50123);
	s.row.ephemeral = s.row.probable_client = true;
	refute(judge_ephemeral, &s, NULL);
}

static void test_shared(void **state)
{
	struct rules_listener *x, *y;
	struct sample_index i;
	struct sample a, b;

	index_init(&i);
	sample_init(&a, IPPROTO_TCP, "0.0.0.0", 8080);
	sample_init(&b, IPPROTO_TCP, "0.0.0.0", 8080);
	x = index_add(&i, &a);
	y = index_add(&i, &b);
	refute(judge_shared, &a, &i);
	/* users of the sockets, where the holders are not known */
	b.socket.uid = 33;
	expect(judge_shared, &a, &i, PORTSCOPE_MEDIUM, "observed");
	expect(judge_shared, &b, &i, PORTSCOPE_MEDIUM, "observed");
	/* a master that is root and its workers, beside others like them */
	x->users[0] = y->users[1] = 0;
	x->users[1] = 33;
	y->users[0] = 34;
	x->n_users = y->n_users = 2;
	refute(judge_shared, &a, &i);
	y->n_users = 1;
	expect(judge_shared, &a, &i, PORTSCOPE_MEDIUM, "observed");
	/* another address, another interface */
	b.socket.local_address[0] = 10;
	refute(judge_shared, &a, &i);
	b.socket.local_address[0] = 0;
	b.socket.ifindex = 2;
	refute(judge_shared, &a, &i);
	b.socket.ifindex = 0;
	a.socket.protocol = b.socket.protocol = IPPROTO_UDP;
	expect(judge_shared, &a, &i, PORTSCOPE_INFO, "observed");
}

static struct socket connection(const char *local, uint16_t port, const char *remote)
{
	struct socket s = {
		.protocol = IPPROTO_TCP,
		.family = AF_INET,
		.state = PORTSCOPE_ESTABLISHED,
		.local_port = port,
		.remote_port = 40000,
	};

	assert_int_equal(inet_pton(AF_INET, local, s.local_address), 1);
	assert_int_equal(inet_pton(AF_INET, remote, s.remote_address), 1);
	return s;
}

static void test_local_clients(void **state)
{
	struct socket clients[] = {
		connection("127.0.0.1", 8080, "127.0.0.1"),
		connection("10.0.0.1", 8080, "10.0.0.1"),
		connection("10.0.0.1", 80, "10.0.0.2"),
		connection("10.0.0.1", 8080, "10.0.0.2"),
		connection("10.0.0.9", 8080, "10.0.0.2"),
	};
	struct sockets sockets = {.items = clients, .count = 3};
	struct sample_index i;
	struct sample s, other;

	index_init(&i);
	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 8080);
	sample_init(&other, IPPROTO_TCP, "10.0.0.9", 8080);
	index_add(&i, &s);
	index_add(&i, &other);
	/* no client, no word */
	refute(judge_local_clients, &s, &i);
	rules_index_count_clients(&i.index, &sockets);
	assert_int_equal(i.listeners[0].local_clients, 2);
	assert_int_equal(i.listeners[0].remote_clients, 0);
	expect(judge_local_clients, &s, &i, PORTSCOPE_INFO, "observed");
	/* who comes to the other listener is none of its clients */
	sockets.items = clients + 4;
	sockets.count = 1;
	rules_index_count_clients(&i.index, &sockets);
	expect(judge_local_clients, &s, &i, PORTSCOPE_INFO, "observed");
	s.row.exposure = EXPOSURE_LOOPBACK;
	refute(judge_local_clients, &s, &i);
	s.row.exposure = EXPOSURE_ANY;
	sockets.items = clients + 3;
	rules_index_count_clients(&i.index, &sockets);
	assert_int_equal(i.listeners[0].remote_clients, 1);
	refute(judge_local_clients, &s, &i);
}

static void test_queue(void **state)
{
	static const struct {
		uint32_t waiting, backlog;
		bool found;
	} table[] = {
		{0, 128, false},
		{127, 128, false},
		{128, 128, true},
		{129, 128, true},
		{0, 0, false},
		{1, 0, true},
		{1, 1, true},
	};
	struct sample s;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		sample_init(&s, IPPROTO_TCP, "127.0.0.1", 8080);
		s.socket.recv_q = table[i].waiting;
		s.socket.send_q = table[i].backlog;
		if (table[i].found)
			expect(judge_queue, &s, NULL, PORTSCOPE_MEDIUM, "observed");
		else
			refute(judge_queue, &s, NULL);
	}
	expect_text(judge_queue, &s, NULL, "is full (1 connection waits,", NULL);
	s.socket.recv_q = 2;
	expect_text(judge_queue, &s, NULL, "is overflowing (2 connections wait,", NULL);
	/* /proc/net does not know the backlog; of UDP these are bytes */
	s.socket.present &= ~SOCKET_HAS_SEND_Q;
	refute(judge_queue, &s, NULL);
	sample_init(&s, IPPROTO_UDP, "127.0.0.1", 8080);
	s.socket.recv_q = s.socket.send_q = 4096;
	refute(judge_queue, &s, NULL);
}

static void test_udp_client(void **state)
{
	struct sample s;

	sample_init(&s, IPPROTO_UDP, "0.0.0.0", 45678);
	refute(judge_udp_client, &s, NULL);
	s.row.probable_client = true;
	expect(judge_udp_client, &s, NULL, PORTSCOPE_INFO, "observed");
}

static void test_preload(void **state)
{
	static const struct portscope_container container = {.runtime = "docker", .id = "a"};
	const struct unit unit = {.container = &container};
	struct sample s;

	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 22);
	add_holder(&s, "/usr/sbin/sshd", 0);
	refute(judge_preload, &s, NULL);
	s.full[0].preload = (char *)"/home/ada/evil.so";
	expect(judge_preload, &s, NULL, PORTSCOPE_HIGH, "observed");
	s.full[0].unit = &unit;
	expect(judge_preload, &s, NULL, PORTSCOPE_LOW, "observed");
}

static void test_shared_programs(void **state)
{
	struct sample a, b;
	struct sample_index index;
	struct rules_listener *l;

	index_init(&index);
	sample_init(&a, IPPROTO_TCP, "0.0.0.0", 8080);
	add_holder(&a, "/usr/sbin/nginx", 33);
	sample_init(&b, IPPROTO_TCP, "0.0.0.0", 8080);
	b.socket.cookie = a.socket.cookie + 1;
	b.socket.inode = a.socket.inode + 1;
	l = index_add(&index, &a);
	l->exe = "/usr/sbin/nginx";
	l->users[l->n_users++] = 33;
	l = index_add(&index, &b);
	l->exe = "/usr/sbin/nginx";
	l->users[l->n_users++] = 33;
	refute(judge_shared_programs, &a, &index);
	l->exe = "/opt/x/evil";
	expect(judge_shared_programs, &a, &index, PORTSCOPE_MEDIUM, "observed");
	/* Of an unknown one nothing is said, and another user is told of by another rule. */
	l->exe = NULL;
	refute(judge_shared_programs, &a, &index);
	l->exe = "/opt/x/evil";
	l->users[0] = 34;
	refute(judge_shared_programs, &a, &index);
	l->users[0] = 33;
	l->exe = "/usr/sbin/nginx";
	l->unit = "b.service";
	index.listeners[0].unit = "a.service";
	expect(judge_shared_programs, &a, &index, PORTSCOPE_MEDIUM, "observed");
}

/* What works for others must be root; a copy of it need not. */
static void test_root_brokers(void **state)
{
	static const char *const brokers[] = {"/usr/sbin/sshd", "/usr/bin/dockerd",
		"/usr/bin/docker-proxy", "/usr/sbin/xinetd", "/usr/bin/kubelet",
		"/usr/bin/kube-proxy", "/usr/lib/systemd/systemd"};

	for (size_t i = 0; i < ARRAY_SIZE(brokers); i++) {
		struct sample s;

		sample_init(&s, IPPROTO_TCP, "0.0.0.0", 2222);
		add_holder(&s, brokers[i], 0)->exe_trusted = true;
		refute(judge_root, &s, NULL);
		s.shown[0].exe_trusted = false;
		expect(judge_root, &s, NULL, PORTSCOPE_INFO, "observed");
	}
}

static void expect_impostor(const char *exe, const char *program, const char *comm,
	const char *title, const char *cmdline, bool expected)
{
	struct portscope_process *p;
	struct verdict v = {0};
	struct sample s;

	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 22);
	p = add_holder(&s, exe, 0);
	p->program = program;
	p->name_length = strcspn(program, " ");
	p->comm = comm;
	p->title = title;
	p->cmdline = cmdline;
	if (!expected) {
		refute(judge_impostor, &s, NULL);
		return;
	}
	assert_int_equal(judge(judge_impostor, &s, NULL, &v), 1);
	assert_int_equal(v.severity, PORTSCOPE_HIGH);
	assert_string_equal(v.text, "Process 100 calls itself sshd, but runs /opt/x/evil.");
	verdict_done(&v);
}

static void test_impostor(void **state)
{
	const char *evil = "/opt/x/evil";
	struct sample s;

	expect_impostor(evil, "evil", "sshd", NULL, "evil -p 22", true);
	expect_impostor(evil, "evil", "evil", NULL, "/usr/sbin/sshd -D", true);
	expect_impostor(evil, "evil", "evil", "sshd: x [listener]", "sshd: x [listener]", true);
	expect_impostor(evil, "evil", "evil", NULL, "evil", false);
	expect_impostor(evil, "evil", "worker", "worker: idle", "worker: idle", false);
	expect_impostor("/usr/sbin/sshd", "sshd", "sshd", "sshd: x", "sshd: x", false);
	expect_impostor("/usr/lib/openssh/sshd-session", "sshd-session", "sshd", "sshd: x",
		"sshd: x", false);
	/* A script of that name runs what it says; a title over it need not. */
	expect_impostor("/usr/bin/perl", "sshd (perl)", "sshd", NULL, "perl sshd", false);
	/* Another port. */
	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 2222);
	add_holder(&s, evil, 0)->comm = "sshd";
	expect(judge_impostor, &s, NULL, PORTSCOPE_MEDIUM, "observed");
	/* Other names of a known program that is installed. */
	sample_init(&s, IPPROTO_TCP, "0.0.0.0", 3306);
	add_holder(&s, "/usr/sbin/mariadbd", 0)->comm = "mysqld";
	s.shown[0].exe_trusted = true;
	refute(judge_impostor, &s, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_program_of),
		cmocka_unit_test(test_evidence),
		cmocka_unit_test(test_insecure),
		cmocka_unit_test(test_same_for_all_users),
		cmocka_unit_test(test_program_decides),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_mismatch),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_upgrade),
		cmocka_unit_test(test_companion),
		cmocka_unit_test(test_alternative),
		cmocka_unit_test(test_executables),
		cmocka_unit_test(test_impostor),
		cmocka_unit_test(test_preload),
		cmocka_unit_test(test_shared_programs),
		cmocka_unit_test(test_root_brokers),
		cmocka_unit_test(test_shell),
		cmocka_unit_test(test_no_process),
		cmocka_unit_test(test_privileged),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_ephemeral),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_local_clients),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_udp_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
