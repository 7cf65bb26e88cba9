#include "engine/core/ring_internal.h"

#include <errno.h>

/*	listener < 0     --ring_accept()-->     listener >= 0, lane < 0
 *	     ^                                        | a lane has room: armed there
 *	     | error, no lane has room,               v
 *	     | ring_accept_stop()                lane >= 0
 *	     |                                        | the lane gets full: cancelled
 *	     |                                        v
 *	     +----------- its last completion ---- cancelling
 *	                  (or on to the next lane)
 */

static bool has_room(const struct ring *ring, const struct ring_lane *lane)
{
	return ring->lane_size - lane->used > ring->limits.accept_burst;
}

static struct ring_lane *lane_with_room(struct ring *ring)
{
	for (uint32_t i = 0; i < ring->lane_count; i++)
		if (has_room(ring, &ring->lanes[i]))
			return &ring->lanes[i];
	return NULL;
}

/* Accepting has ended, and the owner is told so by a completion like any other. */
static void tell_full(struct ring *ring)
{
	struct io_uring_sqe *sqe = ring_lane_sqe(ring, &ring->lanes[0]);

	io_uring_prep_nop(sqe);
	sqe->user_data = ring_tag(KIND_ACCEPT_FULL, 0, 0);
	ring->accepting.listener = -1;
}

static void arm(struct ring *ring)
{
	struct ring_accepting *accepting = &ring->accepting;
	struct ring_lane *lane = lane_with_room(ring);

	CHECK(accepting->lane < 0 && accepting->listener >= 0);
	if (!lane) {
		tell_full(ring);
		return;
	}

	struct io_uring_sqe *sqe = ring_lane_sqe(ring, lane);
	int domain = AF_INET6;

	getsockopt(accepting->listener, SOL_SOCKET, SO_DOMAIN, &domain, &(socklen_t){ sizeof(domain) });
	io_uring_prep_multishot_accept_direct(sqe, accepting->listener, NULL, NULL, 0);
	sqe->user_data = ring_tag(KIND_ACCEPT, 0, 0);
	accepting->lane = (int)lane->index;
	accepting->cancelling = false;
	accepting->ipv4 = domain == AF_INET;
}

static void cancel(struct ring *ring)
{
	struct ring_accepting *accepting = &ring->accepting;

	if (accepting->lane < 0 || accepting->cancelling)
		return;

	struct io_uring_sqe *sqe = ring_lane_sqe(ring, &ring->lanes[accepting->lane]);

	io_uring_prep_cancel64(sqe, ring_tag(KIND_ACCEPT, 0, 0), 0);
	sqe->user_data = ring_tag(KIND_IGNORED, 0, 0);
	accepting->cancelling = true;
}

void ring_accept(struct ring *ring, int listener)
{
	CHECK(ring->accepting.listener < 0 && listener >= 0);
	ring->accepting.listener = listener;
	/* While an earlier one is just ending, its last completion goes on with this one. */
	if (ring->accepting.lane < 0)
		arm(ring);
}

void ring_accept_stop(struct ring *ring)
{
	ring->accepting.listener = -1;
	cancel(ring);
}

/* Errors of the one connection that was to be accepted (accept(2)): the next one may do better. All
 * others would come again at once, millions of times: they end accepting, and the owner decides. */
static bool is_about_one(int error)
{
	switch (-error) {
	case ECONNABORTED:
	case EPROTO:
	case EPERM:
	case EINTR:
	case EAGAIN:
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case ENONET:
	case ENOPROTOOPT:
		return true;
	default:
		return false;
	}
}

/* More came in one go than the lane kept free. The connection that found no slot is lost to its
 * client, but other lanes may well have room. */
static bool is_overfull(const struct ring *ring, const struct ring_lane *lane, int result)
{
	return result == -ENFILE && lane->used == ring->lane_size;
}

/* The multishot has ended. Nothing is said when it was told to. */
static enum ring_verdict ended(struct ring *ring, struct ring_lane *lane, int result, struct ring_event *event)
{
	struct ring_accepting *accepting = &ring->accepting;

	accepting->lane = -1;
	accepting->cancelling = false;
	if (accepting->listener < 0)
		return VERDICT_NOTHING;
	if (result >= 0 || result == -ECANCELED || is_about_one(result) || is_overfull(ring, lane, result)) {
		arm(ring);
		return VERDICT_NOTHING;
	}
	accepting->listener = -1;
	*event = (struct ring_event){ .kind = RING_ACCEPT_FAILED, .result = result };
	return VERDICT_EVENT;
}

static void take_slot(struct ring *ring, struct ring_lane *lane, uint32_t slot)
{
	struct ring_slot *state = &ring->slots[slot];

	CHECK(state->flags == 0);
	state->flags = SLOT_OPEN | (ring->accepting.ipv4 ? SLOT_IPV4 : 0);
	lane->used++;
	if (!has_room(ring, lane))
		cancel(ring);
}

enum ring_verdict ring_accept_completed(struct ring *ring, struct ring_lane *lane, const struct io_uring_cqe *cqe,
					struct ring_event *event)
{
	CHECK((int)lane->index == ring->accepting.lane);
	if (cqe->res < 0)
		return ended(ring, lane, cqe->res, event);

	const uint32_t slot = lane->index * ring->lane_size + (uint32_t)cqe->res;

	CHECK((uint32_t)cqe->res < ring->lane_size);
	/* The kernel may reuse a slot before it has told that the close is done: then that is told first. */
	if (ring->slots[slot].flags & SLOT_CLOSING) {
		ring_slot_free(ring, lane, slot);
		*event = (struct ring_event){ .kind = RING_CLOSED, .slot = slot };
		return VERDICT_AGAIN;
	}
	take_slot(ring, lane, slot);
	if (!(cqe->flags & IORING_CQE_F_MORE))
		ended(ring, lane, cqe->res, event);
	*event = (struct ring_event){ .kind = RING_ACCEPTED, .slot = slot };
	return VERDICT_EVENT;
}
