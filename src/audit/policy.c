/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a policy, and judging by it. */
#include "audit/policy.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "listing/names.h"
#include "util/array.h"
#include "util/file.h"
#include "util/suggest.h"
#include "util/text.h"

static const char blanks[] = " \t\r";

static const char *const verdicts[] = {
	[POLICY_ALLOW] = "allow",
	[POLICY_DENY] = "deny",
	[POLICY_WARN] = "warn",
};

/** A line under way. */
struct line {
	const char *path;
	unsigned number;
	char *text; /**< without the reason */
	const char *reason;
};

/* Tells where in the file an error is, and shows the line, or the filter in it. */
static int fail(const struct line *line, const struct filter_error *error, const char *shown,
	char **ret_error)
{
	AUTO_OUT struct out out = OUT_MEMORY;

	text_visible(&out, line->path, strlen(line->path));
	out_format(&out, ":%u:%zu: ", line->number, shown - line->text + error->offset + 1);
	filter_error_write(error, shown, &out);
	if (!out_string(&out))
		return out.error;
	*ret_error = STEAL(out.buffer);
	return -EINVAL;
}

static int fail_word(const struct line *line, size_t offset, size_t length, const char *message,
	const char *hint, char **ret_error)
{
	struct filter_error error = {.offset = offset, .length = length};

	snprintf(error.message, sizeof(error.message), "%s", message);
	snprintf(error.hint, sizeof(error.hint), "%s", hint);
	return fail(line, &error, line->text, ret_error);
}

static void trim_end(char *text)
{
	size_t length = strlen(text);

	while (length && strchr(blanks, text[length - 1]))
		text[--length] = 0;
}

/* A reason starts at a `#` that stands outside quotes and is not inside a word. */
static void split_reason(struct line *line)
{
	char quote = 0;

	line->reason = NULL;
	trim_end(line->text);
	for (char *at = line->text; *at; at++) {
		if (quote) {
			quote = *at == quote ? 0 : quote;
		} else if (*at == '"' || *at == '\'') {
			quote = *at;
		} else if (*at == '#' && (at == line->text || strchr(blanks, at[-1]))) {
			*at = 0;
			trim_end(line->text);
			line->reason = at + 1 + strspn(at + 1, blanks);
			return;
		}
	}
}

static int find_verdict(const char *word, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++)
		if (strlen(verdicts[i]) == length && !strncmp(verdicts[i], word, length))
			return i;
	return -ENOENT;
}

static int parse_verdict(const struct line *line, size_t *ret_length, char **ret_error)
{
	size_t start = strspn(line->text, blanks);
	size_t length = strcspn(line->text + start, blanks);
	int verdict = find_verdict(line->text + start, length);
	char word[32], hint[64] = "allow, deny or warn";
	const char *near;

	*ret_length = start + length;
	if (verdict >= 0)
		return verdict;
	snprintf(
		word, sizeof(word), "%.*s", (int)MIN(length, sizeof(word) - 1), line->text + start);
	near = suggest(word, verdicts, ARRAY_SIZE(verdicts));
	if (near)
		snprintf(hint, sizeof(hint), "did you mean %s?", near);
	return fail_word(
		line, start, length, "each line must start with a verdict", hint, ret_error);
}

static int add_line(struct portscope_policy *policy, const struct policy_line *line)
{
	struct policy_line *added = ARRAY_ADD(policy->lines, policy->count);

	if (!added)
		return -ENOMEM;
	*added = *line;
	return 0;
}

static void line_done(struct policy_line *line)
{
	filter_free(line->filter);
	free(line->text);
	free(line->reason);
}

/* What allows must not rest on what anybody may write. */
static int restrict_line(const struct line *line, const struct policy_line *made,
	const char *filter, char **ret_error)
{
	const char *field = filter_restrict(made->filter);
	char message[96];

	if (!field)
		return 0;
	snprintf(message, sizeof(message), "allow must not rely on %s, which a process can choose",
		field);
	return fail_word(line, (size_t)(filter - line->text), strlen(filter), message,
		"use exe, user or unit", ret_error);
}

