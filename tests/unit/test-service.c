/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The name of a port: which table wins, what a site's files may hold, which end of a connection
 * gives the name, and the way back from a name to its ports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "annotate/service.h"
#include "model/host.h"

/** Lines of the /etc/services of Debian 12: every port of the lesson on common ports, the names
 * that differ from the registered ones, and protocols that are none of ours. */
static const char debian[] =
	"# Network services, Internet style\n"
	"\n"
	"tcpmux\t\t1/tcp\t\t\t\t# TCP port service multiplexer\n"
	"ftp-data\t20/tcp\n"
	"ftp\t\t21/tcp\n"
	"fsp\t\t21/udp\t\tfspd\n"
	"ssh\t\t22/tcp\t\t\t\t# SSH Remote Login Protocol\n"
	"telnet\t\t23/tcp\n"
	"smtp\t\t25/tcp\t\tmail\n"
	"domain\t\t53/tcp\t\t\t\t# Domain Name Server\n"
	"domain\t\t53/udp\n"
	"http\t\t80/tcp\t\twww\t\t# WorldWideWeb HTTP\n"
	"pop3\t\t110/tcp\t\tpop-3\t\t# POP version 3\n"
	"sunrpc\t\t111/tcp\t\tportmapper\t# RPC 4.0 portmapper\n"
	"ntp\t\t123/udp\t\t\t\t# Network Time Protocol\n"
	"netbios-ns\t137/udp\t\t\t\t# NETBIOS Name Service\n"
	"netbios-dgm\t138/udp\t\t\t\t# NETBIOS Datagram Service\n"
	"netbios-ssn\t139/tcp\t\t\t\t# NETBIOS session service\n"
	"imap2\t\t143/tcp\t\timap\t\t# Interim Mail Access P 2 and 4\n"
	"snmp\t\t161/tcp\t\t\t\t# Simple Net Mgmt Protocol\n"
	"snmp\t\t161/udp\n"
	"snmp-trap\t162/tcp\t\tsnmptrap\t# Traps for SNMP\n"
	"snmp-trap\t162/udp\t\tsnmptrap\n"
	"ldap\t\t389/tcp\t\t\t# Lightweight Directory Access Protocol\n"
	"ldap\t\t389/udp\n"
	"https\t\t443/tcp\t\t\t\t# http protocol over TLS/SSL\n"
	"https\t\t443/udp\t\t\t\t# HTTP/3\n"
	"submissions\t465/tcp\t\tssmtp smtps urd # Submission over TLS [RFC8314]\n"
	"shell\t\t514/tcp\t\tcmd syslog\t# no passwords used\n"
	"syslog\t\t514/udp\n"
	"ldaps\t\t636/tcp\t\t\t\t# LDAP over SSL\n"
	"ldaps\t\t636/udp\n"
	"imaps\t\t993/tcp\t\t\t\t# IMAP over SSL\n"
	"pop3s\t\t995/tcp\t\t\t\t# POP-3 over SSL\n"
	"amqp\t\t5672/sctp\n"
	"echo\t\t4/ddp\t\t\t# AppleTalk Echo Protocol\n";

/** A directory that stands for /etc. */
struct etc {
	char path[64];
	int fd;
	struct warnings warnings;
	struct service_names *names;
};

static int setup(void **state)
{
	struct etc *etc = calloc(1, sizeof(*etc));

	assert_non_null(etc);
	strcpy(etc->path, "/tmp/test-service-XXXXXX");
	assert_non_null(mkdtemp(etc->path));
	etc->fd = open(etc->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(etc->fd >= 0);
	*state = etc;
	return 0;
}

static int teardown(void **state)
{
	struct etc *etc = *state;

	service_names_free(etc->names);
	warnings_done(&etc->warnings);
	unlinkat(etc->fd, "services", 0);
	unlinkat(etc->fd, "services", AT_REMOVEDIR);
	unlinkat(etc->fd, "portscope/services", 0);
	unlinkat(etc->fd, "portscope", AT_REMOVEDIR);
	close(etc->fd);
	assert_int_equal(rmdir(etc->path), 0);
	free(etc);
	return 0;
}

static void put_bytes(struct etc *etc, const char *file, const char *bytes, size_t length)
{
	int fd;

	mkdirat(etc->fd, "portscope", 0755);
	fd = openat(etc->fd, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), length);
	close(fd);
}

