#include "engine/store/worker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/core/check.h"
#include "engine/core/mutant.h"
#include "engine/core/clock.h"
#include "engine/core/log.h"
#include "engine/core/pages.h"

#define EVENTS_MAX 64
#define READS_MAX 32 /* answered before the cores that sleep are woken */
#define GATHER_BATCH 64 /* as many jobs were in the last batch: the next one waits for cores that are awake, */
#define GATHER_LOOKS 5 /* so often */
#define GATHER_NS 100000 /* so long */
#define MAINTAIN_MS 250 /* between slices while jobs come, */
#define MAINTAIN_IDLE_MS 20 /* without a batch, before slice follows slice: who was answered may go on at once, */
#define MAINTAIN_QUIET_MS 5000 /* while none do and there was nothing left to do, */
#define MAINTAIN_AGAIN_MS 1000 /* and after one that could not be done */
#define FULL_TOLD_MS 10000

struct worker {
	struct worker_limits limits;
	struct store_links *links;
	const struct store_backend *backend;
	void *handle;
	struct ring *ring;
	worker_failed_fn *failed;
	void *context;
	uint32_t first; /* whose jobs come first in the next batch */
	uint32_t count; /* of batch */
	uint32_t last_count; /* of the batch before; 0 but for the writer */
	uint64_t to_ring; /* cores that got answers this turn */
	uint64_t maintain_ms; /* when the next slice is due */
	uint64_t written_ms; /* when the last batch was */
	uint64_t full_ms; /* when it was last said that there is no room; 0: there is */
	bool maintain_more; /* the last slice left something to do, */
	bool behind; /* and so much that a slice comes before each batch */
	bool appended; /* since the last slice */
	bool dead, ended;
	struct store_counters counters;
	struct ring_event events[EVENTS_MAX];
	struct store_job *batch[]; /* limits.batch_jobs */
};

static uint64_t now_us(void)
{
	return clock_mono_ns() / 1000;
}

static size_t worker_size(const struct worker_limits *limits)
{
	return sizeof(struct worker) + limits->batch_jobs * sizeof(struct store_job *);
}

/* It has no sockets; a ring has room for one at least. */
static struct ring *bell_open(const struct ring_features *features, int *error)
{
	const struct ring_limits limits = {
		.use = RING_WAKES,
		.slots_max = 1,
		.recv_buffers = 1,
		.recv_buffer_size = 4096,
	};

	return ring_open(&limits, features, error);
}

struct worker *worker_open(const struct worker_limits *limits, const struct ring_features *features,
			   struct store_links *links, const struct store_backend *backend, worker_failed_fn *failed,
			   void *context, char *why, size_t size)
{
	struct worker *worker = pages_reserve(worker_size(limits));
	int error = -ENOMEM;

	CHECK(limits->batch_jobs > 0 && links->limits.cores <= 64);
	if (worker) {
		worker->limits = *limits;
		worker->links = links;
		worker->backend = backend;
		worker->failed = failed;
		worker->context = context;
		worker->ring = bell_open(features, &error);
	}
	if (!worker || !worker->ring) {
		snprintf(why, size, "no ring for a thread of the store: %s", strerror(-error));
		pages_release(worker, worker_size(limits));
		return NULL;
	}
	worker->handle = backend->open(backend->context, limits->which, why, size);
	if (!worker->handle) {
		ring_close_all(worker->ring);
		pages_release(worker, worker_size(limits));
		return NULL;
	}
	if (limits->ages)
		backend->go_by(worker->handle, limits->ages);
	links->ring_bells[limits->which] = ring_bell(worker->ring);
	return worker;
}

static struct xring *in(const struct worker *worker, uint32_t core)
{
	return store_links_in(worker->links, core, worker->limits.which);
}

static bool jobs_wait(const struct worker *worker)
{
	size_t size;

	for (uint32_t core = 0; core < worker->links->limits.cores; core++)
		if (xring_peek(in(worker, core), &size))
			return true;
	return false;
}

/* A job of each core in turns, so that a busy one does not keep the others waiting. */
static void take(struct worker *worker)
{
	const uint32_t cores = worker->links->limits.cores;
	const bool writes = worker->limits.which == STORE_WRITER;
	const uint32_t most = writes || worker->limits.batch_jobs < READS_MAX ? worker->limits.batch_jobs : READS_MAX;
	uint32_t silent = 0;
	uint64_t bytes = 0;

	CHECK(worker->count == 0);
	for (uint32_t core = PLANTED(40) ? 0 : worker->first++ % cores; silent < cores;
	     core = PLANTED(40) ? 0 : (core + 1) % cores) { /* the first core alone is served */
		size_t size;
		struct store_job **job = xring_peek(in(worker, core), &size);

		if (!job) {
			silent++;
			continue;
		}
		if (worker->count == most || bytes >= worker->limits.batch_bytes)
			return;
		CHECK(size == sizeof(*job) && (*job)->core == core);
		silent = 0;
		bytes += (*job)->size;
		if (PLANTED(30) && worker->count > 1) { /* the order of a batch is not that of the jobs */
			worker->batch[worker->count] = worker->batch[worker->count - 1];
			worker->batch[worker->count++ - 1] = *job;
		} else {
			worker->batch[worker->count++] = *job;
		}
		xring_drop(in(worker, core));
	}
}

