/* The elements of arrays, one by one, as they stand in the text. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "proto/json/json_array.h"

static void has(const char *text, size_t count, const char *const *elements)
{
	uint8_t *const copy = malloc(strlen(text));
	struct span rest;

	memcpy(copy, text, strlen(text));
	rest = span_of(copy, strlen(text));
	cr_assert_eq(json_scan(copy, strlen(text)), 1, "%s", text);
	for (size_t i = 0; i < count; i++) {
		const struct json_value value = json_array_next(&rest);

		cr_assert_neq(value.type, JSON_ABSENT, "%s: %zu", text, i);
		cr_assert(span_equal(value.token, span_of(elements[i], strlen(elements[i]))), "%s: %zu is %.*s", text,
			  i, (int)value.token.size, (const char *)value.token.bytes);
	}
	cr_assert_eq(json_array_next(&rest).type, JSON_ABSENT, "%s", text);
	cr_assert_eq(json_array_next(&rest).type, JSON_ABSENT, "%s", text);
	free(copy);
}

#define HAS(text, ...)                                                                                                 \
	has(text, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *), (const char *[]){ __VA_ARGS__ })

Test(json_array, gives_each_element)
{
	has("[]", 0, NULL);
	has("[ \t\r\n]", 0, NULL);
	HAS("[1]", "1");
	HAS("[ 1 , -2.5e3,true,false , null ]", "1", "-2.5e3", "true", "false", "null");
	HAS("[[1,2],[[]],[]]", "[1,2]", "[[]]", "[]");
	HAS("[{\"a\":[1,{\"b\":2}]},{}]", "{\"a\":[1,{\"b\":2}]}", "{}");
	HAS("[\"]\",\"\\\"\",\"\\\\\",\"a,b\",[\"[\"],{\"}\":\"]\"}]", "\"]\"", "\"\\\"\"", "\"\\\\\"", "\"a,b\"",
	    "[\"[\"]", "{\"}\":\"]\"}");
}

Test(json_array, says_what_each_is)
{
	struct span rest = SPAN("[{},[],\"\",0,true,false,null]");
	static const enum json_type types[] = { JSON_OBJECT, JSON_ARRAY, JSON_STRING, JSON_NUMBER,
						JSON_TRUE,   JSON_FALSE, JSON_NULL,   JSON_ABSENT };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		cr_assert_eq(json_array_next(&rest).type, types[i], "%zu", i);
}