static void put(struct etc *etc, const char *file, const char *text)
{
	put_bytes(etc, file, text, strlen(text));
}

static void load(struct etc *etc)
{
	assert_int_equal(service_names_load(etc->fd, &etc->warnings, &etc->names), 0);
	assert_non_null(etc->names);
}

static void assert_name(const struct service_names *names, uint8_t protocol, uint16_t port,
	const char *name, enum service_source source)
{
	struct service given = service_name(names, protocol, port);

	if (!given.name || strcmp(given.name, name) || given.source != source)
		fail_msg("%u/%s is %s (source %d) instead of %s (source %d)", port,
			protocol == IPPROTO_TCP ? "tcp" : "udp", given.name ? given.name : "-",
			given.source, name, source);
}

static void assert_warning(const struct etc *etc, size_t i, const char *text)
{
	assert_true(i < etc->warnings.count);
	assert_string_equal(etc->warnings.items[i].text, text);
	assert_false(etc->warnings.items[i].incomplete);
}

/** The ports of the lesson, with Debian's file, without any file and without names. */
static void test_lesson(void **state)
{
	static const struct {
		uint16_t port;
		uint8_t protocol;
		const char *name;
	} lesson[] = {
		{20, IPPROTO_TCP, "ftp-data"},
		{21, IPPROTO_TCP, "ftp"},
		{22, IPPROTO_TCP, "ssh"},
		{23, IPPROTO_TCP, "telnet"},
		{25, IPPROTO_TCP, "smtp"},
		{53, IPPROTO_TCP, "domain"},
		{53, IPPROTO_UDP, "domain"},
		{80, IPPROTO_TCP, "http"},
		{110, IPPROTO_TCP, "pop3"},
		{123, IPPROTO_UDP, "ntp"},
		{137, IPPROTO_UDP, "netbios-ns"},
		{138, IPPROTO_UDP, "netbios-dgm"},
		{139, IPPROTO_TCP, "netbios-ssn"},
		{143, IPPROTO_TCP, "imap"},
		{161, IPPROTO_TCP, "snmp"},
		{161, IPPROTO_UDP, "snmp"},
		{162, IPPROTO_TCP, "snmptrap"},
		{162, IPPROTO_UDP, "snmptrap"},
		{389, IPPROTO_TCP, "ldap"},
		{443, IPPROTO_TCP, "https"},
		{465, IPPROTO_TCP, "submissions"},
		{514, IPPROTO_UDP, "syslog"},
		{636, IPPROTO_TCP, "ldaps"},
		{993, IPPROTO_TCP, "imaps"},
		{995, IPPROTO_TCP, "pop3s"},
	};
	struct etc *etc = *state;

	put(etc, "services", debian);
	load(etc);
	assert_int_equal(etc->warnings.count, 0);
	for (size_t i = 0; i < ARRAY_SIZE(lesson); i++) {
		enum service_source source =
			lesson[i].port == 465 ? SERVICE_PREFERRED : SERVICE_IANA;

		assert_name(etc->names, lesson[i].protocol, lesson[i].port, lesson[i].name, source);
		assert_name(NULL, lesson[i].protocol, lesson[i].port, lesson[i].name, source);
	}
	/* Its alias `syslog` does not make the line another one. */
	assert_name(etc->names, IPPROTO_TCP, 514, "shell", SERVICE_IANA);
}

/** No file at all: the registry alone, without a warning. */
static void test_no_files(void **state)
{
	struct etc *etc = *state;

	load(etc);
	assert_int_equal(etc->warnings.count, 0);
	assert_name(etc->names, IPPROTO_TCP, 22, "ssh", SERVICE_IANA);
	assert_null(service_name(etc->names, IPPROTO_TCP, 0).name);
	assert_null(service_name(etc->names, IPPROTO_UDP, 65535).name);
}

