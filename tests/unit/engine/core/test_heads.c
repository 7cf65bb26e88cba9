/* Lists by hash that grow one at a time, beside an array of who is in. */
#include "engine/core/heads.h"

#include <criterion/criterion.h>

#include "engine/core/random.h"

#define ITEMS 600 /* 0 is none */
#define LISTS_MIN 4
#define LISTS_MAX 300

static struct heads heads;
static uint64_t hashes[ITEMS];
static uint32_t links[ITEMS], in;
static bool is_in[ITEMS];

static void open_heads(uint32_t lists_min, uint32_t lists_max)
{
	struct random random;

	random_seed(&random, 3);
	for (uint32_t item = 1; item < ITEMS; item++)
		hashes[item] = random_next(&random);
	cr_assert_eq(heads_open(&heads, lists_min, lists_max), 0);
}

static void put(uint32_t item)
{
	uint32_t *const head = heads_of(&heads, hashes[item]);

	links[item] = *head;
	*head = item;
}

/* Gives how many others it had to move. */
static uint32_t enter(uint32_t item)
{
	uint32_t moved = 0;

	for (uint32_t other = heads_add(&heads), next; other != 0; other = next, moved++) {
		next = links[other];
		put(other);
	}
	put(item);
	is_in[item] = true;
	in++;
	return moved;
}

static void leave(uint32_t item)
{
	uint32_t *from = heads_of(&heads, hashes[item]);

	while (*from != item) {
		cr_assert_neq(*from, 0);
		from = &links[*from];
	}
	*from = links[item];
	heads_remove(&heads);
	is_in[item] = false;
	in--;
}

/* Everybody is in the list of their hash, and nobody else. */
static void expect_all(void)
{
	uint32_t found = 0;

	for (uint32_t list = 0; list < heads.lists; list++)
		for (uint32_t item = heads.first[list]; item != 0; item = links[item], found++) {
			cr_assert(is_in[item]);
			cr_assert_eq(heads_of(&heads, hashes[item]), &heads.first[list]);
		}
	cr_assert_eq(found, in);
	cr_assert_eq(heads.items, in);
}

static uint32_t longest(void)
{
	uint32_t most = 0;

	for (uint32_t list = 0; list < heads.lists; list++) {
		uint32_t count = 0;

		for (uint32_t item = heads.first[list]; item != 0; item = links[item])
			count++;
		most = count > most ? count : most;
	}
	return most;
}

Test(heads, everybody_stays_to_be_found)
{
	struct random random;

	random_seed(&random, 11);
	open_heads(LISTS_MIN, LISTS_MAX);
	for (int step = 0; step < 20000; step++) {
		const uint32_t item = 1 + (uint32_t)random_below(&random, ITEMS - 1);

		if (is_in[item])
			leave(item);
		else
			enter(item);
		if (step % 16 == 0 || step < 1000)
			expect_all();
	}
	cr_assert_eq(heads.lists, LISTS_MAX);
	heads_close(&heads);
}

/* As many lists as items, up to the bound and not beyond; and no list gets long, nor does an addition move many. */
Test(heads, as_many_as_items_up_to_the_bound)
{
	open_heads(LISTS_MIN, LISTS_MAX);
	for (uint32_t item = 1; item < ITEMS; item++) {
		const uint32_t least = item < LISTS_MIN ? LISTS_MIN : item;

		cr_assert_leq(enter(item), 12);
		cr_assert_eq(heads.lists, least < LISTS_MAX ? least : LISTS_MAX);
		cr_assert_leq(longest(), 12);
		expect_all();
	}
	heads_close(&heads);
}

/* What their keeper need not remember of a hash. */
Test(heads, items_of_a_list_agree_in_the_low_bits_it_began_with)
{
	open_heads(LISTS_MIN, ITEMS);
	for (uint32_t item = 1; item < ITEMS; item++)
		enter(item);
	for (uint32_t list = 0; list < heads.lists; list++)
		for (uint32_t item = heads.first[list]; item != 0; item = links[item])
			cr_assert_eq(hashes[item] % LISTS_MIN, list % LISTS_MIN);
	heads_close(&heads);
}

/* Those that went make room for others: the table is as large as the most there were. */
Test(heads, does_not_grow_for_who_comes_instead)
{
	open_heads(LISTS_MIN, LISTS_MAX);
	for (uint32_t item = 1; item <= 20; item++)
		enter(item);
	for (uint32_t item = 21; item < ITEMS; item++) {
		leave(item - 20);
		enter(item);
		expect_all();
	}
	cr_assert_eq(heads.lists, 20);
	heads_close(&heads);
}

Test(heads, a_bound_below_the_least_is_the_least)
{
	open_heads(16, 5);
	for (uint32_t item = 1; item <= 40; item++)
		enter(item);
	cr_assert_eq(heads.lists, 16);
	cr_assert_eq(heads_bytes_max(16, 5), 64);
	cr_assert_eq(heads_bytes_max(16, 17), 68);
	expect_all();
	heads_close(&heads);
}
