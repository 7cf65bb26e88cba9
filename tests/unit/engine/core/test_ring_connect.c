/* Connecting from a ring's slots, against plain sockets of this machine. */
#include "tests/unit/engine/core/ring_fixture.h"

#define LANE_SLOTS 24
#define MANY 60

static const struct ring_limits outward = {
	.use = RING_CONNECTS,
	.slots_max = 64,
	.recv_buffers = 16,
	.recv_buffer_size = 4096,
};

static struct ring_address mapped(uint16_t port)
{
	return (struct ring_address){ .bytes = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 }, .port = port };
}

static void connect_slot(uint32_t slot, uint16_t port)
{
	const struct ring_address to = mapped(port);
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	cr_assert_geq(fd, 0);
	memset(&seen[slot], 0, sizeof(seen[slot]));
	ring_connect(ring, slot, fd, &to);
}

static void close_slot(uint32_t slot)
{
	const uint32_t before = closed;

	ring_close(ring, slot);
	UNTIL(closed > before);
}

Test(ring_connect, connects_and_then_serves_as_any_slot)
{
	char got[5];

	open_ring(&outward);
	connect_slot(7, ntohs(address.sin_port));
	UNTIL(seen[7].connected);
	cr_assert_eq(seen[7].connect_result, 0);

	const int peer = accept(listener, NULL, NULL);

	ring_recv(ring, 7);
	send_text(7, "hello");
	UNTIL(seen[7].idle);
	cr_assert_eq(recv(peer, got, sizeof(got), MSG_WAITALL), 5);
	cr_assert_eq(memcmp(got, "hello", 5), 0);
	cr_assert_eq(send(peer, "welcome", 7, 0), 7);
	UNTIL(seen[7].received == 7);
	ring_peer(ring, 7);
	UNTIL(peers == 1);
	if (features.peer_address)
		cr_assert_eq(seen[7].peer.port, ntohs(address.sin_port));
	cr_assert_eq(shutdown(peer, SHUT_WR), 0);
	UNTIL(seen[7].over);
	close_slot(7);
	cr_assert_eq(recv(peer, got, 1, 0), 0, "the peer sees the end");
	ring_close_all(ring);
}

Test(ring_connect, a_socket_of_ipv6_takes_an_address_of_its_own_kind)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct ring_address to = { .bytes = { [15] = 1 } };
	socklen_t size = sizeof(six);

	listener = socket(AF_INET6, SOCK_STREAM, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&six, size) < 0)
		cr_skip("no IPv6 here");
	cr_assert_eq(listen(listener, 1), 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&six, &size), 0);
	to.port = ntohs(six.sin6_port);
	open_ring(&outward);
	ring_connect(ring, 0, socket(AF_INET6, SOCK_STREAM, 0), &to);
	UNTIL(seen[0].connected);
	cr_assert_eq(seen[0].connect_result, 0, "%s", strerror(-seen[0].connect_result));
	close_slot(0);
	ring_close_all(ring);
}

Test(ring_connect, refused_is_told_and_the_slot_can_be_used_again)
{
	open_ring(&outward);

	const uint16_t port = ntohs(address.sin_port);

	close(listener);
	for (int i = 0; i < 2; i++) {
		connect_slot(0, port);
		UNTIL(seen[0].connected);
		cr_assert_eq(seen[0].connect_result, -ECONNREFUSED);
		close_slot(0);
	}
	ring_close_all(ring);
}

Test(ring_connect, the_socket_may_be_bound)
{
	const struct ring_address to = mapped(0);
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000009) };
	socklen_t size = sizeof(from);
	struct ring_address there = to;

	open_ring(&outward);
	there.port = ntohs(address.sin_port);

	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&from, size), 0);
	ring_connect(ring, 3, fd, &there);
	UNTIL(seen[3].connected);
	cr_assert_eq(seen[3].connect_result, 0);
	cr_assert_geq(accept(listener, (struct sockaddr *)&from, &size), 0);
	cr_assert_eq(from.sin_addr.s_addr, htonl(0x7f000009));
	ring_close_all(ring);
}

