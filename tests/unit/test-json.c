/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The JSON writer: commas, nesting, null, escapes in texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "util/json.h"

static void test_document(void **state)
{
	static const char expected[] =
		"{\"a\":1,\"b\":[],\"c\":{},\"d\":[1,\"x\",null,true,{\"e\":false},[2]],\"f\":null,"
		"\"g\":\"q\\\"\\\\\\u000a\",\"h\":18446744073709551615,\"i\":\"\"}";
	AUTO_OUT struct out o = {.fd = -1};
	struct json j = {.out = &o};

	json_write_open(&j, NULL, '{');
	json_write_number(&j, "a", 1);
	json_write_open(&j, "b", '[');
	json_write_close(&j, ']');
	json_write_open(&j, "c", '{');
	json_write_close(&j, '}');
	json_write_open(&j, "d", '[');
	json_write_number(&j, NULL, 1);
	json_write_text(&j, NULL, "x");
	json_write_null(&j, NULL);
	json_write_bool(&j, NULL, true);
	json_write_open(&j, NULL, '{');
	json_write_bool(&j, "e", false);
	json_write_close(&j, '}');
	json_write_open(&j, NULL, '[');
	json_write_number(&j, NULL, 2);
	json_write_close(&j, ']');
	json_write_close(&j, ']');
	json_write_text(&j, "f", NULL);
	json_write_text(&j, "g", "q\"\\\n");
	json_write_number(&j, "h", UINT64_MAX);
	json_write_text(&j, "i", "");
	json_write_close(&j, '}');
	assert_int_equal(o.used, sizeof(expected) - 1);
	assert_memory_equal(o.buffer, expected, o.used);
}

/* A key whose value the caller writes counts as a member. */
static void test_key_alone(void **state)
{
	AUTO_OUT struct out o = {.fd = -1};
	struct json j = {.out = &o};

	json_write_open(&j, NULL, '{');
	json_write_key(&j, "a");
	out_text(&o, "1");
	json_write_key(&j, "b");
	out_text(&o, "2");
	json_write_close(&j, '}');
	assert_int_equal(o.used, 13);
	assert_memory_equal(o.buffer, "{\"a\":1,\"b\":2}", 13);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_key_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
