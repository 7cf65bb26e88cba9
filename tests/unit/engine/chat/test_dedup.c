/* A cid leads back to the one event it made, and only in its room. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "engine/chat/dedup.h"
#include "tests/unit/refused.h"

#define ENTRIES 1000

static struct dedup dedup;

static void setup(void)
{
	cr_assert_eq(dedup_open(&dedup, ENTRIES, 77), 0);
}

static void teardown(void)
{
	dedup_close(&dedup);
}

TestSuite(dedup, .init = setup, .fini = teardown);

static struct dedup_cid cid(uint32_t room, struct span producer, uint64_t number)
{
	return (struct dedup_cid){ room, SPAN("ann"), producer, number };
}

static int add(uint32_t room, struct span producer, uint64_t number, uint64_t seq)
{
	const struct dedup_cid added = cid(room, producer, number);

	return dedup_add(&dedup, &added, seq);
}

static void removed(uint32_t room, struct span producer, uint64_t number, uint64_t seq)
{
	const struct dedup_cid gone = cid(room, producer, number);

	dedup_remove(&dedup, &gone, seq);
}

static struct map_probe probe_of(uint32_t room, struct span producer, uint64_t number)
{
	const struct dedup_cid asked = cid(room, producer, number);

	return dedup_probe(&dedup, &asked);
}

/* How often the seq is among those that may be of this cid. */
static int times(uint32_t room, struct span producer, uint64_t number, uint64_t wanted)
{
	struct map_probe probe = probe_of(room, producer, number);
	int count = 0;

	for (uint64_t seq; (seq = dedup_next(&dedup, &probe, room)) != 0;)
		count += seq == wanted;
	return count;
}

Test(dedup, finds_what_was_added_until_it_is_removed)
{
	cr_assert_eq(times(1, SPAN("p"), 1, 10), 0);
	cr_assert_eq(add(1, SPAN("p"), 1, 10), 0);
	cr_assert_eq(times(1, SPAN("p"), 1, 10), 1);
	cr_assert_eq(times(2, SPAN("p"), 1, 10), 0, "another room");
	cr_assert_eq(times(1, SPAN("p"), 2, 10), 0, "another number");
	cr_assert_eq(times(1, SPAN("q"), 1, 10), 0, "another producer");
	cr_assert_eq(times(1, SPAN("pp"), 1, 10), 0);
	removed(1, SPAN("p"), 1, 10);
	cr_assert_eq(times(1, SPAN("p"), 1, 10), 0);
	cr_assert_eq(dedup.entries.used, 0);
	cr_assert_eq(dedup.by_cid.used, 0);
}

Test(dedup, the_same_cid_in_two_rooms_is_two)
{
	cr_assert_eq(add(1, SPAN("p"), 1, 10), 0);
	cr_assert_eq(add(2, SPAN("p"), 1, 20), 0);
	removed(1, SPAN("p"), 1, 10);
	cr_assert_eq(times(1, SPAN("p"), 1, 10), 0);
	cr_assert_eq(times(2, SPAN("p"), 1, 20), 1);
}

/* How many seqs are gone through for this author's cid p:1 in room 1. */
static int gone_through(struct span from)
{
	const struct dedup_cid asked = { 1, from, SPAN("p"), 1 };
	struct map_probe probe = dedup_probe(&dedup, &asked);
	int count = 0;

	while (dedup_next(&dedup, &probe, 1) != 0)
		count++;
	return count;
}

Test(dedup, what_others_made_under_the_same_cid_is_not_gone_through)
{
	char name[8];

	for (uint64_t i = 0; i < 500; i++) {
		const int size = snprintf(name, sizeof(name), "b%u", (unsigned)i);
		const struct dedup_cid cid = { 1, span_of(name, (size_t)size), SPAN("p"), 1 };

		cr_assert_eq(dedup_add(&dedup, &cid, 10 + i), 0);
	}
	cr_assert_eq(gone_through(SPAN("ann")), 0);
	cr_assert_eq(add(1, SPAN("p"), 1, 1000), 0);
	cr_assert_eq(gone_through(SPAN("ann")), 1);
	cr_assert_eq(gone_through(SPAN("b7")), 1);
}

