#include "tests/unit/engine/core/ring_fixture.h"

Test(ring, accepts_receives_sends_and_closes)
{
	int client;

	open_ring(&usual);
	ring_accept(ring, listener);

	const uint32_t slot = accept_one(&client);

	ring_recv(ring, slot);
	cr_assert_eq(send(client, "hello", 5, 0), 5);
	UNTIL(seen[slot].received == 5);
	cr_assert_not(seen[slot].over, "a multishot goes on");
	cr_assert_eq(send(client, "again", 5, 0), 5);
	UNTIL(seen[slot].received == 10);

	send_text(slot, "welcome");
	UNTIL(seen[slot].idle);
	cr_assert_eq(seen[slot].sent, 7);
	expect_text(client, "welcome");

	cr_assert_eq(shutdown(client, SHUT_WR), 0);
	UNTIL(seen[slot].ended);
	cr_assert(seen[slot].over);
	ring_close(ring, slot);
	UNTIL(closed == 1);
	cr_assert_eq(recv(client, (char[1]){ 0 }, 1, 0), 0, "the peer sees the end");
	ring_close_all(ring);
}

Test(ring, sends_pieces_in_their_order_and_copies_the_list)
{
	struct iovec pieces[RING_PIECES_MAX];
	char digits[] = "0123456789abcdef";
	int client;

	open_ring(&usual);
	ring_accept(ring, listener);

	const uint32_t slot = accept_one(&client);

	for (int i = 0; i < RING_PIECES_MAX; i++)
		pieces[i] = (struct iovec){ digits + i, 1 };
	ring_send(ring, slot, pieces, RING_PIECES_MAX);
	memset(pieces, 0xff, sizeof(pieces));
	UNTIL(seen[slot].idle);
	cr_assert_eq(seen[slot].sent, RING_PIECES_MAX);
	expect_text(client, digits);
	ring_close_all(ring);
}

Test(ring, a_cancelled_receive_ends_and_then_the_close_is_real)
{
	int client;

	open_ring(&usual);
	ring_accept(ring, listener);

	const uint32_t slot = accept_one(&client);

	ring_recv(ring, slot);
	turn(0);
	ring_cancel(ring, slot);
	UNTIL(seen[slot].over);
	cr_assert_eq(seen[slot].last_result, -ECANCELED);
	ring_close(ring, slot);
	UNTIL(closed == 1);
	cr_assert_eq(recv(client, (char[1]){ 0 }, 1, 0), 0, "the peer sees the end");
	ring_close_all(ring);
}

/* Where no share ends it, as on older kernels. */
Test(ring, a_receive_that_is_stopped_may_be_begun_again)
{
	int client, error;

	open_ring(&usual);
	ring_close_all(ring);
	features.receive_share = false;
	ring = ring_open(&usual, &features, &error);
	cr_assert_not_null(ring);
	ring_accept(ring, listener);

	const uint32_t slot = accept_one(&client);

	ring_recv_stop(ring, slot); /* there is none */
	ring_recv(ring, slot);
	cr_assert_eq(send(client, "hello", 5, 0), 5);
	UNTIL(seen[slot].received == 5);
	cr_assert_not(seen[slot].over);
	ring_recv_stop(ring, slot);
	UNTIL(seen[slot].over);
	cr_assert_eq(seen[slot].last_result, -ECANCELED);
	cr_assert_eq(send(client, "again", 5, 0), 5);
	turn(0);
	cr_assert_eq(seen[slot].received, 5);
	ring_recv(ring, slot);
	UNTIL(seen[slot].received == 10);
	ring_close_all(ring);
}

Test(ring, closing_with_a_receive_armed_is_a_crash, .signal = SIGABRT)
{
	int client;

	open_ring(&usual);
	ring_accept(ring, listener);

	const uint32_t slot = accept_one(&client);

	ring_recv(ring, slot);
	ring_close(ring, slot);
}

Test(ring, a_second_send_in_flight_is_a_crash, .signal = SIGABRT)
{
	int client;

	open_ring(&usual);
	ring_accept(ring, listener);

	const uint32_t slot = accept_one(&client);

	send_text(slot, "one");
	send_text(slot, "two");
}

/* The kernel runs out of buffers while the owner is slow; the bytes wait in the socket. */
static void with_tiny_buffers(bool incremental)
{
	const struct ring_limits tiny = {
		.slots_max = 8,
		.accept_burst = 2,
		.recv_buffers = 2,
		.recv_buffer_size = 128,
	};
	enum { SIZE = 100000 };
	static uint8_t bytes[SIZE];
	uint32_t sum = 0;
	int client, error;

	for (int i = 0; i < SIZE; i++) {
		bytes[i] = (uint8_t)(i * 7 + i / 256);
		sum = sum * 31 + bytes[i];
	}
	open_ring(&tiny);
	ring_close_all(ring);
	features.incremental = features.incremental && incremental;
	ring = ring_open(&tiny, &features, &error);
	cr_assert_not_null(ring);
	ring_accept(ring, listener);

	const uint32_t slot = accept_one(&client);

	cr_assert_eq(send(client, bytes, SIZE, 0), SIZE);
	seen[slot].over = true;
	while (seen[slot].received < SIZE) {
		if (seen[slot].over) {
			seen[slot].over = false;
			ring_recv(ring, slot);
		}
		cr_assert_gt(turn(SECOND), 0, "%llu bytes came", (unsigned long long)seen[slot].received);
	}
	cr_assert_eq(seen[slot].sum, sum, "nothing lost, nothing twice, in order");
	cr_assert_gt(no_buffers, 10);

	struct ring_stats stats;

	ring_stats(ring, &stats);
	cr_assert_eq(stats.no_buffers, no_buffers);
	ring_close_all(ring);
}

