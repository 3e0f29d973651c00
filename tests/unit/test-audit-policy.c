/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Policies: what a line may be, which line decides, where an error is, and which files root does
 * not follow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "audit/policy.h"

static struct portscope_policy *parse(const char *text)
{
	struct portscope_policy *policy = NULL;
	char *error = NULL;

	if (policy_parse("policy", text, NULL, &policy, &error) < 0)
		fail_msg("%s: %s", text, error ? error : "?");
	return policy;
}

static void expect_error(const char *text, const char *start)
{
	struct portscope_policy *policy = NULL;
	char *error = NULL;

	assert_int_equal(policy_parse("policy", text, NULL, &policy, &error), -EINVAL);
	assert_null(policy);
	assert_non_null(error);
	if (strncmp(error, start, strlen(start)) != 0)
		fail_msg("'%s' does not start with '%s'", error, start);
	free(error);
}

static void test_lines(void **state)
{
	struct portscope_policy *p = parse("# a comment\n"
					   "\n"
					   "allow sport = 22 # ssh for all\r\n"
					   "\tdeny  sport = 23\n"
					   "   # another\n"
					   "warn *  #   \n"
					   "allow process = 'a # b' # quoted\n"
					   "allow process = a#b");

	assert_int_equal(p->count, 5);
	assert_int_equal(p->lines[0].number, 3);
	assert_int_equal(p->lines[0].verdict, POLICY_ALLOW);
	assert_string_equal(p->lines[0].text, "sport = 22");
	assert_string_equal(p->lines[0].reason, "ssh for all");
	assert_int_equal(p->lines[1].number, 4);
	assert_int_equal(p->lines[1].verdict, POLICY_DENY);
	assert_null(p->lines[1].reason);
	assert_int_equal(p->lines[2].verdict, POLICY_WARN);
	assert_string_equal(p->lines[2].text, "*");
	assert_null(p->lines[2].reason);
	assert_string_equal(p->lines[3].text, "process = 'a # b'");
	assert_string_equal(p->lines[3].reason, "quoted");
	assert_string_equal(p->lines[4].text, "process = a#b");
	portscope_policy_free(p);
	p = parse("");
	assert_int_equal(p->count, 0);
	portscope_policy_free(p);
}

static void test_errors(void **state)
{
	expect_error("allow", "policy:1:6: a filter is missing");
	expect_error("allow # all", "policy:1:6: a filter is missing");
	expect_error("permit *", "policy:1:1: each line must start with a verdict");
	expect_error("\n\n  alow *", "policy:3:3: each line must start with a verdict");
	expect_error("ALLOW *", "policy:1:1: each line must start with a verdict");
	expect_error("allow *\ndeny sport = 70000", "policy:2:14: ");
	expect_error("deny  ( sport = 1", "policy:1:");
	expect_error("deny sport = :99 and", "policy:1:");
	expect_error("allow sport = 99 until 2027-02-30", "policy:1:24: this is not a day");
	expect_error("allow sport = 99 until soon", "policy:1:24: this is not a day");
	expect_error(
		"deny sport = 99 until 2027-01-31", "policy:1:17: only what is allowed can end");
	expect_error("allow until 2027-01-31", "policy:1:7: ");
	/* only an audit knows what is found, after the policy */
	expect_error("allow severity = low", "policy:1:7: ");
}

/* The word that was meant is named, and the line shown with a caret below the place. */
static void test_error_shows_the_line(void **state)
{
	struct portscope_policy *policy = NULL;
	char *error = NULL;

	assert_int_equal(policy_parse("p", "alow sport = 1", NULL, &policy, &error), -EINVAL);
	assert_non_null(strstr(error, "\n    alow sport = 1\n    ^~~~"));
	assert_non_null(strstr(error, "did you mean allow?"));
	free(error);
	/* what stands in a file cannot move the cursor */
	error = NULL;
	assert_int_equal(policy_parse("p\x1b", "\x1b[2J *", NULL, &policy, &error), -EINVAL);
	assert_null(strchr(error, '\x1b'));
	free(error);
}

static const struct policy_line *judge(
	const struct portscope_policy *p, uint16_t port, struct policy_use *uses)
{
	struct socket socket = {
		.protocol = IPPROTO_TCP,
		.family = AF_INET,
		.state = PORTSCOPE_LISTEN,
		.local_port = port,
	};
	struct portscope_row row = {.socket = &socket};
	const struct policy_line *expired;

	return policy_judge(p, &row, uses, &expired);
}

