/* Rooms by name: found as long as anything is left of them, and at one home. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>

#include "engine/chat/directory.h"

#define PLACES 500

static struct directory names;

static void setup(void)
{
	cr_assert_eq(directory_open(&names, PLACES, 4711, 4), 0);
}

static void teardown(void)
{
	directory_close(&names);
	cr_assert_eq(block_bytes_out(), 0, "names are given back");
}

TestSuite(directory, .init = setup);

static struct span name_of(uint32_t number)
{
	static char text[24];

	snprintf(text, sizeof(text), "room-%u", number);
	return span_of(text, strlen(text));
}

static uint32_t enter(struct span name)
{
	return directory_enter(&names, name, directory_hash(&names, name));
}

static uint32_t find(struct span name)
{
	return directory_find(&names, name, directory_hash(&names, name));
}

Test(directory, makes_a_place_once)
{
	cr_assert_eq(find(SPAN("general")), 0);
	const uint32_t place = enter(SPAN("general"));

	cr_assert_neq(place, 0);
	cr_assert_eq(enter(SPAN("general")), place);
	cr_assert_eq(find(SPAN("general")), place);
	cr_assert_neq(enter(SPAN("general2")), place);
	cr_assert_eq(find(SPAN("genera")), 0);
	cr_assert(span_equal(place_name(directory_at(&names, place)), SPAN("general")));
	teardown();
}

Test(directory, keeps_its_own_copy_of_a_name_of_any_length)
{
	char longest[255];

	memset(longest, 'x', sizeof(longest));
	const uint32_t place = enter(span_of(longest, sizeof(longest)));

	memset(longest, 'y', sizeof(longest));
	cr_assert_eq(find(span_of(longest, sizeof(longest))), 0);
	memset(longest, 'x', sizeof(longest));
	cr_assert_eq(find(span_of(longest, sizeof(longest))), place);
	teardown();
}

Test(directory, names_with_one_hash_are_still_different)
{
	const uint32_t a = directory_enter(&names, SPAN("a"), 5);
	const uint32_t b = directory_enter(&names, SPAN("b"), 5);

	cr_assert_neq(a, b);
	cr_assert_eq(directory_find(&names, SPAN("a"), 5), a);
	cr_assert_eq(directory_find(&names, SPAN("b"), 5), b);
	directory_tidy(&names, a);
	cr_assert_eq(directory_find(&names, SPAN("a"), 5), 0);
	cr_assert_eq(directory_find(&names, SPAN("b"), 5), b);
	teardown();
}

Test(directory, tidies_only_what_nothing_is_left_of)
{
	const uint64_t before = block_bytes_out();
	const uint32_t index = enter(SPAN("general"));
	struct place *place = directory_at(&names, index);

	place->room = 1;
	directory_tidy(&names, index);
	cr_assert_eq(find(SPAN("general")), index);
	place->room = 0;
	place->members = 1;
	directory_tidy(&names, index);
	cr_assert_eq(find(SPAN("general")), index);
	place->members = 0;
	for (int variant = 0; variant < VARIANT_COUNT; variant++) {
		place->hot[variant] = 1;
		directory_tidy(&names, index);
		cr_assert_eq(find(SPAN("general")), index);
		place->hot[variant] = 0;
	}
	directory_tidy(&names, index);
	cr_assert_eq(find(SPAN("general")), 0);
	cr_assert_eq(names.places.used, 0);
	cr_assert_eq(block_bytes_out(), before);
	teardown();
}

Test(directory, one_past_its_limit_is_refused)
{
	for (uint32_t i = 0; i < PLACES; i++)
		cr_assert_neq(enter(name_of(i)), 0);
	cr_assert_eq(enter(name_of(PLACES)), 0);
	cr_assert_eq(find(name_of(PLACES)), 0);
	cr_assert_neq(enter(name_of(7)), 0, "known ones are found");
	directory_tidy(&names, find(name_of(7)));
	cr_assert_neq(enter(name_of(PLACES)), 0);
	for (uint32_t i = 0; i <= PLACES; i++)
		cr_assert_eq(find(name_of(i)) == 0, i == 7);
	teardown();
}

Test(directory, every_core_is_home_to_its_share)
{
	for (uint32_t cores = 1; cores <= 64; cores++) {
		const struct directory some = { .hash_key = 9, .cores = cores };
		uint32_t homes[64] = { 0 };

		for (uint32_t i = 0; i < 100 * cores; i++) {
			const uint32_t home = directory_home(&some, directory_hash(&some, name_of(i)));

			cr_assert_lt(home, cores);
			homes[home]++;
		}
		for (uint32_t core = 0; core < cores; core++)
			cr_assert(homes[core] > 40 && homes[core] < 180, "core %u of %u: %u", core, cores, homes[core]);
	}
	const struct directory widest = { .cores = 64 };

	cr_assert_eq(directory_home(&widest, UINT64_MAX), 63);
	cr_assert_eq(directory_home(&widest, 0), 0);
	teardown();
}

Test(directory, a_name_that_no_room_has_is_a_crash, .signal = SIGABRT)
{
	directory_enter(&names, span_of("", 0), 1);
}
