#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "engine/auth/pattern.h"

/* In memory of exactly its size, so that reading past it is seen. */
static struct span copy(const char *text)
{
	if (!text)
		return SPAN_NONE;
	uint8_t *bytes = malloc(strlen(text));

	memcpy(bytes, text, strlen(text));
	return span_of(bytes, strlen(text));
}

static int fit(const char *pattern, const char *user, const char *room)
{
	const struct span spans[3] = { copy(pattern), copy(user), copy(room) };
	const int letters = pattern_fits(spans[0], spans[1], spans[2]);

	for (int i = 0; i < 3; i++)
		free((void *)(uintptr_t)spans[i].bytes);
	return letters;
}

static bool valid(const char *pattern, bool users)
{
	const struct span text = copy(pattern);
	const bool result = pattern_valid(text, users);

	free((void *)(uintptr_t)text.bytes);
	return result;
}

Test(pattern, what_is_one)
{
	char longest[PATTERN_SIZE_MAX + 2];

	cr_assert(valid("*", false) && valid("a", false) && valid("**", false) && valid("A-z_0.9:@~-", false));
	cr_assert(valid("dm:{user}:*", true) && valid("{user}", true));
	cr_assert_not(valid("dm:{user}:*", false));
	cr_assert_not(valid("", true) || valid("a b", true) || valid("{use}", true) || valid("{user", true) ||
		      valid("a/b", true) || valid("\xc3\xa4", true) || valid("?", true));
	memset(longest, 'x', sizeof(longest));
	longest[PATTERN_SIZE_MAX] = 0;
	cr_assert(valid(longest, false));
	longest[PATTERN_SIZE_MAX] = 'x';
	longest[PATTERN_SIZE_MAX + 1] = 0;
	cr_assert_not(valid(longest, false));
}

Test(pattern, letters_that_are_not_for_a_star_count)
{
	cr_assert_eq(fit("*", NULL, "lobby"), 0);
	cr_assert_eq(fit("lobby", NULL, "lobby"), 5);
	cr_assert_eq(fit("l*", NULL, "lobby"), 1);
	cr_assert_eq(fit("*y", NULL, "lobby"), 1);
	cr_assert_eq(fit("l*y", NULL, "lobby"), 2);
	cr_assert_eq(fit("lobby*", NULL, "lobby"), 5, "a star is for none as well");
	cr_assert_eq(fit("*b*b*", NULL, "lobby"), 2);
	cr_assert_eq(fit("a*a*ab", NULL, "aaaaaaab"), 4, "the last star gives way");
}

Test(pattern, what_does_not_fit)
{
	cr_assert_lt(fit("lobby", NULL, "lobby2"), 0);
	cr_assert_lt(fit("lobby2", NULL, "lobby"), 0);
	cr_assert_lt(fit("Lobby", NULL, "lobby"), 0);
	cr_assert_lt(fit("l*x", NULL, "lobby"), 0);
	cr_assert_lt(fit("*b*b*b*", NULL, "lobby"), 0);
	cr_assert_lt(fit("private:*", NULL, "private"), 0);
}

Test(pattern, the_name_of_the_user)
{
	cr_assert_eq(fit("dm:{user}:*", "bob", "dm:bob:eve"), 7);
	cr_assert_lt(fit("dm:{user}:*", "bo", "dm:bob:eve"), 0);
	cr_assert_lt(fit("dm:{user}:*", "bob", "dm:bobby:eve"), 0);
	cr_assert_lt(fit("dm:{user}:*", "*", "dm:bob:eve"), 0, "a star in a name is a letter");
	cr_assert_lt(fit("dm:{user}", "{user}", "dm:bob"), 0);
	cr_assert_eq(fit("{user}{user}", "ab", "abab"), 4);
	cr_assert_lt(fit("{user}", "a name with blanks", "a"), 0);
	cr_assert_lt(fit("{user}*", "0123456789012345678901234567890123456789012345678901234567890123", "0"), 0);
}

/* Or whoever is called `a:b` could read what is for `a` alone. */
Test(pattern, a_name_with_the_letter_beside_it_fits_nothing)
{
	cr_assert_lt(fit("dm:{user}:*", "bob:eve", "dm:bob:eve:1"), 0);
	cr_assert_lt(fit("dm:*:{user}", "bob:eve", "dm:x:bob:eve"), 0);
	cr_assert_eq(fit("dm.{user}.*", "bob:eve", "dm.bob:eve.1"), 11);
	cr_assert_eq(fit("dm*{user}*", "bob", "dm:bob:eve"), 5);
}

/* As many letters as a room can have, with a name in them, and one more. */
Test(pattern, the_longest)
{
	char pattern[200], room[200], user[65];

	memset(user, 'u', 64);
	user[64] = 0;
	memset(pattern, 'p', 64);
	memcpy(pattern + 64, "{user}", 7);
	memset(room, 'p', 64);
	memcpy(room + 64, user, 65);
	cr_assert_eq(fit(pattern, user, room), 128);
	memset(pattern, 'p', 65);
	memcpy(pattern + 65, "{user}", 7);
	memset(room, 'p', 65);
	memcpy(room + 65, user, 65);
	room[128] = 0;
	cr_assert_lt(fit(pattern, user, room), 0);
	memset(pattern, '*', 128);
	pattern[128] = 0;
	cr_assert_eq(fit(pattern, user, room), 0);
	for (int i = 0; i < 18; i++)
		memcpy(pattern + (size_t)i * 7, "*{user}", 8);
	cr_assert_lt(fit(pattern, user, room), 0);
}
