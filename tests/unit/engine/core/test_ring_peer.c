/* Asking for the addresses of peers: one question a socket, each with memory of its own while the kernel has it. */
#include "tests/unit/engine/core/ring_fixture.h"

static void expect_peer(const char *host, const char *mapped)
{
	int client;
	struct sockaddr_in own;
	char got[INET6_ADDRSTRLEN];

	open_ring(&usual);
	if (!features.peer_address)
		cr_skip("no SOCKET_URING_OP_GETSOCKOPT here");
	close(listener);
	listener = listen_on(host);
	ring_accept(ring, listener);

	const uint32_t slot = accept_one(&client);

	ring_peer(ring, slot);
	UNTIL(peers == 1);
	cr_assert_eq(seen[slot].peer_result, 0, "%s", strerror(-seen[slot].peer_result));
	inet_ntop(AF_INET6, seen[slot].peer.bytes, got, sizeof(got));
	cr_assert_str_eq(got, mapped);
	getsockname(client, (struct sockaddr *)&own, &(socklen_t){ sizeof(own) });
	cr_assert_eq(seen[slot].peer.port, ntohs(own.sin_port));
	ring_close_all(ring);
}

Test(ring_peer, tells_an_ipv4_peer)
{
	expect_peer("127.0.0.3", "::ffff:127.0.0.1");
}

Test(ring_peer, tells_an_ipv6_peer)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	const int client = socket(AF_INET6, SOCK_STREAM, 0);
	socklen_t size = sizeof(six);

	open_ring(&usual);
	listener = socket(AF_INET6, SOCK_STREAM, 0);
	if (!features.peer_address || bind(listener, (struct sockaddr *)&six, size) < 0)
		cr_skip("no SOCKET_URING_OP_GETSOCKOPT, or no IPv6, here");
	listen(listener, 8);
	getsockname(listener, (struct sockaddr *)&six, &size);
	ring_accept(ring, listener);
	cr_assert_eq(connect(client, (struct sockaddr *)&six, size), 0);
	UNTIL(accepted == 1);
	ring_peer(ring, newest);
	UNTIL(peers == 1);
	cr_assert_eq(seen[newest].peer_result, 0);
	cr_assert_eq(memcmp(seen[newest].peer.bytes, &six.sin6_addr, 16), 0);
	getsockname(client, (struct sockaddr *)&six, &size);
	cr_assert_eq(seen[newest].peer.port, ntohs(six.sin6_port));
	ring_close_all(ring);
}

/* Each is answered for itself, however many are asked about in one turn; and the next time around. */
Test(ring_peer, tells_many_peers_at_once)
{
	int clients[20];
	uint32_t slots[20];

	open_ring(&usual);
	if (!features.peer_address)
		cr_skip("no SOCKET_URING_OP_GETSOCKOPT here");
	ring_accept(ring, listener);
	for (int i = 0; i < 20; i++)
		slots[i] = accept_one(&clients[i]);
	for (uint32_t around = 1; around <= 3; around++) {
		for (int i = 0; i < 20; i++)
			ring_peer(ring, slots[i]);
		UNTIL(peers == around * 20);
		for (int i = 0; i < 20; i++) {
			struct sockaddr_in own;

			getsockname(clients[i], (struct sockaddr *)&own, &(socklen_t){ sizeof(own) });
			cr_assert_eq(seen[slots[i]].peer_result, 0);
			cr_assert_eq(seen[slots[i]].peer.port, ntohs(own.sin_port));
			seen[slots[i]].peer.port = 0;
		}
	}
	ring_close_all(ring);
}

Test(ring_peer, a_question_beside_another_is_a_crash, .signal = SIGABRT)
{
	int client;

	open_ring(&usual);
	if (!features.peer_address)
		abort();
	ring_accept(ring, listener);
	ring_peer(ring, accept_one(&client));
	ring_peer(ring, newest);
}

Test(ring_peer, a_socket_closed_while_it_is_asked_about_is_a_crash, .signal = SIGABRT)
{
	int client;

	open_ring(&usual);
	if (!features.peer_address)
		abort();
	ring_accept(ring, listener);
	ring_peer(ring, accept_one(&client));
	ring_close(ring, newest);
}

Test(ring_peer, a_kernel_that_cannot_tell_says_so)
{
	int client, error;

	open_ring(&usual);
	ring_close_all(ring);
	features.peer_address = false;
	ring = ring_open(&usual, &features, &error);
	ring_accept(ring, listener);
	ring_peer(ring, accept_one(&client));
	UNTIL(peers == 1);
	cr_assert_eq(seen[newest].peer_result, -EOPNOTSUPP);
	ring_close_all(ring);
}