/* Whether a day, as `2027-01-31`, is over; -EINVAL: it is no day. */
static int day_is_over(const char *day)
{
	time_t now = time(NULL);
	struct tm given = {0}, back, today;
	char text[sizeof("2027-01-31")];
	const char *end = strptime(day, "%Y-%m-%d", &given);

	if (!end || *end || strlen(day) != sizeof(text) - 1)
		return -EINVAL;
	/* strptime(3) takes the 31st of any month. */
	back = given;
	if (mktime(&back) == (time_t)-1 || back.tm_mday != given.tm_mday)
		return -EINVAL;
	if (!localtime_r(&now, &today) || !strftime(text, sizeof(text), "%Y-%m-%d", &today))
		return -EINVAL;
	return strcmp(day, text) < 0;
}

/* Takes `until DAY` off the end of a filter. */
static int split_until(
	const struct line *line, char *filter, struct policy_line *made, char **ret_error)
{
	static const char word[] = "until";
	char *day = filter + strlen(filter), *end;
	int r;

	while (day > filter && !strchr(blanks, day[-1]))
		day--;
	for (end = day; end > filter && strchr(blanks, end[-1]);)
		end--;
	if (end == day || end - filter < (ptrdiff_t)sizeof(word) ||
		memcmp(end - (sizeof(word) - 1), word, sizeof(word) - 1) ||
		!strchr(blanks, end[-(ptrdiff_t)sizeof(word)]))
		return 0;
	if (made->verdict != POLICY_ALLOW)
		return fail_word(line, (size_t)(end - line->text) - (sizeof(word) - 1),
			sizeof(word) - 1, "only what is allowed can end", "leave 'until' out",
			ret_error);
	r = day_is_over(day);
	if (r < 0)
		return fail_word(line, (size_t)(day - line->text), strlen(day), "this is not a day",
			"write it as 2027-01-31", ret_error);
	made->expired = r;
	memcpy(made->until, day, sizeof(made->until));
	end[-(ptrdiff_t)(sizeof(word) - 1)] = 0;
	trim_end(filter);
	return 0;
}

static int parse_line(struct portscope_policy *policy, struct line *line,
	const struct filter_names *names, char **ret_error)
{
	struct policy_line made = {.number = line->number};
	struct filter_error error;
	char *filter;
	size_t length;
	int r;

	split_reason(line);
	if (!line->text[strspn(line->text, blanks)])
		return 0;
	r = parse_verdict(line, &length, ret_error);
	if (r < 0)
		return r;
	made.verdict = r;
	filter = line->text + length + strspn(line->text + length, blanks);
	if (!*filter)
		return fail_word(line, filter - line->text, 0, "a filter is missing",
			"* means every socket", ret_error);
	r = split_until(line, filter, &made, ret_error);
	if (r < 0)
		return r;
	made.text = strdup(filter);
	made.reason = line->reason && *line->reason ? strdup(line->reason) : NULL;
	if (!made.text || (line->reason && *line->reason && !made.reason)) {
		line_done(&made);
		return -ENOMEM;
	}
	r = filter_parse(filter, names, &made.filter, &error);
	if (r == -EINVAL)
		r = fail(line, &error, filter, ret_error);
	if (r >= 0 && made.verdict == POLICY_ALLOW)
		r = restrict_line(line, &made, filter, ret_error);
	if (r >= 0)
		r = add_line(policy, &made);
	if (r < 0)
		line_done(&made);
	return r;
}

int policy_parse(const char *path, const char *text, const struct filter_names *names,
	struct portscope_policy **ret, char **ret_error)
{
	struct portscope_policy *policy = calloc(1, sizeof(*policy));
	struct line line = {.path = path};
	int r = 0;

