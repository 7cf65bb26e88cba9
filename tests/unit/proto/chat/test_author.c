#include <criterion/criterion.h>
#include <stdlib.h>

#include "proto/chat/author.h"

/* Spans of exactly the text, so that a byte read too far is seen. */
static struct span exact(const char *text)
{
	const size_t size = strlen(text);

	return span_of(memcpy(malloc(size ? size : 1), text, size), size);
}

static bool given(const char *text)
{
	const struct span name = exact(text);
	const bool result = chat_name_given(name);

	free((void *)name.bytes);
	return result;
}

static bool same(const char *a, const char *b)
{
	const struct span one = exact(a), other = exact(b);
	const bool result = chat_same_author(one, other);

	cr_assert_eq(chat_same_author(other, one), result);
	cr_assert(!result || span_equal(chat_author(one), chat_author(other)));
	free((void *)one.bytes);
	free((void *)other.bytes);
	return result;
}

Test(chat_author, a_name_that_is_given_has_the_shape)
{
	uint8_t name[CHAT_GIVEN_SIZE + 1] = { 0 };

	for (uint64_t random = 0; random < 64; random++) {
		const struct span made = chat_name_give(name, random << 58 | random * 0x123456789abcdull);

		cr_assert_eq(made.size, CHAT_GIVEN_SIZE);
		cr_assert(chat_name_given(made), "%s", (const char *)name);
	}
	chat_name_give(name, 0);
	cr_assert_str_eq((const char *)name, "guest-aaaaaaaaaa");
	chat_name_give(name, 1 | 31ull << 5 | 31ull << 45 | 1ull << 50);
	cr_assert_str_eq((const char *)name, "guest-b9aaaaaaa9", "50 bits count");
}

Test(chat_author, other_names_have_not)
{
	cr_assert(given("guest-abcdefghij") && given("guest-kmnpqrstuv") && given("guest-wxyz234567"));
	cr_assert(given("guest-8989898989") && given("~guest-abcdefghij"));
	cr_assert(!given("") && !given("~") && !given("Ann") && !given("guest-") && !given("~guest-"));
	cr_assert(!given("guest-abcdefghi") && !given("guest-abcdefghijk") && !given("~guest-abcdefghi"));
	cr_assert(!given("~~guest-abcdefghij") && !given("@guest-abcdefghij"));
	cr_assert(!given("guest_abcdefghij") && !given("Guest-abcdefghij") && !given("gueststabcdefghi"));
	for (const char *byte = "lo01AZ-~ {`:/"; *byte; byte++) {
		char name[] = "guest-abcdefghi?";

		name[15] = *byte;
		cr_assert(!given(name), "%s", name);
		name[6] = *byte;
		name[15] = 'a';
		cr_assert(!given(name), "%s", name);
	}
}

Test(chat_author, a_name_is_one_author)
{
	cr_assert(same("Ann", "Ann") && same("@key", "@key") && same("guest-", "guest-"));
	cr_assert(!same("Ann", "Bob") && !same("Ann", "Anna") && !same("Ann", "ann") && !same("Ann", "~Ann"));
	cr_assert(!same("guest-ann", "guest-bob"));
	cr_assert(span_equal(chat_author(SPAN("Ann")), SPAN("Ann")));
	cr_assert(!span_equal(chat_author(SPAN("guest-ann")), chat_author(SPAN("guest-bob"))));
}

Test(chat_author, given_names_are_one_author)
{
	cr_assert(same("guest-abcdefghij", "guest-98765wxyzk"));
	cr_assert(same("~guest-abcdefghij", "~guest-98765wxyzk"));
	cr_assert(!same("guest-abcdefghij", "~guest-abcdefghij"), "with a token one may have the first as a name");
	cr_assert(!same("guest-abcdefghij", "guest-abcdefghi0"));
	cr_assert(!same("guest-abcdefghij", "guest-") && !same("guest-abcdefghij", "Ann"));
}
