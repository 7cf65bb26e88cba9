#include <criterion/criterion.h>
#include <stdlib.h>

#include "proto/chat/limits.h"

static bool room(const void *bytes, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);

	memcpy(exact, bytes, size);
	const bool valid = chat_room_valid(span_of(exact, size));

	free(exact);
	return valid;
}

static bool name(const char *text)
{
	const size_t size = strlen(text);
	uint8_t *exact = malloc(size ? size : 1);

	memcpy(exact, text, size);
	const bool valid = chat_name_valid(span_of(exact, size));

	free(exact);
	return valid;
}

Test(chat_limits, a_rooms_characters)
{
	static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:@~-";

	cr_assert(room(good, sizeof(good) - 1));
	for (int byte = 0; byte < 256; byte++) {
		const char text[3] = { 'a', (char)byte, 'z' };

		cr_assert_eq(room(text, 3), byte != 0 && strchr(good, byte) != NULL, "%#x", byte);
	}
}

Test(chat_limits, a_rooms_size)
{
	char text[129];

	memset(text, 'a', sizeof(text));
	cr_assert_not(room(text, 0));
	cr_assert_not(chat_room_valid(SPAN_NONE));
	cr_assert(room(text, 1));
	cr_assert(room(text, 128));
	cr_assert_not(room(text, 129));
}

Test(chat_limits, a_names_size)
{
	char text[66];

	memset(text, 'a', sizeof(text));
	text[64] = 0;
	cr_assert(name(text));
	text[64] = 'a';
	text[65] = 0;
	cr_assert_not(name(text));
	cr_assert_not(name(""));
	cr_assert_not(chat_name_valid(SPAN_NONE));
	cr_assert_not(chat_name_valid(SPAN("a\0b")));
}

Test(chat_limits, names_that_are_well)
{
	static const char *const names[] = {
		"a",
		"Ann",
		" Ann ",
		"Ann Lee",
		"\"\\/<>&'",
		"\xc2\xa1",
		"\xc3\x89milie",
		"\xe5\xbc\xa0\xe4\xbc\x9f",
		"\xd8\xb9\xd9\x84\xd9\x8a",
		"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7",
		"a\xe2\x80\x8b",
		"\xef\xbf\xbd",
		"\xf4\x8f\xbf\xbf",
		"\xe2\x80\xa7",
		"\xe2\x80\xb0",
		"a\xe2\x81\xa5",
		"a\xe2\x81\xaa",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_assert(name(names[i]), "%zu: %s", i, names[i]);
}

Test(chat_limits, names_that_break_or_turn_a_line)
{
	static const char *const names[] = {
		"a\x01",         "a\x1f",         "a\n",           "\ta",           "a\x7f",
		"a\xc2\x80",     "a\xc2\x85",     "a\xc2\x9f",     "a\xe2\x80\xa8", "a\xe2\x80\xa9",
		"a\xe2\x80\xaa", "a\xe2\x80\xab", "a\xe2\x80\xac", "a\xe2\x80\xad", "a\xe2\x80\xae",
		"a\xe2\x81\xa6", "a\xe2\x81\xa7", "a\xe2\x81\xa8", "a\xe2\x81\xa9",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_assert_not(name(names[i]), "%zu", i);
}

Test(chat_limits, names_that_leave_nothing_to_see)
{
	static const char *const names[] = {
		" ",
		"   ",
		"\xc2\xa0",
		"\xe2\x80\x83",
		"\xe2\x80\x8b",
		"\xe2\x80\x8d",
		"\xe3\x80\x80",
		"\xef\xbb\xbf",
		"\xe2\x81\xa0",
		"\xe3\x85\xa4",
		"\xe2\xa0\x80",
		"\xef\xb8\x8f",
		" \xe2\x80\x8b\xc2\xad",
		"\xf3\xa0\x80\xa0",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_assert_not(name(names[i]), "%zu", i);
}