static void test_first_match_wins(void **state)
{
	struct portscope_policy *p = parse("allow sport = 22\n"
					   "deny sport <= 1023\n"
					   "allow sport = 80\n"
					   "warn sport = 9999\n");
	struct policy_use uses[4] = {0};

	assert_int_equal(judge(p, 22, uses)->number, 1);
	assert_int_equal(judge(p, 80, uses)->number, 2);
	assert_int_equal(judge(p, 23, uses)->number, 2);
	assert_null(judge(p, 8080, uses));
	/* a line that comes too late has matched all the same; the last one never did */
	assert_int_equal(uses[0].matched, 1);
	assert_int_equal(uses[1].matched, 3);
	assert_int_equal(uses[2].matched, 1);
	assert_int_equal(uses[3].matched, 0);
	portscope_policy_free(p);
}

/** A listener with one holder. */
struct held {
	struct socket socket;
	struct portscope_process shown;
	struct process full;
	const struct process *holder;
	struct unit unit;
	struct portscope_row row;
};

static const struct portscope_row *held_row(struct held *h, const char *exe, uint32_t uid)
{
	*h = (struct held){
		.socket = {.protocol = IPPROTO_TCP,
			.family = AF_INET,
			.state = PORTSCOPE_LISTEN,
			.local_port = 2222},
		.shown = {.pid = 7,
			.program = "sshd",
			.name_length = 4,
			.comm = "sshd",
			.title = "sshd: x",
			.exe = exe,
			.exe_trust_known = true,
			.exe_trusted = true},
		.full = {.uid = uid, .has_uid = true},
		.row = {.owner = OWNER_KNOWN, .n_processes = 1},
	};
	h->holder = &h->full;
	h->row.socket = &h->socket;
	h->row.processes = &h->shown;
	h->row.holders = &h->holder;
	return &h->row;
}

/* An allowance may end; from the next day on it decides nothing, and is told. */
static void test_until(void **state)
{
	struct portscope_policy *p = parse("allow sport = 22 until 2001-12-31 # last year\n"
					   "warn sport = 22\n"
					   "allow sport = 23 until  9999-12-31");
	struct socket socket = {.protocol = IPPROTO_TCP,
		.family = AF_INET,
		.state = PORTSCOPE_LISTEN,
		.local_port = 22};
	struct portscope_row row = {.socket = &socket};
	struct policy_use uses[3] = {0};
	const struct policy_line *expired;

	assert_string_equal(p->lines[0].text, "sport = 22");
	assert_string_equal(p->lines[0].until, "2001-12-31");
	assert_string_equal(p->lines[0].reason, "last year");
	assert_string_equal(p->lines[1].until, "");
	assert_ptr_equal(policy_judge(p, &row, uses, &expired), &p->lines[1]);
	assert_ptr_equal(expired, &p->lines[0]);
	assert_int_equal(uses[0].matched, 1);
	socket.local_port = 23;
	assert_ptr_equal(policy_judge(p, &row, uses, &expired), &p->lines[2]);
	assert_null(expired);
	portscope_policy_free(p);
}

/* Whether a policy of one line decides about the socket; if not, whether it is for the name. */
static bool decides(const char *text, const struct portscope_row *row, bool *ret_by_name)
{
	struct portscope_policy *p = parse(text);
	struct policy_use use = {0};
	const struct policy_line *expired;
	const struct policy_line *line = policy_judge(p, row, &use, &expired);

	*ret_by_name = use.by_name;
	assert_int_equal(use.matched, line != NULL);
	portscope_policy_free(p);
	return line != NULL;
}

static void check_allowed(const char *text, const struct portscope_row *row, bool expected)
{
	bool by_name;

	assert_int_equal(decides(text, row, &by_name), expected);
	assert_int_equal(by_name, !expected);
}

