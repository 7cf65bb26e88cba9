/* Paths and queries taken apart: escapes, blanks, what is not well formed. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "proto/http/http_query.h"

/* What comes of it in exact allocations; NULL: refused. */
static char *unescaped(const char *raw, bool plus, size_t room_size)
{
	uint8_t *const copy = malloc(strlen(raw) + 1), *const room = malloc(room_size + 1);
	struct span text;
	char *result = NULL;

	memcpy(copy, raw, strlen(raw));
	if (http_unescape(&text, span_of(copy, strlen(raw)), plus, room, room_size))
		result = strndup((const char *)text.bytes, text.size);
	free(copy);
	free(room);
	return result;
}

static void becomes(const char *raw, bool plus, const char *expected)
{
	char *const text = unescaped(raw, plus, strlen(raw));

	if (expected)
		cr_assert(text && strcmp(text, expected) == 0, "%s became %s", raw, text ? text : "nothing");
	else
		cr_assert_null(text, "%s became %s", raw, text);
	free(text);
}

Test(http_query, takes_escapes_out)
{
	becomes("", false, "");
	becomes("abc", false, "abc");
	becomes("a%20b", false, "a b");
	becomes("%7e%7E", false, "~~");
	becomes("%C3%a9", true, "\xc3\xa9");
	becomes("a+b", true, "a b");
	becomes("a+b", false, "a+b");
	becomes("%2B+", true, "+ ");
	becomes("100%25", false, "100%");
}

Test(http_query, refuses_what_is_no_escape)
{
	becomes("%", false, NULL);
	becomes("%4", false, NULL);
	becomes("a%4g", false, NULL);
	becomes("%g4", false, NULL);
	becomes("%%41", false, NULL);
	becomes("%00", false, NULL);
	becomes("%01", false, "\x01");
}

Test(http_query, keeps_to_its_room)
{
	char *const fits = unescaped("%41bc", false, 3), *const too_long = unescaped("%41bc", false, 2);

	cr_assert_str_eq(fits, "Abc");
	cr_assert_null(too_long);
	free(fits);
}

Test(http_query, takes_segments)
{
	struct span path = SPAN("rooms//a/");

	cr_assert(span_equal(http_segment_next(&path), SPAN("rooms")));
	const struct span empty = http_segment_next(&path);

	cr_assert(empty.bytes && empty.size == 0);
	cr_assert(span_equal(http_segment_next(&path), SPAN("a")));
	const struct span last = http_segment_next(&path);

	cr_assert(last.bytes && last.size == 0);
	cr_assert_null(http_segment_next(&path).bytes);
}

Test(http_query, takes_pairs)
{
	struct span query = SPAN("&a=1&&b&=x&c=y=z&d="), name, value;

	cr_assert(http_query_next(&query, &name, &value));
	cr_assert(span_equal(name, SPAN("a")) && span_equal(value, SPAN("1")));
	cr_assert(http_query_next(&query, &name, &value));
	cr_assert(span_equal(name, SPAN("b")) && !value.bytes);
	cr_assert(http_query_next(&query, &name, &value));
	cr_assert(name.size == 0 && span_equal(value, SPAN("x")));
	cr_assert(http_query_next(&query, &name, &value));
	cr_assert(span_equal(name, SPAN("c")) && span_equal(value, SPAN("y=z")));
	cr_assert(http_query_next(&query, &name, &value));
	cr_assert(span_equal(name, SPAN("d")) && value.bytes && value.size == 0);
	cr_assert_not(http_query_next(&query, &name, &value));
	query = SPAN_NONE;
	cr_assert_not(http_query_next(&query, &name, &value));
}
