/* Addresses as people write them, ports that are taken, and one port for all cores. */
#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/net/listener.h"

static const struct listener_limits limits = { .backlog = 16, .user_timeout_ms = 4321 };

static const struct form {
	const char *text;
	bool right;
} forms[] = {
	{ "127.0.0.1:8080", true },
	{ "127.0.0.1:0", true },
	{ "127.0.0.1:65535", true },
	{ "[::1]:80", true },
	{ "[::]:8080", true },
	{ ":8080", true },
	{ "*:8080", true },
	{ "localhost:8080", true },
	{ "127.0.0.1:65536", false },
	{ "127.0.0.1:99999", false },
	{ "127.0.0.1:100000", false },
	{ "127.0.0.1:", false },
	{ "127.0.0.1", false },
	{ "", false },
	{ ":", false },
	{ "8080", false },
	{ "127.0.0.1:http", false },
	{ "127.0.0.1:-1", false },
	{ "127.0.0.1:+1", false },
	{ "127.0.0.1: 80", false },
	{ "127.0.0.1:80 ", false },
	{ "127.0.0.1:0x50", false },
	{ "[::1]", false },
};

Test(listener, takes_these_addresses_and_refuses_those)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		char *exact = strdup(forms[i].text);

		cr_assert_eq(listener_check(exact) == 0, forms[i].right, "'%s'", exact);
		free(exact);
	}
}

Test(listener, a_host_of_255_bytes_is_looked_at_and_one_of_256_is_not)
{
	char text[300];

	memset(text, 'a', sizeof(text));
	snprintf(text + 255, 10, ":80");
	cr_assert_eq(listener_check(text), 0);
	memset(text, 'a', sizeof(text));
	snprintf(text + 256, 10, ":80");
	cr_assert_lt(listener_check(text), 0);
}

static uint16_t port_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);

	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
						   : ((struct sockaddr_in *)&address)->sin_port);
}

static void close_all(const int *sockets, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		close(sockets[i]);
}

Test(listener, port_0_is_one_port_for_all_and_is_named)
{
	char text[LISTENER_TEXT_MAX], want[LISTENER_TEXT_MAX];
	int sockets[3];

	cr_assert_eq(listener_open("127.0.0.1:0", &limits, sockets, 3, text), 0);
	const uint16_t port = port_of(sockets[0]);

	snprintf(want, sizeof(want), "127.0.0.1:%u", port);
	cr_assert_str_eq(text, want);
	cr_assert(port != 0 && port_of(sockets[1]) == port && port_of(sockets[2]) == port);
	close_all(sockets, 3);
}

Test(listener, a_port_that_is_taken_is_told_whoever_has_it)
{
	char text[LISTENER_TEXT_MAX];
	int mine[2], other[2];
	char address[32];

	cr_assert_eq(listener_open("127.0.0.1:0", &limits, mine, 2, text), 0);
	snprintf(address, sizeof(address), "127.0.0.1:%u", port_of(mine[0]));
	cr_assert_eq(listener_open(address, &limits, other, 2, text), -EADDRINUSE, "SO_REUSEPORT would share it");
	close_all(mine, 2);
	cr_assert_eq(listener_open(address, &limits, other, 2, text), 0, "and it is free again at once");
	close_all(other, 2);
}

Test(listener, an_address_that_is_not_of_this_machine_is_refused)
{
	char text[LISTENER_TEXT_MAX];
	int socket_;

	cr_assert_eq(listener_open("192.0.2.1:0", &limits, &socket_, 1, text), -EADDRNOTAVAIL);
	cr_assert_eq(listener_open("no such host:0", &limits, &socket_, 1, text), -EINVAL);
	cr_assert_eq(listener_open("127.0.0.1:65536", &limits, &socket_, 1, text), -EINVAL);
}

Test(listener, leaves_no_descriptor_behind_when_it_fails)
{
	char text[LISTENER_TEXT_MAX];
	const int before = dup(0);
	int socket_;

	close(before);
	listener_open("192.0.2.1:0", &limits, &socket_, 1, text);
	listener_open("127.0.0.1:65536", &limits, &socket_, 1, text);
	const int after = dup(0);

	cr_assert_eq(after, before);
	close(after);
}

static int value_of(int fd, int level, int name)
{
	int value = -1;
	socklen_t size = sizeof(value);

	cr_assert_eq(getsockopt(fd, level, name, &value, &size), 0);
	return value;
}

Test(listener, what_it_accepts_has_its_settings)
{
	char text[LISTENER_TEXT_MAX];
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int client = socket(AF_INET, SOCK_STREAM, 0);
	int listening, accepted;

	cr_assert_eq(listener_open("127.0.0.1:0", &limits, &listening, 1, text), 0);
	address.sin_port = htons(port_of(listening));
	cr_assert_eq(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	accepted = accept(listening, NULL, NULL);
	cr_assert_geq(accepted, 0);
	cr_assert_eq(value_of(accepted, IPPROTO_TCP, TCP_NODELAY), 1);
	cr_assert_eq(value_of(accepted, IPPROTO_TCP, TCP_USER_TIMEOUT), 4321);
	/* The side that closes first keeps the port for a minute; a restart must not wait for that. */
	close_all((int[]){ accepted, client, listening }, 3);
	cr_assert_eq(listener_open(text, &limits, &listening, 1, text), 0);
	close(listening);
}

Test(listener, ipv6_is_written_in_brackets)
{
	char text[LISTENER_TEXT_MAX];
	int socket_;
	const int error = listener_open("[::1]:0", &limits, &socket_, 1, text);

	if (error == -EADDRNOTAVAIL || error == -EAFNOSUPPORT)
		cr_skip("no IPv6 here");
	cr_assert_eq(error, 0);
	cr_assert_eq(strncmp(text, "[::1]:", 6), 0);
	close(socket_);
}
