#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/core/segment.h"

#define BUDGET (1024 * 1024)

static struct segment_pool pool;

static void open_pool(void)
{
	cr_assert_eq(segment_pool_open(&pool, BUDGET), 0);
}

static void close_pool(void)
{
	segment_pool_close(&pool);
}

TestSuite(segment, .init = open_pool, .fini = close_pool);

static uint32_t class_of(size_t least, size_t wish)
{
	struct segment *segment = segment_take(&pool, least, wish);

	cr_assert_not_null(segment);
	cr_assert_geq(segment->capacity, least);
	memset(segment->bytes, 0xff, segment->capacity);
	const uint32_t size = segment_class_size[segment->class_index];

	cr_assert_eq(segment->capacity, size - SEGMENT_HEADER);
	segment_drop(&pool, segment);
	return size;
}

Test(segment, is_of_the_class_that_holds_the_wish)
{
	cr_assert_eq(class_of(1, 0), 512);
	cr_assert_eq(class_of(0, 512 - SEGMENT_HEADER), 512);
	cr_assert_eq(class_of(0, 512 - SEGMENT_HEADER + 1), 2048);
	cr_assert_eq(class_of(8192 - SEGMENT_HEADER, 0), 8192);
	cr_assert_eq(class_of(8192 - SEGMENT_HEADER + 1, 0), 32768);
	cr_assert_eq(class_of(1, 10000000), 131072, "a wish may be too much");
	cr_assert_eq(class_of(SEGMENT_BYTES_MAX, 0), 131072);
	cr_assert_null(segment_take(&pool, SEGMENT_BYTES_MAX + 1, 0), "a need may not");
	cr_assert_eq(pool.bytes_out, 0);
}

Test(segment, is_smaller_than_wished_when_the_budget_ends)
{
	for (int i = 0; i < BUDGET / 131072 - 1; i++)
		cr_assert_not_null(segment_take(&pool, 1, 131072 - SEGMENT_HEADER));
	cr_assert_not_null(segment_take(&pool, 1, 1));

	struct segment *smaller = segment_take(&pool, 1, SEGMENT_BYTES_MAX);

	cr_assert_eq(smaller->class_index, 3);
	cr_assert_null(segment_take(&pool, SEGMENT_BYTES_MAX, SEGMENT_BYTES_MAX));
	cr_assert_leq(pool.bytes_out, BUDGET);
}

Test(segment, the_budget_is_met_exactly_and_not_passed)
{
	for (int i = 0; i < BUDGET / 512; i++)
		cr_assert_not_null(segment_take(&pool, 1, 1));
	cr_assert_eq(pool.bytes_out, BUDGET);
	cr_assert_null(segment_take(&pool, 1, 1));
}

Test(segment, lives_until_its_last_hold_is_gone)
{
	struct segment *segment = segment_take(&pool, 100, 100);

	cr_assert_eq(segment->holds, 1);
	segment_hold(segment);
	segment_drop(&pool, segment);
	cr_assert_eq(pool.bytes_out, 512);
	cr_assert_eq(segment->holds, 1);
	segment_drop(&pool, segment);
	cr_assert_eq(pool.bytes_out, 0);
}

Test(segment, comes_back_empty_whatever_was_in_it)
{
	struct segment *segment = segment_take(&pool, 100, 100);

	segment->used = 50;
	segment->seq_last = segment->start = 9;
	segment->next = segment;
	segment_drop(&pool, segment);
	cr_assert_eq(segment_take(&pool, 100, 100), segment);
	cr_assert_eq(segment->used, 0);
	cr_assert_eq(segment->start, 0);
	cr_assert_eq(segment->seq_last, 0);
	cr_assert_null(segment->next);
}

/* Classes that took the budget in turns must still work after their pages went back. */
Test(segment, survives_being_trimmed)
{
	struct segment *held[BUDGET / 8192];

	for (int round = 0; round < 20; round++) {
		const uint32_t size = round % 2 ? 8192 : 32768;

		for (uint32_t i = 0; i < BUDGET / size; i++) {
			held[i] = segment_take(&pool, size - SEGMENT_HEADER, 0);
			memset(held[i]->bytes, round, held[i]->capacity);
		}
		for (uint32_t i = 0; i < BUDGET / size; i++) {
			cr_assert_eq(held[i]->bytes[held[i]->capacity - 1], round);
			segment_drop(&pool, held[i]);
		}
	}
	cr_assert_eq(pool.bytes_out, 0);
}

/* A core with thousands of small ones free walked over all of them in each of its ticks, for nothing. */
Test(segment, small_ones_are_not_looked_at_for_what_they_cannot_give_back)
{
	struct segment *small[2], *large = segment_take(&pool, 8192 - SEGMENT_HEADER, 0);

	for (int i = 0; i < 2; i++) {
		small[i] = segment_take(&pool, segment_class_size[i] - SEGMENT_HEADER, 0);
		segment_drop(&pool, small[i]);
		cr_assert_eq(mprotect(pool.slabs[i].base, 4096, PROT_NONE), 0);
	}
	memset(large->bytes, 0xff, large->capacity);
	segment_drop(&pool, large);
	segment_pool_lean(&pool, 100 * 8192);
	cr_assert_eq(slab_lean(&pool.slabs[2], 100), 0, "that one was given back");
	for (int i = 0; i < 2; i++)
		cr_assert_eq(mprotect(pool.slabs[i].base, 4096, PROT_READ | PROT_WRITE), 0);
}

/* Of 128 KiB each, as many as there may be segments of 8 KiB were given back in a turn: others waited for 24 ms. */
Test(segment, what_is_given_back_at_once_is_bounded_by_its_bytes)
{
	const uint32_t last = SEGMENT_CLASSES - 1, size = segment_class_size[last];
	struct segment *held[BUDGET / 8192];
	const uint32_t count = BUDGET / size;

	cr_assert(count >= 2);
	for (uint32_t i = 0; i < count; i++) {
		held[i] = segment_take(&pool, size - SEGMENT_HEADER, 0);
		memset(held[i]->bytes, 0xff, held[i]->capacity);
	}
	for (uint32_t i = 0; i < count; i++)
		segment_drop(&pool, held[i]);
	segment_pool_lean(&pool, size + size / 2);
	cr_assert_eq(slab_lean(&pool.slabs[last], count), count - 1, "one was given back");
}

Test(segment, one_drop_too_many_is_found, .signal = SIGABRT)
{
	struct segment *segment = segment_take(&pool, 1, 1);

	segment->holds = 0;
	segment_drop(&pool, segment);
}
