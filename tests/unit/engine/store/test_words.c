/* Which words are in a message, and which of them a query asks for. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "engine/store/words.h"

static bool matches(const char *query, const char *json)
{
	uint8_t *exact = malloc(strlen(json) + 1), *asked = malloc(strlen(query) + 1);

	/* Of exactly that size, so that ASan sees a look beyond. */
	exact = realloc(exact, strlen(json));
	memcpy(exact, json, strlen(json));
	memcpy(asked, query, strlen(query));
	const bool found = words_match(span_of(asked, strlen(query)), span_of(exact, strlen(json)));

	free(exact);
	free(asked);
	return found;
}

Test(words, whole_words_in_strings)
{
	cr_assert(matches("hello", "\"hello\""));
	cr_assert(matches("Hello", "\"say HELLO, you\""));
	cr_assert(matches("hello", "{\"text\":\"well, hello!\"}"));
	cr_assert(matches("hello", "[1, [\"a\", {\"x\" : \"hello\"}]]"));
	cr_assert(!matches("hell", "\"hello\""));
	cr_assert(!matches("hello", "\"hellos\""));
	cr_assert(!matches("hello", "12"));
	cr_assert(matches("12", "\"it is 12\""));
	cr_assert(!matches("12", "12"), "a number is no string");
	cr_assert(!matches("null", "null"));
}

Test(words, names_are_not_looked_at)
{
	cr_assert(!matches("text", "{\"text\":\"a\"}"));
	cr_assert(!matches("text", "{\"text\" \t\r\n:\"a\"}"));
	cr_assert(matches("text", "{\"a\":\"text\"}"));
	cr_assert(matches("a", "[\"a\"]"));
}

Test(words, all_of_the_query)
{
	cr_assert(matches("one two", "\"two three one\""));
	cr_assert(matches("one-two", "[\"two\", \"one\"]"));
	cr_assert(!matches("one four", "\"two three one\""));
	cr_assert(!matches("", "\"a\""));
	cr_assert(!matches(" .,\"", "\"a\""));
}

Test(words, escapes)
{
	cr_assert(matches("b", "\"a\\nb\""));
	cr_assert(!matches("nb", "\"a\\nb\""));
	cr_assert(matches("quoted", "\"a \\\"quoted\\\" word\""));
	cr_assert(matches("end", "\"end\\\\\""));
	cr_assert(matches("h\xc3\xa9", "\"h\\u00e9\""));
	cr_assert(matches("h\xc3\xa9", "\"h\xc3\xa9!\""));
	cr_assert(!matches("a", "\"\\ud800 a\""), "half a surrogate is no text");
}

Test(words, any)
{
	cr_assert(words_any(SPAN(" a ")));
	cr_assert(words_any(SPAN("\xc3\xa9")));
	cr_assert(!words_any(SPAN("")));
	cr_assert(!words_any(SPAN(" \"*-")));
}

Test(words, more_than_are_looked_for)
{
	cr_assert(!matches("a a a a a a a a a a a a a a a z", "\"a\""), "the sixteenth");
	cr_assert(matches("a a a a a a a a a a a a a a a a z", "\"a\""));
}
