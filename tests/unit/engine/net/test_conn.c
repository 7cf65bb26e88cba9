/* The ways out of a connection, and that all of them meet: nothing is freed while the kernel holds it. */
#include "tests/unit/engine/net/net_fixture.h"

#include <netinet/tcp.h>
#include <signal.h>

TestSuite(conn, .init = net_setup, .timeout = 60);

static void expect_end(int client)
{
	char byte;

	cr_assert_eq(hear(client, &byte, 1), 0);
	close(client);
}

/* Larger than what the kernel takes at once from a peer that does not read. */
#define MUCH (512 * 1024)

static void queue_much(struct conn *conn)
{
	static uint8_t bytes[MUCH / 8];

	for (int i = 0; i < 8; i++)
		cr_assert_eq(sendq_put(&net, conn, bytes, sizeof(bytes)), 0);
}

Test(conn, hands_up_bytes_and_the_end_of_the_peer)
{
	int client;
	struct conn *conn = meet(&client);
	const uint32_t slot = conn->slot;

	cr_assert_eq(send(client, "hello", 5, 0), 5);
	NET_UNTIL(told[slot].bytes == 5);
	close(client);
	NET_UNTIL(told[slot].closed);
	net_teardown();
}

Test(conn, an_abort_ends_it_at_once)
{
	int client;
	struct conn *conn = meet(&client);

	queue_much(conn);
	fly(conn);
	net_turn();
	conn_abort(&net, conn);
	cr_assert_eq(told[conn->slot].closed, 1);
	conn_abort(&net, conn); /* is said, not asked */
	conn_finish(&net, conn, CONN_END_SENT);
	NET_UNTIL(conn->state == CONN_FREE);
	close(client);
	net_teardown();
}

Test(conn, its_memory_stays_while_the_kernel_sends_from_it)
{
	int client;
	struct conn *conn = meet(&client);

	queue_much(conn);
	fly(conn);
	conn_abort(&net, conn);
	cr_assert_eq(conn->state, CONN_CANCELLING);
	cr_assert(conn->sending && conn->flight && segments.bytes_out > 0, "until the kernel has said so");
	cr_assert_null(sendq_plan(&net, conn), "nothing new is sent");
	NET_UNTIL(conn->state == CONN_FREE);
	cr_assert_eq(segments.bytes_out, 0);
	close(client);
	net_teardown();
}

Test(conn, finishing_says_its_last_words_and_waits_for_the_peer)
{
	int client;
	struct conn *conn = meet(&client);

	cr_assert_eq(sendq_put(&net, conn, "bye", 3), 0);
	conn_finish(&net, conn, CONN_END_PEER);
	cr_assert_eq(conn->state, CONN_FINISHING);
	fly(conn);
	expect_words(client, "bye");
	cr_assert_eq(send(client, "bye", 3, 0), 3);
	NET_UNTIL(told[conn->slot].bytes == 3);
	cr_assert_eq(conn->state, CONN_FINISHING, "it still listens");
	close(client);
	NET_UNTIL(conn->state == CONN_FREE);
	cr_assert_eq(told[conn->slot].closed, 1);
	net_teardown();
}

Test(conn, finishing_does_not_wait_longer_than_it_lingers)
{
	int client;
	struct conn *conn = meet(&client);
	const uint64_t start = clock_mono_ns();

	conn_finish(&net, conn, CONN_END_PEER);
	NET_UNTIL(conn->state == CONN_FREE);
	cr_assert_geq(clock_mono_ns() - start, 200 * 1000000ull);
	expect_end(client);
	net_teardown();
}

Test(conn, finishing_at_once_ends_when_all_is_sent)
{
	int client;
	struct conn *conn = meet(&client);
	const uint64_t start = clock_mono_ns();

	cr_assert_eq(sendq_put(&net, conn, "bye", 3), 0);
	conn_finish(&net, conn, CONN_END_SENT);
	cr_assert_eq(conn->state, CONN_FINISHING, "there is something to say");
	fly(conn);
	NET_UNTIL(conn->state == CONN_FREE);
	cr_assert_lt(clock_mono_ns() - start, 200 * 1000000ull);
	expect_words(client, "bye");
	expect_end(client);
	net_teardown();
}