Test(dedup, names_that_guests_were_given_are_one_author)
{
	const struct dedup_cid cid = { 1, SPAN("guest-aaaaaaaaaa"), SPAN("p"), 1 };

	cr_assert_eq(dedup_add(&dedup, &cid, 10), 0);
	cr_assert_eq(gone_through(SPAN("guest-bcdefghijk")), 1);
	cr_assert_eq(gone_through(SPAN("~guest-bcdefghijk")), 0);
}

Test(dedup, one_past_its_limit_is_refused_and_costs_nothing)
{
	for (uint64_t number = 1; number <= ENTRIES; number++)
		cr_assert_eq(add((uint32_t)(number % 7), SPAN("p"), number, number), 0);
	cr_assert_lt(add(1, SPAN("p"), ENTRIES + 1, 5), 0);
	cr_assert_eq(dedup.by_cid.used, ENTRIES);
	for (uint64_t number = 1; number <= ENTRIES; number++)
		cr_assert_eq(times((uint32_t)(number % 7), SPAN("p"), number, number), 1);
	removed(3, SPAN("p"), 3, 3);
	cr_assert_eq(add(1, SPAN("p"), ENTRIES + 1, 5), 0);
	cr_assert_eq(times(1, SPAN("p"), ENTRIES + 1, 5), 1);
}

/* The number of a cid in room 2 that has the hash of number 1 in room 1, as dedup.c mixes them. */
static uint64_t number_alike(void)
{
	const uint64_t of_number = 0x9e3779b97f4a7c15, of_room = 0xd1b54a32d192ed03;
	uint64_t inverse = 1;

	for (int i = 0; i < 6; i++)
		inverse *= 2 - of_number * inverse;
	return 1 - of_room * inverse;
}

Test(dedup, rooms_whose_cids_have_one_hash_are_told_apart)
{
	const uint64_t alike = number_alike();

	cr_assert_eq(probe_of(1, SPAN("p"), 1).hash, probe_of(2, SPAN("p"), alike).hash);
	for (int first = 1; first <= 2; first++) {
		cr_assert_eq(add(1, SPAN("p"), 1, 10), 0);
		cr_assert_eq(add(2, SPAN("p"), alike, 20), 0);
		cr_assert(times(1, SPAN("p"), 1, 10) == 1 && times(1, SPAN("p"), 1, 20) == 0);
		cr_assert(times(2, SPAN("p"), alike, 20) == 1 && times(2, SPAN("p"), alike, 10) == 0);
		removed((uint32_t)first, SPAN("p"), first == 1 ? 1 : alike, (uint64_t)first * 10);
		cr_assert_eq(times(1, SPAN("p"), 1, 10), first == 2);
		cr_assert_eq(times(2, SPAN("p"), alike, 20), first == 1);
		removed(3 - (uint32_t)first, SPAN("p"), first == 2 ? 1 : alike, 30 - (uint64_t)first * 10);
	}
	/* And two events of one room that their producer gave one number. */
	cr_assert_eq(add(1, SPAN("p"), 1, 10) + add(1, SPAN("p"), 1, 11), 0);
	removed(1, SPAN("p"), 1, 11);
	removed(1, SPAN("p"), 1, 10);
	cr_assert_eq(dedup.entries.used, 0);
}

Test(dedup, without_memory_nothing_is_added)
{
	uint64_t number = 1;

	teardown();
	refused_arm(REFUSED_mmap, 1, 1, ENOMEM);
	cr_assert_eq(dedup_open(&dedup, ENTRIES, 77), -ENOMEM);
	setup();
	refused_arm(REFUSED_malloc, 1, 1, ENOMEM);
	while (add(1, SPAN("p"), number, number) == 0)
		number++;
	cr_assert(refused_came(), "the table did not grow at %u", (unsigned)number);
	cr_assert_eq(dedup.entries.used, number - 1);
	cr_assert_eq(add(1, SPAN("p"), number, number), 0);
	for (uint64_t n = 1; n <= number; n++)
		cr_assert_eq(times(1, SPAN("p"), n, n), 1);
}

Test(dedup, removing_what_is_not_there_is_a_crash, .signal = SIGABRT)
{
	add(1, SPAN("p"), 1, 10);
	removed(1, SPAN("p"), 1, 11);
}
