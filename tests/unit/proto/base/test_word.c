#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/word.h"

/* From a copy of exactly its size into memory of exactly what is asked for. */
static char *shown(const char *text, size_t size)
{
	uint8_t *exact = malloc(size);
	char *out = malloc(WORD_SHOWN_MAX + 4);

	memcpy(exact, text, size);
	cr_assert_eq(word_shown(span_of(exact, size), out), out);
	free(exact);
	return out;
}

static void shows(const char *text, size_t size, const char *expected)
{
	char *out = shown(text, size);

	cr_assert_str_eq(out, expected);
	free(out);
}

Test(word, shows_nothing_that_would_end_or_colour_a_line)
{
	shows("plain: *,~", 10, "plain: *,~");
	shows("a\nb\x1b[2J\x7f\0c", 10, "a?b?[2J??c");
	shows("\xc3\xa9", 2, "\xc3\xa9");
	shows("", 0, "");
}

Test(word, shows_64_bytes_and_that_there_are_more)
{
	char text[65], expected[WORD_SHOWN_MAX + 4];

	memset(text, 'x', sizeof(text));
	memset(expected, 'x', WORD_SHOWN_MAX);
	memcpy(expected + WORD_SHOWN_MAX, "", 1);
	shows(text, 64, expected);
	memcpy(expected + WORD_SHOWN_MAX, "...", 4);
	shows(text, 65, expected);
}

Test(word, takes_what_stands_between_blanks)
{
	struct span text = SPAN(" \ta  bc\r\n");
	struct span word = word_take(&text);

	cr_assert(span_equal(word, SPAN("a")));
	word = word_take(&text);
	cr_assert(span_equal(word, SPAN("bc")));
	cr_assert_eq(word_take(&text).size, 0);
	cr_assert_eq(text.size, 0);
}
