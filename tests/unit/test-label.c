/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The label of a socket: its holders, the kernel and the number, each against the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <netinet/in.h>

#include "annotate/annotate.h"
#include "annotate/label.h"
#include "annotate/program.h"
#include "model/names.h"

#define HOLDERS_MAX 3

/** A socket and its holders; `exe` and `cmdline` may be NULL. */
struct sample {
	uint8_t protocol;
	uint8_t state;
	uint16_t local, remote;
	struct {
		const char *exe, *comm, *cmdline;
	} holders[HOLDERS_MAX];
	const char *label; /**< with a question mark where it is a guess; `-`: none */
	const char *source;
};

static const char *text_of(const struct service *service)
{
	static char text[64];

	if (!service->name)
		return "-";
	snprintf(text, sizeof(text), "%s%s", service->name, service->hint ? "?" : "");
	return text;
}

static void assert_label(const struct sample *sample, bool looked_up)
{
	struct host host = {.ephemeral = {32768, 60999, NULL}};
	struct socket socket = {
		.protocol = sample->protocol,
		.family = AF_INET,
		.state = sample->state                     ? sample->state
			 : sample->protocol == IPPROTO_TCP ? PORTSCOPE_LISTEN
							   : PORTSCOPE_UNCONNECTED,
		.local_port = sample->local,
		.remote_port = sample->remote,
	};
	struct portscope_process shown[HOLDERS_MAX];
	struct process full[HOLDERS_MAX];
	const struct process *holders[HOLDERS_MAX];
	struct portscope_row row = {
		.socket = &socket,
		.host = &host,
		.ephemeral = host_port_is_ephemeral(&host, sample->local),
		.processes = shown,
		.holders = holders,
		.owner = OWNER_UNKNOWN,
	};

	while (row.n_processes < HOLDERS_MAX && sample->holders[row.n_processes].comm) {
		size_t n = row.n_processes++;

		shown[n] = (struct portscope_process){
			.exe = sample->holders[n].exe,
			.exe_trusted = sample->holders[n].exe &&
				       strncmp(sample->holders[n].exe, "/tmp/", 5) != 0,
			.comm = sample->holders[n].comm,
			.cmdline = sample->holders[n].cmdline,
		};
		full[n] = (struct process){.shown = shown[n]};
		holders[n] = &full[n];
		if (looked_up)
			program_look_up(&full[n]);
		row.owner = OWNER_KNOWN;
	}
	label_row(&row);
	if (strcmp(text_of(&row.service), sample->label))
		fail_msg("%s on %u is %s instead of %s", sample->holders[0].comm, sample->local,
			text_of(&row.service), sample->label);
	if (sample->source)
		assert_string_equal(
			vocabulary_word(&service_source_words, row.service.source), sample->source);
}

static void assert_labels(const struct sample *samples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_label(&samples[i], false);
		assert_label(&samples[i], true);
	}
}

#define TCP IPPROTO_TCP
#define UDP IPPROTO_UDP
#define SSHD                                                                                       \
	{                                                                                          \
		"/usr/sbin/sshd", "sshd", "sshd: /usr/sbin/sshd -D"                                \
	}
#define NGINX                                                                                      \
	{                                                                                          \
		"/usr/sbin/nginx", "nginx", "nginx: master process"                                \
	}
#define OTHER                                                                                      \
	{                                                                                          \
		"/opt/shop/shop", "shop", "/opt/shop/shop"                                         \
	}