Test(ring, running_out_of_buffers_loses_nothing)
{
	with_tiny_buffers(true);
}

Test(ring, running_out_of_whole_buffers_loses_nothing)
{
	with_tiny_buffers(false);
}

/* What one who sends much was given when one who sends little, and came later, had its turn. */
static uint64_t given_before_the_other(bool shares)
{
	enum { SIZE = 60000 };
	static const uint8_t bytes[SIZE];
	int talker, other, error;

	open_ring(&usual);
	ring_close_all(ring);
	features.receive_share = features.receive_share && shares;
	ring = ring_open(&usual, &features, &error);
	cr_assert_not_null(ring);
	ring_accept(ring, listener);

	const uint32_t much = accept_one(&talker), little = accept_one(&other);

	cr_assert_eq(send(talker, bytes, SIZE, 0), SIZE);
	cr_assert_eq(send(other, "!", 1, 0), 1);
	ring_recv(ring, much);
	ring_recv(ring, little);

	uint64_t before = SIZE;
	bool answered = false;

	while (seen[much].received < SIZE || !answered) {
		struct ring_event events[EVENTS];
		const size_t count = ring_collect(ring, events, EVENTS, SECOND);

		cr_assert_gt(count, 0);
		for (size_t i = 0; i < count; i++) {
			note(&events[i]);
			if (events[i].kind == RING_RECEIVED && events[i].slot == little && events[i].result == 1) {
				before = seen[much].received;
				answered = true;
			}
			if (events[i].kind == RING_RECEIVED && events[i].last)
				ring_recv(ring, events[i].slot);
		}
	}
	ring_close_all(ring);
	close(talker);
	close(other);
	return before;
}

Test(ring, one_who_sends_much_is_given_its_share_before_the_next)
{
	const uint64_t shared = given_before_the_other(true);

	if (!features.receive_share)
		cr_skip("this kernel cannot be told");
	cr_assert_leq(shared, 8192 + 4096, "%llu bytes", (unsigned long long)shared);
}

Test(ring, without_shares_the_first_has_the_buffers)
{
	cr_assert_gt(given_before_the_other(false), 16384);
}

/* Messages that share a buffer, one behind the other. */
Test(ring, small_messages_arrive_as_they_were_sent)
{
	const struct ring_limits tiny = {
		.slots_max = 8,
		.accept_burst = 2,
		.recv_buffers = 2,
		.recv_buffer_size = 128,
	};
	uint64_t sent = 0;
	uint32_t sum = 0;
	int client;

	open_ring(&tiny);
	ring_accept(ring, listener);

	const uint32_t slot = accept_one(&client);

	ring_recv(ring, slot);
	for (size_t size = 1; size < 100; size++) {
		uint8_t bytes[100];

		for (size_t i = 0; i < size; i++, sent++) {
			bytes[i] = (uint8_t)(sent * 13 + sent / 256);
			sum = sum * 31 + bytes[i];
		}
		cr_assert_eq(send(client, bytes, size, 0), (ssize_t)size);
		while (seen[slot].received < sent) {
			cr_assert_gt(turn(SECOND), 0);
			if (seen[slot].over)
				ring_recv(ring, slot);
			seen[slot].over = false;
		}
		cr_assert_eq(seen[slot].sum, sum, "%zu bytes", size);
	}
	ring_close_all(ring);
}

/* A slot is used again and again, with bytes still on their way when it is closed. */
Test(ring, a_slot_used_again_sees_nothing_of_its_former_life)
{
	const struct ring_limits one = {
		.slots_max = 3,
		.accept_burst = 1,
		.recv_buffers = 4,
		.recv_buffer_size = 64,
	};

	open_ring(&one);
	ring_accept(ring, listener);
	for (int round = 0; round < 200; round++) {
		int client;
		const uint32_t slot = accept_one(&client);
		const uint32_t before = closed;

		cr_assert_eq(seen[slot].received, 0);
		ring_recv(ring, slot);
		cr_assert_eq(send(client, "abcdefgh", 8, 0), 8);
		if (round % 2)
			turn(0);
		ring_cancel(ring, slot);
		UNTIL(seen[slot].over);
		cr_assert_eq(seen[slot].received % 8, 0);
		ring_close(ring, slot);
		UNTIL(closed > before);
		close(client);
	}

	struct ring_stats stats;

	ring_stats(ring, &stats);
	cr_assert_eq(stats.slots_used, 0);
	ring_close_all(ring);
}

