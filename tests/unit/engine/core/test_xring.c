#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "engine/core/random.h"
#include "engine/core/xring.h"

#define SIZE 4096

static struct xring ring;

static void open_ring(void)
{
	cr_assert_eq(xring_open(&ring, SIZE), 0);
}

static void close_ring(void)
{
	xring_close(&ring);
}

TestSuite(xring, .init = open_ring, .fini = close_ring);

static bool push(size_t size, int fill)
{
	void *bytes = xring_reserve(&ring, size);

	if (!bytes)
		return false;
	cr_assert_eq((uintptr_t)bytes % 8, 0);
	memset(bytes, fill, size);
	xring_push(&ring, size);
	return true;
}

static void expect(size_t wanted, int fill)
{
	size_t size = 0;
	const uint8_t *bytes = xring_peek(&ring, &size);

	cr_assert_not_null(bytes);
	cr_assert_eq(size, wanted);
	for (size_t i = 0; i < size; i++)
		cr_assert_eq(bytes[i], fill);
	xring_drop(&ring);
}

Test(xring, gives_messages_in_their_order)
{
	size_t size;

	cr_assert_null(xring_peek(&ring, &size));
	cr_assert(push(5, 1));
	cr_assert(push(0, 0));
	cr_assert(push(100, 2));
	cr_assert_eq(xring_peek(&ring, &size), xring_peek(&ring, &size), "stays until dropped");
	expect(5, 1);
	expect(0, 0);
	expect(100, 2);
	cr_assert_null(xring_peek(&ring, &size));
	cr_assert_eq(ring.pushed, 3);
}

Test(xring, a_push_may_shorten_and_a_reservation_may_be_replaced)
{
	memset(xring_reserve(&ring, 1000), 9, 1000);
	memset(xring_reserve(&ring, 500), 3, 500);
	xring_push(&ring, 10);
	cr_assert(push(4, 4));
	expect(10, 3);
	expect(4, 4);
}

/* Wherever the ring stands, the largest message must fit into an empty ring. */
Test(xring, the_largest_message_always_fits_when_it_is_empty)
{
	for (size_t step = 0; step <= SIZE; step += 8) {
		cr_assert(push(xring_message_max(&ring), 1), "at step %zu", step);
		expect(xring_message_max(&ring), 1);
		cr_assert(push(step % 1000, 2));
		expect(step % 1000, 2);
	}
}

Test(xring, one_byte_more_than_the_largest_is_a_crash, .signal = SIGABRT)
{
	xring_reserve(&ring, xring_message_max(&ring) + 1);
}

Test(xring, a_push_of_more_than_was_reserved_is_a_crash, .signal = SIGABRT)
{
	xring_reserve(&ring, 8);
	xring_push(&ring, 9);
}

Test(xring, full_is_no_room_until_one_is_dropped)
{
	size_t pushed = 0;

	while (push(56, (int)(pushed & 0xff)))
		pushed++;
	cr_assert_eq(pushed, SIZE / 64);
	cr_assert_not(push(0, 0));
	expect(56, 0);
	cr_assert(push(56, (int)(pushed & 0xff)));
	cr_assert_not(push(0, 0));
	for (size_t i = 1; i <= pushed; i++)
		expect(56, (int)(i & 0xff));
}

#ifdef __SANITIZE_THREAD__
#define MESSAGES 500000
#else
#define MESSAGES 10000000
#endif

static struct bell bell;
static _Atomic uint64_t rung;

/* A message is its number, and then bytes that follow from it. */
static void *produce(void *unused)
{
	struct random random;

	random_seed(&random, 42);
	for (uint64_t number = 0; number < MESSAGES;) {
		const size_t size = 8 + (number % 1000 == 0 ? random_below(&random, 1500) : random_below(&random, 64));
		uint8_t *bytes;

		while (!(bytes = xring_reserve(&ring, size)))
			sched_yield();
		memcpy(bytes, &number, 8);
		memset(bytes + 8, (int)(number * 7), size - 8);
		xring_push(&ring, size);
		if (++number % 16 == 0 && bell_must_ring(&bell))
			atomic_fetch_add(&rung, 1);
	}
	if (bell_must_ring(&bell))
		atomic_fetch_add(&rung, 1);
	return unused;
}

/* Waits for the bell as a core does; without the hand-shake it would wait forever. */
static uint8_t *next_message(size_t *size, uint64_t *heard)
{
	uint8_t *bytes = xring_peek(&ring, size);

	if (bytes)
		return bytes;
	bell_sleep(&bell);
	bytes = xring_peek(&ring, size);
	while (!bytes && atomic_load(&rung) == *heard)
		sched_yield();
	bell_wake(&bell);
	*heard = atomic_load(&rung);
	return bytes ? bytes : xring_peek(&ring, size);
}

Test(xring, ten_million_messages_between_two_threads, .timeout = 600)
{
	uint64_t heard = 0;
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, produce, NULL), 0);
	for (uint64_t number = 0; number < MESSAGES;) {
		size_t size;
		const uint8_t *bytes = next_message(&size, &heard);

		if (!bytes)
			continue;
		bool right = size >= 8 && memcmp(bytes, &number, 8) == 0;

		for (size_t i = 8; i < size; i++)
			right &= bytes[i] == (uint8_t)(number * 7);
		cr_assert(right, "message %llu", (unsigned long long)number);
		xring_drop(&ring);
		number++;
	}
	pthread_join(thread, NULL);
	cr_assert_null(xring_peek(&ring, &(size_t){ 0 }));
}

Test(xring, a_bell_rings_once_a_sleep)
{
	struct bell own = { 0 };

	cr_assert_not(bell_must_ring(&own));
	bell_sleep(&own);
	cr_assert(bell_must_ring(&own));
	cr_assert_not(bell_must_ring(&own));
	bell_sleep(&own);
	bell_wake(&own);
	cr_assert_not(bell_must_ring(&own));
}