static void test_precedence(void **state)
{
	struct etc *etc = *state;

	put(etc, "portscope/services",
		"shop 8080/tcp\n"
		"again 8080/tcp\n"
		"ssh 2222/tcp\n"
		"twice 60001/udp\n");
	put(etc, "services",
		"billing 8080/tcp\n"       /* lost to portscope/services */
		"ledger 8081/tcp\n"        /* a name nobody knows */
		"ghost 8082/tcp sshd\n"    /* neither by its alias */
		"other 8082/tcp\n"         /* the first line of a port wins */
		"http 8083/tcp\n"          /* a known name on another port */
		"mine 8084/tcp www http\n" /* its alias is known */
		"nicname 43/tcp whois\n"   /* the registry's own */
		"ssh 60000/tcp\n"          /* a port that the registry does not have */
		"kafka 9092/udp\n"
		"ssh 9092/tcp\n"
		"jenkins 50000/tcp\n"
		"ssh 5173/tcp\n" /* de facto vite, but not registered */
		"lost 60001/udp\n");
	load(etc);
	assert_int_equal(etc->warnings.count, 0);
	assert_name(etc->names, IPPROTO_TCP, 8080, "shop", SERVICE_PORTSCOPE);
	assert_name(etc->names, IPPROTO_TCP, 2222, "ssh", SERVICE_PORTSCOPE);
	assert_name(etc->names, IPPROTO_UDP, 60001, "twice", SERVICE_PORTSCOPE);
	assert_name(etc->names, IPPROTO_TCP, 8081, "ledger", SERVICE_SITE);
	assert_name(etc->names, IPPROTO_TCP, 8082, "ghost", SERVICE_SITE);
	assert_name(etc->names, IPPROTO_TCP, 8083, "http", SERVICE_SITE);
	assert_name(etc->names, IPPROTO_TCP, 8084, "mine", SERVICE_SITE);
	assert_name(etc->names, IPPROTO_TCP, 43, "nicname", SERVICE_IANA);
	assert_name(etc->names, IPPROTO_TCP, 60000, "ssh", SERVICE_SITE);
	assert_name(etc->names, IPPROTO_TCP, 50000, "jenkins", SERVICE_SITE);
	assert_name(etc->names, IPPROTO_TCP, 5173, "ssh", SERVICE_SITE);
	assert_name(etc->names, IPPROTO_TCP, 2049, "nfs", SERVICE_PREFERRED);
	assert_name(etc->names, IPPROTO_TCP, 9092, "ssh", SERVICE_SITE);
	assert_name(etc->names, IPPROTO_UDP, 9092, "kafka", SERVICE_SITE);
}

/** What distributions ship is not the site's: it names no port that has a name. */
static void test_baseline(void **state)
{
	struct etc *etc = *state;

	put(etc, "services",
		"omniorb 8088/tcp\n"
		"sip-tls 5061/tcp\n"
		"afs3-fileserver 7000/tcp bbs\n"
		"snmp-trap 162/udp snmptrap\n"
		"tfido 60177/tcp\n"
		"ours 8089/tcp sip-tls\n");
	load(etc);
	assert_name(etc->names, IPPROTO_TCP, 8088, "yarn-rm", SERVICE_DE_FACTO);
	assert_name(etc->names, IPPROTO_TCP, 5061, "sips", SERVICE_IANA);
	assert_name(etc->names, IPPROTO_UDP, 162, "snmptrap", SERVICE_IANA);
	/* Nobody else knows the port: a guess is better than nothing. */
	assert_name(etc->names, IPPROTO_TCP, 60177, "tfido", SERVICE_ETC);
	assert_true(service_name(etc->names, IPPROTO_TCP, 60177).hint);
	assert_name(etc->names, IPPROTO_TCP, 8089, "ours", SERVICE_SITE);
}

