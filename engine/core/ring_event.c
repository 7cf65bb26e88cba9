#include "engine/core/ring_internal.h"

#include <errno.h>
#include <string.h>

#include "engine/core/poison.h"
#include "engine/core/ring_handover.h"

/* What the kernel wrote. */
static void read_address(const struct sockaddr_in6 *six, struct ring_event *event)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)six;

	event->address = (struct ring_address){ .port = ntohs(six->sin6_port) }; /* at the same place in both */
	if (six->sin6_family == AF_INET6) {
		memcpy(event->address.bytes, &six->sin6_addr, 16);
	} else if (six->sin6_family == AF_INET) {
		memset(event->address.bytes + 10, 0xff, 2);
		memcpy(event->address.bytes + 12, &four->sin_addr, 4);
	} else {
		event->result = -EAFNOSUPPORT;
	}
}

/* The question's memory is the kernel's no longer. */
static enum ring_verdict peer_told(struct ring *ring, const struct ring_lane *lane, const struct io_uring_cqe *cqe,
				   struct ring_event *event)
{
	struct ring_question *const question = slab_at(&ring->questions, (uint32_t)cqe->user_data);
	struct ring_slot *const slot = &ring->slots[question->slot];

	CHECK(question->slot / ring->lane_size == lane->index);
	CHECK(slot->flags & SLOT_ASKING && slot->generation == (cqe->user_data >> 32 & 0xffff));
	slot->flags &= (uint8_t)~SLOT_ASKING;
	UNPOISON(&question->address, sizeof(question->address));
	*event = (struct ring_event){
		.kind = RING_PEER,
		.slot = question->slot,
		.result = cqe->res < 0 ? cqe->res : 0,
	};
	if (cqe->res >= 0)
		read_address(&question->address, event);
	slab_give(&ring->questions, question);
	return VERDICT_EVENT;
}

static enum ring_verdict received(struct ring *ring, struct ring_lane *lane, struct ring_slot *slot,
				  const struct io_uring_cqe *cqe, struct ring_event *event)
{
	event->kind = RING_RECEIVED;
	event->result = cqe->res;
	event->last = !(cqe->flags & IORING_CQE_F_MORE);
	if (event->last)
		slot->flags &= (uint8_t)~SLOT_RECEIVING;
	if (cqe->res == -ENOBUFS) {
		ring->stats.no_buffers++;
		lane->buffers.lacked = true;
	}
	return VERDICT_EVENT;
}

/* A zero-copy send completes twice: with its result, and when the kernel no longer reads the bytes. */
static enum ring_verdict sent(struct ring_slot *slot, const struct io_uring_cqe *cqe, struct ring_event *event)
{
	CHECK(slot->flags & SLOT_SENDING);
	if (cqe->flags & IORING_CQE_F_MORE) {
		slot->sent = cqe->res;
		return VERDICT_NOTHING;
	}
	event->kind = RING_SENT;
	event->result = cqe->flags & IORING_CQE_F_NOTIF ? slot->sent : cqe->res;
	slot->flags &= (uint8_t) ~(SLOT_SENDING | SLOT_ZERO_COPY);
	return VERDICT_EVENT;
}

/* An operation that the kernel is just about to try again is found by no cancel, and would then wait for the
 * peer: a send submitted together with the cancel, say. */
static enum ring_verdict cancelled(struct ring *ring, const struct ring_slot *slot, const struct io_uring_cqe *cqe)
{
	const enum ring_kind kind = (enum ring_kind)(cqe->user_data >> 48 & 0xff);

	if (cqe->res < 0 && slot->flags & ring_flag_of(kind))
		ring_cancel_one(ring, (uint32_t)cqe->user_data, kind);
	return VERDICT_NOTHING;
}

void ring_slot_free(struct ring *ring, struct ring_lane *lane, uint32_t slot)
{
	CHECK(lane->used > 0);
	lane->used--;
	ring->slots[slot].flags = 0;
	ring->slots[slot].generation++;
}

static enum ring_verdict woken(const struct io_uring_cqe *cqe, struct ring_event *event)
{
	handover_acquire();
	event->kind = RING_WOKEN;
	event->word = cqe->user_data << 32 | (uint32_t)cqe->res;
	return VERDICT_EVENT;
}

static enum ring_verdict of_slot(struct ring *ring, struct ring_lane *lane, const struct io_uring_cqe *cqe,
				 struct ring_event *event)
{
	struct ring_slot *slot = &ring->slots[event->slot];

	/* The bytes are taken before the slot is looked at: of a stale completion too the buffer must come back. */
	uint8_t *bytes = cqe->flags & IORING_CQE_F_BUFFER ? ring_buffers_take(ring, lane, cqe) : NULL;

	if (slot->generation != (cqe->user_data >> 32 & 0xffff))
		return VERDICT_NOTHING;
	switch ((enum ring_kind)(cqe->user_data >> 56)) {
	case KIND_NO_PEER:
		event->kind = RING_PEER;
		event->result = -EOPNOTSUPP;
		return VERDICT_EVENT;
	case KIND_RECV:
		event->bytes = bytes;
		CHECK(cqe->res <= 0 || bytes);
		return received(ring, lane, slot, cqe, event);
	case KIND_SEND:
		return sent(slot, cqe, event);
	case KIND_CONNECT:
		CHECK(slot->flags & SLOT_CONNECTING);
		slot->flags &= (uint8_t)~SLOT_CONNECTING;
		event->kind = RING_CONNECTED;
		return VERDICT_EVENT;
	case KIND_CANCEL:
		return cancelled(ring, slot, cqe);
	case KIND_CLOSE:
		CHECK(slot->flags & SLOT_CLOSING);
		event->kind = RING_CLOSED;
		ring_slot_free(ring, lane, event->slot);
		return VERDICT_EVENT;
	default:
		CHECK(!"a completion of no kind");
		return VERDICT_NOTHING;
	}
}

enum ring_verdict ring_event_from(struct ring *ring, struct ring_lane *lane, const struct io_uring_cqe *cqe,
				  struct ring_event *event)
{
	*event = (struct ring_event){ .slot = (uint32_t)cqe->user_data, .result = cqe->res, .last = false };
	switch ((enum ring_kind)(cqe->user_data >> 56)) {
	case KIND_IGNORED:
		return VERDICT_NOTHING;
	case KIND_ACCEPT:
		return ring_accept_completed(ring, lane, cqe, event);
	case KIND_ACCEPT_FULL:
		*event = (struct ring_event){ .kind = RING_ACCEPT_FAILED, .result = -ENFILE };
		return VERDICT_EVENT;
	case KIND_PEER:
		return peer_told(ring, lane, cqe, event);
	case KIND_WOKEN:
		*event = (struct ring_event){ .slot = 0 };
		return woken(cqe, event);
	default:
		CHECK(event->slot / ring->lane_size == lane->index);
		return of_slot(ring, lane, cqe, event);
	}
}
