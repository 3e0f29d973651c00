/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a process is called, from what /proc says of it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "model/owner.h"
#include "owner/name.h"

/* Checks the names of a process; arguments are separated by bars. `title` NULL: it has none. */
static void check(const char *comm, const char *exe, const char *arguments, const char *program,
	const char *title)
{
	AUTO_FREE char *text = NULL;
	size_t length = strlen(arguments);
	struct names names = {0};
	struct name_facts facts = {comm, exe, NULL, length + 1};

	text = strdup(arguments);
	for (size_t i = 0; i < length; i++)
		if (text[i] == '|')
			text[i] = '\0';
	facts.arguments = text;
	assert_int_equal(names_make(&facts, &names), 0);
	assert_string_equal(names.program, program);
	if (title)
		assert_string_equal(names.title, title);
	else
		assert_null(names.title);
	assert_in_range(names.name_length, 0, strlen(names.program));
	free(names.program);
	free(names.title);
}

/* The executable's name, whole, whatever the process or its first thread calls itself. */
static void test_executables(void **state)
{
	check("sshd", "/usr/sbin/sshd", "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups",
		"sshd", "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups");
	check("nginx", "/usr/sbin/nginx", "nginx: master process /usr/sbin/nginx", "nginx",
		"nginx: master process /usr/sbin/nginx");
	check("postgres", "/usr/lib/postgresql/15/bin/postgres", "postgres: 15/main: walwriter ",
		"postgres", "postgres: 15/main: walwriter");
	check("systemd-resolve", "/usr/lib/systemd/systemd-resolved",
		"/lib/systemd/systemd-resolved", "systemd-resolved", NULL);
	check("prometheus-node", "/usr/bin/prometheus-node-exporter",
		"/usr/bin/prometheus-node-exporter|--web.listen-address=:9100",
		"prometheus-node-exporter", NULL);
	check("b-init", "/usr/bin/bitcoind", "bitcoind|-daemon", "bitcoind", NULL);
	check("sshd", "/opt/x/evil", "/usr/sbin/sshd|-D", "evil", NULL);
	check("", "/opt/evil", "", "evil", NULL);
	check("a) S 1 (", "/opt/evil", "evil", "evil", NULL);
	check("imap-login", "/usr/lib/dovecot/imap-login", "dovecot/imap-login", "imap-login",
		NULL);
	/* A path with a blank is no title. */
	check("My Server", "/opt/My Server/My Server", "/opt/My Server/My Server|-p|80",
		"My Server", NULL);
	check("My Server", "/opt/My Server/My Server", "./My Server|-p|80", "My Server", NULL);
}

