/* Every operation, flag and way to register, tried on each kind of ring: what is not on its list is refused. */
#include "engine/core/ring_internal.h"
#include "tests/unit/engine/core/ring_fixture.h"

#define OPERATIONS 64 /* kernels have some 60 by now */
#define REGISTERS 40

static int32_t result_of(uint32_t lane, uint8_t operation, uint8_t flags)
{
	struct io_uring *uring = &ring->lanes[lane].uring;
	struct io_uring_sqe *sqe = io_uring_get_sqe(uring);
	struct io_uring_cqe *cqe;

	io_uring_prep_rw(operation, sqe, -1, NULL, 0, 0);
	sqe->flags = flags;
	cr_assert_eq(io_uring_submit_and_wait(uring, 1), 1);
	cr_assert_eq(io_uring_peek_cqe(uring, &cqe), 0);

	const int32_t result = cqe->res;

	io_uring_cqe_seen(uring, cqe);
	return result;
}

static bool is_in(int what, const int *list)
{
	for (; *list >= 0; list++)
		if (*list == what)
			return true;
	return false;
}

/* Lists end with -1. */
static void expect_operations(const int *allowed, uint32_t least)
{
	uint32_t refused = 0;

	for (int operation = 0; operation < OPERATIONS; operation++) {
		const int32_t result = result_of(0, (uint8_t)operation, 0);

		if (is_in(operation, allowed))
			cr_assert_neq(result, -EACCES, "operation %d is needed", operation);
		else /* the kernel does not know it, or may not do it */
			cr_assert(result == -EACCES || result == -EINVAL, "operation %d: %d", operation, result);
		refused += result == -EACCES;
	}
	cr_assert_geq(refused, least, "%u", refused);
}

static void expect_flags(uint8_t operation, uint8_t allowed)
{
	for (uint32_t bit = 0; bit < 8; bit++) {
		const uint8_t flag = (uint8_t)(1u << bit);

		if (flag == IOSQE_CQE_SKIP_SUCCESS || flag & allowed)
			continue;
		const int32_t result = result_of(0, operation, flag);
		/* Bit 7 is no flag yet, and of some operations the kernel itself says that they select no buffer. */
		const int32_t other = bit == 7 ? -EINVAL : bit == 5 ? -EOPNOTSUPP : -EACCES;

		cr_assert(result == -EACCES || result == other, "flag %u: %d", bit, result);
	}
}

static int registered(uint32_t lane, uint32_t what)
{
	return io_uring_register((uint32_t)ring->lanes[lane].uring.ring_fd, what, NULL, 0);
}

static void expect_registers(uint32_t lane, const int *allowed)
{
	uint32_t refused = 0;

	for (int what = 0; what < REGISTERS; what++) {
		const int result = registered(lane, (uint32_t)what);

		if (is_in(what, allowed))
			cr_assert_neq(result, -EACCES, "register %d is needed", what);
		else
			cr_assert(result == -EACCES || result == -EINVAL, "register %d: %d", what, result);
		refused += result == -EACCES;
	}
	cr_assert_geq(refused, 28, "%u", refused); /* of what 6.1 knows */
}

static void open_restricted(const struct ring_limits *limits)
{
	open_ring(limits);
	if (!features.restrictions)
		cr_skip("this kernel restricts no ring");
}

Test(ring_restrict, one_that_serves)
{
	int operations[] = {
		IORING_OP_NOP,
		IORING_OP_ACCEPT,
		IORING_OP_RECV,
		IORING_OP_SEND,
		IORING_OP_SENDMSG,
		IORING_OP_CLOSE,
		IORING_OP_ASYNC_CANCEL,
		IORING_OP_MSG_RING,
		-1,
		-1,
	};
	const int nothing[] = { -1 };

	open_restricted(&usual);
	if (features.peer_address)
		operations[8] = IORING_OP_URING_CMD;
	expect_operations(operations, 35);
	expect_flags(IORING_OP_NOP, IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT);
	expect_registers(0, nothing);
}

