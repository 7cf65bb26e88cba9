/* ring_internal.h - what the files of the ring share; nobody else includes it.
 *
 *	ring_probe.c   what this kernel can do
 *	ring_restrict.c what a ring may be asked for
 *	ring_lane.c    one io_uring: its memory, its submission, entering the kernel
 *	ring_uring.c   opening, and the turn: ring_collect()
 *	ring_event.c   a completion becomes an event
 *	ring_ops.c     operations on one socket
 *	ring_accept.c  accepting, on one lane at a time
 *	ring_connect.c the other way
 *	ring_bell.c    waking other threads
 */
#ifndef CORE_RING_INTERNAL_H
#define CORE_RING_INTERNAL_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "engine/core/check.h"
#include "engine/core/ring.h"
#include "engine/core/ring_uapi.h"
#include "engine/core/slab.h"

/* user_data: kind in the top 8 bits, 8 of the kind that a cancel is to find, 16 of generation, 32 of slot.
 * A question for an address has the index of its ring_question where others have the slot.
 * A rung bell: kind, and the upper half of the word at the bottom; the lower half is the result. */
enum ring_kind {
	KIND_IGNORED,
	KIND_ACCEPT,
	KIND_ACCEPT_FULL,
	KIND_PEER,
	KIND_NO_PEER, /* a question that this kernel cannot answer */
	KIND_RECV,
	KIND_SEND,
	KIND_CONNECT,
	KIND_CLOSE,
	KIND_CANCEL,
	KIND_WOKEN,
};

/* One for each socket; touched only once the slot is used. A generation of 16 bits is enough: a
 * completion outlives its socket by a turn or two, not by 65,536 uses of the slot. */
struct ring_slot {
	uint16_t generation;
	uint8_t flags;
	int32_t sent; /* SEND_ZC: the result, until the kernel no longer reads the bytes */
};

#define SLOT_OPEN       0x01
#define SLOT_RECEIVING  0x02
#define SLOT_SENDING    0x04
#define SLOT_ZERO_COPY  0x08 /* the send in flight is SEND_ZC */
#define SLOT_CLOSING    0x10
#define SLOT_IPV4       0x20 /* an AF_INET socket */
#define SLOT_CONNECTING 0x40
#define SLOT_ASKING     0x80

_Static_assert(sizeof(struct ring_slot) == 8, "a million of them");

/* Where the kernel writes an address that was asked for. As many are touched as are asked for at once: the newest is
 * used again first. The address is the kernel's until the completion, and the slot is open so long. */
struct ring_question {
	uint32_t slot;
	struct sockaddr_in6 address;
};

/* Provided buffers. An incremental one is filled by several receives, one after the other. The kernel uses all that it
 * has in turn, so that it has few at first, and more when a turn has needed half of them. */
struct ring_buffers {
	struct io_uring_buf_ring *ring;
	uint8_t *bytes;
	uint32_t *filled; /* of each buffer: bytes the kernel has given so far */
	uint16_t *spent;  /* buffers that go back at the next collect */
	uint32_t spent_count;
	uint32_t given; /* the kernel has, or we have just now; those with higher numbers are untouched */
	bool lacked;    /* a receive found none */
};

/* What a SENDMSG or a CONNECT points to until it is submitted (FEAT_SUBMIT_STABLE): one for each SQE. */
struct ring_message {
	union {
		struct msghdr head;
		struct sockaddr_in6 to;
	};
	struct iovec pieces[RING_PIECES_MAX];
};

struct ring_lane {
	struct io_uring uring;
	struct ring_buffers buffers;
	struct ring_message *messages;
	uint32_t index;
	uint32_t used; /* slots */
};

struct ring_accepting {
	int listener;    /* -1: not wanted */
	int lane;        /* where a multishot accept is in the kernel, or -1 */
	bool cancelling; /* ... and has been told to end */
	bool ipv4;       /* ... and of which family its listener is */
};

struct ring {
	struct ring_limits limits;
	bool incremental, peer_address, receive_share, restricted;
	uint32_t lane_count, lane_size;
	uint32_t lane_first; /* whose completions are taken first; takes turns */
	struct ring_lane *lanes;
	struct ring_slot *slots;
	struct slab questions; /* one for each slot, at the most */
	int doorbell;  /* eventfd of all lanes, -1 with one lane */
	bool doorbell_hung; /* the lanes know it: from the first use of a second one */
	struct ring_accepting accepting;
	struct ring_stats stats;
};

