/* uring.h - one io_uring set up as the engine sets up its own, and its receive buffers.
 *
 * SINGLE_ISSUER | DEFER_TASKRUN, direct descriptors, provided buffers, incremental ones where the kernel has them.
 */
#ifndef FLOOR_URING_H
#define FLOOR_URING_H

#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>

#define URING_BUFFERS 64             /* the engine's own defaults */
#define URING_BUFFER_SIZE (16 * 1024)
#define URING_SQ_ENTRIES 1024

struct uring {
	struct io_uring ring;
	struct io_uring_buf_ring *buffers;
	uint8_t *bytes;
	uint32_t filled[URING_BUFFERS]; /* bytes of each that the kernel has given */
	bool incremental;
	int given;                      /* buffers to be handed back */
};

/* With a table of so many direct descriptors; it goes with the thread that opens it. Exits when it cannot. */
void uring_open(struct uring *uring, uint32_t slots);

/* Never NULL: submits first when the queue is full. */
struct io_uring_sqe *uring_sqe(struct uring *uring);

/* Submits, waits for one completion at least, and lets the kernel do what is due. */
void uring_enter(struct uring *uring);

/* The bytes of a completion with F_BUFFER, valid until uring_give(). */
uint8_t *uring_take(struct uring *uring, const struct io_uring_cqe *cqe);
void uring_give(struct uring *uring);

#endif
