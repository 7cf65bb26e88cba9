#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/json/json_string.h"

static struct span value;
static uint8_t *room;

/* Token and room are exact allocations: ASan sees a step past either. */
static int unescape(const char *token, size_t room_size)
{
	static uint8_t *exact;
	const size_t size = strlen(token);

	free(exact);
	free(room);
	exact = malloc(size);
	room = malloc(room_size ? room_size : 1);
	memcpy(exact, token, size);
	return json_string(&value, span_of(exact, size), room, room_size);
}

static void gives(const char *token, const char *expected)
{
	cr_assert_eq(unescape(token, strlen(expected)), 1, "%s", token);
	cr_assert(value.bytes);
	cr_assert(span_equal(value, span_of(expected, strlen(expected))), "%s gave %.*s", token, (int)value.size,
		  (const char *)value.bytes);
	if (!strchr(token, '\\'))
		return;
	cr_assert_eq(value.bytes, room);
	cr_assert_eq(unescape(token, strlen(expected) - 1), -JSON_STRING_ROOM, "%s in one byte less", token);
}

Test(json_string, without_any_room_only_what_has_no_escape_is_taken)
{
	const struct span plain = SPAN("\"Ann\""), escaped = SPAN("\"\\n\"");

	cr_assert_eq(json_string(&value, plain, NULL, 0), 1);
	cr_assert_eq(json_string(&value, escaped, NULL, 0), -JSON_STRING_ROOM);
}

Test(json_string, takes_escapes_out)
{
	gives("\"\"", "");
	gives("\"Ann\"", "Ann");
	gives("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t");
	gives("\"a\\u0042c\"", "aBc");
	gives("\"\\u0001\\u007f\"", "\x01\x7f");
	gives("\"\\u0080\"", "\xc2\x80");
	gives("\"\\u07ff\\u0800\"", "\xdf\xbf\xe0\xa0\x80");
	gives("\"\\uFFFF\\uffff\"", "\xef\xbf\xbf\xef\xbf\xbf");
	gives("\"\\ud7ff\\ue000\"", "\xed\x9f\xbf\xee\x80\x80");
	gives("\"\\ud800\\udc00\"", "\xf0\x90\x80\x80");
	gives("\"\\uD83D\\uDC4D\"", "\xf0\x9f\x91\x8d");
	gives("\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf");
	gives("\"\xf0\x9f\x91\x8d and then quite some text \\u00e9 more of it than a block\"",
	      "\xf0\x9f\x91\x8d and then quite some text \xc3\xa9 more of it than a block");
}

Test(json_string, without_escapes_it_borrows_whatever_the_room)
{
	cr_assert_eq(unescape("\"0123456789\"", 0), 1);
	cr_assert_eq(value.size, 10);
	cr_assert_neq(value.bytes, room);
}

Test(json_string, refuses_half_a_pair_and_zero)
{
	cr_assert_eq(unescape("\"\\ud800\"", 64), -JSON_STRING_SURROGATE);
	cr_assert_eq(unescape("\"\\udbffx\"", 64), -JSON_STRING_SURROGATE);
	cr_assert_eq(unescape("\"\\ud800\\u0041\"", 64), -JSON_STRING_SURROGATE);
	cr_assert_eq(unescape("\"\\ud800\\udbff\"", 64), -JSON_STRING_SURROGATE);
	cr_assert_eq(unescape("\"\\ud800\\n12345\"", 64), -JSON_STRING_SURROGATE);
	cr_assert_eq(unescape("\"\\ud800\\ue000\"", 64), -JSON_STRING_SURROGATE);
	cr_assert_eq(unescape("\"\\udc00\"", 64), -JSON_STRING_SURROGATE);
	cr_assert_eq(unescape("\"\\udfff\\ud800\"", 64), -JSON_STRING_SURROGATE);
	cr_assert_eq(unescape("\"\\udc00\\udc00\"", 64), -JSON_STRING_SURROGATE);
	cr_assert_eq(unescape("\"a\\u0000b\"", 64), -JSON_STRING_ZERO);
}

static bool reads(const char *token, uint64_t *integer)
{
	return json_integer(integer, span_of(token, strlen(token)));
}

Test(json_integer, reads_plain_integers_up_to_its_limit)
{
	static const char *const refused[] = {
		"",
		"9007199254740992",
		"9999999999999999",
		"10000000000000000",
		"99999999999999999999999",
		"-1",
		"-0",
		"1.0",
		"1e3",
		"1E3",
		"0.5",
	};
	uint64_t integer;

	cr_assert(reads("0", &integer) && integer == 0);
	cr_assert(reads("7", &integer) && integer == 7);
	cr_assert(reads("1795229320123", &integer) && integer == 1795229320123);
	cr_assert(reads("9007199254740991", &integer) && integer == JSON_INTEGER_MAX);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		cr_assert_not(reads(refused[i], &integer), "%s", refused[i]);
}

Test(json_string, a_name_is_what_a_colon_follows)
{
	const struct span json = SPAN("{\"a\" \t\r\n: \"b\"}");

	cr_assert(json_is_name(json, 4));
	cr_assert_not(json_is_name(json, 13));
	cr_assert_not(json_is_name(json, json.size));
	cr_assert_not(json_is_name(span_of(json.bytes, 8), 4), "the colon is one past the end");
}