Test(conn, finishing_at_once_may_be_said_later)
{
	int client;
	struct conn *conn = meet(&client);

	conn_finish(&net, conn, CONN_END_PEER);
	conn_finish(&net, conn, CONN_END_SENT);
	cr_assert_eq(told[conn->slot].closed, 1, "all is sent");
	NET_UNTIL(conn->state == CONN_FREE);
	expect_end(client);
	net_teardown();
}

/* Closed while there is something to read, the socket would be reset and the last words with it. */
Test(conn, finishing_quietly_discards_what_still_comes)
{
	int client;
	struct conn *conn = meet(&client);
	const uint64_t start = clock_mono_ns();
	int sent = 0;

	net.limits.linger_ms = 20000;
	cr_assert_eq(sendq_put(&net, conn, "bye", 3), 0);
	conn_finish(&net, conn, CONN_END_QUIET);
	fly(conn);
	for (; clock_mono_ns() - start < 150 * 1000000ull; sent++) {
		cr_assert_eq(send(client, "more", 4, MSG_NOSIGNAL), 4);
		usleep(5000);
		net_turn();
		cr_assert_eq(conn->state, CONN_FINISHING, "it is not quiet");
	}
	NET_UNTIL(conn->state == CONN_FREE);
	cr_assert_eq(told[conn->slot].bytes, 4 * sent, "all was read");
	expect_words(client, "bye");
	expect_end(client);
	net_teardown();
}

Test(conn, finishing_quietly_ends_soon_when_nothing_comes)
{
	int client;
	struct conn *conn = meet(&client);
	const uint64_t start = clock_mono_ns();

	net.limits.linger_ms = 20000;
	cr_assert_eq(sendq_put(&net, conn, "bye", 3), 0);
	conn_finish(&net, conn, CONN_END_QUIET);
	fly(conn);
	NET_UNTIL(conn->state == CONN_FREE);
	cr_assert_geq(clock_mono_ns() - start, 90 * 1000000ull);
	expect_words(client, "bye");
	expect_end(client);
	net_teardown();
}

Test(conn, finishing_quietly_does_not_linger_longer_than_it_may)
{
	int client;
	struct conn *conn = meet(&client);
	const uint64_t start = clock_mono_ns();

	conn_finish(&net, conn, CONN_END_QUIET);
	while (conn->state != CONN_FREE) {
		send(client, "more", 4, MSG_NOSIGNAL);
		usleep(1000);
		net_turn();
		cr_assert_lt(clock_mono_ns() - start, 20 * 1000000000ull);
	}
	cr_assert_geq(clock_mono_ns() - start, 200 * 1000000ull, "the linger of these tests");
	close(client);
	net_teardown();
}

/* A client that has said all it has to say (shutdown) still gets the answer. */
Test(conn, a_peer_that_ended_its_half_gets_the_last_words)
{
	int client;
	struct conn *conn = meet(&client);

	cr_assert_eq(sendq_put(&net, conn, "bye", 3), 0);
	conn_finish(&net, conn, CONN_END_PEER);
	shutdown(client, SHUT_WR);
	NET_UNTIL(!conn->receiving);
	cr_assert_eq(told[conn->slot].closed, 0);
	fly(conn);
	NET_UNTIL(conn->state == CONN_FREE);
	expect_words(client, "bye");
	expect_end(client);
	net_teardown();
}

Test(conn, a_peer_that_ends_while_much_is_in_flight_is_waited_for)
{
	int client;
	struct conn *conn = meet(&client);

	queue_much(conn);
	fly(conn);
	net_turn();
	cr_assert(conn->sending);
	shutdown(client, SHUT_WR);
	NET_UNTIL(told[conn->slot].closed);
	NET_UNTIL(conn->state == CONN_FREE);
	close(client);
	net_teardown();
}