/* A listener whose backlog is full answers nobody. */
static void fill_backlog(void)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(here);

	listener = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert_eq(bind(listener, (struct sockaddr *)&here, size), 0);
	cr_assert_eq(listen(listener, 0), 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	for (int i = 0; i < 4; i++)
		connect(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), (struct sockaddr *)&address, size);
}

Test(ring_connect, a_cancel_ends_a_connect_that_nobody_answers)
{
	fill_backlog();
	open_ring(&outward);
	for (uint32_t slot = 0; slot < 8; slot++)
		connect_slot(slot, ntohs(address.sin_port));
	turn(SECOND / 20);
	for (uint32_t slot = 0; slot < 8; slot++) {
		cr_assert_not(seen[slot].connected);
		ring_cancel(ring, slot);
	}
	for (uint32_t slot = 0; slot < 8; slot++) {
		UNTIL(seen[slot].connected);
		cr_assert_eq(seen[slot].connect_result, -ECANCELED);
		close_slot(slot);
	}
	ring_close_all(ring);
}

Test(ring_connect, a_cancel_in_the_same_submission_ends_it_too)
{
	fill_backlog();
	open_ring(&outward);
	connect_slot(5, ntohs(address.sin_port));
	ring_cancel(ring, 5);
	UNTIL(seen[5].connected);
	cr_assert_lt(seen[5].connect_result, 0);
	close_slot(5);
	ring_close_all(ring);
}

Test(ring_connect, closing_while_it_connects_is_a_crash, .signal = SIGABRT)
{
	fill_backlog();
	open_ring(&outward);
	connect_slot(0, ntohs(address.sin_port));
	ring_close(ring, 0);
}

Test(ring_connect, a_slot_in_use_is_a_crash, .signal = SIGABRT)
{
	open_ring(&outward);
	connect_slot(1, ntohs(address.sin_port));
	connect_slot(1, ntohs(address.sin_port));
}

Test(ring_connect, a_ring_that_accepts_gives_its_slots_out_itself, .signal = SIGABRT)
{
	open_ring(&usual);
	connect_slot(1, ntohs(address.sin_port));
}

/* Peers live in a process of their own: a lane's table is as small as this one's RLIMIT_NOFILE. */
Test(ring_connect, every_lane_connects, .timeout = 60)
{
	const struct rlimit few = { LANE_SLOTS, LANE_SLOTS };
	const struct ring_limits wide = {
		.use = RING_CONNECTS,
		.slots_max = MANY,
		.recv_buffers = 4,
		.recv_buffer_size = 256,
	};
	struct ring_stats stats;

	listener = listen_on("127.0.0.1");

	const pid_t child = fork();

	if (child == 0) {
		alarm(30);
		for (int i = 0; i < MANY; i++) {
			const int peer = accept(listener, NULL, NULL);
			if (peer < 0 || send(peer, "x", 1, 0) != 1)
				_exit(1);
		}
		pause();
	}
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	open_ring(&wide);
	for (uint32_t slot = 0; slot < MANY; slot++) {
		connect_slot(slot, ntohs(address.sin_port));
		UNTIL(seen[slot].connected);
		cr_assert_eq(seen[slot].connect_result, 0);
		ring_recv(ring, slot);
	}
	ring_stats(ring, &stats);
	cr_assert_gt(stats.lanes, 2);
	cr_assert_eq(stats.slots_used, MANY);
	for (uint32_t slot = 0; slot < MANY; slot++)
		UNTIL(seen[slot].received == 1);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	for (uint32_t slot = 0; slot < MANY; slot++) {
		UNTIL(seen[slot].over);
		close_slot(slot);
	}
	ring_close_all(ring);
}
