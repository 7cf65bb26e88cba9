/* segment.h - pieces of memory, in a few sizes, from which everything is sent.
 *
 * A segment is filled from its start and then only read. Whoever lets the
 * kernel or a cursor read from it holds it (pins); it is free again when the last
 * hold is gone. One thread uses a pool.
 */
#ifndef CORE_SEGMENT_H
#define CORE_SEGMENT_H

#include "engine/core/slab.h"

/* Sizes of whole segments in bytes, this header included. */
#define SEGMENT_CLASSES 5
static const uint32_t segment_class_size[SEGMENT_CLASSES] = { 512, 2048, 8192, 32768, 131072 };

struct segment {
	struct segment *next; /* the owner's list */
	uint64_t start;       /* hot log: the position of bytes[0] */
	uint64_t seq_last;    /* hot log: the newest seq at or before this segment's end */
	uint32_t capacity;    /* of bytes[] */
	uint32_t used;
	uint32_t holds;
	uint32_t readers;     /* hot log: cursors that stand in it */
	uint8_t class_index;
	uint8_t bytes[];
};

#define SEGMENT_HEADER offsetof(struct segment, bytes)
#define SEGMENT_BYTES_MAX (131072 - SEGMENT_HEADER)

struct segment_pool {
	struct slab slabs[SEGMENT_CLASSES];
	uint64_t bytes_out;
	uint64_t bytes_max; /* budget over all classes */
};

int segment_pool_open(struct segment_pool *pool, uint64_t bytes_max);
void segment_pool_close(struct segment_pool *pool);

/* Gives an empty segment with capacity >= least and, if one is to be had within
 * the budget, of the class that holds `wish` bytes. holds is 1. NULL: budget spent. */
struct segment *segment_take(struct segment_pool *pool, size_t least, size_t wish);

/* Less than a quarter is left: what is answered at length can wait. */
static inline bool segment_pool_is_low(const struct segment_pool *pool)
{
	return pool->bytes_max - pool->bytes_out < pool->bytes_max / 4;
}

static inline void segment_hold(struct segment *segment)
{
	segment->holds++;
}

/* Gives memory of free segments back to the system, of the largest first, until they come to so many bytes. */
void segment_pool_lean(struct segment_pool *pool, uint64_t bytes);

/* Ends one hold; the last one gives the segment back to its pool. */
void segment_drop(struct segment_pool *pool, struct segment *segment);

#endif