/** The whole of the stock file says nothing of its own. */
static void test_stock(void **state)
{
	struct etc *etc = *state;
	char path[4096], line[256], *fields[3], *rest, *text = NULL;
	size_t size;
	FILE *facts, *services = open_memstream(&text, &size);

	assert_non_null(services);
	snprintf(path, sizeof(path), "%s/src/registry/baseline.tsv", getenv("SOURCE_ROOT"));
	facts = fopen(path, "r");
	assert_non_null(facts);
	assert_non_null(fgets(line, sizeof(line), facts));
	while (fgets(line, sizeof(line), facts)) {
		rest = line;
		for (size_t i = 0; i < 3; i++)
			fields[i] = strsep(&rest, "\t");
		fprintf(services, "%s %s/%s\n", fields[2], fields[0], fields[1]);
	}
	fclose(facts);
	fclose(services);
	put(etc, "services", text);
	free(text);
	load(etc);
	assert_int_equal(etc->warnings.count, 0);
	for (size_t port = 0; port < 65536; port++) {
		assert_int_not_equal(
			service_name(etc->names, IPPROTO_TCP, (uint16_t)port).source, SERVICE_SITE);
		assert_int_not_equal(
			service_name(etc->names, IPPROTO_UDP, (uint16_t)port).source, SERVICE_SITE);
	}
}

/** A copy of the whole registry may be of another date: only new names are the site's. */
static void test_registry_copy(void **state)
{
	static const char first[] = "http 8083/tcp\nledger 8081/tcp\n";
	char text[sizeof(first) + 2000];
	struct etc *etc = *state;

	memcpy(text, first, sizeof(first) - 1);
	memset(text + sizeof(first) - 1, '\n', 2000);
	text[sizeof(text) - 1] = '\0';
	put(etc, "services", text);
	load(etc);
	assert_name(etc->names, IPPROTO_TCP, 8083, "us-srv", SERVICE_IANA);
	assert_name(etc->names, IPPROTO_TCP, 8081, "ledger", SERVICE_SITE);
}

static void test_hint(void **state)
{
	assert_true(service_name(NULL, IPPROTO_TCP, 3000).hint);
	assert_name(NULL, IPPROTO_TCP, 3000, "grafana", SERVICE_DE_FACTO);
	assert_false(service_name(NULL, IPPROTO_TCP, 9092).hint);
	assert_false(service_name(NULL, IPPROTO_TCP, 22).hint);
	assert_false(service_name(NULL, IPPROTO_TCP, 60000).hint);
	/* Nobody but IANA speaks of it, or others do, or the port is a well-known one. */
	assert_name(NULL, IPPROTO_TCP, 8083, "us-srv", SERVICE_IANA);
	assert_true(service_name(NULL, IPPROTO_TCP, 8083).hint);
	assert_false(service_name(NULL, IPPROTO_TCP, 3306).hint);
	assert_false(service_name(NULL, IPPROTO_TCP, 1022).hint);
}

/** Each line that cannot be understood is skipped with its place and its fault; the rest counts. */
static void test_malformed(void **state)
{
	struct etc *etc = *state;
	static const char text[] = "alone\n"
				   "noport tcp\n"
				   "word x9/tcp\n"
				   "zero 0/tcp\n"
				   "big 65536/tcp\n"
				   "huge 4294967318/tcp\n"
				   "proto 7777/tpc\n"
				   "bad\x1b[31m 7778/tcp\n"
				   "good 60010/tcp # a comment\xff\n";

	put(etc, "portscope/services", text);
	load(etc);
#define AT(line, what) "/etc/portscope/services:" #line ": " what "; the line is skipped"
	assert_int_equal(etc->warnings.count, 8);
	assert_warning(etc, 0, AT(1, "the port is missing"));
	assert_warning(etc, 1, AT(2, "the second field is not PORT/PROTOCOL"));
	assert_warning(etc, 2, AT(3, "the port is not a number"));
	assert_warning(etc, 3, AT(4, "the port is not in 1-65535"));
	assert_warning(etc, 4, AT(5, "the port is not in 1-65535"));
	assert_warning(etc, 5, AT(6, "the port is not in 1-65535"));
	assert_warning(etc, 6, AT(7, "unknown protocol"));
	assert_warning(etc, 7, AT(8, "a control character in a name"));
	assert_name(etc->names, IPPROTO_TCP, 60010, "good", SERVICE_PORTSCOPE);
	assert_null(service_name(etc->names, IPPROTO_TCP, 60011).name);
}

