/* What waits for one member alone: its bounds, its order, and who holds what is in flight. */
#include "tests/unit/engine/net/net_fixture.h"

#include <signal.h>

#include "engine/core/poison.h"
#include "engine/core/random.h"

TestSuite(sendq, .init = net_setup, .timeout = 60);

static uint8_t bytes[1 << 20];

/* Reads `size` bytes, the n-th of which is n modulo 251. */
static void expect_stream(int client, uint64_t from, size_t size)
{
	static uint8_t got[1 << 20];

	for (size_t at = 0; at < size;) {
		const ssize_t part = hear(client, got + at, size - at);

		cr_assert_gt(part, 0);
		at += (size_t)part;
	}
	for (size_t i = 0; i < size; i++)
		cr_assert_eq(got[i], (from + i) % 251, "byte %zu", i);
}

static void fill(uint64_t from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)((from + i) % 251);
}

Test(sendq, at_its_bound_takes_and_one_past_it_refuses)
{
	int client;
	struct conn *conn;

	net_teardown();
	net_setup_of(0, 10000);
	conn = meet(&client);
	cr_assert_eq(sendq_put(&net, conn, bytes, 9999), 0);
	cr_assert_eq(sendq_put(&net, conn, bytes, 2), -ENOBUFS);
	cr_assert_eq(sendq_put(&net, conn, bytes, 1), 0);
	cr_assert_eq(sendq_put(&net, conn, bytes, 1), -ENOBUFS);
	cr_assert_eq(conn->queued, 10000);
	conn_abort(&net, conn);
	cr_assert(!conn->first && conn->queued == 0);
	close(client);
	net_teardown();
}

/* Others that do not read have taken it all but `left`. */
static void leave(uint64_t left)
{
	segments.bytes_out = segments.bytes_max - left;
}

Test(sendq, who_does_not_read_leaves_room_for_who_does)
{
	int client;
	struct conn *conn = meet(&client);

	leave(16 * 65536 - 1);
	cr_assert_null(sendq_reserve(&net, conn, 65536), "a sixteenth of what is left, and no more");
	leave(16 * 65536);
	cr_assert_not_null(sendq_reserve(&net, conn, 65536));
	leave(65536);
	for (int i = 0; i < 8; i++)
		cr_assert_eq(sendq_put(&net, conn, bytes, 1024), 0, "short answers always");
	cr_assert_eq(sendq_put(&net, conn, bytes, 1), -ENOBUFS);
	leave(16 * 9000);
	cr_assert_eq(sendq_put(&net, conn, bytes, 9000 - 8192), 0);
	leave(16 * 9000);
	cr_assert_eq(sendq_put(&net, conn, bytes, 1), -ENOBUFS);
	segments.bytes_out = 0; /* and now what really is out */
	for (const struct segment *each = conn->first; each; each = each->next)
		segments.bytes_out += segment_class_size[each->class_index];
	conn_abort(&net, conn);
	close(client);
	net_teardown();
}

/* All up to `put` is sent, and comes as it was filled. */
static void expect_rest(struct conn *conn, int client, uint64_t got, uint64_t put)
{
	while (got < put) {
		fly(conn);
		net_turn();
		const uint64_t out = counter_read(&counters, COUNTER_bytes_out);

		expect_stream(client, got, out - got);
		got = out;
	}
	NET_UNTIL(!conn->flight);
}

/* The pool has 16M, a connection at most 1M of it. */
Test(sendq, one_long_answer_goes_while_a_quarter_is_left)
{
	const struct span head = span_of(bytes, 100), body = span_of(bytes + 100, (1 << 20) - 100);
	int client;
	struct conn *conn = meet(&client);

	leave((5 << 20) - 1);
	cr_assert_eq(sendq_put_answer(&net, conn, head, body), -ENOBUFS);
	cr_assert_eq(conn->queued, 0, "all or nothing");
	fill(0, sizeof(bytes));
	leave(5 << 20);
	cr_assert_eq(sendq_put_answer(&net, conn, head, body), 0);
	cr_assert_eq(conn->queued, 1 << 20);
	expect_rest(conn, client, 0, 1 << 20);
	segments.bytes_out = 0;
	cr_assert_eq(sendq_put_answer(&net, conn, head, span_of(bytes, body.size + 1)), -ENOBUFS, "the queue's bound");
	leave(5 << 20);
	cr_assert_eq(sendq_put(&net, conn, bytes, 1), 0);
	cr_assert_eq(sendq_put_answer(&net, conn, head, span_of(bytes, 400000)), -ENOBUFS, "something waits already");
	segments.bytes_out = 512;
	conn_abort(&net, conn);
	close(client);
	net_teardown();
}

