/* The rooms of a home core, a few at a time, while they come and go. */
#include "engine/chat/home_list.h"

#include "tests/unit/engine/chat/home_fixture.h"

TestSuite(home_list, .init = home_setup, .fini = home_teardown);

static char told[256];
static uint32_t most_told;

static bool tell(void *context, const struct home_listed *room)
{
	const size_t size = strlen(told);

	cr_assert_eq(context, told);
	if (most_told == 0)
		return false;
	most_told--;
	snprintf(told + size, sizeof(told) - size, "%.*s:%u ", (int)room->name.size, (const char *)room->name.bytes,
		 room->connections);
	cr_assert(room->class == CHAT_CLASS_MEMORY && room->last == 0);
	return true;
}

static uint32_t list(uint32_t from, uint32_t places, uint32_t rooms)
{
	told[0] = 0;
	most_told = rooms;
	return home_list(home, from, places, tell, told);
}

Test(home_list, each_room_is_told_once)
{
	cr_assert_eq(list(0, 10, 10), 0);
	cr_assert_str_eq(told, "");
	RUN(0, "Ann", .op = CHAT_OP_join, .room = SPAN("a"));
	RUN(0, "Ann", .op = CHAT_OP_join, .room = SPAN("b"));
	RUN(1, "Bob", .op = CHAT_OP_join, .room = SPAN("b"));
	RUN(0, "Ann", .op = CHAT_OP_join, .room = SPAN("c"));
	hush();
	cr_assert_eq(list(0, 10, 10), 0);
	cr_assert_str_eq(told, "a:1 b:2 c:1 ");
	cr_assert_eq(list(0, 2, 10), 3);
	cr_assert_eq(list(3, 2, 10), 0);
	cr_assert_str_eq(told, "c:1 ");
	cr_assert_eq(list(0, 10, 1), 2, "b was not told of");
	cr_assert_eq(list(2, 10, 10), 0);
	cr_assert_str_eq(told, "b:2 c:1 ");
	cr_assert_eq(list(9, 10, 10), 0);
	RUN(0, "Ann", .op = CHAT_OP_leave, .room = SPAN("a"));
	hush();
	cr_assert_eq(list(0, 10, 10), 0);
	cr_assert_str_eq(told, "b:2 c:1 ");
}

/* Of a place that is free nothing is believed that it was last. */
Test(home_list, what_a_free_place_was_is_not_told)
{
	join(0, SPAN("Ann"));
	struct room *room = (struct room *)(uintptr_t)the_room();
	struct place *place = directory_at(&names, room->place);
	const uint32_t at = room->place, index = place->room;
	const uint8_t size = place->name_size;

	room->place = 0;
	cr_assert(list(0, 10, 10) == 0 && told[0] == 0);
	room->place = names.places.touched + 1;
	cr_assert(list(0, 10, 10) == 0 && told[0] == 0);
	room->place = at;
	place->room = index + 1;
	cr_assert(list(0, 10, 10) == 0 && told[0] == 0);
	place->room = index;
	place->name_size = 0;
	cr_assert(list(0, 10, 10) == 0 && told[0] == 0);
	place->name_size = size;
	cr_assert(list(0, 10, 10) == 0 && told[0] != 0);
}
