/* postgres_played.h - what a server that is played says to whoever comes: one refusal, and nothing more.
 */
#ifndef POSTGRES_PLAYED_H
#define POSTGRES_PLAYED_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PLAYED_REQUEST_MAX 4096

/* Bound to a free port of this machine; nobody listens yet. */
static inline int played_open(int *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	const int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(listener, (struct sockaddr *)&address, size) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &size) != 0)
		return -1;
	*port = ntohs(address.sin_port);
	return listener;
}

/* Reads what a client wants, of at most PLAYED_REQUEST_MAX bytes, refuses it with this SQLSTATE, and ends. Gives the
 * request's size, or 0 for one who left without a word. */
static inline ssize_t played_refuse(int client, const char *state, char *request)
{
	char answer[64];
	ssize_t got = read(client, request, PLAYED_REQUEST_MAX);

	/* A request for encryption is of 8 bytes, and declined with a letter. */
	if (got == 8 && write(client, "N", 1) == 1)
		got = read(client, request, PLAYED_REQUEST_MAX);
	const int size = snprintf(answer + 5, sizeof(answer) - 5, "SFATAL%cC%s%cMno%c", 0, state, 0, 0) + 1;

	answer[0] = 'E';
	memcpy(answer + 1, &(uint32_t){ htonl((uint32_t)size + 4) }, 4);
	if (got <= 8 || send(client, answer, (size_t)size + 5, MSG_NOSIGNAL) != size + 5)
		got = 0;
	close(client);
	return got;
}

#endif
