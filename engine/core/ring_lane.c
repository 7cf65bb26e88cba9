#include "engine/core/ring_internal.h"

#include <errno.h>
#include <sched.h>

#include "engine/core/pages.h"
#include "engine/core/poison.h"

/* SQEs in one submission. The first lane is the only one on most machines; the others come many at a time. */
#define SQ_FIRST 1024
#define SQ_OTHER 256

#define CQ_LEAST 4096
#define CQ_MOST 65536

#define BUFFER_GROUP 0
#define BUFFERS_FIRST 8 /* of recv_buffers: until a turn needs more */

static uint32_t sq_entries(uint32_t lane_index)
{
	return lane_index == 0 ? SQ_FIRST : SQ_OTHER;
}

/* A turn's sends complete before anything is reaped: a send and something else for every socket must fit. */
static uint32_t cq_entries(uint32_t lane_size)
{
	uint32_t entries = CQ_LEAST;

	while (entries < lane_size * 2 && entries < CQ_MOST)
		entries *= 2;
	return entries;
}

static size_t messages_size(uint32_t lane_index)
{
	return sq_entries(lane_index) * sizeof(struct ring_message);
}

static size_t buffer_ring_size(const struct ring_limits *limits)
{
	return limits->recv_buffers * sizeof(struct io_uring_buf);
}

static size_t buffer_bytes(const struct ring_limits *limits)
{
	return (size_t)limits->recv_buffers * limits->recv_buffer_size;
}

static size_t buffer_marks_size(const struct ring_limits *limits)
{
	return limits->recv_buffers * (sizeof(uint32_t) + sizeof(uint16_t));
}

uint64_t ring_lane_bytes(const struct ring_limits *limits, uint32_t lane_size, uint32_t lane_index)
{
	uint64_t sum = sizeof(struct ring_lane);

	sum += sq_entries(lane_index) * (sizeof(struct io_uring_sqe) + sizeof(uint32_t)); /* the kernel's queue in, */
	sum += cq_entries(lane_size) * sizeof(struct io_uring_cqe); /* its queue out, */
	sum += lane_size * sizeof(void *); /* its table of sockets */
	sum += messages_size(lane_index);
	sum += buffer_ring_size(limits) + buffer_bytes(limits) + buffer_marks_size(limits);
	return sum;
}

static void buffer_add(const struct ring *ring, struct ring_buffers *buffers, uint16_t id, uint32_t offset)
{
	const uint32_t size = ring->limits.recv_buffer_size;

	buffers->filled[id] = 0;
	POISON(buffers->bytes + (size_t)id * size, size); /* the kernel's, till it says which bytes it has filled */
	io_uring_buf_ring_add(buffers->ring, buffers->bytes + (size_t)id * size, size, id,
			      io_uring_buf_ring_mask(ring->limits.recv_buffers), (int)offset);
}

/* Behind those that go back, `spent` of them. */
static void give_more(const struct ring *ring, struct ring_buffers *buffers, uint32_t spent, uint32_t wanted)
{
	const uint32_t left = ring->limits.recv_buffers - buffers->given, more = wanted < left ? wanted : left;

	for (uint32_t i = 0; i < more; i++)
		buffer_add(ring, buffers, (uint16_t)(buffers->given + i), spent + i);
	io_uring_buf_ring_advance(buffers->ring, (int)(spent + more));
	buffers->given += more;
}

/* No bundles: measured slower (0.80) than incremental buffers (0.68) at 16 messages a socket. */
static int buffers_open(struct ring *ring, struct ring_lane *lane)
{
	struct ring_buffers *buffers = &lane->buffers;

	buffers->ring = pages_reserve(buffer_ring_size(&ring->limits));
	buffers->bytes = pages_reserve(buffer_bytes(&ring->limits));
	buffers->filled = pages_reserve(buffer_marks_size(&ring->limits));
	if (!buffers->ring || !buffers->bytes || !buffers->filled)
		return -ENOMEM;
	buffers->spent = (uint16_t *)(buffers->filled + ring->limits.recv_buffers);

	struct io_uring_buf_reg registration = {
		.ring_addr = (uint64_t)(uintptr_t)buffers->ring,
		.ring_entries = ring->limits.recv_buffers,
		.bgid = BUFFER_GROUP,
		.pad = ring->incremental ? RING_PBUF_INCREMENTAL : 0,
	};

	const int error = io_uring_register_buf_ring(&lane->uring, &registration, 0);

	if (error < 0)
		return error;
	io_uring_buf_ring_init(buffers->ring);
	give_more(ring, buffers, 0, BUFFERS_FIRST);
	return 0;
}

int ring_lane_open(struct ring *ring, struct ring_lane *lane)
{
	struct io_uring_params params = {
		.flags = RING_SETUP_FLAGS | IORING_SETUP_CQSIZE,
		.cq_entries = cq_entries(ring->lane_size),
	};
	int error = io_uring_queue_init_params(sq_entries(lane->index), &lane->uring, &params);

	if (error < 0) {
		lane->uring.ring_fd = -1;
		return error;
	}
	CHECK((params.features & RING_FEATURES) == RING_FEATURES);
	error = io_uring_register_files_sparse(&lane->uring, ring->lane_size);
	if (error < 0)
		return error;
	lane->messages = pages_reserve(messages_size(lane->index));
	error = lane->messages ? buffers_open(ring, lane) : -ENOMEM;
	if (error == 0 && ring->restricted)
		error = ring_restrict(ring, &lane->uring);
	return error == 0 ? ring_uring_enable(&lane->uring) : error;
}

