#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "engine/core/poison.h"
#include "engine/core/slab.h"

#define ITEMS 100

static struct slab slab;

static void open_slab(void)
{
	cr_assert_eq(slab_open(&slab, "test", 21, ITEMS), 0);
}

static void close_slab(void)
{
	slab_close(&slab);
}

TestSuite(slab, .init = open_slab, .fini = close_slab);

Test(slab, gives_up_to_its_bound_and_not_one_more)
{
	for (uint32_t i = 1; i <= ITEMS; i++) {
		uint8_t *item = slab_take(&slab);

		cr_assert_not_null(item);
		cr_assert_eq(slab_index(&slab, item), i, "never 0");
		cr_assert_eq(slab_at(&slab, i), item);
		memset(item, 0xff, 21);
	}
	cr_assert_null(slab_take(&slab));
	cr_assert_eq(slab.used, ITEMS);

	slab_give(&slab, slab_at(&slab, 50));
	cr_assert_eq(slab_index(&slab, slab_take(&slab)), 50);
	cr_assert_null(slab_take(&slab));
}

Test(slab, an_item_used_before_is_zero_again)
{
	uint8_t *item = slab_take(&slab);

	memset(item, 0xff, slab.item_size);
	slab_give(&slab, item);
	cr_assert_eq(slab_take(&slab), item, "last in, first out");
	for (uint32_t i = 0; i < slab.item_size; i++)
		cr_assert_eq(item[i], 0, "byte %u", i);
}

Test(slab, rounds_items_up_to_8_and_says_what_they_cost)
{
	cr_assert_eq(slab.item_size, 24);
	cr_assert_eq(slab_bytes_max(&slab), (ITEMS + 1) * 24);
	cr_assert_eq(slab.touched, 0);
	slab_give(&slab, slab_take(&slab));
	slab_give(&slab, slab_take(&slab));
	cr_assert_eq(slab.touched, 1);
	cr_assert_eq(slab.used, 0);
}

Test(slab, refuses_an_address_that_is_no_item, .signal = SIGABRT)
{
	uint8_t *item = slab_take(&slab);

	slab_give(&slab, item + 1);
}

/* ASan ends it at the write, the mark at the next take elsewhere. */
#ifdef POISON_ON
#define FOUND .exit_code = 1
#else
#define FOUND .signal = SIGABRT
#endif

Test(slab, a_write_to_a_free_item_is_found, FOUND)
{
	uint8_t *item = slab_take(&slab);

	slab_give(&slab, item);
	memset(item, 0, 8);
	slab_take(&slab);
}

Test(slab, more_than_there_is_address_space_for_is_refused)
{
	struct slab huge;

	cr_assert_eq(slab_open(&huge, "huge", (size_t)1 << 30, UINT32_MAX - 1), -ENOMEM);
}

static void *give_elsewhere(void *block)
{
	block_give(block, 300);
	return NULL;
}

Test(slab, blocks_are_counted_across_threads)
{
	const uint64_t before = block_bytes_out();
	uint8_t *first = block_take(100), *second = block_take(300);
	pthread_t thread;

	cr_assert(first && second);
	cr_assert_eq(block_bytes_out() - before, 400);
	memset(first, 7, 100);
	first = block_grow(first, 100, 1000);
	cr_assert_eq(first[99], 7);
	cr_assert_eq(block_bytes_out() - before, 1300);
	cr_assert_eq(pthread_create(&thread, NULL, give_elsewhere, second), 0);
	pthread_join(thread, NULL);
	cr_assert_eq(block_bytes_out() - before, 1000);
	block_give(first, 1000);
	block_give(NULL, 0);
	cr_assert_eq(block_bytes_out(), before);
}
