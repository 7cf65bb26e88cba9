/* What is the kernel's may not be touched, what is free may not be given to it: seen with AddressSanitizer alone. */
#include <criterion/criterion.h>
#include <signal.h>

#include "engine/core/poison.h"
#include "engine/core/segment.h"
#include "tests/unit/engine/core/ring_fixture.h"

static struct segment_pool pool;

static struct segment *filled(void)
{
	cr_assert_eq(segment_pool_open(&pool, 1 << 20), 0);

	struct segment *segment = segment_take(&pool, 100, 100);

	memset(segment->bytes, 'x', segment->capacity);
	return segment;
}

/* Of a connection that has said hello: the first byte that came, and how many. */
static uint8_t *hello(int *size)
{
	struct ring_event events[EVENTS];
	uint8_t *bytes = NULL;

	ring_accept(ring, listener);
	const int peer = connect_to();

	cr_assert_eq(send(peer, "hello, you", 10, 0), 10);
	while (!bytes) {
		const size_t count = ring_collect(ring, events, EVENTS, SECOND);

		for (size_t i = 0; i < count; i++) {
			if (events[i].kind == RING_ACCEPTED)
				ring_recv(ring, events[i].slot);
			if (events[i].kind == RING_RECEIVED) {
				bytes = events[i].bytes;
				*size = events[i].result;
			}
		}
	}
	return bytes;
}

Test(poison, bytes_are_ours_for_a_turn)
{
	struct ring_event events[EVENTS];
	int size = 0;

	open_ring(&usual);
	uint8_t *bytes = hello(&size);

	cr_assert_eq(memcmp(bytes, "hello, you", (size_t)size), 0);
	cr_assert(!IS_POISONED(bytes, (size_t)size));
#ifdef POISON_ON
	cr_assert(IS_POISONED(bytes + 64, 1), "what the kernel has not filled is its own");
#endif
	ring_collect(ring, events, EVENTS, 0);
#ifdef POISON_ON
	cr_assert(IS_POISONED(bytes, 1), "the turn is over");
#endif
	ring_close_all(ring);
	cr_assert(!IS_POISONED(bytes, 1), "somebody else may get these addresses");
}

#ifdef POISON_ON
Test(poison, what_is_free_is_not_sent, .signal = SIGABRT)
{
	struct segment *segment = filled();
	const struct iovec piece = { segment->bytes, 100 };

	open_ring(&usual);
	ring_accept(ring, listener);
	connect_to();
	UNTIL(accepted == 1);
	segment_drop(&pool, segment);
	ring_send(ring, newest, &piece, 1);
}

Test(poison, nor_a_piece_among_others, .signal = SIGABRT)
{
	struct segment *segment = filled();
	uint8_t good[8] = "good";
	const struct iovec pieces[] = { { good, 4 }, { segment->bytes, 100 } };

	open_ring(&usual);
	ring_accept(ring, listener);
	connect_to();
	UNTIL(accepted == 1);
	segment_drop(&pool, segment);
	ring_send(ring, newest, pieces, 2);
}
#else
Test(poison, is_nothing_elsewhere)
{
	struct segment *segment = filled();

	POISON(segment->bytes, 100);
	cr_assert(!IS_POISONED(segment->bytes, 100));
	segment->bytes[0] = 'y';
}
#endif