Test(ring, a_full_socket_takes_a_part_and_a_cancel_ends_the_rest)
{
	const size_t size = 32 << 20;
	uint8_t *much = calloc(1, size);
	int client;

	open_ring(&usual);
	ring_accept(ring, listener);

	const uint32_t slot = accept_one(&client);

	seen[slot].idle = false;
	ring_send(ring, slot, &(struct iovec){ much, size }, 1);
	UNTIL(seen[slot].idle);
	cr_assert(seen[slot].sent > 0 && seen[slot].sent < size, "a short count");
	seen[slot].idle = false;
	ring_send(ring, slot, &(struct iovec){ much, size }, 1);
	turn(SECOND / 20);
	for (int i = 0; i < 20 && seen[slot].idle; i++) {
		seen[slot].idle = false;
		ring_send(ring, slot, &(struct iovec){ much, size }, 1);
		turn(SECOND / 20);
	}
	cr_assert_not(seen[slot].idle, "the peer reads nothing");
	ring_cancel(ring, slot);
	UNTIL(seen[slot].idle);
	cr_assert_eq(seen[slot].last_result, -ECANCELED);
	ring_close(ring, slot);
	UNTIL(closed == 1);
	ring_close_all(ring);
	free(much);
}

static const struct ring_limits zero_copy = {
	.slots_max = 64,
	.accept_burst = 8,
	.recv_buffers = 16,
	.recv_buffer_size = 4096,
	.send_zero_copy_min = 1000,
};

Test(ring, zero_copy_sends_are_told_when_their_memory_is_free)
{
	static char text[100001];
	static char got[100000];
	int client;

	open_ring(&zero_copy);
	ring_accept(ring, listener);

	const uint32_t slot = accept_one(&client);

	memset(text, 'z', 100000);
	send_text(slot, text);
	for (size_t at = 0; at < 100000;) {
		turn(0);
		const ssize_t size = recv(client, got + at, 100000 - at, MSG_DONTWAIT);

		at += size > 0 ? (size_t)size : 0;
	}
	cr_assert_eq(memcmp(got, text, 100000), 0);
	UNTIL(seen[slot].idle);
	cr_assert_eq(seen[slot].sent, 100000);
	ring_close_all(ring);
}

Test(ring, a_zero_copy_send_nobody_reads_ends_when_it_is_cancelled)
{
	const size_t size = 8 << 20;
	int client;

	open_ring(&zero_copy);
	if (!features.send_zero_copy)
		cr_skip("no SEND_ZC here");

	char *much = calloc(1, size);

	ring_accept(ring, listener);

	const uint32_t slot = accept_one(&client);

	seen[slot].idle = false;
	ring_recv(ring, slot);
	ring_send(ring, slot, &(struct iovec){ much, size }, 1);
	turn(SECOND / 10);
	turn(SECOND / 10);
	cr_assert_not(seen[slot].idle, "the peer has not read it");
	ring_cancel(ring, slot);
	UNTIL(seen[slot].idle && seen[slot].over);
	ring_close(ring, slot);
	UNTIL(closed == 1);
	ring_close_all(ring);
	free(much);
}

/* Completions made by the submission itself, several times what the queue of them holds. */
Test(ring, an_overflown_completion_queue_loses_nothing)
{
	struct ring_stats stats;
	int client, error;

	open_ring(&usual);
	ring_close_all(ring);
	features.peer_address = false; /* each question is then an operation that does nothing */
	ring = ring_open(&usual, &features, &error);
	ring_accept(ring, listener);
	accept_one(&client);
	for (int i = 0; i < 20000; i++)
		ring_peer(ring, newest);
	UNTIL(peers == 20000);
	ring_stats(ring, &stats);
	cr_assert_gt(stats.overflows, 0);
	cr_assert_geq(stats.submitted, 20000);
	cr_assert_eq(turn(0), 0);
	ring_close_all(ring);
}

Test(ring, waits_as_long_as_told_and_no_longer)
{
	open_ring(&usual);
	uint64_t start = clock_mono_ns();

	cr_assert_eq(turn(0), 0);
	cr_assert_lt(clock_mono_ns() - start, SECOND / 20);
	start = clock_mono_ns();
	cr_assert_eq(turn(SECOND / 20), 0);
	cr_assert_geq(clock_mono_ns() - start, SECOND / 20);
	ring_close_all(ring);
}

Test(ring, refuses_limits_that_make_no_sense)
{
	struct ring_limits limits = usual;
	int error = 0;

	ring_probe(&features);
	limits.recv_buffers = 15;
	cr_assert_null(ring_open(&limits, &features, &error));
	cr_assert_eq(error, -EINVAL);
	limits = usual;
	limits.accept_burst = limits.slots_max;
	cr_assert_null(ring_open(&limits, &features, &error));
	cr_assert_eq(error, -EINVAL);
	cr_assert_geq(ring_bytes_max(&usual), 16 * 4096 + 64 * 36);
}