static void test_odd_bytes(void **state)
{
	struct etc *etc = *state;
	static const char text[] = "nul\0 60020/tcp\n"
				   "alias 60021/tcp bad\x7f\n"
				   "port 60022/t\0cp\n"
				   "/tcp /tcp\n"
				   "crlf 60023/tcp\r\n"
				   "  indented 60024/udp\n"
				   "glued 60025/tcp#comment\n"
				   "#only a comment\n"
				   "\xc3\xa4ther 60026/tcp\n"
				   "last 60027/tcp";

	put_bytes(etc, "services", text, sizeof(text) - 1);
	load(etc);
	assert_int_equal(etc->warnings.count, 4);
	assert_warning(
		etc, 0, "/etc/services:1: a control character in a name; the line is skipped");
	assert_warning(
		etc, 1, "/etc/services:2: a control character in a name; the line is skipped");
	assert_warning(etc, 2,
		"/etc/services:3: the second field is not PORT/PROTOCOL; the line is skipped");
	assert_warning(etc, 3,
		"/etc/services:4: the second field is not PORT/PROTOCOL; the line is skipped");
	assert_name(etc->names, IPPROTO_TCP, 60023, "crlf", SERVICE_SITE);
	assert_name(etc->names, IPPROTO_UDP, 60024, "indented", SERVICE_SITE);
	assert_name(etc->names, IPPROTO_TCP, 60025, "glued", SERVICE_SITE);
	assert_name(etc->names, IPPROTO_TCP, 60026, "\xc3\xa4ther", SERVICE_SITE);
	assert_name(etc->names, IPPROTO_TCP, 60027, "last", SERVICE_SITE);
}

static void test_long_names(void **state)
{
	struct etc *etc = *state;
	char text[1024], *at = text, longest[65] = "";

	memset(longest, 'a', 64);
	at += sprintf(at, "%.63s 60030/tcp\n", longest);
	at += sprintf(at, "%.64s 60031/tcp\n", longest);
	at += sprintf(at, "many 60032/tcp");
	for (int i = 0; i < 62; i++)
		at += sprintf(at, " x%d", i);
	at += sprintf(at, "\nmore 60033/tcp");
	for (int i = 0; i < 63; i++)
		at += sprintf(at, " x%d", i);
	put(etc, "services", text);
	load(etc);
	assert_int_equal(etc->warnings.count, 2);
	assert_warning(
		etc, 0, "/etc/services:2: a name is longer than 63 bytes; the line is skipped");
	assert_warning(etc, 1, "/etc/services:4: too many aliases; the line is skipped");
	assert_int_equal(strlen(service_name(etc->names, IPPROTO_TCP, 60030).name), 63);
	assert_null(service_name(etc->names, IPPROTO_TCP, 60031).name);
	assert_name(etc->names, IPPROTO_TCP, 60032, "many", SERVICE_SITE);
	assert_null(service_name(etc->names, IPPROTO_TCP, 60033).name);
}

/** A damaged file does not flood the reader. */
static void test_many_malformed(void **state)
{
	struct etc *etc = *state;
	char text[400];

	for (size_t i = 0; i < 100; i++)
		memcpy(text + 4 * i, "bad\n", 4);
	put_bytes(etc, "services", text, sizeof(text));
	load(etc);
	assert_int_equal(etc->warnings.count, 9);
	assert_warning(etc, 8, "/etc/services: 92 more lines are skipped");
}

