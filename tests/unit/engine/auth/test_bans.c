/* Who is banned, until when; as many as may be. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/auth/bans.h"

static struct bans bans;

static struct span name(const char *text)
{
	return span_of(text, strlen(text));
}

Test(bans, over_when_its_time_is)
{
	cr_assert_eq(bans_open(&bans, 1), 0);
	cr_assert_eq(bans_until(&bans, name("ada"), 0), 0);
	cr_assert_eq(bans_set(&bans, name("ada"), 1000, 500), 0);
	cr_assert_eq(bans_until(&bans, name("ada"), 999), 1000);
	cr_assert_eq(bans_until(&bans, name("ada"), 1000), 0);
	cr_assert_eq(bans_until(&bans, name("adam"), 999), 0);
	cr_assert_eq(bans_set(&bans, name("ada"), UINT64_MAX, 500), 0);
	cr_assert_eq(bans_until(&bans, name("ada"), UINT64_MAX - 1), UINT64_MAX);
	cr_assert_eq(bans_set(&bans, name("ada"), 0, 500), 0);
	cr_assert_eq(bans_until(&bans, name("ada"), 1), 0);
	cr_assert_eq(bans_set(&bans, name("ada"), 0, 500), 0);
	bans_close(&bans);
	cr_assert_eq(block_bytes_out(), 0);
}

static void fill(uint64_t until_ms)
{
	char text[20];

	for (int i = 0; i < BANS_MAX; i++) {
		snprintf(text, sizeof(text), "user %d", i);
		cr_assert_eq(bans_set(&bans, name(text), i % 2 ? until_ms : 3000, 0), 0);
	}
}

Test(bans, as_many_as_may_be)
{
	cr_assert_eq(bans_open(&bans, 1), 0);
	fill(5000);
	cr_assert(!bans_has_room(&bans, 2999));
	cr_assert_eq(bans_set(&bans, name("one more"), 9000, 2999), -ENOSPC);
	cr_assert_eq(bans_set(&bans, name("user 7"), 9000, 2999), 0, "one who is banned already");
	cr_assert_eq(bans_set(&bans, name("one more"), 9000, 3000), 0, "in the place of one that is over");
	for (int i = 1; i < BANS_MAX; i += 2) {
		char text[20];

		snprintf(text, sizeof(text), "user %d", i);
		cr_assert_eq(bans_until(&bans, name(text), 3000), i == 7 ? 9000 : 5000, "%s", text);
	}
	cr_assert_eq(bans.entries.used, BANS_MAX / 2 + 1);
	bans_close(&bans);
	cr_assert_eq(block_bytes_out(), 0);
}
