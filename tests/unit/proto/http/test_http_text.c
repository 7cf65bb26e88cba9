#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/http/http_text.h"

Test(http_text, a_token_is_of_the_characters_that_the_rfc_lists)
{
	static const char chars[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (int byte = 0; byte <= 0xff; byte++)
		cr_assert_eq(http_is_token_char((uint8_t)byte), byte && strchr(chars, byte), "%02x", byte);
	cr_assert(http_is_token(SPAN("GET")));
	cr_assert_not(http_is_token(SPAN("GET ")));
	cr_assert_not(http_is_token(SPAN("")));
	cr_assert_not(http_is_token(SPAN_NONE));
}

Test(http_text, compares_without_the_case_of_letters)
{
	cr_assert(http_text_is(SPAN("Content-LENGTH"), "content-length"));
	cr_assert_not(http_text_is(SPAN("content-lengt"), "content-length"));
	cr_assert_not(http_text_is(SPAN("content-lengths"), "content-length"));
	cr_assert_not(http_text_is(SPAN("content\rlength"), "content-length"));
	cr_assert_not(http_text_is(SPAN("@"), "`"));
	cr_assert_not(http_text_is(SPAN("["), "{"));
	cr_assert(http_text_is(SPAN(""), ""));
	cr_assert_not(http_text_is(SPAN("a\0b"), "a"));
}

Test(http_text, trims_spaces_and_tabs)
{
	cr_assert(span_equal(http_trim(SPAN(" \ta b\t ")), SPAN("a b")));
	cr_assert(span_equal(http_trim(SPAN(" \t ")), SPAN("")));
	cr_assert_not_null(http_trim(SPAN(" ")).bytes);
}

Test(http_text, finds_a_token_in_a_list)
{
	cr_assert(http_token_list_has(SPAN("upgrade"), "Upgrade"));
	cr_assert(http_token_list_has(SPAN("keep-alive,Upgrade"), "upgrade"));
	cr_assert(http_token_list_has(SPAN(" , keep-alive ,\t upgrade ,"), "upgrade"));
	cr_assert(http_token_list_has(SPAN("gzip;q=0.5, br"), "gzip"));
	cr_assert_not(http_token_list_has(SPAN("upgrades"), "upgrade"));
	cr_assert_not(http_token_list_has(SPAN("up grade"), "upgrade"));
	cr_assert_not(http_token_list_has(SPAN("upgrade h2c"), "upgrade"));
	cr_assert_not(http_token_list_has(SPAN("x;upgrade"), "upgrade"));
	cr_assert_not(http_token_list_has(SPAN(""), "upgrade"));
	cr_assert_not(http_token_list_has(SPAN_NONE, "upgrade"));
	cr_assert_not(http_token_list_has(SPAN(",;,"), ""));
}

Test(http_text, a_weight_of_zero_says_no)
{
	cr_assert_not(http_token_list_has(SPAN("br, gzip;q=0"), "gzip"));
	cr_assert_not(http_token_list_has(SPAN("gzip ; Q=0."), "gzip"));
	cr_assert_not(http_token_list_has(SPAN("gzip;q=0.000"), "gzip"));
	cr_assert_not(http_token_list_has(SPAN("gzip;x=1; q=0"), "gzip"));
	cr_assert(http_token_list_has(SPAN("gzip;q=0.001"), "gzip"));
	cr_assert(http_token_list_has(SPAN("gzip;q=1, br;q=0"), "gzip"));
	cr_assert(http_token_list_has(SPAN("gzip;q="), "gzip"));
	cr_assert(http_token_list_has(SPAN("gzip;q=0.0."), "gzip"), "not a weight");
}

Test(http_text, takes_a_list_apart)
{
	struct span list = SPAN("a;x=1;y, b ,,c"), parameters = SPAN_NONE;

	cr_assert(span_equal(http_list_next(&list, &parameters), SPAN("a")));
	cr_assert(span_equal(parameters, SPAN("x=1;y")));
	cr_assert(span_equal(http_list_next(&list, &parameters), SPAN("b")));
	cr_assert_eq(parameters.size, 0);
	cr_assert(span_equal(http_list_next(&list, NULL), SPAN("c")));
	cr_assert_null(http_list_next(&list, NULL).bytes);
}
