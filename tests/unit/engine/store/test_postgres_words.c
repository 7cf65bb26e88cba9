#include "engine/store/postgres_words.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/refused.h"

/* The words of a copy in exactly as many bytes, written into exactly as many as are promised to be enough. */
static void words_are(const char *json, const char *wanted)
{
	const size_t size = strlen(json);
	uint8_t *value = malloc(size ? size : 1), *out = malloc(postgres_words_bound(size));

	memcpy(value, json, size);
	const size_t got = postgres_words_of_json(out, span_of(value, size));

	cr_expect(got == strlen(wanted) && memcmp(out, wanted, got) == 0, "%s: '%.*s'", json, (int)got, out);
	free(value);
	free(out);
}

static void query_is(const char *text, const char *wanted)
{
	const size_t size = strlen(text);
	uint8_t *value = malloc(size ? size : 1), *out = malloc(postgres_query_bound(size));

	memcpy(value, text, size);
	const size_t got = postgres_words_of_query(out, span_of(value, size));

	cr_expect(got == strlen(wanted) && memcmp(out, wanted, got) == 0, "%s: \"%.*s\"", text, (int)got, out);
	free(value);
	free(out);
}

Test(postgres_words, are_those_of_strings_but_not_of_keys)
{
	words_are("\"Hello, World\"", " hello world");
	words_are("{\"text\":\"hi\",\"n\":42,\"deep\":[\"a-b\",{\"key\" : \"c_d\"}]}", " hi a b c d");
	words_are("[\"one\",\"two\"]", " one two");
	words_are("42", "");
	words_are("true", "");
	words_are("\"\"", "");
	words_are("{\"a\":\"\",\"b\" \n:\"x\"}", " x");
}

Test(postgres_words, have_no_escapes_and_no_case)
{
	words_are("\"\\u0048\\u00C4\\n\\\"q\\\"\"", " h\u00e4 q");
	words_are("\"\\ud835\\udc00b\"", " \U0001d400b"); /* a letter beyond the first plane */
	words_are("\"a\\u0000b\"", " a b");
	words_are("\"a\\ud800b \\udc00\"", " a b");
	words_are("\"\u00c4RGER \u0416\u0423\u041a\"", " \u00e4rger \u0436\u0443\u043a");
	words_are("\"e\u0301te\u0301\"", " e\u0301te\u0301");
	words_are("\"\u0301 \u0300a\\u0301 \\u0301b\"", " a\u0301 b");
	words_are("\"\u0130\u023a\"", " i\u2c65");
	words_are("\"\u2728 \u65e5\u672c\"", " \u65e5\u672c");
}

/* Nothing of this reaches it, for it is no JSON; it must do no harm. */
Test(postgres_words, of_what_is_no_json_are_within_the_bound)
{
	words_are("\"", "");
	words_are("\"a\\", " a");
	words_are("\"\\u12", " 12");
	words_are("\"\\ud800\\u12", " 12");
	words_are("\"a\xf0\x9f", " a");
	words_are("\"\xff\x80g\"", "");
}

Test(postgres_words, longer_than_the_index_takes_are_cut)
{
	char json[3 * POSTGRES_WORD_SIZE_MAX];
	uint8_t out[2 * sizeof(json) + 4];

	memset(json, 'x', sizeof(json));
	json[0] = '"';
	memcpy(json + sizeof(json) - 4, " yz\"", 4);
	const size_t got = postgres_words_of_json(out, span_of(json, sizeof(json)));

	cr_assert_leq(got, 1 + POSTGRES_WORD_SIZE_MAX + 3);
	cr_assert(got > POSTGRES_WORD_SIZE_MAX - 8 && memcmp(out + got - 3, " yz", 3) == 0);
}

Test(postgres_words, of_a_query_are_all_wanted)
{
	query_is("hello", "'hello'");
	query_is("  Hello, WORLD! ", "'hello' & 'world'");
	query_is("it's | (bad:* & \\ \"quoted\" OR", "'it' & 's' & 'bad' & 'quoted' & 'or'");
	query_is("a b c", "'a' & 'b' & 'c'");
	query_is("", "");
	query_is("\u0301", "");
	query_is("\u0300\u036fa\u0301 \u0301b \u0301", "'a\u0301' & 'b'");
	query_is("!?' \xff", "");
}

Test(postgres_words, escapes_of_all_kinds)
{
	words_are("\"\\u00C9\\u00cf\\u0041/\\u0030\\u:000\\u00g0\"", " \u00e9\u00efa 0 000 00g0");
	words_are("\"\\ud835\\udc00 \\ud835\\ue000 \\ud835\\u0041 x\"", " \U0001d400 a x");
	words_are("\"\\u/bcd \\u12!4\"", " bcd 12 4");
	words_are("\"key\" \t\n\r: \"value\"\r\n\t", " value");
}

Test(postgres_words, end_at_every_sign_between_the_letters)
{
	words_are("\"a{b/c:d@e[f`g~h\"", " a b c d e f g h");
	query_is("a{b/c:d@e[f`g~h", "'a' & 'b' & 'c' & 'd' & 'e' & 'f' & 'g' & 'h'");
}

Test(postgres_words, of_a_query_are_cut_as_those_of_a_message)
{
	char text[2 * POSTGRES_WORD_SIZE_MAX], wanted[sizeof(text)];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = 0;
	snprintf(wanted, sizeof(wanted), "'%.*s'", POSTGRES_WORD_SIZE_MAX - 3, text);
	query_is(text, wanted);
}

/* Where the system has no table of letters all that is not ASCII is one, and has no case. */
Test(postgres_words, without_a_locale_are_still_words)
{
	refused_arm(REFUSED_newlocale, 1, 1, 0);
	words_are("\"\u00c9Clair \u2728\"", " \u00c9clair \u2728");
	cr_assert(refused_came());
}
