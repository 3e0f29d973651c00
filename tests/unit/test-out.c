/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The output buffer: growing, flushing, numbers, and errors that stick. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <cmocka.h>

#include "util/out.h"

static void test_grows(void **state)
{
	AUTO_OUT struct out o = {.fd = -1};
	size_t n = 0;

	out_init(&o, -1);
	assert_null(o.buffer);
	for (int i = 0; i < 5000; i++) {
		out_text(&o, "0123456789");
		out_char(&o, '\n');
		out_blanks(&o, i % 7);
		n += 11 + i % 7;
	}
	assert_int_equal(o.used, n);
	assert_memory_equal(o.buffer, "0123456789\n0123456789\n 0123456789\n  0", 37);
	assert_int_equal(out_flush(&o), 0);
	assert_int_equal(o.used, n);
}

static void test_writes_nothing(void **state)
{
	AUTO_OUT struct out o = {.fd = -1};

	out_bytes(&o, NULL, 0);
	out_text(&o, "");
	out_blanks(&o, 0);
	assert_int_equal(o.used, 0);
	assert_int_equal(o.error, 0);
}

/* What is put together for another buffer fails with it: here because it may not grow. */
static void test_target(void **state)
{
	AUTO_OUT struct out whole = {.fd = -1};
	AUTO_OUT struct out piece = OUT_FOR(&whole);

	out_text(&whole, "a");
	out_text(&piece, "b");
	assert_int_equal(whole.error, 0);
	piece.fixed = true;
	assert_null(out_room(&piece, 1 << 20));
	piece.fixed = false;
	assert_int_equal(piece.error, -ENOMEM);
	assert_int_equal(whole.error, -ENOMEM);
	assert_int_equal(out_flush(&whole), -ENOMEM);
}

/* A room of the caller's is written when it is full, and neither grown nor freed. */
static void test_fixed(void **state)
{
	FILE *file = tmpfile();
	char room[16], back[64] = "";
	struct out o;

	assert_non_null(file);
	o = (struct out){.fd = fileno(file), .buffer = room, .size = sizeof(room), .fixed = true};
	for (int i = 0; i < 3; i++)
		out_text(&o, "0123456789");
	assert_int_equal(out_flush(&o), 0);
	out_text(&o, "more than there is room for");
	assert_int_equal(o.error, -ENOMEM);
	out_done(&o);
	assert_int_equal(pread(fileno(file), back, sizeof(back) - 1, 0), 30);
	assert_string_equal(back, "012345678901234567890123456789");
	fclose(file);
}

/* The NUL does not count, so that writing goes on. */
static void test_string(void **state)
{
	AUTO_OUT struct out o = OUT_MEMORY;

	assert_string_equal(out_string(&o), "");
	out_text(&o, "ab");
	assert_string_equal(out_string(&o), "ab");
	out_text(&o, "c");
	assert_string_equal(out_string(&o), "abc");
	assert_int_equal(o.used, 3);
	o.error = -ENOMEM;
	assert_null(out_string(&o));
}

/* More than the buffer holds, in pieces of every size: the reader gets all of it, in order. */
static void test_flushes(void **state)
{
	FILE *file = tmpfile();
	struct out o;
	static char written[300000], read_back[300001];
	size_t n = 0;

	assert_non_null(file);
	out_init(&o, fileno(file));
	for (size_t i = 0; i < sizeof(written); i++)
		written[i] = (char)(i * 2654435761u >> 24);
	for (size_t step = 1; n < sizeof(written); step = step * 3 / 2 + 1) {
		step = MIN(step, sizeof(written) - n);
		out_bytes(&o, written + n, step);
		n += step;
	}
	assert_int_equal(out_flush(&o), 0);
	assert_int_equal(o.used, 0);
	rewind(file);
	assert_int_equal(fread(read_back, 1, sizeof(read_back), file), sizeof(written));
	assert_memory_equal(read_back, written, sizeof(written));
	out_done(&o);
	assert_null(o.buffer);
	fclose(file);
}

static void test_numbers(void **state)
{
	static const uint64_t numbers[] = {0, 1, 9, 10, 11, 99, 100, 101, 999, 1000, 12345, 65535,
		99999, 100000, 4294967295, 4294967296, 9999999999999999999u, UINT64_MAX};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		AUTO_OUT struct out o = {.fd = -1};
		char expected[64];
		int decimal = snprintf(
			expected, sizeof(expected), "%" PRIu64 ":%" PRIx64, numbers[i], numbers[i]);

		assert_int_equal(
			out_number(&o, numbers[i]), snprintf(NULL, 0, "%" PRIu64, numbers[i]));
		out_char(&o, ':');
		assert_int_equal(
			out_hex(&o, numbers[i]), snprintf(NULL, 0, "%" PRIx64, numbers[i]));
		assert_int_equal(o.used, decimal);
		assert_memory_equal(o.buffer, expected, decimal);
	}
}

static void test_format(void **state)
{
	AUTO_OUT struct out o = {.fd = -1};
	char word[3000];

	out_format(&o, "%s=%d;", "x", -7);
	assert_int_equal(o.used, 5);
	assert_memory_equal(o.buffer, "x=-7;", 5);
	memset(word, 'w', sizeof(word));
	word[sizeof(word) - 1] = 0;
	out_format(&o, "%s", word);
	assert_int_equal(o.used, 5 + 1023);
}

/* The first error stays, and what comes after it is dropped without harm. */
static void assert_sticks(struct out *o, int error)
{
	for (int i = 0; i < 100000; i++)
		out_text(o, "more and more and more");
	assert_int_equal(o->error, error);
	assert_int_equal(out_flush(o), error);
	assert_null(out_room(o, 1 << 20));
	out_blanks(o, 1 << 20);
	assert_int_equal(out_flush(o), error);
	assert_true(o->size <= 1 << 17);
}

static void test_full_disk(void **state)
{
	AUTO_CLOSE int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	AUTO_OUT struct out o;

	assert_true(fd >= 0);
	out_init(&o, fd);
	out_text(&o, "held back");
	assert_int_equal(o.error, 0);
	assert_int_equal(out_flush(&o), -ENOSPC);
	assert_sticks(&o, -ENOSPC);
}

static void test_closed_pipe(void **state)
{
	int ends[2];
	AUTO_OUT struct out o;

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	out_init(&o, ends[1]);
	assert_sticks(&o, -EPIPE);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_writes_nothing),
		cmocka_unit_test(test_target),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_string),
		cmocka_unit_test(test_flushes),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_closed_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
