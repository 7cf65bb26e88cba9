/* listener.h - a listening TCP socket a core, all on one address (SO_REUSEPORT).
 */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <stdint.h>

#define LISTENER_TEXT_MAX 64

struct listener_limits {
	int backlog;
	uint32_t user_timeout_ms; /* TCP_USER_TIMEOUT of what is accepted */
	uint32_t send_buffer;     /* SO_SNDBUF of what is accepted, bytes; 0: the kernel's own tuning */
};

/* Whether it looks like an address for listener_open(): 0, or -EINVAL. Asks nobody for a host's name. */
int listener_check(const char *address);

/* Parses "HOST:PORT" ("127.0.0.1:8080", "[::]:8080", ":8080", "*:8080", "localhost:0"),
 * checks that nobody else listens there, and opens `count` sockets on it. text:
 * the address in numbers, with the port that the kernel chose where it was 0.
 * Returns 0, or with nothing open -errno (-EINVAL: not an address; -EADDRINUSE: taken). */
int listener_open(const char *address, const struct listener_limits *limits, int *sockets, uint32_t count,
		  char text[LISTENER_TEXT_MAX]);

/* Another TCP_USER_TIMEOUT for what is accepted from now on. */
void listener_user_timeout(int socket, uint32_t ms);

/* Nobody new can connect from now on; who waits to be accepted is told so. The socket stays open. */
void listener_shut(int socket);

#endif
