#include "engine/core/ring_internal.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/core/clock.h"
#include "engine/core/pages.h"
#include "engine/core/slab.h"

/* A lane's table may not exceed RLIMIT_NOFILE, and a larger one gains nothing. */
#define LANE_SLOTS_MOST 16384

/* The kernel does some twenty pieces of due work an entry; so many entries a turn. */
#define RUNS_MOST 16

static uint32_t lane_slots_most(void)
{
	struct rlimit limit;

	CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	}
	return limit.rlim_cur < LANE_SLOTS_MOST ? (uint32_t)limit.rlim_cur : LANE_SLOTS_MOST;
}

static uint32_t divide_up(uint32_t value, uint32_t by)
{
	return (uint32_t)(((uint64_t)value + by - 1) / by);
}

/* As few lanes as hold slots_max, and all of one size. */
static void share_out(uint32_t slots_max, uint32_t *lane_count, uint32_t *lane_size)
{
	CHECK(slots_max > 0);
	*lane_count = divide_up(slots_max, lane_slots_most());
	*lane_size = divide_up(slots_max, *lane_count);
}

uint64_t ring_bytes_max(const struct ring_limits *limits)
{
	uint32_t lane_count, lane_size;
	uint64_t sum = sizeof(struct ring);

	share_out(limits->slots_max, &lane_count, &lane_size);
	sum += (uint64_t)lane_count * lane_size * (sizeof(struct ring_slot) + sizeof(struct ring_question));
	for (uint32_t i = 0; i < lane_count; i++)
		sum += ring_lane_bytes(limits, lane_size, i);
	return sum;
}

uint32_t ring_slots_max(const struct ring *ring)
{
	return ring->lane_count * ring->lane_size;
}

static bool is_sound(const struct ring_limits *limits)
{
	const uint32_t buffers = limits->recv_buffers;

	return limits->slots_max > 0 && limits->slots_max <= 1u << 24 && limits->recv_buffer_size > 0 &&
	       limits->recv_buffer_size <= INT32_MAX && buffers > 0 && buffers <= 32768 &&
	       (buffers & (buffers - 1)) == 0;
}

static int open_parts(struct ring *ring)
{
	const size_t slots = ring_slots_max(ring);

	ring->slots = pages_reserve(slots * sizeof(ring->slots[0]));
	ring->lanes = pages_reserve(ring->lane_count * sizeof(ring->lanes[0]));
	for (uint32_t i = 0; ring->lanes && i < ring->lane_count; i++) {
		ring->lanes[i].index = i;
		ring->lanes[i].uring.ring_fd = -1; /* whatever fails from here on, none is open that was not opened */
	}
	if (!ring->slots || !ring->lanes ||
	    slab_open(&ring->questions, "addresses asked for", sizeof(struct ring_question), (uint32_t)slots) != 0)
		return -ENOMEM;
	if (ring->lane_count > 1) {
		ring->doorbell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (ring->doorbell < 0)
			return -errno;
	}
	for (uint32_t i = 0; i < ring->lane_count; i++) {
		const int error = ring_lane_open(ring, &ring->lanes[i]);

		if (error < 0)
			return error;
	}
	return 0;
}

struct ring *ring_open(const struct ring_limits *limits, const struct ring_features *features, int *error)
{
	struct ring *ring = is_sound(limits) ? block_take(sizeof(*ring)) : NULL;

	*error = ring ? 0 : is_sound(limits) ? -ENOMEM : -EINVAL;
	if (!ring)
		return NULL;
	*ring = (struct ring){
		.limits = *limits,
		.incremental = features->incremental,
		.peer_address = features->peer_address,
		.receive_share = features->receive_share,
		.restricted = features->restrictions,
		.doorbell = -1,
		.accepting = { .listener = -1, .lane = -1 },
	};
	if (!features->send_zero_copy)
		ring->limits.send_zero_copy_min = 0;
	share_out(limits->slots_max, &ring->lane_count, &ring->lane_size);
	*error = ring->lane_size > limits->accept_burst ? open_parts(ring) : -EINVAL;
	if (*error == 0)
		return ring;
	ring_close_all(ring);
	return NULL;
}

