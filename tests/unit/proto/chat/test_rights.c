#include <criterion/criterion.h>
#include <string.h>

#include "proto/chat/rights.h"

static uint8_t rights_of(const char *word)
{
	uint8_t rights = 0;

	cr_assert(chat_rights_add(&rights, span_of(word, strlen(word))), "%s", word);
	return rights;
}

Test(chat_rights, each_is_a_bit_of_its_own)
{
	uint8_t all = 0;

	for (unsigned right = 0; right < CHAT_RIGHT_COUNT; right++) {
		const uint8_t bit = rights_of(chat_right_name(right));

		cr_assert_eq(bit, 1 << right);
		all |= bit;
	}
	cr_assert_eq(all, CHAT_RIGHTS_ALL);
}

Test(chat_rights, words_for_several)
{
	cr_assert_eq(rights_of("none"), 0);
	cr_assert_eq(rights_of("all"), CHAT_RIGHTS_ALL);
	cr_assert_eq(rights_of("member"), CHAT_RIGHT_read | CHAT_RIGHT_send | CHAT_RIGHT_history | CHAT_RIGHT_presence);
}

Test(chat_rights, are_added)
{
	uint8_t rights = CHAT_RIGHT_read;

	cr_assert(chat_rights_add(&rights, SPAN("manage")));
	cr_assert_eq(rights, CHAT_RIGHT_read | CHAT_RIGHT_manage);
}

Test(chat_rights, other_words_add_nothing)
{
	static const char *const others[] = { "", "rea", "reads", "READ", "read ", "write", "non" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		uint8_t rights = CHAT_RIGHT_send;

		cr_assert_not(chat_rights_add(&rights, span_of(others[i], strlen(others[i]))), "%s", others[i]);
		cr_assert_eq(rights, CHAT_RIGHT_send);
	}
}
