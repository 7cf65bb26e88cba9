/* slab.h - pools of equal items with a bound, and counted blocks of any size.
 *
 * A slab reserves address space for all its items at once and touches only
 * what is used; a free item is reused last in, first out. Items never move. Items are
 * named by a 32-bit index, so that links between them cost four bytes.
 * Index 0 is never given out: it says "none".
 * One thread uses a slab. The cores' only malloc is behind block_*; ops and
 * store have some of their own.
 */
#ifndef CORE_SLAB_H
#define CORE_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slab {
	uint8_t *base;
	uint32_t item_size;  /* bytes */
	uint32_t item_max;   /* items that may be out at once */
	uint32_t used;       /* items that are out */
	uint32_t touched;    /* items ever given out: what costs memory */
	uint32_t free_first; /* index, 0 for none */
	const char *name;
};

/* Reserves (mmap, not touched). item_size is rounded up to 8. Returns 0, or -ENOMEM. */
int slab_open(struct slab *slab, const char *name, size_t item_size, uint32_t item_max);
void slab_close(struct slab *slab);

/* Gives an item, all zero, or NULL when item_max are out. */
void *slab_take(struct slab *slab);

/* The same with whatever bytes were in it before: for items that are filled anyway. */
void *slab_take_dirty(struct slab *slab);

/* Takes it back. Under ASan a free item is poisoned. */
void slab_give(struct slab *slab, void *item);

/* Gives the pages inside of free items back to the system, but for the first of each; at most `most` items, those that
 * were given back before not counted. Returns how many. */
uint32_t slab_lean(struct slab *slab, uint32_t most);

static inline void *slab_at(const struct slab *slab, uint32_t index)
{
	return slab->base + (size_t)index * slab->item_size;
}

static inline uint32_t slab_index(const struct slab *slab, const void *item)
{
	return (uint32_t)(((const uint8_t *)item - slab->base) / slab->item_size);
}

/* Bytes of any size; may be given back by another thread than the one that took
 * them. NULL when the machine has no memory. block_bytes_out() sums this
 * process's blocks that are out (exact when no thread is running). */
void *block_take(size_t size);
void *block_grow(void *block, size_t old_size, size_t new_size);
void block_give(void *block, size_t size);
uint64_t block_bytes_out(void);

#endif