	if (!policy)
		return -ENOMEM;
	policy->path = strdup(path);
	if (!policy->path)
		r = -ENOMEM;
	while (r >= 0 && *text) {
		size_t length = strcspn(text, "\n");
		AUTO_FREE char *copy = strndup(text, length);

		line.number++;
		line.text = copy;
		r = copy ? parse_line(policy, &line, names, ret_error) : -ENOMEM;
		text += length + (text[length] == '\n');
	}
	if (r < 0) {
		portscope_policy_free(policy);
		return r;
	}
	*ret = policy;
	return 0;
}

static int PRINTF_LIKE(2, 3) refuse(char **ret_error, const char *format, ...)
{
	AUTO_OUT struct out out = OUT_MEMORY;
	va_list args;
	int r;

	va_start(args, format);
	r = text_visible_format(&out, format, args);
	va_end(args);
	if (r < 0 || !out_string(&out))
		return MIN(r, out.error);
	*ret_error = STEAL(out.buffer);
	return -EPERM;
}

/* Who may write to the policy may hide what listens. */
static int check(const char *path, const struct stat *st, bool root, char **ret_error)
{
	if (!S_ISREG(st->st_mode))
		return refuse(ret_error, "the policy %s is not a regular file", path);
	if (st->st_size > POLICY_MAX)
		return refuse(ret_error, "the policy %s is larger than 1 MiB", path);
	if (root && st->st_uid != 0)
		return refuse(ret_error,
			"%s belongs to user %u, so root does not trust it: chown root %s", path,
			st->st_uid, path);
	if (root && st->st_mode & (S_IWGRP | S_IWOTH))
		return refuse(ret_error,
			"%s is writable by others (mode %03o), so root does not trust it: chmod "
			"go-w %s",
			path, st->st_mode & 07777, path);
	return 0;
}

int policy_read_text(const char *path, bool root, char **ret, char **ret_error)
{
	/* What is checked is what is read: both by one descriptor. A fifo must not block. */
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	AUTO_FREE char *text = NULL;
	struct stat st;
	size_t length;
	int r;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	r = check(path, &st, root, ret_error);
	if (r < 0)
		return r;
	r = file_read_fd(fd, POLICY_MAX, &text, &length);
	if (r == -EFBIG)
		return refuse(ret_error, "the policy %s is larger than 1 MiB", path);
	if (r < 0)
		return r;
	if (strlen(text) != length)
		return refuse(ret_error, "the policy %s contains a NUL byte; it is not a text file",
			path);
	*ret = STEAL(text);
	return 0;
}

const struct policy_line *policy_judge(const struct portscope_policy *policy,
	const struct portscope_row *row, struct policy_use *uses,
	const struct policy_line **ret_expired)
{
	const struct policy_line *first = NULL;

	*ret_expired = NULL;

	for (size_t i = 0; i < policy->count; i++) {
		const struct policy_line *line = &policy->lines[i];

		if (!filter_match(line->filter, row))
			continue;
		if (line->verdict == POLICY_ALLOW && !filter_match_trusted(line->filter, row)) {
			uses[i].by_name++;
			continue;
		}
		uses[i].matched++;
		if (!first && line->expired && !*ret_expired)
			*ret_expired = line;
		if (!first && !line->expired)
			first = line;
	}
	return first;
}

struct portscope_policy *portscope_policy_free(struct portscope_policy *policy)
{
	if (!policy)
		return NULL;
	for (size_t i = 0; i < policy->count; i++)
		line_done(&policy->lines[i]);
	free(policy->lines);
	free(policy->path);
	free(policy);
	return NULL;
}

int portscope_policy_read(const char *path, struct portscope_policy **ret, char **ret_error)
{
	AUTO_FREE char *text = NULL;
	struct filter_lookup lookup;
	int r = policy_read_text(path, geteuid() == 0, &text, ret_error);

	if (r < 0)
		return r;
	filter_lookup_init(&lookup);
	r = policy_parse(path, text, &lookup.names, ret, ret_error);
	filter_lookup_done(&lookup);
	return r;
}

const char *portscope_policy_path(const struct portscope_policy *policy)
{
	return policy->path;
}