Test(sendq, one_piece_is_at_most_a_segment)
{
	int client;
	struct conn *conn = meet(&client);

	cr_assert_null(sendq_reserve(&net, conn, SEGMENT_BYTES_MAX + 1));
	cr_assert_not_null(sendq_reserve(&net, conn, SEGMENT_BYTES_MAX));
	conn_abort(&net, conn);
	close(client);
	net_teardown();
}

Test(sendq, a_reservation_may_be_used_in_part_or_not_at_all)
{
	int client;
	struct conn *conn = meet(&client);

	cr_assert_not_null(sendq_reserve(&net, conn, 400));
	fly(conn);
	cr_assert_not(conn->sending, "nothing was said");
	memcpy(sendq_reserve(&net, conn, 400), "ab", 2);
	sendq_commit(conn, 2);
	memcpy(sendq_reserve(&net, conn, 5000), "cd", 2);
	sendq_commit(conn, 2);
	fly(conn);
	net_turn();
	expect_words(client, "abcd");
	close(client);
	net_teardown();
}

Test(sendq, everything_comes_once_and_in_order)
{
	struct random random;
	uint64_t put = 0, got = 0;
	int client;
	struct conn *conn = meet(&client);

	random_seed(&random, 2);
	for (int round = 0; round < 60; round++) {
		for (uint64_t i = random_below(&random, 8); i > 0; i--) {
			const size_t size = 1 + random_below(&random, random_below(&random, 6) == 0 ? 60000 : 900);

			fill(put, size);
			if (sendq_put(&net, conn, bytes, size) != 0)
				break;
			put += size;
		}
		fly(conn);
		net_turn();
		if (round % 7 == 0 && !conn->flight) {
			expect_stream(client, got, put - conn->queued - got);
			got = put - conn->queued;
		}
	}
	expect_rest(conn, client, got, put);
	cr_assert_eq(segments.bytes_out, 0, "what was sent is given back");
	close(client);
	net_teardown();
}

Test(sendq, only_one_flight_at_a_time)
{
	int client;
	struct conn *conn = meet(&client);

	sendq_put(&net, conn, "abc", 3);
	fly(conn);
	cr_assert(conn->sending);
	sendq_put(&net, conn, "def", 3);
	cr_assert_null(sendq_plan(&net, conn));
	NET_UNTIL(told[conn->slot].drained == 1);
	fly(conn);
	NET_UNTIL(told[conn->slot].drained == 2);
	expect_words(client, "abcdef");
	close(client);
	net_teardown();
}

Test(sendq, what_flies_is_the_kernels)
{
	int client;
	struct conn *conn = meet(&client);

	sendq_put(&net, conn, "abc", 3);
	uint8_t *place = conn->first->bytes;

	fly(conn);
#ifdef POISON_ON
	cr_assert(IS_POISONED(place, 3));
#endif
	sendq_put(&net, conn, "def", 3);
	cr_assert(!IS_POISONED(conn->first->bytes, 3), "that has not gone yet");
	NET_UNTIL(told[conn->slot].drained == 1);
	expect_words(client, "abc");
	conn_abort(&net, conn);
	NET_UNTIL(conn->state == CONN_FREE);
	close(client);
	net_teardown();
	cr_assert(!IS_POISONED(place, 3));
}

Test(sendq, a_plan_of_nothing_is_no_send)
{
	int client;
	struct conn *conn = meet(&client);

	fly(conn);
	cr_assert(!conn->flight && !conn->sending);
	cr_assert_eq(net.flights.used, 0);
	close(client);
	net_teardown();
}