static void test_irregular(void **state)
{
	struct etc *etc = *state;

	assert_int_equal(mkdirat(etc->fd, "services", 0755), 0);
	assert_int_equal(mkdirat(etc->fd, "portscope", 0755), 0);
	assert_int_equal(mkfifoat(etc->fd, "portscope/services", 0644), 0);
	load(etc);
	assert_int_equal(etc->warnings.count, 2);
	assert_warning(etc, 0, "/etc/portscope/services is not used: not a regular file");
	assert_warning(etc, 1, "/etc/services is not used: not a regular file");
	assert_name(etc->names, IPPROTO_TCP, 22, "ssh", SERVICE_IANA);
}

static void test_size(void **state)
{
	struct etc *etc = *state;
	size_t size = 1024 * 1024;
	char *text = malloc(size + 1);
	static const char line[] = "edge 60040/tcp\n";

	assert_non_null(text);
	memset(text, '\n', size + 1);
	memcpy(text + size - strlen(line), line, strlen(line));
	put_bytes(etc, "services", text, size);
	put_bytes(etc, "portscope/services", text, size + 1);
	free(text);
	load(etc);
	assert_int_equal(etc->warnings.count, 1);
	assert_warning(etc, 0, "/etc/portscope/services is not used: larger than 1 MiB");
	assert_name(etc->names, IPPROTO_TCP, 60040, "edge", SERVICE_SITE);
}

static void test_loop(void **state)
{
	struct etc *etc = *state;

	assert_int_equal(symlinkat("services", etc->fd, "services"), 0);
	load(etc);
	assert_int_equal(etc->warnings.count, 1);
	assert_string_equal(etc->warnings.items[0].text,
		"/etc/services is not used: Too many levels of symbolic links");
	assert_true(etc->warnings.items[0].incomplete);
}

static const char *name_of(uint8_t state, uint16_t local, uint16_t remote)
{
	struct socket socket = {
		.protocol = IPPROTO_TCP,
		.family = AF_INET,
		.state = state,
		.local_port = local,
		.remote_port = remote,
	};
	uint8_t reserved[65536 / 8] = {[50051 / 8] = 1 << 50051 % 8};
	struct host host = {.ephemeral = {32768, 60999, reserved}};
	uint16_t port = service_is_local(&host, &socket) ? local : remote;
	const char *name = service_name(NULL, IPPROTO_TCP, port).name;

	return name ? name : "-";
}

static void test_is_local(void **state)
{
	/* Without a peer: the local port, whatever it is. */
	assert_string_equal(name_of(PORTSCOPE_LISTEN, 22, 0), "ssh");
	assert_string_equal(name_of(PORTSCOPE_LISTEN, 50000, 0), "jenkins-agent");
	assert_string_equal(name_of(PORTSCOPE_UNCONNECTED, 40001, 53), "-");
	assert_string_equal(name_of(PORTSCOPE_BOUND_INACTIVE, 80, 0), "http");
	/* One end is ephemeral: the other one. */
	assert_string_equal(name_of(PORTSCOPE_ESTABLISHED, 22, 40001), "ssh");
	assert_string_equal(name_of(PORTSCOPE_ESTABLISHED, 40001, 443), "https");
	assert_string_equal(name_of(PORTSCOPE_SYN_SENT, 32768, 22), "ssh");
	assert_string_equal(name_of(PORTSCOPE_TIME_WAIT, 60999, 22), "ssh");
	/* A reserved port is no client's. */
	assert_string_equal(name_of(PORTSCOPE_ESTABLISHED, 50051, 40000), "-");
	/* Who calls whom is known while a connection is being opened. */
	assert_string_equal(name_of(PORTSCOPE_SYN_RECV, 443, 22), "https");
	assert_string_equal(name_of(PORTSCOPE_SYN_SENT, 22, 443), "https");
	/* Even if the ephemeral one has a name and the other has none. */
	assert_string_equal(name_of(PORTSCOPE_ESTABLISHED, 50000, 61000), "-");
	assert_string_equal(name_of(PORTSCOPE_ESTABLISHED, 61000, 50000), "-");
	/* Both are, or none is: the one with a name. */
	assert_string_equal(name_of(PORTSCOPE_ESTABLISHED, 40001, 50000), "jenkins-agent");
	assert_string_equal(name_of(PORTSCOPE_ESTABLISHED, 50000, 40001), "jenkins-agent");
	assert_string_equal(name_of(PORTSCOPE_ESTABLISHED, 61001, 22), "ssh");
	assert_string_equal(name_of(PORTSCOPE_ESTABLISHED, 22, 61001), "ssh");
	assert_string_equal(name_of(PORTSCOPE_ESTABLISHED, 61001, 61002), "-");
	/* Both have one: the lower. */
	assert_string_equal(name_of(PORTSCOPE_ESTABLISHED, 22, 443), "ssh");
	assert_string_equal(name_of(PORTSCOPE_ESTABLISHED, 443, 22), "ssh");
}