static void test_interpreters(void **state)
{
	check("gunicorn", "/usr/bin/python3.11", "/usr/bin/python3|/usr/bin/gunicorn|app:app",
		"gunicorn (python3.11)", NULL);
	check("python3", "/usr/bin/python3.11", "python3|-um|http.server|8000",
		"http.server (python3.11)", NULL);
	check("python3", "/usr/bin/python3.11", "python3|-W|ignore|-Xdev|-m|http.server",
		"http.server (python3.11)", NULL);
	check("python3", "/usr/bin/python3.11", "python3|-mhttp.server", "http.server (python3.11)",
		NULL);
	check("python3", "/usr/bin/python3.11", "python3|-Ic|import x|manage.py", "python3.11",
		NULL);
	check("python3", "/usr/bin/python3.11", "python3", "python3.11", NULL);
	check("python3", "/usr/bin/python3.11", "python3|-", "python3.11", NULL);
	check("perl", "/usr/bin/perl", "perl|-MIO::Socket|-T|-I|/srv/lib|/srv/serve.pl|-e",
		"serve.pl (perl)", NULL);
	check("perl", "/usr/bin/perl", "perl|-MSocket|-ne|accept", "perl", NULL);
	check("ruby", "/usr/bin/ruby3.1", "ruby|-rbundler|-C|/srv|/usr/bin/puma|-p|9292",
		"puma (ruby3.1)", NULL);
	check("MainThread", "/usr/bin/node", "node|--max-old-space-size=99|-r|dotenv|server.js",
		"server.js (node)", NULL);
	check("node", "/usr/bin/node", "node|-e|serve()", "node", NULL);
	check("php", "/usr/bin/php8.2", "php|-S|0.0.0.0:8000|-t|/srv/www|router.php",
		"router.php (php8.2)", NULL);
	check("php", "/usr/bin/php8.2", "php|-S|0.0.0.0:8000", "php8.2", NULL);
	check("java", "/usr/lib/jvm/java-17-openjdk-amd64/bin/java",
		"java|-Xmx1g|-cp|/srv/a.jar:/srv/b.jar|org.example.Main|x",
		"org.example.Main (java)", NULL);
	check("java", "/usr/lib/jvm/java-17-openjdk-amd64/bin/java",
		"java|-Dx=y|-jar|/srv/app.jar|--port=80", "app.jar (java)", NULL);
	check("sh", "/usr/bin/dash", "sh|-e|/srv/run.sh", "run.sh (dash)", NULL);
	check("sh", "/usr/bin/dash", "sh|-c|serve", "dash", NULL);
	check("bash", "/usr/bin/bash", "-bash", "bash", NULL);
	check("bash", "/usr/bin/bash", "bash|-o|pipefail|+x|-ue|/srv/run.sh", "run.sh (bash)",
		NULL);
	check("lua5.4", "/usr/bin/lua5.4", "lua|-l|socket|-e|x=1|/srv/a.lua", "a.lua (lua5.4)",
		NULL);
	check("mono", "/usr/bin/mono-sgen", "/usr/bin/mono|--debug|/srv/a.exe", "a.exe (mono-sgen)",
		NULL);
	check("dotnet", "/usr/share/dotnet/dotnet", "dotnet|exec|--depsfile|x|/srv/Api.dll",
		"Api.dll (dotnet)", NULL);
	check("httpd", "/usr/bin/busybox", "busybox|httpd|-f", "httpd (busybox)", NULL);
	check("telnetd", "/usr/bin/busybox", "/usr/sbin/telnetd|-F", "telnetd (busybox)", NULL);
	check("busybox", "/usr/bin/busybox", "busybox", "busybox", NULL);
	/* One file under several names. */
	check("redis-server", "/usr/bin/redis-check-rdb", "/usr/bin/redis-server 127.0.0.1:6379",
		"redis-server (redis-check-rdb)", "/usr/bin/redis-server 127.0.0.1:6379");
}

/* What it wrote over its arguments, the script among them. */
static void test_titles(void **state)
{
	check("gunicorn: maste", "/usr/bin/python3.11", "gunicorn: master [srv/app: 1]|||",
		"gunicorn (python3.11)", "gunicorn: master [srv/app: 1]");
	check("puma 5.6.5", "/usr/bin/ruby3.1", "puma 5.6.5 (tcp://0.0.0.0:9292) [app]||",
		"puma (ruby3.1)", "puma 5.6.5 (tcp://0.0.0.0:9292) [app]");
	check("amavisd", "/usr/bin/perl", "/usr/sbin/amavisd (master)", "amavisd (perl)",
		"/usr/sbin/amavisd (master)");
	/* Of one word, as process.title of node has it. */
	check("web", "/usr/bin/node", "web|||", "web (node)", "web");
	check("python3", "/usr/bin/python3.11", "python|||", "python3.11", NULL);
}

/* Without the right to see the executable: comm, whole where the arguments agree with it. */
static void test_hidden(void **state)
{
	check("nginx", NULL, "nginx: worker process", "nginx", "nginx: worker process");
	check("systemd-resolve", NULL, "/lib/systemd/systemd-resolved", "systemd-resolved", NULL);
	check("worker", NULL, "/usr/sbin/server", "worker", NULL);
	check("kworker/0:1", NULL, "", "kworker/0:1", NULL);
	check("gunicorn: maste", NULL, "gunicorn: master [app]", "gunicorn: maste",
		"gunicorn: master [app]");
	check(NULL, NULL, "/usr/sbin/server", "server", NULL);
}

static void check_word(const char *title, const char *word)
{
	size_t length;
	const char *at = title_word(title, &length);

	assert_int_equal(length, strlen(word));
	assert_memory_equal(at, word, length);
}

static void test_title_words(void **state)
{
	check_word("gunicorn: master [srv/app]", "gunicorn");
	check_word("/usr/bin/redis-server 127.0.0.1:6379", "redis-server");
	check_word("/usr/bin/redis-server unix:/run/x.sock", "redis-server");
	check_word("dovecot/imap-login [1 x]", "dovecot/imap-login");
	check_word("a", "a");
	check_word(": x", ":");
	check_word("", "");
	check_word("/", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_executables),
		cmocka_unit_test(test_interpreters),
		cmocka_unit_test(test_titles),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_title_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
