/* Encoded into allocations of exactly the bound, decoded from exactly the bytes: ASan sees what goes past them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/chat/moderation.h"
#include "engine/core/slab.h"
#include "tests/unit/refused.h"

#define NOW 1795229320000ull

static struct moderation moderation;
static struct moderation_undo undo;

static void teardown(void)
{
	moderation_forget(&moderation);
	cr_assert_eq(block_bytes_out(), 0, "everything is given back");
}

TestSuite(moderation, .fini = teardown);

static int act(enum chat_mod mod, const char *whom, uint64_t until_ms, bool by_manager)
{
	const struct moderation_act asked = {
		.act = mod, .whom = span_of(whom, strlen(whom)), .until_ms = until_ms, .by_manager = by_manager
	};

	return moderation_do(&moderation, &asked, NOW, &undo);
}

static int slow(uint32_t every_s)
{
	const struct moderation_act asked = { .act = CHAT_MOD_slow, .every_s = every_s };

	return moderation_do(&moderation, &asked, NOW, &undo);
}

static bool holds(enum sanction_kind kind, const char *user, uint8_t rights, uint64_t now_ms)
{
	uint64_t until_ms;

	return moderation_holds(&moderation, kind, span_of(user, strlen(user)), rights, now_ms, &until_ms);
}

static bool banned(const char *user)
{
	return holds(SANCTION_BAN, user, CHAT_RIGHTS_MEMBER, NOW);
}

Test(moderation, bans_and_mutes_are_of_one_user_and_of_one_kind)
{
	uint64_t until_ms = 1;

	cr_assert_eq(act(CHAT_MOD_ban, "Bob", 0, false), 0);
	cr_assert_eq(act(CHAT_MOD_mute, "Eve", NOW + 5000, false), 0);
	cr_assert(banned("Bob") && !banned("Eve") && !banned("Bo") && !banned("Bobb"));
	cr_assert(holds(SANCTION_MUTE, "Eve", CHAT_RIGHTS_MEMBER, NOW));
	cr_assert(moderation_holds(&moderation, SANCTION_BAN, SPAN("Bob"), 0, NOW, &until_ms));
	cr_assert_eq(until_ms, 0, "for ever");
	cr_assert_eq(act(CHAT_MOD_unban, "Eve", 0, false), -ENOENT);
	cr_assert_eq(act(CHAT_MOD_unmute, "Bob", 0, false), -ENOENT);
	cr_assert_eq(act(CHAT_MOD_unban, "Bob", 0, false), 0);
	cr_assert(!banned("Bob"));
	cr_assert_eq(act(CHAT_MOD_kick, "Bob", 0, false), 0);
	cr_assert(moderation_trim(&moderation, NOW));
	cr_assert_eq(act(CHAT_MOD_unmute, "Eve", 0, false), 0);
	cr_assert(!moderation_trim(&moderation, NOW));
}

Test(moderation, what_has_ended_is_as_if_it_had_never_been)
{
	cr_assert_eq(act(CHAT_MOD_ban, "Bob", NOW + 1000, true), 0);
	cr_assert(holds(SANCTION_BAN, "Bob", 0, NOW + 999));
	cr_assert(!holds(SANCTION_BAN, "Bob", 0, NOW + 1000));
	cr_assert(moderation_trim(&moderation, NOW + 999));
	cr_assert(!moderation_trim(&moderation, NOW + 1000));
	cr_assert_eq(act(CHAT_MOD_ban, "Bob", NOW - 1, true), 0);
	cr_assert_eq(act(CHAT_MOD_unban, "Bob", 0, false), -ENOENT, "not even a manager's is in the way");
}

Test(moderation, who_moderates_is_bound_by_managers_alone)
{
	const uint8_t moderator = CHAT_RIGHTS_MEMBER | CHAT_RIGHT_moderate;
	const uint8_t manager = CHAT_RIGHTS_MEMBER | CHAT_RIGHT_manage;

	cr_assert_eq(act(CHAT_MOD_ban, "Bob", 0, false), 0);
	cr_assert(!holds(SANCTION_BAN, "Bob", moderator, NOW) && !holds(SANCTION_BAN, "Bob", manager, NOW));
	cr_assert_eq(act(CHAT_MOD_ban, "Bob", 0, true), 0);
	cr_assert(holds(SANCTION_BAN, "Bob", moderator, NOW) && holds(SANCTION_BAN, "Bob", manager, NOW));
	cr_assert_eq(act(CHAT_MOD_ban, "Bob", NOW + 1, false), -EPERM, "nor made shorter");
	cr_assert_eq(act(CHAT_MOD_unban, "Bob", 0, false), -EPERM);
	cr_assert_eq(act(CHAT_MOD_mute, "Bob", 0, false), 0);
	cr_assert_eq(act(CHAT_MOD_unban, "Bob", 0, true), 0);
}

Test(moderation, what_changes_nothing_is_said_so)
{
	cr_assert_eq(act(CHAT_MOD_unlock, "", 0, true), -ENOENT);
	cr_assert_eq(slow(0), -ENOENT);
	cr_assert_eq(act(CHAT_MOD_lock, "", 0, true), 0);
	cr_assert_eq(act(CHAT_MOD_lock, "", 0, true), -ENOENT);
	cr_assert_eq(slow(7), 0);
	cr_assert_eq(slow(7), -ENOENT);
	cr_assert(moderation.locked && moderation.every_s == 7);
	cr_assert_eq(act(CHAT_MOD_unlock, "", 0, true), 0);
	cr_assert(moderation_trim(&moderation, NOW), "it is slow");
	cr_assert_eq(slow(0), 0);
	cr_assert(!moderation_trim(&moderation, NOW));
}

/* What held before an act holds after it was undone, whatever it was. */
Test(moderation, every_act_is_undone)
{
	uint8_t *before = malloc(MODERATION_SIZE_MAX), *after = malloc(MODERATION_SIZE_MAX);

	for (int round = 0; round < 2; round++) {
		for (int mod = 0; mod < CHAT_MOD_COUNT; mod++) {
			const size_t size = moderation_encode(&moderation, NOW, before);
			const struct moderation_act asked = { .act = (enum chat_mod)mod,
							      .whom = SPAN("Bob"),
							      .until_ms = NOW + 77,
							      .every_s = 9,
							      .by_manager = true };

			if (moderation_do(&moderation, &asked, NOW, &undo) != 0)
				continue;
			moderation_undo(&moderation, &undo);
			cr_assert_eq(moderation_encode(&moderation, NOW, after), size, "%s", chat_mod_name(asked.act));
			cr_assert_eq(banned("Bob"), round == 1);
			cr_assert_eq(holds(SANCTION_MUTE, "Bob", 0, NOW + 4), round == 1);
			cr_assert(!holds(SANCTION_MUTE, "Bob", 0, NOW + 5));
		}
		act(CHAT_MOD_ban, "Bob", 0, false);
		act(CHAT_MOD_mute, "Bob", NOW + 5, true);
		act(CHAT_MOD_lock, "", 0, true);
	}
	free(before);
	free(after);
}

