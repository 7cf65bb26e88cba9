/* net_fixture.h - connections over a real ring, with plain blocking sockets as their peers.
 *
 * Each test that includes it has its own of everything; Criterion gives each test a process.
 */
#ifndef TEST_NET_FIXTURE_H
#define TEST_NET_FIXTURE_H

#include <stddef.h>

#include "engine/net/conn.h"
#include "engine/net/sendq.h"
#include "tests/unit/engine/core/ring_fixture.h"

static struct net net;
static struct segment_pool segments;
static struct timers timers;
static struct counters counters;

/* What the connections' owner was told. */
static struct {
	uint64_t bytes;
	uint32_t drained, closed;
} told[1024];
static struct conn *fresh;

static inline void on_bytes(void *context, struct conn *conn, uint8_t *bytes, size_t size)
{
	cr_assert(context == &told && size > 0);
	memset(bytes, '#', size); /* they may be written to */
	cr_assert_eq(told[conn->slot].closed, 0);
	told[conn->slot].bytes += size;
}

static inline void on_drained(void *context, struct conn *conn)
{
	cr_assert(context == &told && !conn->flight);
	cr_assert(conn->state == CONN_OPEN || conn->state == CONN_FINISHING);
	told[conn->slot].drained++;
}

static inline void on_closed(void *context, struct conn *conn)
{
	cr_assert_eq(context, &told);
	cr_assert_eq(told[conn->slot].closed, 0, "exactly once");
	told[conn->slot].closed++;
}

static const struct conn_ops recorder = { on_bytes, on_drained, on_closed };

static inline void net_setup_of(uint32_t per_address, uint64_t queue_bytes_max)
{
	open_ring(&usual);
	const struct net_limits limits = {
		.connections_max = 64,
		.address.count_max = per_address,
		.queue_bytes_max = queue_bytes_max,
		.linger_ms = 200,
		.peer_address = features.peer_address,
	};

	/* What is accepted has little room in the kernel: large sends stay in flight, and come back short. */
	setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &(int){ 4096 }, sizeof(int));
	net.ops = &recorder;
	net.context = &told;
	timers_open(&timers, clock_mono_ns() / 1000000);
	cr_assert_eq(segment_pool_open(&segments, 16 << 20), 0);
	cr_assert_eq(net_open(&net, &limits, ring, &segments, &timers, &counters, 3), 0);
	ring_accept(ring, listener);
}

static inline void net_setup(void)
{
	net_setup_of(0, 1 << 20);
}

static inline void net_turn(void)
{
	struct ring_event events[EVENTS];
	const size_t count = ring_collect(ring, events, EVENTS, SECOND / 50);
	struct timer *timer;

	net.now_ms = clock_mono_ns() / 1000000;
	for (size_t i = 0; i < count; i++) {
		struct conn *conn = net_event(&net, &events[i]);

		fresh = conn ? conn : fresh;
		if (conn)
			memset(&told[conn->slot], 0, sizeof(told[0]));
	}
	net_events_over(&net);
	while ((timer = timers_due(&timers, net.now_ms)) != NULL)
		conn_linger_over(&net, (struct conn *)((uint8_t *)timer - offsetof(struct conn, timer)));
}

#define NET_UNTIL(condition)                                                                                           \
	do {                                                                                                           \
		const uint64_t until_ = clock_mono_ns() + 10 * SECOND;                                                 \
		while (!(condition)) {                                                                                 \
			cr_assert_lt(clock_mono_ns(), until_, "waited in vain for " #condition);                       \
			net_turn();                                                                                    \
		}                                                                                                      \
	} while (0)

static inline struct conn *meet(int *client)
{
	fresh = NULL;
	*client = connect_to();
	NET_UNTIL(fresh);
	cr_assert(conn_is_open(fresh));
	return fresh;
}

/* Sends all that is queued, as the pump does. */
static inline void fly(struct conn *conn)
{
	struct flight *flight = sendq_plan(&net, conn);

	if (flight)
		sendq_fly(&net, conn, flight);
}

/* The ring's work on this thread may interrupt a peer that waits. */
static inline ssize_t hear(int client, void *bytes, size_t size)
{
	ssize_t got;

	do {
		net_turn();
		got = recv(client, bytes, size, 0);
	} while (got < 0 && errno == EINTR);
	return got;
}

static inline void expect_words(int client, const char *text)
{
	char got[128];

	for (size_t at = 0; at < strlen(text);) {
		const ssize_t size = hear(client, got + at, strlen(text) - at);

		cr_assert_gt(size, 0);
		cr_assert_eq(memcmp(got + at, text + at, (size_t)size), 0);
		at += (size_t)size;
	}
}

/* Nothing is left of anybody. Each test ends with it: what a .fini asserts fails no test. */
static inline void net_teardown(void)
{
	NET_UNTIL(net.open == 0);
	cr_assert_eq(segments.bytes_out, 0);
	cr_assert_eq(net.flights.used, 0);
	cr_assert_eq(net.addresses.entries.used, 0);
	cr_assert_eq(timers.armed, 0);
	cr_assert_eq(counter_read(&counters, COUNTER_connections), 0);
	cr_assert_eq(counter_read(&counters, COUNTER_accepted), counter_read(&counters, COUNTER_closed));
	net_close(&net);
	ring_close_all(ring);
	segment_pool_close(&segments);
}

#endif
