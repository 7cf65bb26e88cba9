#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/hook/hook_question.h"

static void is_written(const struct hook_about *about, const char *expected)
{
	const size_t bound = hook_question_bound(about);
	uint8_t *out = malloc(bound);
	const size_t size = hook_question_write(out, about);

	cr_assert_eq(size, strlen(expected), "%.*s", (int)size, (const char *)out);
	cr_assert_arr_eq(out, expected, size);
	free(out);
}

Test(hook_question, of_a_connection)
{
	is_written(&(struct hook_about){ .kind = HOOK_CONNECT,
					 .connection = SPAN("0-1-2"),
					 .user = SPAN("Ann"),
					 .verified = true,
					 .room = SPAN("not told") },
		   "{\"event\":\"connect\",\"connection\":\"0-1-2\",\"user\":\"Ann\",\"verified\":true}");
}

Test(hook_question, with_a_token_that_nobody_here_judges)
{
	is_written(
		&(struct hook_about){
			.kind = HOOK_CONNECT, .connection = SPAN("0-1-2"), .user = SPAN("Ann"), .token = SPAN("a\"b") },
		"{\"event\":\"connect\",\"connection\":\"0-1-2\",\"user\":\"Ann\",\"verified\":false,"
		"\"token\":\"a\\\"b\"}");
}

Test(hook_question, of_a_join)
{
	is_written(
		&(struct hook_about){
			.kind = HOOK_JOIN, .connection = SPAN("0-1-2"), .user = SPAN("A\"\n"), .room = SPAN("r:1") },
		"{\"event\":\"join\",\"connection\":\"0-1-2\",\"user\":\"A\\\"\\n\",\"verified\":false,\"room\":\"r:"
		"1\"}");
}

Test(hook_question, the_bound_holds_for_the_longest)
{
	uint8_t user[64], room[128], token[512];

	memset(user, 1, sizeof(user));
	memset(room, '"', sizeof(room));
	memset(token, 2, sizeof(token));
	const struct hook_about about = { .kind = HOOK_CONNECT,
					  .connection = SPAN("63-4294967295-4294967295"),
					  .user = span_of(user, sizeof(user)),
					  .room = span_of(room, sizeof(room)),
					  .token = span_of(token, sizeof(token)) };
	uint8_t *out = malloc(hook_question_bound(&about));

	cr_assert_leq(hook_question_write(out, &about), hook_question_bound(&about));
	free(out);
}