static const char *name_of(int number, char name[CHAT_NAME_SIZE_MAX + 1])
{
	snprintf(name, CHAT_NAME_SIZE_MAX + 1, "%0*d", CHAT_NAME_SIZE_MAX, number);
	return name;
}

Test(moderation, a_room_has_so_many_and_the_bytes_are_within_the_bound)
{
	char name[CHAT_NAME_SIZE_MAX + 1];
	struct moderation again = { 0 };

	for (int i = 0; i < MODERATION_SANCTIONS_MAX; i++)
		cr_assert_eq(act(i % 2 ? CHAT_MOD_ban : CHAT_MOD_mute, name_of(i, name), NOW + 1, i % 3), 0);
	cr_assert_eq(act(CHAT_MOD_ban, "one more", 0, true), -ENOSPC);
	cr_assert_eq(act(CHAT_MOD_ban, name_of(1, name), 0, true), 0, "another time for one who is");
	act(CHAT_MOD_lock, "", 0, true);
	slow(CHAT_EVERY_MAX_S);

	uint8_t *bytes = malloc(MODERATION_SIZE_MAX), *twice = malloc(MODERATION_SIZE_MAX);
	const size_t size = moderation_encode(&moderation, NOW, bytes);

	cr_assert_eq(size, MODERATION_SIZE_MAX);
	cr_assert_eq(moderation_decode(&again, bytes, size, NOW), 0);
	cr_assert_eq(moderation_encode(&again, NOW, twice), size);
	cr_assert_arr_eq(bytes, twice, size);
	moderation_forget(&again);
	cr_assert_eq(moderation_encode(&moderation, NOW + 1, bytes), 8 + 10 + CHAT_NAME_SIZE_MAX, "what is over goes");
	free(bytes);
	free(twice);
}

static int decode(const char *bytes, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);
	struct moderation read = { 0 };

	memcpy(exact, bytes, size);
	const int error = moderation_decode(&read, exact, size, NOW);

	moderation_forget(&read);
	free(exact);
	return error;
}

#define BYTES(text) (text), sizeof(text) - 1
#define UNTIL "\0\0\0\0\0\0\0\0"

