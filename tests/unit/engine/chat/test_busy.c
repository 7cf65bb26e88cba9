/* The busiest rooms are found, whoever shares a slot with them. */
#include <criterion/criterion.h>

#include "engine/chat/busy.h"

static struct busy busy;

Test(busy, busiest_first)
{
	struct busy_slot top[3];

	for (uint32_t room = 1; room <= 5; room++)
		for (uint32_t i = 0; i < room; i++)
			busy_note(&busy, room, 10);
	cr_assert_eq(busy_take(&busy, top, 3), 3);
	cr_assert_eq(top[0].room, 5);
	cr_assert_eq(top[0].events, 5);
	cr_assert_eq(top[0].deliveries, 50);
	cr_assert_eq(top[1].room, 4);
	cr_assert_eq(top[2].room, 3);
	cr_assert_eq(busy_take(&busy, top, 3), 0, "it begins anew");
}

Test(busy, of_few_all)
{
	struct busy_slot top[3];

	busy_note(&busy, 7, 1);
	cr_assert_eq(busy_take(&busy, top, 0), 0);
	busy_note(&busy, 7, 1);
	cr_assert_eq(busy_take(&busy, top, 3), 1);
	cr_assert_eq(top[0].room, 7);
}

Test(busy, who_delivers_more_than_the_others_of_its_slot)
{
	struct busy_slot top[2];

	for (uint32_t i = 0; i < 1000; i++) {
		busy_note(&busy, 3, 12);
		busy_note(&busy, 3 + BUSY_SLOTS * (1 + i % 7), 10);
	}
	cr_assert_eq(busy_take(&busy, top, 2), 1);
	cr_assert_eq(top[0].room, 3);
}

Test(busy, a_room_that_is_no_more)
{
	struct busy_slot top[2];

	busy_note(&busy, 3, 1);
	busy_note(&busy, 4, 1);
	busy_forget(&busy, 3);
	busy_forget(&busy, 4 + BUSY_SLOTS); /* another one's slot */
	cr_assert_eq(busy_take(&busy, top, 2), 1);
	cr_assert_eq(top[0].room, 4);
}