void ring_lane_close(struct ring *ring, struct ring_lane *lane)
{
	if (lane->uring.ring_fd >= 0)
		io_uring_queue_exit(&lane->uring);
	pages_release(lane->messages, messages_size(lane->index));
	pages_release(lane->buffers.ring, buffer_ring_size(&ring->limits));
	if (lane->buffers.bytes)
		UNPOISON(lane->buffers.bytes, buffer_bytes(&ring->limits));
	pages_release(lane->buffers.bytes, buffer_bytes(&ring->limits));
	pages_release(lane->buffers.filled, buffer_marks_size(&ring->limits));
}

/* Of buffers that are not full yet: the bytes of the turn that is over. */
static void poison_seen(const struct ring *ring, struct ring_buffers *buffers)
{
#ifdef POISON_ON
	for (uint32_t id = 0; id < ring->limits.recv_buffers; id++)
		POISON(buffers->bytes + (size_t)id * ring->limits.recv_buffer_size, buffers->filled[id]);
#else
	(void)ring, (void)buffers;
#endif
}

void ring_buffers_give_back(struct ring *ring, struct ring_lane *lane)
{
	struct ring_buffers *buffers = &lane->buffers;
	const uint32_t spent = buffers->spent_count;

	poison_seen(ring, buffers);
	CHECK(spent <= buffers->given);
	if (spent == 0 && !buffers->lacked)
		return;
	for (uint32_t i = 0; i < spent; i++)
		buffer_add(ring, buffers, buffers->spent[i], i);
	give_more(ring, buffers, spent, buffers->lacked || spent * 2 >= buffers->given ? buffers->given : 0);
	buffers->spent_count = 0;
	buffers->lacked = false;
}

uint8_t *ring_buffers_take(struct ring *ring, struct ring_lane *lane, const struct io_uring_cqe *cqe)
{
	struct ring_buffers *buffers = &lane->buffers;
	const uint32_t id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
	const uint32_t size = cqe->res > 0 ? (uint32_t)cqe->res : 0;

	CHECK(id < buffers->given);
	CHECK(size <= ring->limits.recv_buffer_size - buffers->filled[id]);

	uint8_t *bytes = buffers->bytes + (size_t)id * ring->limits.recv_buffer_size + buffers->filled[id];

	buffers->filled[id] += size;
	UNPOISON(bytes, size);
	if (!(cqe->flags & RING_CQE_BUFFER_MORE))
		buffers->spent[buffers->spent_count++] = (uint16_t)id;
	return bytes;
}

/* liburing's own submit runs task work whenever some is due; here the caller says when. */
static uint32_t flush(struct io_uring_sq *sq)
{
	uint32_t tail = *sq->ktail;

	for (; sq->sqe_head != sq->sqe_tail; sq->sqe_head++, tail++)
		sq->array[tail & *sq->kring_mask] = sq->sqe_head & *sq->kring_mask;
	io_uring_smp_store_release(sq->ktail, tail);
	return tail - io_uring_smp_load_acquire(sq->khead);
}

static bool is_harmless(int error)
{
	return error == -ETIME || error == -EINTR || error == -EAGAIN || error == -EBUSY;
}

void ring_lane_enter(struct ring *ring, struct ring_lane *lane, enum ring_enter how, uint64_t wait_ns)
{
	const uint32_t submit = flush(&lane->uring.sq);
	struct __kernel_timespec wait = {
		.tv_sec = (int64_t)(wait_ns / 1000000000),
		.tv_nsec = (int64_t)(wait_ns % 1000000000),
	};
	struct io_uring_getevents_arg argument = { .ts = wait_ns == UINT64_MAX ? 0 : (uint64_t)(uintptr_t)&wait };
	const uint32_t flags = how == ENTER_SUBMIT ? 0 : IORING_ENTER_GETEVENTS;
	int result;

	if (how == ENTER_WAIT)
		result = io_uring_enter2((uint32_t)lane->uring.ring_fd, submit, 1, flags | IORING_ENTER_EXT_ARG,
					 (sigset_t *)&argument, sizeof(argument));
	else
		result = io_uring_enter2((uint32_t)lane->uring.ring_fd, submit, 0, flags, NULL, 0);

	CHECK(result >= 0 || is_harmless(result));
	ring->stats.enters++;
	if (result > 0)
		ring->stats.submitted += (uint32_t)result;
}

struct io_uring_sqe *ring_lane_sqe(struct ring *ring, struct ring_lane *lane)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&lane->uring);

	/* The kernel refuses a submission only while it has no memory for it (EAGAIN). */
	for (int tries = 0; !sqe; tries++) {
		CHECK(tries < 10000);
		if (tries > 0)
			sched_yield();
		ring_lane_enter(ring, lane, ENTER_SUBMIT, 0);
		sqe = io_uring_get_sqe(&lane->uring);
	}
	return sqe;
}
