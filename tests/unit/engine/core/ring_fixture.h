/* ring_fixture.h - a ring on this thread, over real loopback sockets, plain blocking sockets as its peers.
 *
 * Each of the ring's tests includes it and has its own of everything; Criterion gives each test a process.
 */
#ifndef TEST_RING_FIXTURE_H
#define TEST_RING_FIXTURE_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/core/clock.h"
#include "engine/core/ring.h"

#define SECOND 1000000000ull
#define EVENTS 64

static struct ring_features features;
static struct ring *ring;
static int listener;
static struct sockaddr_in address;

/* What has happened to each slot, gathered from the events. */
static struct {
	uint64_t received, sent;
	uint32_t sum;
	bool accepted, ended, over, idle, closed, connected;
	int32_t last_result, connect_result;
	struct ring_address peer;
	int peer_result;
} seen[1024];
static uint32_t accepted, closed, accept_failed, woken, peers, no_buffers;
static uint32_t newest;
static uint64_t word;

static const struct ring_limits usual = {
	.slots_max = 64, .accept_burst = 8, .recv_buffers = 16, .recv_buffer_size = 4096,
};

static inline int listen_on(const char *host)
{
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t size = sizeof(address);

	address = (struct sockaddr_in){ .sin_family = AF_INET };
	inet_pton(AF_INET, host, &address.sin_addr);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, size), 0);
	cr_assert_eq(listen(fd, 512), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	return fd;
}

static inline void open_ring(const struct ring_limits *limits)
{
	int error;

	ring_probe(&features);
	if (!features.usable)
		cr_skip("%s", features.reason);
	ring = ring_open(limits, &features, &error);
	cr_assert_not_null(ring, "%s", strerror(-error));
	if (listener == 0)
		listener = listen_on("127.0.0.1");
}

static inline int connect_to(void)
{
	const struct timeval patience = { .tv_sec = 10 };
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0, "%s", strerror(errno));
	return fd;
}

static inline void note(const struct ring_event *event)
{
	const uint32_t slot = event->slot;

	cr_assert_lt(slot, 1024);
	switch (event->kind) {
	case RING_ACCEPTED:
		cr_assert_not(seen[slot].accepted, "a slot is given out once");
		memset(&seen[slot], 0, sizeof(seen[slot]));
		seen[slot].accepted = true;
		newest = slot;
		accepted++;
		break;
	case RING_ACCEPT_FAILED:
		seen[0].last_result = event->result;
		accept_failed++;
		break;
	case RING_PEER:
		seen[slot].peer = event->address;
		seen[slot].peer_result = event->result;
		peers++;
		break;
	case RING_RECEIVED:
		for (int32_t i = 0; i < event->result; i++)
			seen[slot].sum = seen[slot].sum * 31 + event->bytes[i];
		seen[slot].received += event->result > 0 ? (uint64_t)event->result : 0;
		seen[slot].ended |= event->result == 0;
		seen[slot].over = event->last;
		seen[slot].last_result = event->result;
		no_buffers += event->result == -ENOBUFS;
		break;
	case RING_SENT:
		seen[slot].sent += event->result > 0 ? (uint64_t)event->result : 0;
		seen[slot].idle = true;
		seen[slot].last_result = event->result;
		break;
	case RING_CONNECTED:
		seen[slot].connected = true;
		seen[slot].connect_result = event->result;
		break;
	case RING_CLOSED:
		seen[slot].accepted = false;
		seen[slot].closed = true;
		closed++;
		break;
	case RING_WOKEN:
		word = event->word;
		woken++;
		break;
	}
}

static inline size_t turn(uint64_t wait_ns)
{
	struct ring_event events[EVENTS];
	const size_t count = ring_collect(ring, events, EVENTS, wait_ns);

	for (size_t i = 0; i < count; i++)
		note(&events[i]);
	return count;
}

#define UNTIL(condition) \
	do { \
		const uint64_t until_ = clock_mono_ns() + 10 * SECOND; \
		while (!(condition)) { \
			cr_assert_lt(clock_mono_ns(), until_, "waited in vain for " #condition); \
			turn(SECOND / 10); \
		} \
	} while (0)

static inline uint32_t accept_one(int *client)
{
	const uint32_t before = accepted;

	*client = connect_to();
	UNTIL(accepted > before);
	return newest;
}

static inline void send_text(uint32_t slot, const char *text)
{
	seen[slot].idle = false;
	ring_send(ring, slot, &(struct iovec){ (void *)text, strlen(text) }, 1);
}

static inline void expect_text(int client, const char *text)
{
	char got[128];
	size_t at = 0;

	while (at < strlen(text)) {
		const ssize_t size = recv(client, got + at, strlen(text) - at, 0);

		cr_assert_gt(size, 0);
		at += (size_t)size;
	}
	cr_assert_eq(memcmp(got, text, at), 0);
}

#endif
