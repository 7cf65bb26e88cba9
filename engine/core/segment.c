#include "engine/core/segment.h"

#include <errno.h>
#include <sys/mman.h>

#include "engine/core/check.h"

#define PAGE 4096

static const char *const class_names[SEGMENT_CLASSES] = {
	"segment 512", "segment 2048", "segment 8192", "segment 32768", "segment 131072",
};

int segment_pool_open(struct segment_pool *pool, uint64_t bytes_max)
{
	*pool = (struct segment_pool){ .bytes_max = bytes_max };
	for (int i = 0; i < SEGMENT_CLASSES; i++) {
		/* Each class could take the whole budget: only address space is reserved for that. */
		const uint64_t wanted = bytes_max / segment_class_size[i];
		const uint32_t items = wanted < UINT32_MAX - 1 ? (uint32_t)wanted : UINT32_MAX - 1;

		if (slab_open(&pool->slabs[i], class_names[i], segment_class_size[i], items) == 0)
			continue;
		segment_pool_close(pool);
		return -ENOMEM;
	}
	return 0;
}

void segment_pool_close(struct segment_pool *pool)
{
	for (int i = 0; i < SEGMENT_CLASSES; i++)
		slab_close(&pool->slabs[i]);
}

static int class_for(size_t bytes)
{
	int class_index = 0;

	while (class_index < SEGMENT_CLASSES - 1 && segment_class_size[class_index] - SEGMENT_HEADER < bytes)
		class_index++;
	return class_index;
}

static struct segment *take_of_class(struct segment_pool *pool, int class_index)
{
	const uint32_t size = segment_class_size[class_index];

	if (pool->bytes_out + size > pool->bytes_max)
		return NULL;

	/* The payload is written before it is read: wiping 128 KiB here would cost more than filling it. */
	struct segment *segment = slab_take_dirty(&pool->slabs[class_index]);

	if (!segment)
		return NULL;
	segment->next = NULL;
	segment->start = 0;
	segment->seq_last = 0;
	segment->capacity = (uint32_t)(size - SEGMENT_HEADER);
	segment->used = 0;
	segment->holds = 1;
	segment->class_index = (uint8_t)class_index;
	pool->bytes_out += size;
	return segment;
}

struct segment *segment_take(struct segment_pool *pool, size_t least, size_t wish)
{
	if (least > SEGMENT_BYTES_MAX)
		return NULL;

	const int lowest = class_for(least);

	for (int i = class_for(wish > least ? wish : least); i >= lowest; i--) {
		struct segment *segment = take_of_class(pool, i);

		if (segment)
			return segment;
	}
	return NULL;
}

static uint64_t bytes_touched(const struct segment_pool *pool)
{
	uint64_t sum = 0;

	for (int i = 0; i < SEGMENT_CLASSES; i++)
		sum += (uint64_t)pool->slabs[i].touched * segment_class_size[i];
	return sum;
}

/* The budget counts what is out; what was out before, in another class, is still resident. Once that
 * comes to more than the budget, segments of several pages go back to the kernel but for their first page,
 * which holds the slab's link. */
static void trim(struct segment_pool *pool, struct segment *segment)
{
	const uint32_t size = segment_class_size[segment->class_index];

	if (size > PAGE && bytes_touched(pool) > pool->bytes_max)
		madvise((uint8_t *)segment + PAGE, size - PAGE, MADV_DONTNEED);
}

void segment_pool_lean(struct segment_pool *pool, uint64_t bytes)
{
	/* Smaller ones have no page of their own to give, and there may be very many. */
	for (int i = SEGMENT_CLASSES - 1; i >= 0 && segment_class_size[i] > PAGE; i--) {
		const uint32_t size = segment_class_size[i];

		bytes -= (uint64_t)slab_lean(&pool->slabs[i], (uint32_t)(bytes / size)) * size;
	}
}

void segment_drop(struct segment_pool *pool, struct segment *segment)
{
	CHECK(segment->holds > 0);
	CHECK(segment->used <= segment->capacity);
	CHECK(segment->class_index < SEGMENT_CLASSES);
	if (--segment->holds > 0)
		return;

	struct slab *slab = &pool->slabs[segment->class_index];

	CHECK(pool->bytes_out >= segment_class_size[segment->class_index]);
	pool->bytes_out -= segment_class_size[segment->class_index];
	trim(pool, segment);
	slab_give(slab, segment);
}
