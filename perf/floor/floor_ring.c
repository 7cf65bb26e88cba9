/* floor_ring - what a WebSocket server over io_uring costs when it does nothing but send.
 *
 * Multishot accept into direct descriptors, multishot receives into provided buffers, one SEND in flight a
 * connection: the operations of the engine, in its order, and nothing of the engine.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "perf/floor/crowd.h"
#include "perf/floor/uring.h"

enum kind { KIND_IGNORED, KIND_ACCEPT, KIND_RECV, KIND_SEND, KIND_CLOSE, KIND_STOP };

struct server {
	struct uring uring;
	struct crowd crowd;
	int listener;
	bool accepting, stopped;
};

/* kind in the top 8 bits, 24 of generation, 32 of slot */
static uint64_t tag(enum kind kind, uint32_t generation, uint32_t slot)
{
	return (uint64_t)kind << 56 | (uint64_t)(generation & 0xffffff) << 32 | slot;
}

static struct io_uring_sqe *sqe_of(struct server *server)
{
	return uring_sqe(&server->uring);
}

static void arm_accept(struct server *server)
{
	struct io_uring_sqe *sqe = sqe_of(server);

	io_uring_prep_multishot_accept_direct(sqe, server->listener, NULL, NULL, 0);
	sqe->user_data = tag(KIND_ACCEPT, 0, 0);
	server->accepting = true;
}

static void arm_recv(struct server *server, uint32_t slot)
{
	struct crowd_conn *conn = &server->crowd.conns[slot];
	struct io_uring_sqe *sqe = sqe_of(server);

	io_uring_prep_recv_multishot(sqe, (int)slot, NULL, 0, 0);
	sqe->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
	sqe->user_data = tag(KIND_RECV, conn->generation, slot);
	conn->receiving = true;
}

static void send_first(struct crowd *crowd, uint32_t slot)
{
	struct crowd_conn *conn = &crowd->conns[slot];
	struct io_uring_sqe *sqe = sqe_of(crowd->program);

	io_uring_prep_send(sqe, (int)slot, conn->first.bytes, conn->first.size, MSG_NOSIGNAL);
	sqe->flags |= IOSQE_FIXED_FILE;
	sqe->user_data = tag(KIND_SEND, conn->generation, slot);
	conn->flying = conn->first.size;
}

/* With a receive armed the socket would stay open: all is cancelled first, and the close waits for it. */
static void close_when_idle(struct server *server, uint32_t slot)
{
	struct crowd_conn *conn = &server->crowd.conns[slot];
	struct io_uring_sqe *sqe;

	if (conn->receiving || conn->flying > 0)
		return;
	sqe = sqe_of(server);
	io_uring_prep_close_direct(sqe, slot);
	sqe->user_data = tag(KIND_CLOSE, conn->generation, slot);
}

static void end(struct crowd *crowd, uint32_t slot)
{
	struct server *server = crowd->program;
	struct crowd_conn *conn = &crowd->conns[slot];

	if (conn->receiving || conn->flying > 0) {
		struct io_uring_sqe *sqe = sqe_of(server);

		io_uring_prep_cancel_fd(sqe, (int)slot, IORING_ASYNC_CANCEL_FD_FIXED | IORING_ASYNC_CANCEL_ALL);
		sqe->user_data = tag(KIND_IGNORED, 0, 0);
	}
	close_when_idle(server, slot);
}

static void accepted(struct server *server, const struct io_uring_cqe *cqe)
{
	struct crowd *crowd = &server->crowd;

	server->accepting = cqe->flags & IORING_CQE_F_MORE;
	/* -ENFILE: all slots are taken. Again when one is closed. */
	if (cqe->res < 0) {
		if (cqe->res != -ENFILE && cqe->res != -EMFILE)
			arm_accept(server);
		return;
	}
	const uint32_t slot = (uint32_t)cqe->res;

	/* The kernel may use a slot again before it has told that the close is done. */
	if (crowd->conns[slot].state == CONN_CLOSING)
		crowd_gone(crowd, slot);
	crowd_accepted(crowd, slot);
	arm_recv(server, slot);
	if (!server->accepting)
		arm_accept(server);
}

