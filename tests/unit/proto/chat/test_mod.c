#include <criterion/criterion.h>

#include "proto/chat/mod.h"

static struct span text(const char *text)
{
	return span_of(text, strlen(text));
}

Test(chat_mod, every_act_is_found_by_its_name)
{
	for (int act = 0; act < CHAT_MOD_COUNT; act++) {
		const char *name = chat_mod_name((enum chat_mod)act);

		cr_assert_eq((int)chat_mod_find(text(name)), act);
		cr_assert_leq(strlen(name), 8, "the native decoder reads eight bytes");
	}
	cr_assert_eq(chat_mod_find(SPAN("bann")), CHAT_MOD_COUNT);
	cr_assert_eq(chat_mod_find(SPAN("ba")), CHAT_MOD_COUNT);
	cr_assert_eq(chat_mod_find(SPAN("")), CHAT_MOD_COUNT);
}

Test(chat_mod, rights_and_forms)
{
	static const struct {
		enum chat_mod act;
		enum chat_right right;
		bool of_user, ends, removes;
	} rows[] = {
		{ CHAT_MOD_kick, CHAT_RIGHT_moderate, true, false, true },
		{ CHAT_MOD_ban, CHAT_RIGHT_moderate, true, true, true },
		{ CHAT_MOD_unban, CHAT_RIGHT_moderate, true, false, false },
		{ CHAT_MOD_mute, CHAT_RIGHT_moderate, true, true, false },
		{ CHAT_MOD_unmute, CHAT_RIGHT_moderate, true, false, false },
		{ CHAT_MOD_slow, CHAT_RIGHT_manage, false, false, false },
		{ CHAT_MOD_lock, CHAT_RIGHT_manage, false, false, false },
		{ CHAT_MOD_unlock, CHAT_RIGHT_manage, false, false, false },
	};

	cr_assert_eq(sizeof(rows) / sizeof(rows[0]), CHAT_MOD_COUNT);
	for (size_t i = 0; i < CHAT_MOD_COUNT; i++) {
		cr_assert_eq(chat_mod_right(rows[i].act), rows[i].right);
		cr_assert_eq(chat_mod_of_user(rows[i].act), rows[i].of_user);
		cr_assert_eq(chat_mod_ends(rows[i].act), rows[i].ends);
		cr_assert_eq(chat_mod_removes(rows[i].act), rows[i].removes);
	}
}
