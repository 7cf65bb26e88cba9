/* Orders of completions that a kernel is free to choose but seldom does, made up here. */
#include <criterion/criterion.h>
#include <errno.h>

#include "engine/core/ring_internal.h"

static struct ring *ring;
static struct ring_event event;

static void open_with(uint32_t recv_buffers)
{
	const struct ring_limits limits = {
		.slots_max = 8, .accept_burst = 2, .recv_buffers = recv_buffers, .recv_buffer_size = 64,
	};
	struct ring_features features;
	int error;

	ring_probe(&features);
	if (!features.usable)
		cr_skip("%s", features.reason);
	ring = ring_open(&limits, &features, &error);
	cr_assert_not_null(ring);
	/* As if a listener were armed on the only lane. */
	ring->accepting = (struct ring_accepting){ .listener = 0, .lane = 0 };
}

static void open_ring(void)
{
	open_with(4);
}

static void close_ring(void)
{
	ring_close_all(ring);
}

TestSuite(ring_event, .init = open_ring, .fini = close_ring);

static enum ring_verdict complete(enum ring_kind kind, uint16_t generation, uint32_t slot, int32_t result,
				  uint32_t flags)
{
	const struct io_uring_cqe cqe = {
		.user_data = ring_tag(kind, generation, slot), .res = result, .flags = flags,
	};

	return ring_event_from(ring, &ring->lanes[0], &cqe, &event);
}

static void accept_slot(uint32_t slot)
{
	cr_assert_eq(complete(KIND_ACCEPT, 0, 0, (int32_t)slot, IORING_CQE_F_MORE), VERDICT_EVENT);
	cr_assert_eq(event.kind, RING_ACCEPTED);
	cr_assert_eq(event.slot, slot);
}

Test(ring_event, a_slot_accepted_into_before_its_close_is_told_is_closed_first)
{
	accept_slot(3);
	ring_close(ring, 3);
	cr_assert_eq(complete(KIND_ACCEPT, 0, 0, 3, IORING_CQE_F_MORE), VERDICT_AGAIN);
	cr_assert_eq(event.kind, RING_CLOSED);
	cr_assert_eq(event.slot, 3);
	accept_slot(3);
	cr_assert_eq(ring->lanes[0].used, 1);
	cr_assert_eq(complete(KIND_CLOSE, 0, 3, 0, 0), VERDICT_NOTHING, "the close, too late, of the former use");
	cr_assert_eq(ring->slots[3].flags, SLOT_OPEN);
}

Test(ring_event, a_stale_completion_is_dropped_but_its_buffer_comes_back)
{
	accept_slot(3);
	ring_slot_free(ring, &ring->lanes[0], 3);
	accept_slot(3);
	ring_recv(ring, 3);
	cr_assert_eq(complete(KIND_RECV, 0, 3, 10, IORING_CQE_F_BUFFER | 2 << IORING_CQE_BUFFER_SHIFT),
		     VERDICT_NOTHING);
	cr_assert_eq(ring->lanes[0].buffers.spent_count, 1);
	cr_assert_eq(ring->lanes[0].buffers.spent[0], 2);
	cr_assert(ring->slots[3].flags & SLOT_RECEIVING, "the receive of now goes on");
	cr_assert_eq(complete(KIND_RECV, 1, 3, 0, 0), VERDICT_EVENT);
	cr_assert(event.last && event.result == 0);
}

Test(ring_event, a_buffer_with_room_left_is_not_spent)
{
	const uint32_t flags = IORING_CQE_F_MORE | IORING_CQE_F_BUFFER | 1 << IORING_CQE_BUFFER_SHIFT;
	const struct ring_buffers *buffers = &ring->lanes[0].buffers;

	accept_slot(0);
	ring_recv(ring, 0);
	cr_assert_eq(complete(KIND_RECV, 0, 0, 10, flags | RING_CQE_BUFFER_MORE), VERDICT_EVENT);
	cr_assert_eq(event.bytes, buffers->bytes + 64);
	cr_assert_eq(complete(KIND_RECV, 0, 0, 54, flags), VERDICT_EVENT);
	cr_assert_eq(event.bytes, buffers->bytes + 64 + 10);
	cr_assert_eq(buffers->spent_count, 1);
}

/* A turn in which the first `count` of the buffers are filled. */
static void spend(uint32_t count)
{
	for (uint32_t id = 0; id < count; id++)
		complete(KIND_RECV, 0, 0, 64, IORING_CQE_F_MORE | IORING_CQE_F_BUFFER | id << IORING_CQE_BUFFER_SHIFT);
	ring_buffers_give_back(ring, &ring->lanes[0]);
}

/* The kernel uses all that it has in turn: what it never needs is not touched. */
Test(ring_event, buffers_become_more_when_a_turn_needs_half_of_them)
{
	const struct ring_buffers *buffers;

	ring_close_all(ring);
	open_with(32);
	buffers = &ring->lanes[0].buffers;
	cr_assert_eq(buffers->given, 8);
	accept_slot(0);
	ring_recv(ring, 0);
	for (int turn = 0; turn < 10; turn++)
		spend(3);
	cr_assert_eq(buffers->given, 8);
	spend(4);
	cr_assert_eq(buffers->given, 16);
	spend(7);
	cr_assert_eq(buffers->given, 16);
	cr_assert_eq(complete(KIND_RECV, 0, 0, -ENOBUFS, 0), VERDICT_EVENT);
	spend(0);
	cr_assert_eq(buffers->given, 32, "a receive found none");
	spend(0);
	spend(32);
	cr_assert_eq(buffers->given, 32, "there are no more");
	cr_assert_eq(buffers->spent_count, 0);
}

Test(ring_event, an_accept_that_ends_with_a_connection_is_armed_again)
{
	cr_assert_eq(complete(KIND_ACCEPT, 0, 0, 5, 0), VERDICT_EVENT);
	cr_assert_eq(event.kind, RING_ACCEPTED);
	cr_assert_eq(ring->accepting.lane, 0);
	cr_assert(ring_lane_dirty(&ring->lanes[0]));
}

Test(ring_event, of_the_errors_only_those_of_one_connection_arm_again)
{
	cr_assert_eq(complete(KIND_ACCEPT, 0, 0, -ECONNABORTED, 0), VERDICT_NOTHING);
	cr_assert_eq(ring->accepting.lane, 0);
	cr_assert_eq(complete(KIND_ACCEPT, 0, 0, -EMFILE, 0), VERDICT_EVENT);
	cr_assert_eq(event.kind, RING_ACCEPT_FAILED);
	cr_assert_eq(event.result, -EMFILE);
	cr_assert_eq(ring->accepting.listener, -1);
}

Test(ring_event, enfile_of_the_machine_is_not_taken_for_a_full_lane)
{
	accept_slot(1);
	cr_assert_eq(complete(KIND_ACCEPT, 0, 0, -ENFILE, 0), VERDICT_EVENT);
	cr_assert_eq(event.kind, RING_ACCEPT_FAILED);
}