/* By job, not by batch: a backend may keep a part of a batch. */
static void count_status(struct worker *worker, enum store_status status)
{
	switch (status) {
	case STORE_CORRUPT:
		store_count(&worker->counters, STORE_COUNTER_corrupt, 1);
		return;
	case STORE_FULL:
		store_count(&worker->counters, STORE_COUNTER_full, 1);
		return;
	case STORE_UNAVAILABLE:
		store_count(&worker->counters, STORE_COUNTER_unavailable, 1);
		return;
	default:
		return;
	}
}

static void answer(struct worker *worker, struct store_job *job)
{
	struct xring *out = store_links_out(worker->links, job->core, worker->limits.which);
	struct store_job **place = xring_reserve(out, sizeof(job));

	/* No more are out than fit. */
	CHECK(place);
	store_count(&worker->counters, STORE_COUNTER_jobs, 1);
	count_status(worker, job->status);
	*place = job;
	worker->to_ring |= 1ull << job->core;
	xring_push(out, sizeof(job));
}

static void answer_all(struct worker *worker)
{
	worker->last_count = worker->count;
	for (uint32_t i = 0; i < worker->count; i++)
		answer(worker, worker->batch[i]);
	worker->count = 0;
}

static void answer_none_done(struct worker *worker, enum store_status status)
{
	for (uint32_t i = 0; i < worker->count; i++)
		worker->batch[i]->status = status;
	answer_all(worker);
}

static void full_tell(struct worker *worker)
{
	const uint64_t now = now_us() / 1000;

	if (worker->full_ms != 0 && now - worker->full_ms < FULL_TOLD_MS)
		return;
	worker->full_ms = now;
	LOG(LOG_ERROR, "store_full", LOG_U64("refused", worker->count),
	    LOG_U64("refused_all", store_counter_read(&worker->counters, STORE_COUNTER_full) + worker->count),
	    LOG_TEXT("do", "make room on the disk; it goes on by itself"));
}

static void full_no_more(struct worker *worker)
{
	if (worker->full_ms == 0)
		return;
	worker->full_ms = 0;
	LOG(LOG_INFO, "store_has_room");
}

/* What is in the batch is never answered, by nobody: it may be kept, or not. */
static void fail(struct worker *worker, int error)
{
	store_count(&worker->counters, STORE_COUNTER_failed, 1);
	worker->dead = true;
	worker->failed(worker->context, error);
}

static void maintain_sooner(struct worker *worker)
{
	worker->written_ms = now_us() / 1000;

	const uint64_t soon_ms = worker->written_ms + MAINTAIN_MS;

	worker->appended = true;
	if (worker->maintain_ms > soon_ms)
		worker->maintain_ms = soon_ms;
}

static void write_batch(struct worker *worker)
{
	const uint64_t began = now_us();
	const int result = worker->backend->append(worker->handle, worker->batch, worker->count);

	store_count_batch(&worker->counters, worker->count, now_us() - began);
	maintain_sooner(worker);
	switch (result) {
	case 0:
		full_no_more(worker);
		answer_all(worker);
		return;
	case -ENOSPC:
		full_tell(worker);
		answer_none_done(worker, PLANTED(28) ? STORE_DUPLICATE : STORE_FULL); /* acknowledged */
		return;
	case -EAGAIN:
		LOG(LOG_WARN, "store_unavailable", LOG_U64("refused", worker->count));
		answer_none_done(worker, STORE_UNAVAILABLE);
		return;
	}
	if (PLANTED(29)) { /* a failed sync is taken for a good one */
		answer_all(worker);
		return;
	}
	fail(worker, result);
}

static void read_batch(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->count; i++) {
		struct store_job *job = worker->batch[i];
		const uint64_t began = now_us();

		worker->backend->read(worker->handle, job);
		store_count_batch(&worker->counters, 1, now_us() - began);
		answer(worker, job);
	}
	worker->count = 0;
}

static void run_batch(struct worker *worker)
{
	if (worker->count == 0)
		return;
	for (uint32_t i = 0; i < worker->count; i++)
		CHECK((worker->batch[i]->op == STORE_APPEND) == (worker->limits.which == STORE_WRITER));
	if (worker->limits.which == STORE_WRITER)
		write_batch(worker);
	else
		read_batch(worker);
}

static void ring_cores(struct worker *worker)
{
	for (uint64_t left = worker->to_ring; left != 0; left &= left - 1) {
		const uint32_t core = (uint32_t)__builtin_ctzll(left);

		if (!bell_must_ring(&worker->links->core_bells[core]))
			continue;
		store_count(&worker->counters, STORE_COUNTER_wakes, 1);
		ring_wake(worker->ring, worker->links->core_ring_bells[core], 0);
	}
	worker->to_ring = 0;
}

