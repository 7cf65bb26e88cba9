/* floor_send - what a WebSocket server over epoll and send() costs when it only sends.
 *
 * The way most servers go: level-triggered epoll, one recv() an event, send() at once, EPOLLOUT only when one is full.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "perf/floor/crowd.h"

#define EVENTS 1024
#define RECV_SIZE (64 * 1024)

/* A slot is the socket's own number. */
struct server {
	struct crowd crowd;
	int epoll, listener, signals;
	uint8_t bytes[RECV_SIZE];
};

static void watch(struct server *server, int how, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	if (epoll_ctl(server->epoll, how, fd, &event) != 0)
		floor_fail("epoll_ctl", errno);
}

static void send_first(struct crowd *crowd, uint32_t slot)
{
	struct crowd_conn *conn = &crowd->conns[slot];

	while (conn->owed > 0 && conn->state != CONN_ENDING) {
		const ssize_t taken = send((int)slot, conn->first.bytes, conn->first.size, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (taken < 0 && errno == EAGAIN) {
			conn->watched = true;
			watch(crowd->program, EPOLL_CTL_MOD, (int)slot, EPOLLIN | EPOLLOUT);
			return;
		}
		if (taken < 0 && errno != EINTR) {
			crowd_end(crowd, slot);
			return;
		}
		conn->flying = taken > 0 ? (uint32_t)taken : 0;
		crowd_sent(crowd, slot, conn->flying, false);
	}
}

static void end(struct crowd *crowd, uint32_t slot)
{
	close((int)slot);
	crowd_gone(crowd, slot);
}

static void accept_all(struct server *server)
{
	int fd;

	while ((fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if ((uint32_t)fd >= server->crowd.slots) {
			close(fd);
			continue;
		}
		crowd_accepted(&server->crowd, (uint32_t)fd);
		watch(server, EPOLL_CTL_ADD, fd, EPOLLIN);
	}
}

static void ready(struct server *server, uint32_t slot, uint32_t events)
{
	struct crowd_conn *conn = &server->crowd.conns[slot];

	if (events & EPOLLOUT && conn->watched) {
		conn->watched = false;
		send_first(&server->crowd, slot);
		if (!conn->watched && conn->state != CONN_ENDING)
			watch(server, EPOLL_CTL_MOD, (int)slot, EPOLLIN);
	}
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	const ssize_t size = recv((int)slot, server->bytes, sizeof(server->bytes), MSG_DONTWAIT);

	if (size > 0)
		crowd_bytes(&server->crowd, slot, server->bytes, (uint32_t)size);
	else if (size == 0 || (errno != EAGAIN && errno != EINTR))
		crowd_end(&server->crowd, slot);
}

/* Returns false when it is to stop. */
static bool turn(struct server *server)
{
	static struct epoll_event events[EVENTS];
	const int count = epoll_wait(server->epoll, events, EVENTS, -1);

	for (int i = 0; i < count; i++) {
		if (events[i].data.fd == server->signals)
			return false;
		if (events[i].data.fd == server->listener)
			accept_all(server);
		else
			ready(server, (uint32_t)events[i].data.fd, events[i].events);
	}
	crowd_flush(&server->crowd);
	return true;
}

int main(int argc, char **argv)
{
	static struct server server;
	struct floor_options options;
	int status;

	if (!floor_begin(&options, argc, argv, "the floor of a server over epoll: it only sends", &status))
		return status;
	const uint32_t most = floor_descriptors(), wanted = options.connections + 8; /* its own few besides */

	server.signals = floor_signals();
	server.epoll = epoll_create1(EPOLL_CLOEXEC);
	crowd_open(&server.crowd, &options, wanted < most ? wanted : most);
	server.crowd.program = &server;
	server.crowd.send = send_first;
	server.crowd.end = end;
	server.listener = floor_listen(&options);
	watch(&server, EPOLL_CTL_ADD, server.signals, EPOLLIN);
	watch(&server, EPOLL_CTL_ADD, server.listener, EPOLLIN);
	while (turn(&server))
		;
	crowd_report(&server.crowd);
	return EXIT_SUCCESS;
}
