/* xring.h - messages from one core to one other: a ring of bytes, one producer, one consumer, no lock.
 *
 * A message is contiguous and at most half the ring. The producer reserves, writes
 * in place and pushes; the consumer peeks, reads in place and drops. Release on
 * push and acquire on peek are the whole hand-over (annotated for TSan by being C11 atomics).
 * A core's ring to itself works the same.
 */
#ifndef CORE_XRING_H
#define CORE_XRING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xring {
	_Alignas(64) _Atomic uint64_t tail; /* producer writes */
	uint64_t head_seen;                 /* producer's copy of head */
	uint64_t reserved;                  /* producer: where the reserved message's frame starts */
	uint64_t pushed;                    /* producer: messages ever pushed, for counters */
	_Alignas(64) _Atomic uint64_t head; /* consumer writes */
	uint64_t tail_seen;                 /* consumer's copy of tail */
	_Atomic uint64_t besides;           /* consumer: bytes that messages pointed to and that it gave back, ever */
	_Alignas(64) uint8_t *bytes;
	size_t size;                        /* a power of two */
};

int xring_open(struct xring *ring, size_t size); /* mmap; 0 or -ENOMEM */
void xring_close(struct xring *ring);

static inline size_t xring_message_max(const struct xring *ring)
{
	return ring->size / 2 - 16;
}

/* Gives memory for a message of size bytes, 8-aligned, or NULL when there is no
 * room now. Reserving again without a push replaces the reservation. */
void *xring_reserve(struct xring *ring, size_t size);

/* Publishes the reserved message, shortened to size. */
void xring_push(struct xring *ring, size_t size);

/* Gives the oldest message and its size, or NULL. It stays until dropped. */
void *xring_peek(struct xring *ring, size_t *size);
void xring_drop(struct xring *ring);

/* Messages may point to memory that the consumer gives back. It says how much; the producer asks for the sum. */
static inline void xring_gave_back(struct xring *ring, uint64_t bytes)
{
	const uint64_t before = atomic_load_explicit(&ring->besides, memory_order_relaxed);

	atomic_store_explicit(&ring->besides, before + bytes, memory_order_relaxed);
}

static inline uint64_t xring_given_back(const struct xring *ring)
{
	return atomic_load_explicit(&ring->besides, memory_order_relaxed);
}

/* The bell of a core that sleeps. The consumer: bell_sleep(), look at its rings
 * once more, wait, bell_wake(). A producer that has pushed asks bell_must_ring()
 * once a batch: true at most once a sleep. */
struct bell {
	_Alignas(64) _Atomic uint32_t asleep;
};

void bell_sleep(struct bell *bell);
void bell_wake(struct bell *bell);
bool bell_must_ring(struct bell *bell);

/* As it was a moment ago: for guesses alone. */
static inline bool bell_is_asleep(const struct bell *bell)
{
	return atomic_load_explicit(&bell->asleep, memory_order_relaxed) == 1;
}

#endif