void ring_close_all(struct ring *ring)
{
	const size_t slots = ring_slots_max(ring);

	for (uint32_t i = 0; ring->lanes && i < ring->lane_count; i++)
		ring_lane_close(ring, &ring->lanes[i]);
	if (ring->doorbell >= 0)
		close(ring->doorbell);
	pages_release(ring->lanes, ring->lane_count * sizeof(ring->lanes[0]));
	slab_close(&ring->questions);
	pages_release(ring->slots, slots * sizeof(ring->slots[0]));
	block_give(ring, sizeof(*ring));
}

static uint32_t lane_ready(const struct ring_lane *lane)
{
	return io_uring_smp_load_acquire(lane->uring.cq.ktail) - *lane->uring.cq.khead;
}

/* Accepted connections are counted when they are reaped. Near the end of a lane's room the kernel is not let
 * on before that: it would fill the slots held back for what is accepted until a cancel arrives. */
static bool may_run(const struct ring *ring, const struct ring_lane *lane)
{
	const uint32_t ready = lane_ready(lane);

	return ready == 0 || (int)lane->index != ring->accepting.lane ||
	       ring->lane_size - lane->used > ring->limits.accept_burst + ready;
}

static void turn_lane(struct ring *ring, struct ring_lane *lane, size_t max, uint64_t wait_ns)
{
	const uint32_t entries = *lane->uring.cq.kring_entries;

	if (IO_URING_READ_ONCE(*lane->uring.sq.kflags) & IORING_SQ_CQ_OVERFLOW)
		ring->stats.overflows++;
	if (wait_ns > 0 && lane_ready(lane) == 0)
		ring_lane_enter(ring, lane, ENTER_WAIT, wait_ns);
	else if (ring_lane_dirty(lane))
		ring_lane_enter(ring, lane, may_run(ring, lane) ? ENTER_RUN : ENTER_SUBMIT, 0);

	for (int runs = 0; runs < RUNS_MOST && ring_lane_flagged(lane); runs++) {
		if (lane_ready(lane) >= max || lane_ready(lane) >= entries || !may_run(ring, lane))
			break;
		ring_lane_enter(ring, lane, ENTER_RUN, 0);
	}
}

static size_t reap_lane(struct ring *ring, struct ring_lane *lane, struct ring_event *events, size_t max)
{
	struct io_uring_cq *cq = &lane->uring.cq;
	const uint32_t mask = *cq->kring_mask;
	const uint32_t tail = io_uring_smp_load_acquire(cq->ktail);
	uint32_t head = *cq->khead;
	size_t count = 0;

	while (head != tail && count < max) {
		const enum ring_verdict verdict = ring_event_from(ring, lane, &cq->cqes[head & mask], &events[count]);

		count += verdict != VERDICT_NOTHING;
		head += verdict != VERDICT_AGAIN;
	}
	ring->stats.completed += head - *cq->khead;
	io_uring_smp_store_release(cq->khead, head);
	return count;
}

/* Every lane once; another one first each time, so that none starves when the events are full. */
static size_t sweep(struct ring *ring, struct ring_event *events, size_t max)
{
	size_t count = 0;

	for (uint32_t i = 0; i < ring->lane_count; i++) {
		struct ring_lane *lane = &ring->lanes[(ring->lane_first + i) % ring->lane_count];

		turn_lane(ring, lane, max - count, 0);
		count += reap_lane(ring, lane, events + count, max - count);
	}
	ring->lane_first = (ring->lane_first + 1) % ring->lane_count;
	return count;
}

/* Returns false when the time is over or a signal came. The doorbell is emptied before the lanes
 * are looked at again: what comes in between rings anew. */
