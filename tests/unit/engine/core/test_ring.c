/* Over real loopback sockets: the ring on this thread, plain blocking sockets as its peers. */
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
	bool accepted, ended, over, idle, closed;
	int32_t last_result;
	struct ring_address peer;
	int peer_result;
} seen[1024];
static uint32_t accepted, closed, accept_failed, woken, peers, no_buffers;
static uint32_t newest;
static uint64_t word;

static const struct ring_limits usual = {
	.slots_max = 64, .accept_burst = 8, .recv_buffers = 16, .recv_buffer_size = 4096,
};

static int listen_on(const char *host)
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

static void open_ring(const struct ring_limits *limits)
{
	int error;

	ring_probe(&features);
	if (!features.usable)
		cr_skip("%s", features.reason);
	ring = ring_open(limits, &features, &error);
	cr_assert_not_null(ring, "%s", strerror(-error));
	listener = listen_on("127.0.0.1");
}

static int connect_to(void)
{
	const struct timeval patience = { .tv_sec = 10 };
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0, "%s", strerror(errno));
	return fd;
}

static void note(const struct ring_event *event)
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

static size_t turn(uint64_t wait_ns)
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

static uint32_t accept_one(int *client)
{
	const uint32_t before = accepted;

	*client = connect_to();
	UNTIL(accepted > before);
	return newest;
}

static void send_text(uint32_t slot, const char *text)
{
	seen[slot].idle = false;
	ring_send(ring, slot, &(struct iovec){ (void *)text, strlen(text) }, 1);
}

static void expect_text(int client, const char *text)
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

Test(ring, the_probe_says_why_or_that_it_works)
{
	ring_probe(&features);
	cr_assert(features.usable ? !features.reason[0] : features.reason[0] && features.error > 0);
	fprintf(stderr, "io_uring: usable %d, incremental %d, peer %d, zero copy %d %s\n", features.usable,
		features.incremental, features.peer_address, features.send_zero_copy, features.reason);
}

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
