#include "engine/core/slab.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/core/check.h"
#include "engine/core/pages.h"
#include "engine/core/poison.h"

/* What a free item begins with. The mark tells a later taker that nobody wrote to it meanwhile. */
struct free_item {
	uint32_t next;
	uint32_t mark;
};

#define FREE_MARK 0xf4eef4eeu
#define LEAN_MARK 0x1ea41ea4u /* the same, and its pages inside were given back */
#define PAGE 4096

static size_t slab_reserved(const struct slab *slab)
{
	return ((size_t)slab->item_max + 1) * slab->item_size;
}

int slab_open(struct slab *slab, const char *name, size_t item_size, uint32_t item_max)
{
	CHECK(item_size > 0 && item_size <= UINT32_MAX - 8);
	CHECK(item_max < UINT32_MAX);

	*slab = (struct slab){
		.item_size = (uint32_t)((item_size + 7) & ~(size_t)7),
		.item_max = item_max,
		.name = name,
	};
	slab->base = pages_reserve(slab_reserved(slab));
	return slab->base ? 0 : -ENOMEM;
}

void slab_close(struct slab *slab)
{
	if (!slab->base)
		return;
	/* The addresses may be mapped again for something else. What nobody took was never poisoned, and can be
	 * gigabytes. */
	UNPOISON(slab->base, ((size_t)slab->touched + 1) * slab->item_size);
	pages_release(slab->base, slab_reserved(slab));
	slab->base = NULL;
}

static void *take_free(struct slab *slab)
{
	struct free_item *item = slab_at(slab, slab->free_first);

	UNPOISON(item, slab->item_size);
	CHECK(item->mark == (FREE_MARK ^ slab->free_first) || item->mark == (LEAN_MARK ^ slab->free_first));
	slab->free_first = item->next;
	slab->used++;
	return item;
}

/* Fresh pages are zero: only an item used before has to be wiped. */
void *slab_take(struct slab *slab)
{
	if (!slab->free_first)
		return slab_take_dirty(slab);

	void *item = take_free(slab);

	return memset(item, 0, slab->item_size);
}

void *slab_take_dirty(struct slab *slab)
{
	CHECK(slab->base);
	CHECK(slab->used <= slab->touched);
	if (slab->free_first)
		return take_free(slab);
	if (slab->touched == slab->item_max)
		return NULL;
	slab->used++;
	return slab_at(slab, ++slab->touched);
}

void slab_give(struct slab *slab, void *item)
{
	const uint32_t index = slab_index(slab, item);
	struct free_item *free_item = item;

	CHECK(index > 0 && index <= slab->touched);
	CHECK(item == slab_at(slab, index));
	CHECK(slab->used > 0);
	*free_item = (struct free_item){ .next = slab->free_first, .mark = FREE_MARK ^ index };
	slab->free_first = index;
	slab->used--;
	POISON(item, slab->item_size);
}

uint32_t slab_lean(struct slab *slab, uint32_t most)
{
	uint32_t given = 0;

	for (uint32_t index = slab->free_first; index != 0 && given < most;) {
		struct free_item *item = slab_at(slab, index);
		const uintptr_t from = ((uintptr_t)(item + 1) + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
		const uintptr_t to = ((uintptr_t)item + slab->item_size) & ~(uintptr_t)(PAGE - 1);

		UNPOISON(item, sizeof(*item));
		if (item->mark == (FREE_MARK ^ index) && from < to &&
		    madvise((void *)from, to - from, MADV_DONTNEED) == 0) {
			item->mark = LEAN_MARK ^ index;
			given++;
		}
		index = item->next;
		POISON(item, sizeof(*item));
	}
	return given;
}

/* Counted apart for each of up to 64 threads, so that cores do not share a cache line for it; what one
 * thread took and another gave makes one share negative, and only the sum is meant. */
#define BLOCK_SHARES 64

static struct block_share {
	_Alignas(64) _Atomic int64_t bytes;
} block_shares[BLOCK_SHARES];

static void block_count(int64_t change)
{
	static _Atomic uint32_t threads;
	static _Thread_local struct block_share *share;

	if (!share)
		share = &block_shares[atomic_fetch_add(&threads, 1) % BLOCK_SHARES];
	atomic_fetch_add_explicit(&share->bytes, change, memory_order_relaxed);
}

void *block_take(size_t size)
{
	void *block = malloc(size ? size : 1);

	if (block)
		block_count((int64_t)size);
	return block;
}

void *block_grow(void *block, size_t old_size, size_t new_size)
{
	void *grown = realloc(block, new_size ? new_size : 1);

	if (grown)
		block_count((int64_t)new_size - (int64_t)(block ? old_size : 0));
	return grown;
}

void block_give(void *block, size_t size)
{
	if (!block)
		return;
	block_count(-(int64_t)size);
	free(block);
}

uint64_t block_bytes_out(void)
{
	int64_t sum = 0;

	for (int i = 0; i < BLOCK_SHARES; i++)
		sum += atomic_load_explicit(&block_shares[i].bytes, memory_order_relaxed);
	return sum > 0 ? (uint64_t)sum : 0;
}
