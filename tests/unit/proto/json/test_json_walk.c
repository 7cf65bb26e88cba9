#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/json/json_walk.h"

/* "key=value;" of each, with the number of the type. */
static const char *walked(const char *text)
{
	static char out[512];
	uint8_t *exact = malloc(strlen(text));
	struct json_value value = { *text == '{' ? JSON_OBJECT : JSON_ARRAY, { exact, strlen(text) } };
	struct json_walk walk;
	struct span key;
	int size = 0;

	memcpy(exact, text, strlen(text));
	cr_assert_eq(json_scan(exact, strlen(text)), 1, "%s", text);
	walk = json_walk_begin(&value);
	out[0] = 0;
	while (json_walk_next(&walk, &key, &value))
		size += snprintf(out + size, sizeof(out) - (size_t)size, "%.*s=%.*s:%d;", (int)key.size,
				 key.bytes ? (const char *)key.bytes : "", (int)value.token.size,
				 (const char *)value.token.bytes, value.type);
	cr_assert_not(json_walk_next(&walk, &key, &value));
	free(exact);
	return out;
}

Test(json_walk, arrays)
{
	cr_assert_str_eq(walked("[]"), "");
	cr_assert_str_eq(walked("[ \n]"), "");
	cr_assert_str_eq(walked("[1]"), "=1:4;");
	cr_assert_str_eq(walked("[ -1.5e3 ,\"a\" , true,false,null ]"), "=-1.5e3:4;=\"a\":3;=true:5;=false:6;=null:7;");
	cr_assert_str_eq(walked("[[1,[2]],{\"a\":[]},[]]"), "=[1,[2]]:2;={\"a\":[]}:1;=[]:2;");
	cr_assert_str_eq(walked("[\"\\\"\",\"\\\\\",\"],[\"]"), "=\"\\\"\":3;=\"\\\\\":3;=\"],[\":3;");
	cr_assert_str_eq(walked("[{\"a\":[1,{\"b\":2}]},{},[\"[\"],{\"}\":\"]\"}]"),
			 "={\"a\":[1,{\"b\":2}]}:1;={}:1;=[\"[\"]:2;={\"}\":\"]\"}:1;");
	cr_assert_str_eq(walked("[[\"]\"],[\"\\\"]\"]]"), "=[\"]\"]:2;=[\"\\\"]\"]:2;");
}

Test(json_walk, objects)
{
	cr_assert_str_eq(walked("{}"), "");
	cr_assert_str_eq(walked("{ \"a\" : 1 , \"b\":{\"c\":\"}\"} }"), "\"a\"=1:4;\"b\"={\"c\":\"}\"}:1;");
	cr_assert_str_eq(walked("{\"\":\"\",\"\\\":\":[]}"), "\"\"=\"\":3;\"\\\":\"=[]:2;");
}
