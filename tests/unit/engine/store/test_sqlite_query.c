#include <criterion/criterion.h>
#include <string.h>

#include "engine/store/sqlite_query.h"

static char out[64];

static const char *expression_of(const char *query)
{
	memcpy(out, "none", 5);
	cr_assert_eq(query_expression(span_of(query, strlen(query)), out, sizeof(out)),
		     strcmp(out, "none") == 0 ? 0 : strlen(out));
	return out;
}

Test(sqlite_query, is_words_phrases_and_beginnings)
{
	cr_assert_str_eq(expression_of("a b"), "\"a\" \"b\"");
	cr_assert_str_eq(expression_of("x-y* \"un closed"), "\"x\" \"y\"* \"un closed\"");
	cr_assert_str_eq(expression_of("\"a b\"c"), "\"a b\" \"c\"");
	cr_assert_str_eq(expression_of("c\"a b\""), "\"c\" \"a b\"");
	cr_assert_str_eq(expression_of("\"a\"* b * c"), "\"a\" \"b\" \"c\"");
	cr_assert_str_eq(expression_of("\"a-b*\""), "\"a b \"");
	cr_assert_str_eq(expression_of("NOT a:b^c"), "\"NOT\" \"a\" \"b\" \"c\"");
	cr_assert_str_eq(expression_of("caf\xc3\xa9*"), "\"caf\xc3\xa9\"*");
}

Test(sqlite_query, of_nothing_is_nothing)
{
	cr_assert_str_eq(expression_of(""), "none");
	cr_assert_str_eq(expression_of("--- ***"), "none");
	cr_assert_str_eq(expression_of("\""), "none");
	cr_assert_str_eq(expression_of("\"\" \" - \""), "none");
}

Test(sqlite_query, that_does_not_fit_is_none)
{
	char query[64];

	for (size_t size = 1; size < 64; size++) {
		memset(query, 'a', size);
		const size_t length = query_expression(span_of(query, size), out, sizeof(out));

		cr_assert_eq(length, size + 5 <= sizeof(out) ? size + 2 : 0, "%zu", size);
	}
}

Test(sqlite_query, nothing_follows_what_does_not_fit)
{
	const struct span query = SPAN("one two_that_is_longer_than_what_is_left_for_it_in_sixty_four_bytes three");

	cr_assert_eq(query_expression(query, out, sizeof(out)), 0);
}
