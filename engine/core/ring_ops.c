#include "engine/core/ring_internal.h"

#include <string.h>

#include "engine/core/poison.h"

/* One who sends without end does not have all receive buffers while others have something to say: after so much the
 * receive is over, and armed again behind theirs. */
#define RECEIVE_SHARE 8192

static struct ring_slot *open_slot(struct ring *ring, uint32_t slot)
{
	CHECK(slot < ring->lane_count * ring->lane_size);
	CHECK((ring->slots[slot].flags & (SLOT_OPEN | SLOT_CLOSING)) == SLOT_OPEN);
	return &ring->slots[slot];
}

/* The socket's place in its lane's table. */
static int place_of(const struct ring *ring, uint32_t slot)
{
	return (int)(ring->lane_count == 1 ? slot : slot % ring->lane_size);
}

static void set_tag(struct ring *ring, struct io_uring_sqe *sqe, enum ring_kind kind, uint32_t slot)
{
	sqe->user_data = ring_tag(kind, ring->slots[slot].generation, slot);
}

/* The kernel refuses to copy more than the address has: 28 bytes for IPv6, 16 for IPv4. */
static uint32_t address_size(const struct ring_slot *slot)
{
	return slot->flags & SLOT_IPV4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

void ring_peer(struct ring *ring, uint32_t slot)
{
	struct ring_slot *const state = open_slot(ring, slot);
	struct io_uring_sqe *sqe = ring_lane_sqe(ring, ring_lane_of(ring, slot));

	if (!ring->peer_address) {
		io_uring_prep_nop(sqe);
		set_tag(ring, sqe, KIND_NO_PEER, slot);
		return;
	}
	CHECK(!(state->flags & SLOT_ASKING));
	state->flags |= SLOT_ASKING;

	struct ring_question *const question = slab_take_dirty(&ring->questions);

	CHECK(question); /* there is one for each slot */
	question->slot = slot;
	ring_prep_getsockopt(sqe, place_of(ring, slot), SOL_SOCKET, SO_PEERNAME, &question->address,
			     address_size(state));
	POISON(&question->address, sizeof(question->address));
	sqe->flags |= IOSQE_FIXED_FILE;
	sqe->user_data = ring_tag(KIND_PEER, state->generation, slab_index(&ring->questions, question));
}

void ring_recv(struct ring *ring, uint32_t slot)
{
	struct ring_slot *state = open_slot(ring, slot);

	CHECK(!(state->flags & SLOT_RECEIVING));
	state->flags |= SLOT_RECEIVING;

	struct io_uring_sqe *sqe = ring_lane_sqe(ring, ring_lane_of(ring, slot));

	io_uring_prep_recv_multishot(sqe, place_of(ring, slot), NULL, 0, 0);
	sqe->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
	sqe->buf_group = 0;
	if (ring->receive_share)
		ring_share_receive(sqe, RECEIVE_SHARE);
	set_tag(ring, sqe, KIND_RECV, slot);
}

/* With a share it ends by itself. */
void ring_recv_stop(struct ring *ring, uint32_t slot)
{
	if (!ring->receive_share && open_slot(ring, slot)->flags & SLOT_RECEIVING)
		ring_cancel_one(ring, slot, KIND_RECV);
}

static void prepare_message(struct ring_lane *lane, struct io_uring_sqe *sqe, int place, const struct iovec *pieces,
			    uint32_t count)
{
	struct ring_message *message = ring_message_of(lane, sqe);

	memcpy(message->pieces, pieces, count * sizeof(pieces[0]));
	message->head = (struct msghdr){ .msg_iov = message->pieces, .msg_iovlen = count };
	io_uring_prep_sendmsg(sqe, place, &message->head, MSG_NOSIGNAL);
}

/* Without MSG_WAITALL: a full socket gives a short count at once, and the rest is the caller's to plan anew. */
void ring_send(struct ring *ring, uint32_t slot, const struct iovec *pieces, uint32_t count)
{
	struct ring_slot *state = open_slot(ring, slot);
	struct ring_lane *lane = ring_lane_of(ring, slot);
	const uint32_t least = ring->limits.send_zero_copy_min;
	const int place = place_of(ring, slot);

	CHECK(!(state->flags & SLOT_SENDING)); /* two sends in flight overtake each other */
	CHECK(count > 0 && count <= RING_PIECES_MAX);
	CHECK(pieces[0].iov_len > 0 && pieces[0].iov_len <= INT32_MAX);
	for (uint32_t i = 0; i < count; i++)
		CHECK(!IS_POISONED(pieces[i].iov_base, pieces[i].iov_len));
	state->flags |= SLOT_SENDING;

	struct io_uring_sqe *sqe = ring_lane_sqe(ring, lane);

	if (count > 1) {
		prepare_message(lane, sqe, place, pieces, count);
	} else if (least > 0 && pieces[0].iov_len >= least) {
		state->flags |= SLOT_ZERO_COPY;
		io_uring_prep_send_zc(sqe, place, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL, 0);
	} else {
		io_uring_prep_send(sqe, place, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
	}
	sqe->flags |= IOSQE_FIXED_FILE;
	set_tag(ring, sqe, KIND_SEND, slot);
}

/* A zero-copy send that the peer does not acknowledge keeps its bytes for as long as TCP tries:
 * connecting to no address throws the socket's queue away, and the notification comes. */
static void disconnect(struct ring *ring, struct ring_lane *lane, int place)
{
	static const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	struct io_uring_sqe *sqe = ring_lane_sqe(ring, lane);

	io_uring_prep_connect(sqe, place, &nowhere, sizeof(nowhere));
	sqe->flags |= IOSQE_FIXED_FILE;
	sqe->user_data = ring_tag(KIND_IGNORED, 0, 0);
}

/* By its tag, which the kernel finds in a table. Of a descriptor it looks through all operations of the ring: among
 * 20,000 connections that took a quarter of a millisecond for each that was cancelled. */
void ring_cancel_one(struct ring *ring, uint32_t slot, enum ring_kind kind)
{
	struct io_uring_sqe *sqe = ring_lane_sqe(ring, ring_lane_of(ring, slot));

	io_uring_prep_cancel64(sqe, ring_tag(kind, ring->slots[slot].generation, slot), 0);
	set_tag(ring, sqe, KIND_CANCEL, slot);
	sqe->user_data |= (uint64_t)kind << 48;
}

void ring_cancel(struct ring *ring, uint32_t slot)
{
	static const enum ring_kind kinds[] = { KIND_RECV, KIND_SEND, KIND_CONNECT };
	const struct ring_slot *const state = open_slot(ring, slot);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (state->flags & ring_flag_of(kinds[i]))
			ring_cancel_one(ring, slot, kinds[i]);
	if (state->flags & SLOT_ZERO_COPY)
		disconnect(ring, ring_lane_of(ring, slot), place_of(ring, slot));
}

/* With a receive still in the kernel the socket would stay open: the caller cancels and waits first. */
void ring_close(struct ring *ring, uint32_t slot)
{
	struct ring_slot *state = open_slot(ring, slot);

	CHECK(!(state->flags & SLOT_RECEIVING));
	CHECK(!(state->flags & SLOT_SENDING));
	CHECK(!(state->flags & (SLOT_CONNECTING | SLOT_ASKING)));
	state->flags |= SLOT_CLOSING;

	struct io_uring_sqe *sqe = ring_lane_sqe(ring, ring_lane_of(ring, slot));

	io_uring_prep_close_direct(sqe, (uint32_t)place_of(ring, slot));
	set_tag(ring, sqe, KIND_CLOSE, slot);
}
