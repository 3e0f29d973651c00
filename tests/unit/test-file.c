/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading small files whole: any size, limits, lines, and what is not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "util/file.h"

static int folder = -1;
static char folder_path[] = "/tmp/portscope-file-XXXXXX";

static void put(const char *name, const char *bytes, size_t length)
{
	AUTO_CLOSE int fd = openat(folder, name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), length);
}

static void test_sizes(void **state)
{
	static const size_t sizes[] = {0, 1, 1022, 1023, 1024, 1025, 2047, 2048, 5000, 70000};
	static char bytes[70000];

	memset(bytes, 'b', sizeof(bytes));
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		AUTO_FREE char *text = NULL;
		size_t length = 1;

		put("f", bytes, sizes[i]);
		assert_int_equal(file_read(folder, "f", sizes[i], &text, &length), 0);
		assert_int_equal(length, sizes[i]);
		assert_memory_equal(text, bytes, length);
		assert_int_equal(text[length], 0);
		if (sizes[i])
			assert_int_equal(
				file_read(folder, "f", sizes[i] - 1, &text, &length), -EFBIG);
	}
}

static void test_line(void **state)
{
	static const struct {
		const char *text, *line;
	} cases[] = {
		{"", ""}, {"\n", ""}, {"host", "host"}, {"host\n", "host"}, {"a b\nc\n", "a b"}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *line = NULL;

		put("f", cases[i].text, strlen(cases[i].text));
		assert_int_equal(file_read_line(folder, "f", &line), 0);
		assert_string_equal(line, cases[i].line);
	}
}

/* What fails leaves the result alone. */
static void test_failures(void **state)
{
	char untouched[] = "untouched", *text = untouched;
	size_t length = 7;

	assert_int_equal(file_read(folder, "absent", 10, &text, &length), -ENOENT);
	assert_int_equal(file_read_line(folder, "absent", &text), -ENOENT);
	assert_int_equal(file_read(-1, "f", 10, &text, &length), -EBADF);
	assert_int_equal(file_read(folder, ".", 10, &text, &length), -EISDIR);
	assert_ptr_equal(text, untouched);
	assert_int_equal(length, 7);
}

/* A FIFO without a writer must not hold anybody up. */
static void test_does_not_wait(void **state)
{
	AUTO_FREE char *text = NULL;

	assert_int_equal(mkfifoat(folder, "fifo", 0600), 0);
	alarm(10);
	assert_int_equal(file_read(folder, "fifo", 10, &text, NULL), 0);
	alarm(0);
	assert_string_equal(text, "");
}

static int set_up(void **state)
{
	if (!mkdtemp(folder_path))
		return -1;
	folder = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	unlinkat(folder, "f", 0);
	unlinkat(folder, "fifo", 0);
	close(folder);
	return rmdir(folder_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_does_not_wait),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
