/* Tokens out of a file: whose is whose, and what is no such file. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/dialect/native.h"
#include "tests/unit/tools/load/dialect_fixture.h"
#include "tools/load/tokens.h"

static char why[160];
static char name[] = "/tmp/uproar-test-tokens-XXXXXX";

static bool read_of(const char *text, size_t size)
{
	const int fd = mkstemp(name);

	cr_assert(fd >= 0 && write(fd, text, size) == (ssize_t)size);
	close(fd);
	const bool right = tokens_read(name, why);

	unlink(name);
	memcpy(name + sizeof(name) - 7, "XXXXXX", 6);
	return right;
}

static void check(uint32_t connection, const char *token)
{
	cr_assert(span_equal(tokens_of(connection), span_of(token, strlen(token))), "%u", connection);
}

Test(load_tokens, go_round)
{
	cr_assert_null(tokens_of(0).bytes);
	cr_assert_eq(tokens_longest(), 0);
	cr_assert(read_of("a.b.c\nd-_.e.ff\n", 15), "%s", why);
	check(0, "a.b.c");
	check(1, "d-_.e.ff");
	check(2, "a.b.c");
	check(UINT32_MAX, "d-_.e.ff");
	cr_assert_eq(tokens_longest(), 8);
	cr_assert(read_of("x", 1), "without an end of line");
	check(7, "x");
}

Test(load_tokens, as_many_as_there_are)
{
	static char text[5 * 5000 + 1];

	for (unsigned i = 0; i < 5000; i++) {
		char line[16];

		snprintf(line, sizeof(line), "%04u\n", i);
		memcpy(text + 5 * i, line, 5);
	}
	cr_assert(read_of(text, sizeof(text) - 1));
	check(0, "0000");
	check(4999, "4999");
	check(5000, "0000");
}

Test(load_tokens, what_is_none)
{
	static char longest[TOKENS_SIZE_MAX + 1];
	static const char *const wrong[] = { "", "\n", "a\n\nb", "a b", "a\r\n", "a\"" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		cr_assert_not(read_of(wrong[i], strlen(wrong[i])), "%s", wrong[i]);
		cr_assert_null(tokens_of(0).bytes);
	}
	cr_assert_not(read_of("good\nb!d\n", 9));
	cr_assert_not_null(strstr(why, ":2: "), "%s", why);
	cr_assert_not(read_of("a\0b", 3));
	memset(longest, 'x', sizeof(longest));
	cr_assert(read_of(longest, TOKENS_SIZE_MAX));
	cr_assert_not(read_of(longest, sizeof(longest)));
	cr_assert_not(tokens_read("/nowhere/at all", why));
	cr_assert_not_null(strstr(why, "/nowhere/at all: "), "%s", why);
}

Test(load_tokens, are_said_in_hello)
{
	struct dialect_state state = { .connection = 4 };
	struct native_scratch scratch = { 0 };
	struct chat_command command;
	enum chat_error error;

	cr_assert(read_of("a.b.c\n", 6));
	const struct spoken spoken = speak_hello(dialect_find("native"), &state);

	cr_assert_eq(native_decode(&command, &error, &scratch, spoken.bytes, spoken.size), 1, "%s", spoken.bytes);
	cr_assert(span_equal(command.token, SPAN("a.b.c")));
	cr_assert_null(command.name.bytes);
}