/* A room's bytes behind the private ones, from a segment that its owner lets go of meanwhile. */
Test(sendq, many_shared_bytes_follow_private_ones_and_are_held)
{
	const size_t size = FLIGHT_COPY_MAX + 1;
	int client;
	struct conn *conn = meet(&client);
	struct segment *shared = segment_take(&segments, size, size);
	struct flight *flight;

	fill(4, size);
	memcpy(shared->bytes, bytes, size);
	shared->used = size;
	fill(0, 4);
	sendq_put(&net, conn, bytes, 4);
	flight = sendq_plan(&net, conn);
	cr_assert(flight_add(flight, shared, shared->bytes, size));
	cr_assert_eq(flight->count, 2);
	cr_assert_eq(shared->holds, 2);
	sendq_fly(&net, conn, flight);
	segment_drop(&segments, shared);
	cr_assert_eq(shared->holds, 1, "the piece holds it");
	NET_UNTIL(told[conn->slot].drained);
	expect_stream(client, 0, size + 4);
	cr_assert_eq(segments.bytes_out, 0);
	close(client);
	net_teardown();
}

/* One send of one piece; what does not fit behind the private bytes begins pieces of its own, and then all do. */
Test(sendq, few_shared_bytes_are_copied_behind_private_ones)
{
	int client;
	struct conn *conn = meet(&client);
	struct segment *shared = segment_take(&segments, 4096, 4096);
	struct flight *flight;
	uint32_t room;

	fill(8, 4096);
	memcpy(shared->bytes, bytes, 4096);
	shared->used = 4096;
	fill(0, 8);
	sendq_put(&net, conn, bytes, 8);
	flight = sendq_plan(&net, conn);
	room = flight->held[0]->capacity - 8;
	cr_assert(room < FLIGHT_COPY_MAX, "the smallest class");
	cr_assert(flight_add(flight, shared, shared->bytes, 100));
	cr_assert(flight_add(flight, shared, shared->bytes + 100, room - 100));
	cr_assert_eq(flight->count, 1);
	cr_assert_eq(flight->bytes, 8 + room);
	cr_assert_eq(shared->holds, 1);
	cr_assert(flight_add(flight, shared, shared->bytes + room, 1));
	cr_assert(flight_add(flight, shared, shared->bytes + room + 1, 1));
	cr_assert_eq(flight->count, 3);
	cr_assert_eq(shared->holds, 3);
	sendq_fly(&net, conn, flight);
	segment_drop(&segments, shared);
	NET_UNTIL(told[conn->slot].drained);
	expect_stream(client, 0, 8 + room + 2);
	cr_assert_eq(segments.bytes_out, 0);
	close(client);
	net_teardown();
}

Test(sendq, a_flight_has_so_many_pieces_and_not_one_more)
{
	int client;
	struct conn *conn = meet(&client);
	struct segment *shared = segment_take(&segments, 100, 100);
	struct flight *flight = sendq_plan(&net, conn);

	shared->used = 100;
	memset(shared->bytes, 'x', 100);
	for (int i = 0; i < RING_PIECES_MAX; i++)
		cr_assert(flight_add(flight, shared, shared->bytes, 1));
	cr_assert_not(flight_add(flight, shared, shared->bytes, 1));
	cr_assert_eq(shared->holds, 1 + RING_PIECES_MAX);
	sendq_fly(&net, conn, flight);
	NET_UNTIL(told[conn->slot].drained);
	expect_words(client, "xxxxxxxxxxxxxxxx");
	segment_drop(&segments, shared);
	close(client);
	net_teardown();
}

Test(sendq, a_flight_has_so_many_bytes_but_at_least_one_piece)
{
	int client;
	struct conn *conn = meet(&client);
	struct segment *shared = segment_take(&segments, SEGMENT_BYTES_MAX, SEGMENT_BYTES_MAX);
	struct flight *flight = sendq_plan(&net, conn);

	shared->used = SEGMENT_BYTES_MAX;
	cr_assert(flight_add(flight, shared, shared->bytes, SEGMENT_BYTES_MAX));
	cr_assert(flight_add(flight, shared, shared->bytes, SEGMENT_BYTES_MAX));
	const size_t left = 256 * 1024 - 2 * SEGMENT_BYTES_MAX;

	cr_assert_not(flight_add(flight, shared, shared->bytes, left + 1));
	cr_assert(flight_add(flight, shared, shared->bytes, left));
	cr_assert_not(flight_add(flight, shared, shared->bytes, 1));
	sendq_fly(&net, conn, flight);
	conn_abort(&net, conn);
	segment_drop(&segments, shared);
	close(client);
	net_teardown();
}

Test(sendq, bytes_outside_a_segment_are_a_crash, .signal = SIGABRT)
{
	struct flight flight = { 0 };
	struct segment *shared = segment_take(&segments, 100, 100);

	shared->used = 10;
	flight_add(&flight, shared, shared->bytes + 1, 10);
}