Test(moderation, nothing_but_what_was_written_is_read)
{
	static const char good[] = "\1\1\5\0\0\0\2\0\0" UNTIL "\3Bob\3" UNTIL "\3Bob";

	cr_assert_eq(decode(good, sizeof(good) - 1), 0);
	for (size_t size = 0; size < sizeof(good) - 1; size++)
		cr_assert_eq(decode(good, size), -EBADMSG, "cut at %zu", size);
	cr_assert_eq(decode(good, sizeof(good)), -EBADMSG, "a byte too many");
	cr_assert_eq(decode(BYTES("\2\1\5\0\0\0\0\0")), -EBADMSG, "another version");
	cr_assert_eq(decode(BYTES("\1\2\5\0\0\0\0\0")), -EBADMSG, "an unknown flag");
	cr_assert_eq(decode(BYTES("\1\0\x80\x51\1\0\0\0")), 0, "a day");
	cr_assert_eq(decode(BYTES("\1\0\x81\x51\1\0\0\0")), -EBADMSG, "and a second");
	cr_assert_eq(decode(BYTES("\1\0\0\0\0\0\0\0")), -EBADMSG, "nothing has no bytes");
	cr_assert_eq(decode(BYTES("\1\0\0\0\0\0\1\0\4" UNTIL "\3Bob")), -EBADMSG, "an unknown flag");
	cr_assert_eq(decode(BYTES("\1\0\0\0\0\0\1\0\0" UNTIL "\0")), -EBADMSG, "no name");
	cr_assert_eq(decode(BYTES("\1\0\0\0\0\0\1\0\0" UNTIL "\2B\n")), -EBADMSG, "no valid name");
	cr_assert_eq(decode(BYTES("\1\0\0\0\0\0\1\0\0" UNTIL "\2B\xff")), -EBADMSG, "no UTF-8");
	cr_assert_eq(decode(BYTES("\1\0\0\0\0\0\2\0\0" UNTIL "\1B\2" UNTIL "\1B")), -EBADMSG, "twice");
	cr_assert_eq(decode(BYTES("\1\1\0\0\0\0\xe9\3")), -EBADMSG, "1001");
}

Test(moderation, what_ended_meanwhile_is_not_read_back)
{
	static const char old[] = "\1\0\0\0\0\0\1\0\0\1\0\0\0\0\0\0\0\3Bob";

	cr_assert_eq(moderation_decode(&moderation, (const uint8_t *)old, sizeof(old) - 1, NOW), 0);
	cr_assert_eq(moderation.count, 0);
}

Test(moderation, without_memory_nobody_is_banned_and_nothing_is_read)
{
	static const char one[] = "\1\0\0\0\0\0\1\0\0" UNTIL "\3Bob";

	refused_arm(REFUSED_malloc, 1, 1, ENOMEM);
	cr_assert_eq(act(CHAT_MOD_ban, "Bob", 0, false), -ENOMEM);
	cr_assert(refused_came() && !banned("Bob"));
	refused_arm(REFUSED_malloc, 1, 1, ENOMEM);
	cr_assert_eq(moderation_decode(&moderation, (const uint8_t *)one, sizeof(one) - 1, NOW), -ENOMEM);
	cr_assert(refused_came() && moderation.count == 0 && !moderation.sanctions);
}

Test(moderation, what_is_locked_or_slow_alone_is_written_and_read)
{
	static uint8_t bytes[MODERATION_SIZE_MAX];

	cr_assert_eq(moderation_encode(&moderation, NOW, bytes), 0);
	cr_assert_eq(slow(7), 0);
	cr_assert_eq(decode((const char *)bytes, moderation_encode(&moderation, NOW, bytes)), 0);
	cr_assert_eq(slow(0), 0);
	cr_assert_eq(act(CHAT_MOD_lock, "", 0, false), 0);
	cr_assert_eq(decode((const char *)bytes, moderation_encode(&moderation, NOW, bytes)), 0);
}

Test(moderation, names_longer_than_any_are_not_read)
{
	char bytes[8 + 10 + CHAT_NAME_SIZE_MAX + 1] = "\1\0\0\0\0\0\1\0\0" UNTIL;

	memset(bytes + 18, 'x', CHAT_NAME_SIZE_MAX + 1);
	bytes[17] = (char)CHAT_NAME_SIZE_MAX;
	cr_assert_eq(decode(bytes, sizeof(bytes) - 1), 0);
	bytes[17] = (char)(CHAT_NAME_SIZE_MAX + 1);
	cr_assert_eq(decode(bytes, sizeof(bytes)), -EBADMSG);
}

/* The same hash is another's too: who is who is said by the whole name. */
Test(moderation, a_hash_is_not_a_name)
{
	cr_assert_eq(act(CHAT_MOD_ban, "Bob", 0, false), 0);
	moderation.sanctions[0].user[2] = 'p';
	cr_assert(!banned("Bob"));
	moderation.sanctions[0].user[2] = 'b';
	cr_assert(banned("Bob"));
}