static bool wait_for_doorbell(const struct ring *ring, uint64_t wait_ns)
{
	struct pollfd door = { .fd = ring->doorbell, .events = POLLIN };
	const struct timespec wait = {
		.tv_sec = (time_t)(wait_ns / 1000000000),
		.tv_nsec = (long)(wait_ns % 1000000000),
	};
	uint64_t rung;

	if (ppoll(&door, 1, wait_ns == UINT64_MAX ? NULL : &wait, NULL) <= 0)
		return false;
	CHECK(read(ring->doorbell, &rung, sizeof(rung)) == sizeof(rung) || errno == EAGAIN);
	return true;
}

/* Nothing can come from the other lanes: no socket, no accept, nothing to submit. The bell hangs at the first. */
static bool first_is_alone(const struct ring *ring)
{
	if (ring->accepting.lane > 0)
		return false;
	for (uint32_t i = 1; i < ring->lane_count; i++)
		if (ring->lanes[i].used > 0 || ring_lane_dirty(&ring->lanes[i]))
			return false;
	return true;
}

/* Once a second lane is used. Until then no completion pays for the doorbell. */
static void hang_doorbell(struct ring *ring)
{
	for (uint32_t i = 0; i < ring->lane_count; i++) {
		CHECK(io_uring_register_eventfd(&ring->lanes[i].uring, ring->doorbell) == 0);
		CHECK(io_uring_cq_eventfd_toggle(&ring->lanes[i].uring, false) == 0);
	}
	ring->doorbell_hung = true;
}

/* The doorbell is to ring only while somebody listens: what completes during a turn is found without it. The
 * kernel adds work and then asks whether to ring; so we say so and then look for work, in this order. */
static void doorbell_on(struct ring *ring, bool on)
{
	for (uint32_t i = 0; i < ring->lane_count; i++)
		CHECK(io_uring_cq_eventfd_toggle(&ring->lanes[i].uring, on) == 0);
	__sync_synchronize();
}

static size_t collect_first(struct ring *ring, struct ring_event *events, size_t max, uint64_t wait_ns)
{
	turn_lane(ring, &ring->lanes[0], max, wait_ns);
	return reap_lane(ring, &ring->lanes[0], events, max);
}

static size_t collect_lanes(struct ring *ring, struct ring_event *events, size_t max, uint64_t wait_ns)
{
	if (!ring->doorbell_hung)
		hang_doorbell(ring);

	size_t count = sweep(ring, events, max);

	if (count > 0 || wait_ns == 0)
		return count;
	doorbell_on(ring, true);
	count = sweep(ring, events, max); /* what came before it was on */

	const uint64_t start = clock_mono_ns();
	uint64_t passed = 0;

	while (count == 0 && passed < wait_ns) {
		if (!wait_for_doorbell(ring, wait_ns == UINT64_MAX ? wait_ns : wait_ns - passed))
			break;
		count = sweep(ring, events, max);
		passed = clock_mono_ns() - start;
	}
	doorbell_on(ring, false);
	return count;
}

size_t ring_collect(struct ring *ring, struct ring_event *events, size_t max, uint64_t wait_ns)
{
	CHECK(max > 0);
	for (uint32_t i = 0; i < ring->lane_count; i++)
		ring_buffers_give_back(ring, &ring->lanes[i]);
	if (first_is_alone(ring)) {
		const size_t count = collect_first(ring, events, max, wait_ns);

		if (count > 0 || wait_ns == 0 || first_is_alone(ring))
			return count;
		/* What completed was nothing to tell, but accepting has moved on: there is something to wait for. */
	}
	return collect_lanes(ring, events, max, wait_ns);
}

void ring_stats(const struct ring *ring, struct ring_stats *stats)
{
	*stats = ring->stats;
	stats->lanes = ring->lane_count;
	stats->slots_used = 0;
	for (uint32_t i = 0; i < ring->lane_count; i++)
		stats->slots_used += ring->lanes[i].used;
}
