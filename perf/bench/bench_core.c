/* bench_core - what every message and connection pays in engine/core, against a floor measured in the same run.
 *
 * A line: name, nanoseconds an operation, how many times its floor that is.
 * A floor is the same bytes copied, or the same number of steps of a plain loop.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/chat/busy.h"
#include "engine/core/check.h"
#include "engine/core/clock.h"
#include "engine/core/counters.h"
#include "engine/core/hash.h"
#include "engine/core/map.h"
#include "engine/core/random.h"
#include "engine/core/ring.h"
#include "engine/core/segment.h"
#include "engine/core/timers.h"
#include "engine/core/xring.h"

#define ROUNDS 15
#define ROUND_NS 4000000.0

#define MESSAGE 136 /* bytes: a chat message as the measurements of fan-out took it */
#define ITEMS 4096

static uint8_t text[4096], copy[4096];
static struct xring xring;
static struct slab slab;
static struct segment_pool pool;
static struct timers timers;
static struct timer timer_items[ITEMS];
static struct map map;
static struct random randomness;
static struct counters counters;
static struct busy busy;
static struct ring *ring;
static uint64_t sink;
static uint32_t step;

/* What the compiler may not look through. */
static void touch(const void *bytes)
{
	__asm__ volatile("" : : "r"(bytes) : "memory");
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a;
	const double y = *(const double *)b;

	return (x > y) - (x < y);
}

static double run_times(void (*run)(void), size_t times)
{
	const uint64_t start = clock_mono_ns();

	for (size_t i = 0; i < times; i++)
		run();
	return (double)(clock_mono_ns() - start);
}

/* The median of the rounds, each long enough that reading the clock is nothing. */
static double measure(void (*run)(void))
{
	double rounds[ROUNDS];
	size_t times = 1;

	while (run_times(run, times) < ROUND_NS)
		times *= 2;
	for (size_t round = 0; round < ROUNDS; round++)
		rounds[round] = run_times(run, times) / (double)times;
	qsort(rounds, ROUNDS, sizeof(rounds[0]), by_value);
	return rounds[ROUNDS / 2];
}

static void report(const char *name, void (*run)(void), double floor_ns)
{
	const double ns = measure(run);

	printf("%-28s %10.1f ns/op %8.2f\n", name, ns, ns / floor_ns);
}

static void run_nothing(void)
{
	touch(&step);
	step++;
}

static void run_copy(void)
{
	memcpy(copy, text, MESSAGE);
	touch(copy);
}

static void run_xring(void)
{
	size_t size;
	void *bytes = xring_reserve(&xring, MESSAGE);

	memcpy(bytes, text, MESSAGE);
	xring_push(&xring, MESSAGE);
	touch(xring_peek(&xring, &size));
	xring_drop(&xring);
}

static void run_slab(void)
{
	void *item = slab_take(&slab);

	touch(item);
	slab_give(&slab, item);
}

static void run_malloc(void)
{
	void *item = block_take(64);

	touch(item);
	block_give(item, 64);
}

static void run_segment(void)
{
	struct segment *segment = segment_take(&pool, 1000, 8000);

	touch(segment);
	segment_drop(&pool, segment);
}

static void run_timer_move(void)
{
	step++;
	timer_set(&timers, &timer_items[step % ITEMS], step / 1024, 25000);
}

static void run_timers_wait(void)
{
	sink += timers_wait_ms(&timers, step / 1024);
}

static uint64_t name_hash(uint32_t number)
{
	return number * 0x9e3779b97f4a7c15;
}

static void run_map_find(void)
{
	const uint32_t number = 1 + step++ % ITEMS;
	struct map_probe probe = map_probe(&map, name_hash(number));

	while (map_next(&map, &probe) != number)
		;
}

static void run_map_move(void)
{
	const uint32_t number = 1 + step++ % ITEMS;

	map_remove(&map, name_hash(number), number);
	map_add(&map, name_hash(number), number);
}

static void run_hash_room(void)
{
	sink += hash_bytes(text, 16, sink);
}

static void run_hash_message(void)
{
	sink += hash_bytes(text, MESSAGE, sink);
}

static void run_random(void)
{
	sink += random_below(&randomness, 1000);
}

static void run_counter(void)
{
	counter_add(&counters, COUNTER_delivered, ++step & 7);
	touch(&counters);
}

static void run_histogram(void)
{
	histogram_add(&counters, HISTOGRAM_turn, (++step * 2654435761u) >> 12, 1);
	touch(&counters);
}

static void run_busy(void)
{
	busy_note(&busy, 1 + ++step % 1000, 10);
	touch(&busy);
}

static void run_clock(void)
{
	sink += clock_mono_ns();
}

/* The price of a turn in which nothing happens, and of one woken by itself. */
static void run_ring_idle(void)
{
	struct ring_event events[16];

	sink += ring_collect(ring, events, 16, 0);
}

static void run_ring_wake(void)
{
	struct ring_event events[16];

	ring_wake(ring, ring_bell(ring), step);
	while (ring_collect(ring, events, 16, UINT64_MAX) == 0)
		;
}

static void open_all(void)
{
	CHECK(xring_open(&xring, 1 << 16) == 0);
	CHECK(slab_open(&slab, "bench", 64, ITEMS) == 0);
	CHECK(segment_pool_open(&pool, 1 << 24) == 0);
	CHECK(map_open(&map, 16) == 0);
	timers_open(&timers, 0);
	random_seed(&randomness, 1);
	for (uint32_t i = 0; i < ITEMS; i++) {
		timer_set(&timers, &timer_items[i], 0, 25000);
		CHECK(map_add(&map, name_hash(i + 1), i + 1) == 0);
	}
}

static void bench_ring(double floor_ns)
{
	const struct ring_limits limits = {
		.slots_max = 1000, .accept_burst = 100, .recv_buffers = 64, .recv_buffer_size = 16384,
	};
	struct ring_features features;
	int error;

	ring_probe(&features);
	if (!features.usable) {
		printf("# ring: not measured: %s\n", features.reason);
		return;
	}
	ring = ring_open(&limits, &features, &error);
	CHECK(ring);
	report("ring_collect_idle", run_ring_idle, floor_ns);
	report("ring_wake_self", run_ring_wake, floor_ns);
	ring_close_all(ring);
}

int main(void)
{
	open_all();

	const double nothing_ns = measure(run_nothing);
	const double copy_ns = measure(run_copy);

	printf("# core: the floor of bytes is a copy of %d, of all else a step of a loop\n", MESSAGE);
	report("copy", run_copy, copy_ns);
	report("xring_message", run_xring, copy_ns);
	report("hash_16", run_hash_room, copy_ns);
	report("hash_136", run_hash_message, copy_ns);
	report("step", run_nothing, nothing_ns);
	report("slab_take_give_64", run_slab, nothing_ns);
	report("block_take_give_64", run_malloc, nothing_ns);
	report("segment_take_drop_8192", run_segment, nothing_ns);
	report("timer_move", run_timer_move, nothing_ns);
	report("timers_wait", run_timers_wait, nothing_ns);
	report("map_find", run_map_find, nothing_ns);
	report("map_remove_add", run_map_move, nothing_ns);
	report("random_below", run_random, nothing_ns);
	report("counter_add", run_counter, nothing_ns);
	report("histogram_add", run_histogram, nothing_ns);
	report("busy_note_1000", run_busy, nothing_ns);
	report("clock_mono", run_clock, nothing_ns);
	bench_ring(nothing_ns);
	touch(&sink);
	return 0;
}
