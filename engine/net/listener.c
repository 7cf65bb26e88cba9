#include "engine/net/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST_SIZE 256

/* "HOST:PORT" into its parts; an empty host or * is every address. */
static int split(const char *address, char *host, size_t host_size, const char **port)
{
	const char *colon = strrchr(address, ':');

	if (!colon || !colon[1] || (size_t)(colon - address) >= host_size)
		return -EINVAL;
	for (const char *at = colon + 1; *at; at++)
		if (*at < '0' || *at > '9')
			return -EINVAL;
	if (strlen(colon + 1) > 5 || strtoul(colon + 1, NULL, 10) > UINT16_MAX)
		return -EINVAL;
	*port = colon + 1;
	size_t size = (size_t)(colon - address);

	if (size >= 2 && address[0] == '[' && address[size - 1] == ']') {
		address++;
		size -= 2;
	}
	memcpy(host, address, size);
	host[size] = 0;
	if (strcmp(host, "*") == 0)
		host[0] = 0;
	return 0;
}

int listener_check(const char *address)
{
	char host[HOST_SIZE];
	const char *port;

	return split(address, host, sizeof(host), &port);
}

static int option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

void listener_user_timeout(int socket, uint32_t ms)
{
	(void)option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)ms); /* without it the kernel waits as before */
}

/* What an accepted connection inherits. */
static void prepare(int fd, const struct listener_limits *limits)
{
	option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (limits->user_timeout_ms > 0)
		option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)limits->user_timeout_ms);
	if (limits->send_buffer > 0)
		option(fd, SOL_SOCKET, SO_SNDBUF, (int)limits->send_buffer);
}

static int open_one(const struct sockaddr *address, socklen_t size, bool shared)
{
	const int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error = 0;

	if (fd < 0)
		return -errno;
	option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (address->sa_family == AF_INET6)
		option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	if (shared && option(fd, SOL_SOCKET, SO_REUSEPORT, 1) != 0)
		error = -errno;
	if (error == 0 && bind(fd, address, size) != 0)
		error = -errno;
	if (error == 0)
		return fd;
	close(fd);
	return error;
}

static void describe(const struct sockaddr_storage *address, socklen_t size, char text[LISTENER_TEXT_MAX])
{
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getnameinfo((const struct sockaddr *)address, size, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(text, LISTENER_TEXT_MAX, "?");
	else
		snprintf(text, LISTENER_TEXT_MAX, address->ss_family == AF_INET6 ? "[%.45s]:%.5s" : "%.45s:%.5s", host,
			 port);
}

static int open_all(struct sockaddr_storage *address, socklen_t size, const struct listener_limits *limits,
		    int *sockets, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		sockets[i] = open_one((const struct sockaddr *)address, size, true);

		int error = sockets[i] < 0 ? sockets[i] : 0;

		if (error == 0) {
			prepare(sockets[i], limits);
			if (listen(sockets[i], limits->backlog) != 0) {
				error = -errno;
				close(sockets[i]);
			}
		}
		while (error != 0 && i-- > 0)
			close(sockets[i]);
		if (error != 0)
			return error;
	}
	return 0;
}

int listener_open(const char *address, const struct listener_limits *limits, int *sockets, uint32_t count,
		  char text[LISTENER_TEXT_MAX])
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *found;
	struct sockaddr_storage bound;
	socklen_t size = sizeof(bound);
	char host[HOST_SIZE];
	const char *port;

	if (split(address, host, sizeof(host), &port) != 0 ||
	    getaddrinfo(host[0] ? host : NULL, port, &hints, &found) != 0)
		return -EINVAL;
	/* Alone first: with SO_REUSEPORT another server on this port would not be noticed. */
	const int alone = open_one(found->ai_addr, found->ai_addrlen, false);

	freeaddrinfo(found);
	if (alone < 0)
		return alone;
	getsockname(alone, (struct sockaddr *)&bound, &size);
	close(alone);
	describe(&bound, size, text);
	return open_all(&bound, size, limits, sockets, count);
}

void listener_shut(int socket)
{
	(void)shutdown(socket, SHUT_RDWR);
}
