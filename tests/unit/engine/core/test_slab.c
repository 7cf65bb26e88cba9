#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

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

Test(slab, rounds_items_up_to_8_and_uses_the_first_again)
{
	cr_assert_eq(slab.item_size, 24);
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

/* What is resident of the pages of an item. */
static size_t resident(const void *item, size_t size)
{
	unsigned char pages[64];
	size_t count = 0;

	cr_assert_eq(mincore((void *)((uintptr_t)item & ~(uintptr_t)4095), size, pages), 0);
	for (size_t i = 0; i < size / 4096; i++)
		count += pages[i] & 1;
	return count;
}

Test(slab, free_items_give_their_pages_back_and_are_as_good_as_new)
{
	struct slab large;
	uint8_t *items[10];

	cr_assert_eq(slab_open(&large, "large", 32768, 10), 0);
	for (int i = 0; i < 10; i++) {
		items[i] = slab_take(&large);
		memset(items[i], 0xaa, 32768);
	}
	for (int i = 1; i < 10; i++)
		slab_give(&large, items[i]);
	cr_assert_eq(slab_lean(&large, 4), 4);
	cr_assert_eq(slab_lean(&large, 100), 5, "those that were given back before are not counted");
	cr_assert_eq(slab_lean(&large, 100), 0);
	cr_assert_eq(resident(items[0], 32768), 8, "what is out is left alone");
	for (int i = 0; i < 32768; i++)
		cr_assert_eq(items[0][i], 0xaa);
	for (int i = 1; i < 10; i++)
		cr_assert_leq(resident(items[i], 32768), 1);
	for (int i = 1; i < 10; i++) {
		uint8_t *item = slab_take(&large);

		cr_assert_not_null(item);
		for (int at = 0; at < 32768; at++)
			cr_assert_eq(item[at], 0);
		items[i] = item;
	}
	slab_give(&large, items[3]);
	cr_assert_eq(slab_lean(&large, 100), 1, "it may be given back again");
	slab_close(&large);
}

Test(slab, items_within_a_page_are_not_given_back)
{
	for (int i = 0; i < ITEMS; i++)
		slab_take(&slab);
	for (uint32_t i = 1; i <= ITEMS; i++)
		slab_give(&slab, slab_at(&slab, i));
	cr_assert_eq(slab_lean(&slab, 1000), 0);
}
