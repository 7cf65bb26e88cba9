/* Jobs go to the workers and come back, each once and in order, and who sleeps is woken. */
#include <criterion/criterion.h>
#include <string.h>

#include "engine/chat/store_port.h"
#include "engine/core/slab.h"

#define JOBS_MAX 4

static struct xring rings[STORE_WORKERS * 2];
static struct bell bells[STORE_WORKERS];
static int ring_bells[STORE_WORKERS];
static struct store_port port;
static struct ring *ring, *other;
static struct ring_event events[8];

static struct ring *ring_make(void)
{
	const struct ring_limits limits = { .slots_max = 1, .recv_buffers = 1, .recv_buffer_size = 4096 };
	struct ring_features features;
	int error;

	ring_probe(&features);
	struct ring *made = ring_open(&limits, &features, &error);

	cr_assert_not_null(made, "a ring needs no sockets: %d", error);
	return made;
}

static void setup(void)
{
	port = (struct store_port){ .ring_bells = ring_bells, .jobs_max = JOBS_MAX, .bytes_max = 1 << 20 };
	ring = ring_make();
	other = ring_make();
	for (int i = 0; i < STORE_WORKERS; i++) {
		port.to[i] = &rings[i * 2];
		port.from[i] = &rings[i * 2 + 1];
		cr_assert_eq(xring_open(port.to[i], 64), 0, "it holds four pointers");
		cr_assert_eq(xring_open(port.from[i], 64), 0);
		port.bells[i] = &bells[i];
		ring_bells[i] = ring_bell(other);
	}
}

static void teardown(void)
{
	for (int i = 0; i < STORE_WORKERS * 2; i++)
		xring_close(&rings[i]);
	ring_close_all(ring);
	ring_close_all(other);
	cr_assert_eq(block_bytes_out(), 0);
}

TestSuite(store_port, .init = setup, .fini = teardown, .timeout = 20);

static struct store_job *job_make(uint64_t seq)
{
	struct store_job *job = store_job_make(STORE_PAGE, 7, 5, 3);

	job->seq = seq;
	return job;
}

/* As a worker does: takes the oldest, and gives it back. */
static void work(enum store_worker worker)
{
	size_t size;
	struct store_job **job = xring_peek(port.to[worker], &size);

	cr_assert(job && size == sizeof(*job));
	struct store_job **back = xring_reserve(port.from[worker], sizeof(*back));

	cr_assert_not_null(back);
	*back = *job;
	xring_push(port.from[worker], sizeof(*back));
	xring_drop(port.to[worker]);
}

Test(store_port, a_job_is_one_block)
{
	struct store_job *job = store_job_make(STORE_APPEND, 3, 21, 10);
	uint8_t *own = store_job_own(job), *bytes = store_job_bytes(job, 21);

	cr_assert_eq(job->op, STORE_APPEND);
	cr_assert_eq(job->core, 3);
	cr_assert_eq((uintptr_t)own % 16, 0);
	cr_assert(own >= (uint8_t *)(job + 1) && own + 21 <= bytes);
	cr_assert_leq(bytes + 10, (uint8_t *)job + job->size, "ASan sees what is written behind it");
	memset(own, 1, 21);
	memset(bytes, 2, 10);
	cr_assert(!job->room.bytes && !job->page && job->seq == 0 && job->retention.bytes == 0);
	store_job_give(job);
}

Test(store_port, a_job_takes_its_page_along)
{
	struct store_job *job = job_make(1);

	job->page = block_take(sizeof(*job->page));
	job->page->size = sizeof(*job->page);
	store_job_give(job);
}

Test(store_port, full_by_jobs)
{
	for (uint64_t i = 0; i < JOBS_MAX; i++) {
		cr_assert(!store_port_is_full(&port), "%lu", i);
		store_port_give(&port, STORE_WRITER, job_make(i));
	}
	cr_assert(store_port_is_full(&port));
	cr_assert_null(store_port_take(&port), "nobody has done anything");
	work(STORE_WRITER);
	struct store_job *job = store_port_take(&port);

	cr_assert_eq(job->seq, 0);
	store_job_give(job);
	cr_assert(!store_port_is_full(&port));
	for (uint64_t i = 1; i < JOBS_MAX; i++) {
		work(STORE_WRITER);
		job = store_port_take(&port);
		cr_assert_eq(job->seq, i, "in order");
		store_job_give(job);
	}
	cr_assert_eq(port.jobs_out, 0);
	cr_assert_eq(port.bytes_out, 0);
}

Test(store_port, full_by_bytes)
{
	struct store_job *job = job_make(1);

	port.bytes_max = job->size + 1;
	store_port_give(&port, STORE_READER, job);
	cr_assert(!store_port_is_full(&port));
	store_port_give(&port, STORE_READER, job_make(2));
	cr_assert(store_port_is_full(&port));
	work(STORE_READER);
	work(STORE_READER);
	store_job_give(store_port_take(&port));
	cr_assert(!store_port_is_full(&port));
	store_job_give(store_port_take(&port));
}

Test(store_port, no_worker_keeps_the_others_answers_waiting)
{
	uint32_t seen = 0;

	for (int i = 0; i < STORE_WORKERS; i++) {
		store_port_give(&port, (enum store_worker)i, job_make((uint64_t)i));
		work((enum store_worker)i);
	}
	store_port_give(&port, STORE_WRITER, job_make(0));
	work(STORE_WRITER);
	for (int i = 0; i < STORE_WORKERS; i++) {
		struct store_job *job = store_port_take(&port);

		seen |= 1u << job->seq;
		store_job_give(job);
	}
	cr_assert_eq(seen, (1u << STORE_WORKERS) - 1, "one of each before a second of the first");
	cr_assert(store_port_waits(&port));
	store_job_give(store_port_take(&port));
	cr_assert(!store_port_waits(&port));
	cr_assert_null(store_port_take(&port));
}

Test(store_port, wakes_those_who_sleep_and_got_jobs)
{
	bell_sleep(&bells[STORE_READER]);
	bell_sleep(&bells[STORE_SEARCHER]);
	store_port_give(&port, STORE_READER, job_make(1));
	store_port_give(&port, STORE_WRITER, job_make(2));
	store_port_flush(&port, ring);
	cr_assert_eq(ring_collect(ring, events, 8, 0), 0);
	cr_assert_eq(ring_collect(other, events, 8, 1000000000), 1, "the reader alone: the writer is awake");
	cr_assert_eq(events[0].kind, RING_WOKEN);
	cr_assert_eq(events[0].word, 0);
	cr_assert_eq(bells[STORE_READER].asleep, 0);
	cr_assert_eq(bells[STORE_SEARCHER].asleep, 1);
	store_port_flush(&port, ring);
	ring_collect(ring, events, 8, 0);
	cr_assert_eq(ring_collect(other, events, 8, 10000000), 0, "once");
	for (int i = 0; i < 2; i++)
		work(i == 0 ? STORE_READER : STORE_WRITER);
	while (store_port_waits(&port))
		store_job_give(store_port_take(&port));
}
