/* Who is in a room, with how many connections, in a list without holes. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>

#include "engine/chat/roster.h"
#include "engine/core/random.h"

#define ENTRIES 300

static struct roster roster;
static uint32_t first; /* of room 1 */

static void setup(void)
{
	cr_assert_eq(roster_open(&roster, ENTRIES, 99), 0);
}

static void teardown(void)
{
	roster_close(&roster);
	cr_assert_eq(block_bytes_out(), 0, "names are given back");
}

TestSuite(roster, .init = setup);

static uint32_t listed(uint32_t at)
{
	uint32_t count = 0, before = 0;

	for (; at != 0; at = roster_at(&roster, at)->next) {
		cr_assert_eq(roster_at(&roster, at)->prev, before);
		before = at;
		count++;
	}
	return count;
}

Test(roster, counts_a_users_connections)
{
	cr_assert_eq(roster_enter(&roster, 1, &first, SPAN("Ann"))->connections, 1);
	cr_assert_eq(roster_enter(&roster, 1, &first, SPAN("Ann"))->connections, 2);
	cr_assert_eq(roster_enter(&roster, 1, &first, SPAN("Bob"))->connections, 1);
	cr_assert_eq(listed(first), 2);
	cr_assert(span_equal(roster_user(roster_find(&roster, 1, SPAN("Ann"))), SPAN("Ann")));
	cr_assert_not(roster_leave(&roster, 1, &first, SPAN("Ann")));
	cr_assert(roster_leave(&roster, 1, &first, SPAN("Ann")), "her last");
	cr_assert_null(roster_find(&roster, 1, SPAN("Ann")));
	cr_assert(roster_leave(&roster, 1, &first, SPAN("Bob")));
	cr_assert_eq(first, 0);
	cr_assert_eq(roster.entries.used, 0);
	teardown();
}

Test(roster, counts_those_who_moderate_until_there_are_very_many)
{
	struct roster_entry *ann = roster_enter(&roster, 1, &first, SPAN("Ann"));

	for (uint32_t count = 1; count < 255; count++) {
		roster_promote(ann);
		cr_assert_eq(ann->moderators, count);
	}
	while (ann->moderators > 0)
		roster_demote(ann);
	for (int i = 0; i < 300; i++)
		roster_promote(ann);
	for (int i = 0; i < 300; i++)
		roster_demote(ann);
	cr_assert_eq(ann->moderators, 255, "how many they were is not known any more");
	roster_leave(&roster, 1, &first, SPAN("Ann"));
	cr_assert_eq(roster_enter(&roster, 1, &first, SPAN("Ann"))->moderators, 0);
	roster_leave(&roster, 1, &first, SPAN("Ann"));
	teardown();
}

Test(roster, without_one_who_moderates_none_is_less, .signal = SIGABRT)
{
	roster_demote(roster_enter(&roster, 1, &first, SPAN("Ann")));
}

Test(roster, rooms_know_nothing_of_each_other)
{
	uint32_t other = 0;

	roster_enter(&roster, 1, &first, SPAN("Ann"))->read = 5;
	cr_assert_null(roster_find(&roster, 2, SPAN("Ann")));
	cr_assert_eq(roster_enter(&roster, 2, &other, SPAN("Ann"))->read, 0);
	cr_assert(roster_leave(&roster, 1, &first, SPAN("Ann")));
	cr_assert_eq(listed(other), 1);
	cr_assert_eq(roster_find(&roster, 2, SPAN("Ann"))->connections, 1);
	teardown();
}

Test(roster, who_comes_back_begins_anew)
{
	roster_enter(&roster, 1, &first, SPAN("Ann"))->read = 5;
	roster_leave(&roster, 1, &first, SPAN("Ann"));
	cr_assert_eq(roster_enter(&roster, 1, &first, SPAN("Ann"))->read, 0);
	teardown();
}

static struct span user_of(uint32_t number)
{
	static char text[16];

	snprintf(text, sizeof(text), "user %u", number);
	return span_of(text, strlen(text));
}

Test(roster, agrees_with_a_table_whoever_comes_and_goes)
{
	static uint32_t in[40];
	struct random random;
	uint32_t users = 0;

	random_seed(&random, 3);
	for (int step = 0; step < 20000; step++) {
		const uint32_t user = (uint32_t)random_below(&random, 40);

		if (random_below(&random, 2) || in[user] == 0) {
			users += in[user] == 0;
			cr_assert_eq(roster_enter(&roster, 1, &first, user_of(user))->connections, ++in[user]);
		} else {
			cr_assert_eq(roster_leave(&roster, 1, &first, user_of(user)), --in[user] == 0);
			users -= in[user] == 0;
		}
		cr_assert_eq(roster.entries.used, users);
		if (step % 97 == 0)
			cr_assert_eq(listed(first), users);
	}
	teardown();
}

Test(roster, one_past_its_limit_is_refused_but_not_a_second_connection)
{
	for (uint32_t i = 0; i < ENTRIES; i++)
		cr_assert_not_null(roster_enter(&roster, 1, &first, user_of(i)));
	cr_assert_null(roster_enter(&roster, 1, &first, user_of(ENTRIES)));
	cr_assert_eq(listed(first), ENTRIES);
	cr_assert_eq(roster_enter(&roster, 1, &first, user_of(0))->connections, 2);
	cr_assert(roster_leave(&roster, 1, &first, user_of(1)));
	cr_assert_not_null(roster_enter(&roster, 1, &first, user_of(ENTRIES)));
	teardown();
}

Test(roster, leaving_where_one_is_not_is_a_crash, .signal = SIGABRT)
{
	roster_leave(&roster, 1, &first, SPAN("Ann"));
}