static void maintain(struct worker *worker)
{
	const uint64_t began = now_us();
	const int result = worker->backend->maintain(worker->handle, clock_wall_ms());
	const uint64_t now = now_us();
	const uint64_t quiet = worker->appended || result > 0 ? MAINTAIN_MS : MAINTAIN_QUIET_MS;

	store_count(&worker->counters, STORE_COUNTER_maintained, 1);
	if (result == STORE_BEHIND)
		store_count(&worker->counters, STORE_COUNTER_behind, 1);
	store_count(&worker->counters, STORE_COUNTER_maintenance, now - began);
	worker->maintain_more = result > 0;
	worker->behind = result == STORE_BEHIND;
	worker->appended = false;
	worker->maintain_ms = now / 1000 + (result < 0 ? MAINTAIN_AGAIN_MS : quiet);
	if (result == -ENOSPC)
		full_tell(worker);
	else if (result < 0 && result != -EAGAIN)
		fail(worker, result);
}

/* When the next slice may be. While nobody sends, slice follows slice; otherwise there is one now and then, before the
 * batch that waits: so the answers of the batch before have gone out. Those who wait for answers before they send more
 * leave a gap behind each batch: it is theirs. Where the housekeeping cannot follow, whoever sends waits for it: what
 * is kept stays bounded whatever comes. */
static uint64_t slice_ms(const struct worker *worker)
{
	const uint64_t idle_ms = worker->written_ms + MAINTAIN_IDLE_MS;

	if (worker->behind)
		return 0;
	return worker->maintain_more && idle_ms < worker->maintain_ms ? idle_ms : worker->maintain_ms;
}

static void maintain_if_due(struct worker *worker)
{
	if (worker->limits.which != STORE_WRITER)
		return;
	const uint64_t now_ms = now_us() / 1000;

	if (worker->behind || now_ms >= worker->maintain_ms || (now_ms >= slice_ms(worker) && !jobs_wait(worker)))
		maintain(worker);
}

static uint64_t wait_ns(const struct worker *worker)
{
	const uint64_t now = now_us() / 1000;

	if (worker->limits.which != STORE_WRITER || worker->dead)
		return UINT64_MAX;
	const uint64_t due = slice_ms(worker);

	return due > now ? (due - now) * 1000000 : 0;
}

static void wait_for_words(struct worker *worker, uint64_t wait)
{
	const size_t count = ring_collect(worker->ring, worker->events, EVENTS_MAX, wait);

	for (size_t i = 0; i < count; i++) {
		CHECK(worker->events[i].kind == RING_WOKEN); /* it has no sockets */
		worker->ended |= worker->events[i].word == WORKER_WORD_END;
	}
}

static void collect(struct worker *worker)
{
	struct bell *bell = &worker->links->bells[worker->limits.which];
	uint64_t wait = wait_ns(worker);

	if (wait > 0) {
		bell_sleep(bell);
		if (!worker->dead && jobs_wait(worker))
			wait = 0;
	}
	wait_for_words(worker, wait);
	bell_wake(bell);
}

static bool all_cores_sleep(const struct worker *worker)
{
	for (uint32_t core = 0; core < worker->links->limits.cores; core++)
		if (!bell_is_asleep(&worker->links->core_bells[core]))
			return false;
	return true;
}

/* Cores that are awake, with many waiting for this store, are about to give more: a batch costs a sync and the pages
 * it touches, however few its jobs are, and members get what is committed together in one piece. */
static void gather(struct worker *worker)
{
	if (worker->last_count < GATHER_BATCH || !jobs_wait(worker))
		return;
	for (int i = 0; i < GATHER_LOOKS && !all_cores_sleep(worker); i++) {
		if (i == 0)
			store_count(&worker->counters, STORE_COUNTER_gathered, 1);
		wait_for_words(worker, GATHER_NS);
	}
}

void worker_turn(struct worker *worker)
{
	collect(worker);
	store_count(&worker->counters, STORE_COUNTER_turns, 1);
	if (!worker->dead)
		maintain_if_due(worker);
	if (worker->dead)
		return;
	gather(worker);
	take(worker);
	run_batch(worker);
	ring_cores(worker);
}

bool worker_is_ended(const struct worker *worker)
{
	return worker->ended;
}

void worker_close(struct worker *worker)
{
	while (!worker->dead && jobs_wait(worker)) {
		take(worker);
		run_batch(worker);
		ring_cores(worker);
		ring_collect(worker->ring, worker->events, EVENTS_MAX, 0);
	}
	for (uint32_t i = 0; i < worker->count; i++)
		store_job_give(worker->batch[i]);
	worker->backend->close(worker->handle);
	ring_close_all(worker->ring);
	pages_release(worker, worker_size(&worker->limits));
}

const struct store_counters *worker_counters(const struct worker *worker)
{
	return &worker->counters;
}
