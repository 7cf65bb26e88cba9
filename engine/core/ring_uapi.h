/* ring_uapi.h - names of the kernel's io_uring interface that liburing 2.3 does not know yet.
 *
 * Values are the kernel's own (include/uapi/linux/io_uring.h); whether this
 * kernel has them is found out by ring_probe(), never by a version.
 */
#ifndef CORE_RING_UAPI_H
#define CORE_RING_UAPI_H

#include <liburing.h>

/* Its header has these two, its library does not (2.3). Return 0 or -errno. */
static inline int ring_uring_restrict(struct io_uring *uring, const struct io_uring_restriction *list, uint32_t count)
{
	return io_uring_register((uint32_t)uring->ring_fd, IORING_REGISTER_RESTRICTIONS, list, count);
}

static inline int ring_uring_enable(struct io_uring *uring)
{
	return io_uring_register((uint32_t)uring->ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
}

/* io_uring_buf_reg.flags, which liburing 2.3 calls pad: a buffer is used up piece by piece (6.12). */
#define RING_PBUF_INCREMENTAL 2

/* The buffer of this completion has room left and will be named again (6.12). */
#define RING_CQE_BUFFER_MORE (1u << 4)

/* What a multishot receive takes in all before it is over (sqe.optlen, at file_index; seen on 6.18). Who arms it again
 * is behind the others that wait. */
static inline void ring_share_receive(struct io_uring_sqe *sqe, uint32_t bytes)
{
	sqe->file_index = bytes;
}

/* IORING_OP_URING_CMD on a socket (6.7): level and optname share addr, optlen is at file_index, optval at addr3. */
#define RING_SOCKET_GETSOCKOPT 2

static inline void ring_prep_getsockopt(struct io_uring_sqe *sqe, int fd, uint32_t level, uint32_t name,
					void *value, uint32_t size)
{
	io_uring_prep_rw(IORING_OP_URING_CMD, sqe, fd, NULL, 0, RING_SOCKET_GETSOCKOPT);
	sqe->addr = level | (uint64_t)name << 32;
	sqe->file_index = size;
	sqe->addr3 = (uint64_t)(uintptr_t)value;
}

#endif