static void received(struct server *server, uint32_t slot, const struct io_uring_cqe *cqe, uint8_t *bytes)
{
	struct crowd *crowd = &server->crowd;
	struct crowd_conn *conn = &crowd->conns[slot];

	conn->receiving = cqe->flags & IORING_CQE_F_MORE;
	if (cqe->res > 0)
		crowd_bytes(crowd, slot, bytes, (uint32_t)cqe->res);
	else if (cqe->res != -ENOBUFS)
		crowd_end(crowd, slot);
	if (conn->receiving)
		return;
	if (conn->state == CONN_HEAD || conn->state == CONN_OPEN || conn->state == CONN_FINISHING)
		arm_recv(server, slot);
}

static void sent(struct server *server, uint32_t slot, int result)
{
	struct crowd *crowd = &server->crowd;

	if (result < 0 && result != -EINTR && result != -EAGAIN)
		crowd_end(crowd, slot);
	crowd_sent(crowd, slot, result > 0 ? (uint32_t)result : 0, true);
}

static void completed(struct server *server, const struct io_uring_cqe *cqe)
{
	struct crowd *crowd = &server->crowd;
	const uint32_t slot = (uint32_t)cqe->user_data;
	const enum kind kind = (enum kind)(cqe->user_data >> 56);
	uint8_t *bytes = cqe->flags & IORING_CQE_F_BUFFER ? uring_take(&server->uring, cqe) : NULL;

	if (kind == KIND_ACCEPT) {
		accepted(server, cqe);
		return;
	}
	if (kind == KIND_STOP)
		server->stopped = true;
	if (kind == KIND_IGNORED || kind == KIND_STOP ||
	    (crowd->conns[slot].generation & 0xffffff) != (cqe->user_data >> 32 & 0xffffff))
		return;
	if (kind == KIND_RECV)
		received(server, slot, cqe, bytes);
	else if (kind == KIND_SEND)
		sent(server, slot, cqe->res);
	else
		crowd_gone(crowd, slot);
	if (kind != KIND_CLOSE && crowd->conns[slot].state == CONN_CLOSING)
		close_when_idle(server, slot);
	if (kind == KIND_CLOSE && !server->accepting)
		arm_accept(server);
}

static void turn(struct server *server)
{
	struct io_uring *ring = &server->uring.ring;
	struct io_uring_cqe *cqe;
	unsigned at, count = 0;

	uring_enter(&server->uring);
	io_uring_for_each_cqe(ring, at, cqe)
	{
		completed(server, cqe);
		count++;
	}
	io_uring_cq_advance(ring, count);
	uring_give(&server->uring);
	crowd_flush(&server->crowd);
}

int main(int argc, char **argv)
{
	static struct server server;
	struct floor_options options;
	int status;

	if (!floor_begin(&options, argc, argv, "the floor of a server over io_uring: it only sends", &status))
		return status;
	const uint32_t most = floor_descriptors();
	const uint32_t slots = options.connections < most ? options.connections : most;
	const int signals = floor_signals();

	uring_open(&server.uring, slots);
	crowd_open(&server.crowd, &options, slots);
	server.crowd.program = &server;
	server.crowd.send = send_first;
	server.crowd.end = end;
	server.listener = floor_listen(&options);
	arm_accept(&server);

	struct io_uring_sqe *sqe = sqe_of(&server);

	io_uring_prep_poll_add(sqe, signals, POLLIN);
	sqe->user_data = tag(KIND_STOP, 0, 0);
	while (!server.stopped)
		turn(&server);
	crowd_report(&server.crowd);
	return EXIT_SUCCESS;
}