static void test_program(void **state)
{
	static const struct sample samples[] = {
		{TCP, 0, 2222, 0, {SSHD}, "ssh", "program"},
		{TCP, 0, 443, 0, {SSHD}, "ssh", "program"},
		{TCP, 0, 22, 0, {SSHD}, "ssh", "program"},
		{TCP, 0, 8080, 0, {NGINX}, "http-alt", "program"},
		{TCP, 0, 80, 0, {NGINX, NGINX}, "http", "program"},
		/* a holder that is not known takes nothing from one that is */
		{TCP, 0, 2222, 0, {OTHER, SSHD}, "ssh", "program"},
		/* what an interpreter runs decides, not the interpreter */
		{TCP, 0, 9092, 0,
			{{"/usr/lib/jvm/java-17-openjdk-amd64/bin/java", "java",
				"java -cp /opt/kafka/libs/* kafka.Kafka server.properties"}},
			"kafka", "program"},
		{TCP, 0, 12345, 0,
			{{"/usr/bin/perl", "munin-node", "/usr/bin/perl -wT /usr/sbin/munin-node"}},
			"munin", "program"},
		{TCP, 0, 5201, 0, {{"/usr/bin/iperf3", "iperf3", "iperf3 -s"}}, "iperf3",
			"program"},
		/* no program, no word of one */
		{TCP, 0, 22, 0, {OTHER}, "ssh", "iana"},
		{TCP, 0, 8083, 0, {OTHER}, "us-srv?", "iana"},
	};

	assert_labels(samples, ARRAY_SIZE(samples));
}

/* A name that a process gave itself is a guess, and does not outweigh one that is none. */
static void test_untrusted(void **state)
{
	static const struct sample samples[] = {
		{TCP, 0, 60999, 0, {{"/tmp/x", "sshd", "sshd"}}, "ssh?", "program"},
		{TCP, 0, 2222, 0, {{NULL, "sshd", "sshd"}}, "ssh?", "program"},
		{TCP, 0, 2222, 0, {{"/tmp/sshd", "sshd", "sshd"}}, "ssh?", "program"},
		{TCP, 0, 80, 0, {{"/tmp/sshd", "sshd", "sshd"}}, "http", "iana"},
		{TCP, 0, 80, 0, {{"/tmp/x", "sshd", "sshd"}}, "http", "iana"},
	};

	assert_labels(samples, ARRAY_SIZE(samples));
}

/* A guess that the holder refutes is not shown. */
static void test_refuted(void **state)
{
	static const struct sample samples[] = {
		{TCP, 0, 9090, 0, {{"/usr/sbin/smbd", "smbd", "smbd"}}, "microsoft-ds", "program"},
		/* it has several services and speaks none of them here */
		{TCP, 0, 9090, 0, {{"/usr/bin/systemd-resolved", "systemd-resolve", ""}}, "-",
			NULL},
		{TCP, 0, 80, 0, {{"/usr/bin/systemd-resolved", "systemd-resolve", ""}}, "-", NULL},
		/* another program is known to be what the port is guessed to be for */
		{TCP, 0, 9090, 0, {OTHER}, "-", NULL},
		{TCP, 0, 9090, 0, {{NULL, "shop", NULL}}, "prometheus?", "de-facto"},
		/* a carrier neither speaks nor refutes */
		{TCP, 0, 80, 0, {{"/usr/sbin/haproxy", "haproxy", "haproxy"}}, "http", "iana"},
	};

	assert_labels(samples, ARRAY_SIZE(samples));
}

static void test_ephemeral(void **state)
{
	static const struct sample samples[] = {
		{TCP, 0, 50000, 0, {OTHER}, "-", NULL},
		{UDP, 0, 51820, 0, {OTHER}, "-", NULL},
		{UDP, 0, 33434, 0, {OTHER}, "-", NULL},
		/* the kernel's own */
		{UDP, 0, 51820, 0, {}, "wireguard", "program"},
		{TCP, 0, 2049, 0, {}, "nfs", "program"},
		/* a program that listens is known wherever it does */
		{TCP, 0, 45678, 0, {SSHD}, "ssh", "program"},
		/* but a datagram socket there may be a client's */
		{UDP, 0, 45678, 0, {{"/usr/sbin/snmpd", "snmpd", "snmpd"}}, "-", NULL},
		/* a connection goes to the port that is called */
		{TCP, PORTSCOPE_ESTABLISHED, 45678, 443, {OTHER}, "https", "iana"},
		{TCP, PORTSCOPE_ESTABLISHED, 45678, 443, {SSHD}, "https", "iana"},
		{TCP, PORTSCOPE_ESTABLISHED, 2222, 45678, {SSHD}, "ssh", "program"},
	};

	assert_labels(samples, ARRAY_SIZE(samples));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program),
		cmocka_unit_test(test_untrusted),
		cmocka_unit_test(test_refuted),
		cmocka_unit_test(test_ephemeral),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
