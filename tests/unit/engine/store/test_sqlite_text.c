#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "engine/store/sqlite_text.h"

/* In exact allocations: what is read or written too far is seen by the sanitizer. */
static void check(const char *json, const char *expected)
{
	const size_t size = strlen(json);
	uint8_t *in = malloc(size + (size == 0)), *out = malloc(size + (size == 0));

	memcpy(in, json, size);
	const size_t got = text_of_json(out, span_of(in, size));

	cr_assert_eq(got, strlen(expected), "%s: %.*s", json, (int)got, (char *)out);
	cr_assert_eq(memcmp(out, expected, got), 0, "%s: %.*s", json, (int)got, (char *)out);
	free(in);
	free(out);
}

Test(sqlite_text, is_that_of_strings_but_not_of_keys)
{
	check("\"hi\"", "hi ");
	check("{\"text\":\"a b\", \"n\" : 17, \"more\":[true,\"c\",{\"d\":\"e\"}]}", "a b c e ");
	check("{\"k\" \n\t\r:\"v\"}", "v ");
	check("[\"k\",\"v\"]", "k v ");
	check("17", "");
	check("\"\"", " ");
}

Test(sqlite_text, has_no_escapes)
{
	check("\"t\\u0065a \\\"x\\\" \\\\ \\n\\u00e9\\ud83d\\ude00\"", "tea \"x\" \\ \n\xc3\xa9\xf0\x9f\x98\x80 ");
	check("\"a\\u0000b \\ud800c\\nd\"", "a b  c d ");
	check("{\"a\\\"\":\"b\\\\\",\"c\":\"d\"}", "b\\ d ");
}

Test(sqlite_text, of_what_is_no_json_is_none)
{
	static const char *const none[] = {
		"", "\"", "x", "\"a\\\"", "\"a\\u12\"", "{\"a\"}", "[\"a\"", "\"a\" \"b\""
	};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		check(none[i], "");
}
