#include "perf/floor/uring.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "perf/floor/floor.h"

/* Names that liburing 2.3 lacks; the values are the kernel's. */
#define PBUF_INCREMENTAL 2
#define CQE_BUFFER_MORE (1u << 4)

#define SETUP_FLAGS \
	(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_CLAMP | \
	 IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE)

/* The kernel does some twenty pieces of due work an entry; so many entries a turn, as in the engine. */
#define RUNS_MOST 16

static void *pages(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		floor_fail("mmap", errno);
	return memory;
}

static void add(struct uring *uring, uint16_t id, int offset)
{
	uring->filled[id] = 0;
	io_uring_buf_ring_add(uring->buffers, uring->bytes + (size_t)id * URING_BUFFER_SIZE, URING_BUFFER_SIZE, id,
			      io_uring_buf_ring_mask(URING_BUFFERS), offset);
}

static void open_buffers(struct uring *uring)
{
	struct io_uring_buf_reg registration = { .ring_entries = URING_BUFFERS, .pad = PBUF_INCREMENTAL };

	uring->buffers = pages(URING_BUFFERS * sizeof(struct io_uring_buf));
	uring->bytes = pages((size_t)URING_BUFFERS * URING_BUFFER_SIZE);
	registration.ring_addr = (uint64_t)(uintptr_t)uring->buffers;
	int error = io_uring_register_buf_ring(&uring->ring, &registration, 0);

	uring->incremental = error == 0;
	registration.pad = 0;
	if (error == -EINVAL)
		error = io_uring_register_buf_ring(&uring->ring, &registration, 0);
	if (error < 0)
		floor_fail("io_uring buffers", -error);
	io_uring_buf_ring_init(uring->buffers);
	for (uint16_t id = 0; id < URING_BUFFERS; id++)
		add(uring, id, id);
	io_uring_buf_ring_advance(uring->buffers, URING_BUFFERS);
}

void uring_open(struct uring *uring, uint32_t slots)
{
	struct io_uring_params params = { .flags = SETUP_FLAGS, .cq_entries = 4096 };
	int error;

	while (params.cq_entries < slots * 2 && params.cq_entries < 65536)
		params.cq_entries *= 2;
	memset(uring, 0, sizeof(*uring));
	error = io_uring_queue_init_params(URING_SQ_ENTRIES, &uring->ring, &params);
	if (error < 0)
		floor_fail("io_uring", -error);
	error = io_uring_register_files_sparse(&uring->ring, slots);
	if (error < 0)
		floor_fail("direct descriptors", -error);
	open_buffers(uring);
}

struct io_uring_sqe *uring_sqe(struct uring *uring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&uring->ring);

	while (!sqe) {
		const int result = io_uring_submit(&uring->ring);

		assert(result >= 0 || result == -EINTR || result == -EAGAIN || result == -EBUSY);
		sqe = io_uring_get_sqe(&uring->ring);
	}
	return sqe;
}

void uring_enter(struct uring *uring)
{
	const int result = io_uring_submit_and_wait(&uring->ring, 1);

	assert(result >= 0 || result == -EINTR || result == -EAGAIN || result == -EBUSY);
	for (int runs = 0; runs < RUNS_MOST; runs++) {
		if (!(IO_URING_READ_ONCE(*uring->ring.sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)))
			return;
		io_uring_get_events(&uring->ring);
	}
}

uint8_t *uring_take(struct uring *uring, const struct io_uring_cqe *cqe)
{
	const uint16_t id = (uint16_t)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
	uint8_t *bytes = uring->bytes + (size_t)id * URING_BUFFER_SIZE + uring->filled[id];
	const uint32_t size = cqe->res > 0 ? (uint32_t)cqe->res : 0;

	assert(id < URING_BUFFERS && size <= URING_BUFFER_SIZE - uring->filled[id]);
	uring->filled[id] += size;
	if (!uring->incremental || !(cqe->flags & CQE_BUFFER_MORE))
		add(uring, id, uring->given++);
	return bytes;
}

void uring_give(struct uring *uring)
{
	io_uring_buf_ring_advance(uring->buffers, uring->given);
	uring->given = 0;
}
