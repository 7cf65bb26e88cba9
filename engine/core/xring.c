#include "engine/core/xring.h"

#include <errno.h>
#include <string.h>

#include "engine/core/check.h"
#include "engine/core/pages.h"

/* A frame is this word, the message, and zero to seven bytes up to the next word. */
#define FRAME_HEAD 8

/* A frame head that says: nothing more until the end of the memory; go on at its start. */
#define FRAME_SKIP UINT64_MAX

static size_t frame_size(size_t size)
{
	return FRAME_HEAD + ((size + 7) & ~(size_t)7);
}

static uint64_t *word_at(const struct xring *ring, uint64_t position)
{
	return (uint64_t *)(void *)(ring->bytes + (position & (ring->size - 1)));
}

int xring_open(struct xring *ring, size_t size)
{
	CHECK(size >= 64 && (size & (size - 1)) == 0);
	memset(ring, 0, sizeof(*ring));
	ring->bytes = pages_reserve(size);
	ring->size = size;
	return ring->bytes ? 0 : -ENOMEM;
}

void xring_close(struct xring *ring)
{
	pages_release(ring->bytes, ring->size);
	ring->bytes = NULL;
}

/* Another core's line is read only when what was seen of it before does not suffice. */
static bool has_room(struct xring *ring, uint64_t tail, size_t needed)
{
	if (tail + needed - ring->head_seen <= ring->size)
		return true;
	ring->head_seen = atomic_load_explicit(&ring->head, memory_order_acquire);
	return tail + needed - ring->head_seen <= ring->size;
}

void *xring_reserve(struct xring *ring, size_t size)
{
	const uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	const size_t to_end = ring->size - (tail & (ring->size - 1));
	const size_t needed = frame_size(size);
	const size_t skip = needed > to_end ? to_end : 0;

	CHECK(size <= xring_message_max(ring));
	ring->reserved = UINT64_MAX;
	if (!has_room(ring, tail, skip + needed))
		return NULL;
	if (skip)
		*word_at(ring, tail) = FRAME_SKIP;
	ring->reserved = tail + skip;
	*word_at(ring, ring->reserved) = size;
	return word_at(ring, ring->reserved) + 1;
}

void xring_push(struct xring *ring, size_t size)
{
	CHECK(ring->reserved != UINT64_MAX);
	CHECK(size <= *word_at(ring, ring->reserved));
	*word_at(ring, ring->reserved) = size;
	atomic_store_explicit(&ring->tail, ring->reserved + frame_size(size), memory_order_release);
	ring->reserved = UINT64_MAX;
	ring->pushed++;
}

void *xring_peek(struct xring *ring, size_t *size)
{
	uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

	if (head == ring->tail_seen)
		ring->tail_seen = atomic_load_explicit(&ring->tail, memory_order_acquire);
	if (head == ring->tail_seen)
		return NULL;
	/* A skip is pushed together with the message behind it. */
	if (*word_at(ring, head) == FRAME_SKIP) {
		head += ring->size - (head & (ring->size - 1));
		atomic_store_explicit(&ring->head, head, memory_order_release);
		CHECK(head != ring->tail_seen);
	}
	*size = *word_at(ring, head);
	CHECK(*size <= xring_message_max(ring));
	return word_at(ring, head) + 1;
}

void xring_drop(struct xring *ring)
{
	const uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

	CHECK(head != ring->tail_seen);
	CHECK(*word_at(ring, head) <= xring_message_max(ring)); /* peeked: no skip stands here */
	atomic_store_explicit(&ring->head, head + frame_size(*word_at(ring, head)), memory_order_release);
}

/* All three are read-modify-writes of one word, so each sees the one before it and all that came before
 * that: either the consumer, having said that it sleeps, sees what was pushed, or the producer sees it asleep.
 * A plain store in bell_wake() would break that chain. */
void bell_sleep(struct bell *bell)
{
	atomic_exchange_explicit(&bell->asleep, 1, memory_order_acq_rel);
}

void bell_wake(struct bell *bell)
{
	atomic_exchange_explicit(&bell->asleep, 0, memory_order_acq_rel);
}

bool bell_must_ring(struct bell *bell)
{
	return atomic_exchange_explicit(&bell->asleep, 0, memory_order_acq_rel) == 1;
}
