#include "engine/core/ring_internal.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "engine/core/ring_handover.h"

#ifdef HANDOVER_ON
char handover_place;
#endif

int ring_bell(const struct ring *ring)
{
	return ring->lanes[0].uring.ring_fd;
}

/* The word travels as the completion's result (low half) and at the bottom of its user_data (high half). */
static void prepare_bell(struct io_uring_sqe *sqe, int bell, uint64_t word)
{
	handover_release();
	io_uring_prep_msg_ring(sqe, bell, (uint32_t)word, ring_tag(KIND_WOKEN, 0, 0) | word >> 32, 0);
	sqe->user_data = ring_tag(KIND_IGNORED, 0, 0);
}

void ring_wake(struct ring *ring, int other_bell, uint64_t word)
{
	struct io_uring_sqe *sqe = ring_lane_sqe(ring, &ring->lanes[0]);

	prepare_bell(sqe, other_bell, word);
	sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

/* One plain ring for all threads that have none of their own; it lives as long as the process. */
static pthread_mutex_t post_lock = PTHREAD_MUTEX_INITIALIZER;
static struct io_uring post_uring;
static bool post_open;

static int open_locked(void)
{
	int error = post_open ? 0 : io_uring_queue_init(1, &post_uring, IORING_SETUP_R_DISABLED);

	if (post_open || error < 0)
		return error;
	(void)ring_restrict_to_wakes(&post_uring); /* a kernel without restrictions has told so in ring_probe() */
	error = ring_uring_enable(&post_uring);
	if (error < 0)
		io_uring_queue_exit(&post_uring);
	post_open = error == 0;
	return error;
}

int ring_post_open(void)
{
	pthread_mutex_lock(&post_lock);
	const int result = open_locked();
	pthread_mutex_unlock(&post_lock);
	return result;
}

/* An entry that is not submitted would go with the next one: its word would arrive after its sender was told that it
 * does not. So it is tried until it went; the kernel refuses only while it has no memory (EAGAIN). */
static struct io_uring_cqe *submit_locked(void)
{
	struct io_uring_cqe *cqe;
	int error;

	for (int tries = 0; io_uring_submit_and_wait(&post_uring, 1) != 1; tries++) {
		CHECK(tries < 10000);
		sched_yield();
	}
	do
		error = io_uring_wait_cqe(&post_uring, &cqe);
	while (error == -EINTR || error == -EAGAIN);
	CHECK(error == 0);
	return cqe;
}

static int post_locked(int bell, uint64_t word)
{
	const int error = open_locked();

	if (error < 0)
		return error;
	prepare_bell(io_uring_get_sqe(&post_uring), bell, word);
	struct io_uring_cqe *cqe = submit_locked();
	const int result = cqe->res;

	io_uring_cqe_seen(&post_uring, cqe);
	return result < 0 ? result : 0;
}

int ring_post(int bell, uint64_t word)
{
	pthread_mutex_lock(&post_lock);
	const int result = post_locked(bell, word);
	pthread_mutex_unlock(&post_lock);
	return result;
}