static void assert_ports(const struct service_names *names, const char *name, unsigned protocols,
	const char *expected)
{
	struct service_port *ports = NULL;
	size_t count = 0;
	char text[512] = "", *at = text;
	int r = service_ports(names, name, protocols, &ports, &count);

	assert_true(r == 0 || r == -ENOENT);
	assert_int_equal(r == 0, count > 0);
	for (size_t i = 0; i < count; i++)
		at += sprintf(at, "%s%u-%u/%s", i ? " " : "", ports[i].low, ports[i].high,
			ports[i].protocol == IPPROTO_TCP ? "tcp" : "udp");
	free(ports);
	assert_string_equal(text, expected);
}

static void test_service_ports(void **state)
{
	struct etc *etc = *state;
	unsigned both = PORTSCOPE_TCP | PORTSCOPE_UDP;

	put(etc, "portscope/services", "ssh 2222/tcp\nssh 22/tcp\nShop 8080/tcp store\n");
	put(etc, "services", debian);
	load(etc);
	assert_ports(NULL, "ssh", both, "22-22/tcp 22-22/udp");
	assert_ports(NULL, "SSH", PORTSCOPE_TCP, "22-22/tcp");
	assert_ports(NULL, "ssh", 0, "");
	assert_ports(NULL, "nobody", both, "");
	assert_ports(NULL, "", both, "");
	assert_ports(NULL, "kafka", both, "9092-9092/tcp");
	assert_ports(NULL, "x11", PORTSCOPE_UDP, "6000-6063/udp");
	assert_ports(NULL, "store", both, "");
	assert_ports(etc->names, "ssh", both, "22-22/tcp 2222-2222/tcp 22-22/udp");
	assert_ports(etc->names, "shop", both, "8080-8080/tcp");
	assert_ports(etc->names, "STORE", both, "8080-8080/tcp");
	assert_ports(etc->names, "store", PORTSCOPE_UDP, "");
	assert_ports(etc->names, "snmp-trap", both, "162-162/tcp 162-162/udp");
	assert_ports(etc->names, "imap2", both, "143-143/tcp");
	assert_ports(etc->names, "amqp", PORTSCOPE_TCP, "5672-5672/tcp");
	assert_ports(etc->names, "nobody", both, "");
}

int main(void)
{
#define WITH_ETC(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_ETC(test_lesson),
		WITH_ETC(test_no_files),
		WITH_ETC(test_precedence),
		WITH_ETC(test_baseline),
		WITH_ETC(test_stock),
		WITH_ETC(test_registry_copy),
		cmocka_unit_test(test_hint),
		WITH_ETC(test_malformed),
		WITH_ETC(test_odd_bytes),
		WITH_ETC(test_long_names),
		WITH_ETC(test_many_malformed),
		WITH_ETC(test_irregular),
		WITH_ETC(test_size),
		WITH_ETC(test_loop),
		cmocka_unit_test(test_is_local),
		WITH_ETC(test_service_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