/* What allows asks for a trusted executable, and for root unless it says whom. */
static void test_names_prove_nothing(void **state)
{
	static const struct portscope_container container = {.runtime = "docker", .id = "a"};
	const char *const lines[] = {"allow process = sshd", "allow process ~ ssh*",
		"allow program = sshd", "allow sport = 2222 and not process != sshd"};
	const struct portscope_row *row;
	bool by_name;
	struct held h;

	row = held_row(&h, "/usr/sbin/sshd", 0);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		check_allowed(lines[i], row, true);
	check_allowed("allow exe = /usr/sbin/sshd", row, true);
	/* A copy, or one in a mount namespace of its own. */
	h.shown.exe_trusted = false;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		check_allowed(lines[i], row, false);
	check_allowed("allow exe = /usr/sbin/sshd", row, false);
	check_allowed("allow process = sshd and user = 0", row, false);
	/* Neither is anything known of what it is not. */
	check_allowed("allow process != nginx", row, false);
	/* Another program that calls itself so. */
	row = held_row(&h, "/usr/bin/nc", 0);
	check_allowed("allow process = sshd", row, false);
	h.full.name_trusted = true;
	check_allowed("allow process = sshd", row, true);
	/* The real one, run by somebody else: whoever runs it can make it do anything. */
	row = held_row(&h, "/usr/sbin/sshd", 1000);
	check_allowed("allow process = sshd", row, false);
	check_allowed("allow process = sshd and user = 1000", row, true);
	check_allowed("allow process = sshd and (user = 1000 or user = 7)", row, true);
	check_allowed("allow process = sshd and (user = 1000 or sport = 2222)", row, false);
	check_allowed("allow process = sshd or user = 7", row, false);
	h.unit = (struct unit){.cgroup = "/system.slice/a.service", .unit = "a.service"};
	h.full.unit = h.row.unit = &h.unit;
	check_allowed("allow process = sshd and unit = a.service", row, true);
	/* In a container that is named nothing else needs to be trusted, unless it is a user's. */
	h.shown.exe_trusted = false;
	h.unit.container = &container;
	check_allowed("allow process = sshd and container = a", row, true);
	h.unit.users_own = true;
	check_allowed("allow process = sshd and container = a", row, false);
	/* What denies may rest on a name. */
	assert_true(decides("deny process = sshd", row, &by_name));
	/* A line without a name is about whatever it is about. */
	check_allowed("allow user = 1000", row, true);
}

static void test_chosen_fields(void **state)
{
	struct portscope_policy *policy = NULL;
	char *error = NULL;

	assert_int_equal(policy_parse("p", "allow cmdline ~ *x*", NULL, &policy, &error), -EINVAL);
	assert_non_null(strstr(error, "must not rely on cmdline"));
	free(error);
	portscope_policy_free(parse("deny cmdline ~ *x*"));
}

/** A file of its own for each test. */
struct file {
	char path[64];
};

static void file_make(struct file *f, const char *text, mode_t mode)
{
	int fd;

	strcpy(f->path, "/tmp/test-policy-XXXXXX");
	fd = mkstemp(f->path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void refused(const char *path, bool root, const char *why)
{
	char *text = NULL, *error = NULL;

	assert_int_equal(policy_read_text(path, root, &text, &error), -EPERM);
	assert_null(text);
	if (!strstr(error, why))
		fail_msg("'%s' does not say '%s'", error, why);
	free(error);
}

static void accepted(const char *path, bool root)
{
	char *text = NULL, *error = NULL;

	assert_int_equal(policy_read_text(path, root, &text, &error), 0);
	assert_string_equal(text, "allow *\n");
	free(text);
}

static void test_who_may_write(void **state)
{
	static const struct {
		mode_t mode;
		bool trusted;
	} modes[] = {{0600, true}, {0644, true}, {0444, true}, {0664, false}, {0646, false},
		{0666, false}, {0602, false}, {0620, false}};
	struct file f;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		file_make(&f, "allow *\n", modes[i].mode);
		if (geteuid() == 0 && modes[i].trusted)
			accepted(f.path, true);
		else if (geteuid() == 0)
			refused(f.path, true, "writable by others");
		else
			refused(f.path, true, "does not trust it");
		/* who is not root may follow what he likes */
		accepted(f.path, false);
		unlink(f.path);
	}
	if (geteuid() != 0)
		return;
	file_make(&f, "allow *\n", 0644);
	assert_int_equal(chown(f.path, 1, 1), 0);
	refused(f.path, true, "belongs to user 1, so root");
	accepted(f.path, false);
	unlink(f.path);
}

static void test_odd_files(void **state)
{
	char fifo[64] = "/tmp/test-policy-XXXXXX", *text = NULL, *error = NULL;
	struct file f;

	refused("/dev/null", false, "not a regular file");
	refused("/", false, "not a regular file");
	/* nobody writes to it: this must not wait */
	assert_non_null(mkdtemp(fifo));
	strcat(fifo, "/fifo");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	refused(fifo, false, "not a regular file");
	unlink(fifo);
	*strrchr(fifo, '/') = 0;
	rmdir(fifo);

	file_make(&f, "allow *\n", 0600);
	assert_int_equal(truncate(f.path, POLICY_MAX + 1), 0);
	refused(f.path, false, "larger than 1 MiB");
	assert_int_equal(truncate(f.path, 10), 0);
	refused(f.path, false, "NUL byte");
	unlink(f.path);
	assert_int_equal(policy_read_text(f.path, false, &text, &error), -ENOENT);
	assert_null(error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_error_shows_the_line),
		cmocka_unit_test(test_first_match_wins),
		cmocka_unit_test(test_until),
		cmocka_unit_test(test_names_prove_nothing),
		cmocka_unit_test(test_chosen_fields),
		cmocka_unit_test(test_who_may_write),
		cmocka_unit_test(test_odd_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