static inline uint64_t ring_tag(enum ring_kind kind, uint32_t generation, uint32_t slot)
{
	return (uint64_t)kind << 56 | (uint64_t)(generation & 0xffff) << 32 | slot;
}

/* The flag that a slot has while an operation of this kind is in flight; 0 of kinds that are not cancelled. */
static inline uint8_t ring_flag_of(enum ring_kind kind)
{
	if (kind == KIND_RECV)
		return SLOT_RECEIVING;
	if (kind == KIND_SEND)
		return SLOT_SENDING;
	return kind == KIND_CONNECT ? SLOT_CONNECTING : 0;
}

static inline struct ring_message *ring_message_of(const struct ring_lane *lane, const struct io_uring_sqe *sqe)
{
	return &lane->messages[sqe - lane->uring.sq.sqes];
}

void ring_cancel_one(struct ring *ring, uint32_t slot, enum ring_kind kind);

static inline struct ring_lane *ring_lane_of(struct ring *ring, uint32_t slot)
{
	CHECK(slot < ring->lane_count * ring->lane_size);
	return ring->lane_count == 1 ? ring->lanes : &ring->lanes[slot / ring->lane_size];
}

/* ring_lane.c. Returns 0 or -errno. */
int ring_lane_open(struct ring *ring, struct ring_lane *lane);
void ring_lane_close(struct ring *ring, struct ring_lane *lane);
uint64_t ring_lane_bytes(const struct ring_limits *limits, uint32_t lane_size, uint32_t lane_index);

/* Gives an SQE; submits first when the queue is full. Never NULL. */
struct io_uring_sqe *ring_lane_sqe(struct ring *ring, struct ring_lane *lane);

/* Submits what is prepared; RUN: lets the kernel run what is due and move overflown completions;
 * WAIT: both, and waits for one completion, at most wait_ns. */
enum ring_enter { ENTER_SUBMIT, ENTER_RUN, ENTER_WAIT };
void ring_lane_enter(struct ring *ring, struct ring_lane *lane, enum ring_enter how, uint64_t wait_ns);

static inline bool ring_lane_dirty(const struct ring_lane *lane)
{
	return lane->uring.sq.sqe_tail != lane->uring.sq.sqe_head;
}

/* The kernel has something that it does only when it is entered. */
static inline bool ring_lane_flagged(const struct ring_lane *lane)
{
	return IO_URING_READ_ONCE(*lane->uring.sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW);
}

void ring_buffers_give_back(struct ring *ring, struct ring_lane *lane);

/* Gives the bytes of a completion with F_BUFFER and marks the buffer spent if it is. */
uint8_t *ring_buffers_take(struct ring *ring, struct ring_lane *lane, const struct io_uring_cqe *cqe);

/* ring_event.c */
enum ring_verdict {
	VERDICT_NOTHING, /* swallowed */
	VERDICT_EVENT,
	VERDICT_AGAIN,   /* an event, and the completion must be looked at again for another */
};
enum ring_verdict ring_event_from(struct ring *ring, struct ring_lane *lane, const struct io_uring_cqe *cqe,
				  struct ring_event *event);

/* ring_accept.c */
enum ring_verdict ring_accept_completed(struct ring *ring, struct ring_lane *lane, const struct io_uring_cqe *cqe,
					struct ring_event *event);

/* Makes slot free; its older completions are of the past from here. */
void ring_slot_free(struct ring *ring, struct ring_lane *lane, uint32_t slot);

/* ring_restrict.c. Of a ring that is not enabled yet: only what such a ring is for. Returns 0 or -errno. */
int ring_restrict(const struct ring *ring, struct io_uring *uring);
int ring_restrict_to_wakes(struct io_uring *uring);
bool ring_restricts(void); /* this kernel */

/* The setup of every lane, and what the kernel must say it has. */
#define RING_SETUP_FLAGS (IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG | \
			  IORING_SETUP_CLAMP | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_R_DISABLED)
#define RING_FEATURES (IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE | IORING_FEAT_EXT_ARG | IORING_FEAT_CQE_SKIP)

#endif