Test(ring_restrict, zero_copy_has_two_more)
{
	struct ring_limits limits = usual;

	limits.send_zero_copy_min = 1;
	open_restricted(&limits);
	cr_assert_neq(result_of(0, IORING_OP_CONNECT, 0), -EACCES);
	cr_assert_neq(result_of(0, IORING_OP_SEND_ZC, 0), -EACCES);
	ring_close_all(ring);
	open_restricted(&usual);
	cr_assert_eq(result_of(0, IORING_OP_CONNECT, 0), -EACCES);
	cr_assert_eq(result_of(0, IORING_OP_SEND_ZC, 0), -EACCES);
}

Test(ring_restrict, lanes_may_hang_a_doorbell)
{
	const struct rlimit few = { 24, 24 };
	const int allowed[] = { IORING_REGISTER_EVENTFD, -1 };

	listener = listen_on("127.0.0.1");
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	open_restricted(&usual);
	cr_assert_gt(ring->lane_count, 1);
	for (uint32_t lane = 0; lane < ring->lane_count; lane++) {
		expect_registers(lane, allowed);
		cr_assert_eq(result_of(lane, IORING_OP_OPENAT, 0), -EACCES);
	}
}

Test(ring_restrict, one_that_connects)
{
	const struct ring_limits limits = {
		.use = RING_CONNECTS,
		.slots_max = 4,
		.recv_buffers = 4,
		.recv_buffer_size = 256,
	};
	int operations[] = {
		IORING_OP_NOP,
		IORING_OP_CONNECT,
		IORING_OP_RECV,
		IORING_OP_SEND,
		IORING_OP_SENDMSG,
		IORING_OP_CLOSE,
		IORING_OP_ASYNC_CANCEL,
		IORING_OP_MSG_RING,
		-1,
		-1,
	};
	const int registers[] = { IORING_REGISTER_FILES_UPDATE, -1 };

	open_restricted(&limits);
	if (features.peer_address)
		operations[8] = IORING_OP_URING_CMD;
	expect_operations(operations, 35);
	expect_registers(0, registers);
}

Test(ring_restrict, one_that_wakes)
{
	const struct ring_limits limits = {
		.use = RING_WAKES,
		.slots_max = 1,
		.recv_buffers = 1,
		.recv_buffer_size = 256,
	};
	const int operations[] = { IORING_OP_MSG_RING, -1 };
	const int nothing[] = { -1 };

	open_restricted(&limits);
	expect_operations(operations, 40);
	expect_flags(IORING_OP_MSG_RING, 0);
	expect_registers(0, nothing);
}

Test(ring_restrict, the_ring_of_who_has_none)
{
	struct io_uring uring;
	struct io_uring_cqe *cqe;

	cr_assert_eq(io_uring_queue_init(4, &uring, IORING_SETUP_R_DISABLED), 0);
	if (ring_restrict_to_wakes(&uring) != 0)
		cr_skip("this kernel restricts no ring");
	cr_assert_eq(ring_uring_enable(&uring), 0);
	for (int operation = 0; operation < 40; operation++) {
		io_uring_prep_rw(operation, io_uring_get_sqe(&uring), -1, NULL, 0, 0);
		cr_assert_eq(io_uring_submit_and_wait(&uring, 1), 1);
		cr_assert_eq(io_uring_peek_cqe(&uring, &cqe), 0);
		cr_assert_eq(cqe->res, -EACCES, "operation %d: %d", operation, cqe->res);
		io_uring_cqe_seen(&uring, cqe);
	}
	io_uring_queue_exit(&uring);
	cr_assert_eq(ring_post_open(), 0);
	cr_assert_eq(ring_post_open(), 0, "a second time is no fault");
}

Test(ring_restrict, none_where_it_is_not_wanted)
{
	int error;

	ring_probe(&features);
	if (!features.usable)
		cr_skip("%s", features.reason);
	features.restrictions = false;
	ring = ring_open(&usual, &features, &error);
	cr_assert_not_null(ring);
	cr_assert_neq(result_of(0, IORING_OP_OPENAT, 0), -EACCES);
	cr_assert_neq(registered(0, IORING_UNREGISTER_FILES), -EACCES);
}