Test(conn, goes_on_receiving_when_the_buffers_were_used_up)
{
	static const uint8_t bytes[4096];
	int client;
	struct conn *conn = meet(&client);
	uint64_t sent = 0;
	ssize_t part;

	while ((part = send(client, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		sent += (uint64_t)part;
	cr_assert_gt(sent, usual.recv_buffers * usual.recv_buffer_size);
	NET_UNTIL(told[conn->slot].bytes == sent);
	close(client);
	net_teardown();
}

Test(conn, soon_nothing_is_received_while_it_is_paused)
{
	static const uint8_t bytes[4096];
	int client;
	struct conn *conn = meet(&client);
	uint64_t sent = 0;
	ssize_t part;

	conn_pause(&net, conn);
	while ((part = send(client, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		sent += (uint64_t)part;
	NET_UNTIL(!conn->receiving);
	const uint64_t before = told[conn->slot].bytes;

	cr_assert_lt(before, sent);
	for (int i = 0; i < 5; i++)
		net_turn();
	cr_assert_eq(told[conn->slot].bytes, before);
	conn_resume(&net, conn);
	NET_UNTIL(told[conn->slot].bytes == sent);
	close(client);
	net_teardown();
}

Test(conn, a_peer_that_ends_meanwhile_has_ended_when_it_is_resumed)
{
	int client;
	struct conn *conn = meet(&client);

	net_turn();
	conn_pause(&net, conn);
	if (!features.receive_share) { /* nobody is listening any more */
		NET_UNTIL(!conn->receiving);
		conn_resume(&net, conn);
		conn->paused = true;
	}
	close(client);
	NET_UNTIL(conn->ended);
	cr_assert_eq(told[conn->slot].closed, 0);
	conn_resume(&net, conn);
	cr_assert_eq(told[conn->slot].closed, 1);
	net_teardown();
}

enum { FLOODERS = 16 };

static struct conn *flooder[FLOODERS];
static int floods[FLOODERS];

static void meet_flooders(void)
{
	for (int i = 0; i < FLOODERS; i++)
		flooder[i] = meet(&floods[i]);
}

/* They always have something to be read. */
static void flood(void)
{
	static uint8_t much[1 << 16];

	for (int i = 0; i < FLOODERS; i++)
		while (send(floods[i], much, sizeof(much), MSG_DONTWAIT) > 0)
			;
}

static void part_with_flooders(void)
{
	for (int i = 0; i < FLOODERS; i++) {
		conn_abort(&net, flooder[i]);
		close(floods[i]);
	}
}

/* For which there are not buffers enough. */
Test(conn, who_sends_without_end_does_not_have_all_buffers)
{
	int client;
	struct conn *conn = meet(&client);

	meet_flooders();
	for (int turn = 0; turn < 64; turn++) {
		flood();
		cr_assert_lt(turn, 63, "64 turns, and nobody had a buffer for one byte");
		if (turn == 8)
			cr_assert_eq(send(client, "x", 1, 0), 1);
		net_turn();
		if (turn >= 8 && told[conn->slot].bytes == 1)
			break;
	}
	close(client);
	part_with_flooders();
	net_teardown();
}

Test(conn, who_is_finishing_has_little_of_a_turn)
{
	uint64_t before[FLOODERS], fed[FLOODERS] = { 0 };

	if (!features.receive_share)
		cr_skip("a receive is not over after a share");
	meet_flooders();
	for (int i = 0; i < FLOODERS; i++)
		conn_finish(&net, flooder[i], CONN_END_PEER);
	for (int turn = 0; turn < 40; turn++) {
		uint32_t served = 0;

		flood();
		for (int i = 0; i < FLOODERS; i++)
			before[i] = told[flooder[i]->slot].bytes;
		net_turn();
		for (int i = 0; i < FLOODERS; i++) {
			const bool any = told[flooder[i]->slot].bytes > before[i];

			served += any;
			fed[i] += any;
		}
		cr_assert(turn < 8 || served <= 4, "%u in one turn", served);
	}
	for (int i = 0; i < FLOODERS; i++)
		cr_assert_geq(fed[i], 6, "one after the other: %d had %lu of 40 turns", i, (unsigned long)fed[i]);
	part_with_flooders();
	net_teardown();
}

Test(conn, may_end_while_it_is_paused)
{
	int client;
	struct conn *conn = meet(&client);

	conn_pause(&net, conn);
	conn_abort(&net, conn);
	NET_UNTIL(conn->state == CONN_FREE);
	close(client);
	net_teardown();
}

Test(conn, a_peer_that_breaks_off_ends_it)
{
	const struct linger hard = { .l_onoff = 1 };
	int client;
	struct conn *conn = meet(&client);

	queue_much(conn);
	fly(conn);
	net_turn();
	setsockopt(client, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(client);
	NET_UNTIL(conn->state == CONN_FREE);
	cr_assert_eq(told[conn->slot].closed, 1);
	net_teardown();
}

Test(conn, each_use_of_a_slot_is_told_apart)
{
	uint32_t generations[1024] = { 0 };

	for (int i = 0; i < 100; i++) {
		int client;
		struct conn *conn = meet(&client);

		cr_assert_neq(conn->generation, generations[conn->slot]);
		generations[conn->slot] = conn->generation;
		cr_assert_eq(conn->queued, 0);
		close(client);
		NET_UNTIL(net.open == 0);
	}
	net_teardown();
}

Test(conn, twice_the_limit_of_its_address_and_one_is_ended)
{
	int clients[5];
	struct conn *conns[5];

	net_teardown();
	net_setup_of(2, 1 << 20);
	if (!net.limits.peer_address)
		cr_skip("this kernel tells no addresses");
	for (int i = 0; i < 5; i++)
		conns[i] = meet(&clients[i]);
	NET_UNTIL(told[conns[4]->slot].closed);
	cr_assert_eq(conns[4]->verdict, ADDRESS_SHUT);
	expect_end(clients[4]);
	NET_UNTIL(!conns[3]->asking);
	for (int i = 0; i < 4; i++)
		cr_assert_eq(conns[i]->verdict, i < 2 ? ADDRESS_WELCOME : ADDRESS_CROWDED, "%d", i);
	for (int i = 0; i < 3; i++)
		close(clients[i]);
	NET_UNTIL(net.open == 1);
	conns[2] = meet(&clients[2]);
	NET_UNTIL(!conns[2]->asking);
	cr_assert_eq(conns[2]->verdict, ADDRESS_WELCOME, "there is room again");
	close(clients[2]);
	close(clients[3]);
	net_teardown();
}

Test(conn, nothing_is_received_before_its_address_is_known)
{
	struct ring_event events[EVENTS];
	int client;

	net_teardown();
	net_setup_of(2, 1 << 20);
	if (!net.limits.peer_address)
		cr_skip("this kernel tells no addresses");
	client = connect_to();
	cr_assert_eq(send(client, "early", 5, 0), 5);
	struct conn *conn = NULL;

	while (!conn) {
		const size_t count = ring_collect(ring, events, 1, SECOND);

		conn = count > 0 ? net_event(&net, &events[0]) : NULL;
	}
	cr_assert(conn->asking && !conn->receiving);
	memset(&told[conn->slot], 0, sizeof(told[0]));
	NET_UNTIL(told[conn->slot].bytes == 5);
	cr_assert_neq(conn->address, 0);
	conn_settle(&net, conn);
	conn_settle(&net, conn);
	close(client);
	net_teardown();
}

Test(conn, an_event_of_a_free_slot_is_a_crash, .signal = SIGABRT)
{
	net_event(&net, &(struct ring_event){ .kind = RING_CLOSED, .slot = 5 });
}
