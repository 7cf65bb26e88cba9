/* A worker in the test's own thread, between ports of cores and a backend that does what it is told. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "engine/core/clock.h"
#include "engine/core/log.h"
#include "engine/core/slab.h"
#include "engine/store/worker.h"
#include "tests/unit/refused.h"

#define CORES 3
#define NOBODY 99

static struct {
	int append_result, maintain_result;
	size_t batches, sizes[64];
	uint64_t kept; /* the last seq given */
	size_t part; /* as many of a batch are kept, if not 0 */
	uint32_t maintained, closed;
	bool refuses;
} disk;

static struct store_links links;
static struct bell core_bells[CORES];
static int core_ring_bells[CORES];
static struct store_port ports[CORES];
static struct worker *worker;
static struct ring *core_ring;
static int failed_with;
static struct worker_limits limits;

static void *open_disk(void *context, enum store_worker which, char *why, size_t size)
{
	cr_assert_eq(context, &disk);
	cr_assert_eq(which, limits.which);
	if (disk.refuses)
		snprintf(why, size, "no such disk");
	return disk.refuses ? NULL : &disk;
}

static void close_disk(void *handle)
{
	cr_assert_eq(handle, &disk);
	disk.closed++;
}

static int append_disk(void *handle, struct store_job **jobs, size_t count)
{
	cr_assert_eq(handle, &disk);
	disk.sizes[disk.batches++] = count;
	for (size_t i = 0; disk.append_result == 0 && i < count; i++) {
		jobs[i]->status = disk.part == 0 || i < disk.part ? STORE_OK : STORE_UNAVAILABLE;
		jobs[i]->seq = ++disk.kept;
	}
	return disk.append_result;
}

static void read_disk(void *handle, struct store_job *job)
{
	(void)handle;
	disk.batches++;
	job->status = job->seq_asked == 13 ? STORE_CORRUPT : STORE_OK;
	job->last = job->seq_asked * 2;
}

static int maintain_disk(void *handle, uint64_t wall_ms)
{
	(void)handle;
	cr_assert_gt(wall_ms, 1600000000000ull);
	disk.maintained++;
	return disk.maintain_result;
}

static void go_by_disk(void *handle, const struct store_ages *ages)
{
	cr_assert(handle && ages);
}

static const struct store_backend backend = {
	"test", open_disk, close_disk, append_disk, read_disk, maintain_disk, go_by_disk, &disk,
};

static void failed(void *context, int error)
{
	cr_assert_eq(context, &failed_with);
	failed_with = error;
}

static struct ring_features features;

static void begin(enum store_worker which, uint32_t batch_jobs, uint64_t batch_bytes)
{
	const struct ring_limits ring_limits = { .slots_max = 1, .recv_buffers = 1, .recv_buffer_size = 4096 };
	const struct store_links_limits link_limits = { .cores = CORES, .jobs_max = 1000, .bytes_max = 1 << 20 };
	char why[100];
	int error;

	log_setup(LOG_OFF, false);
	ring_probe(&features);
	core_ring = ring_open(&ring_limits, &features, &error);
	cr_assert_not_null(core_ring);
	cr_assert_eq(store_links_open(&links, &link_limits, core_bells, core_ring_bells), 0);
	for (uint32_t core = 0; core < CORES; core++) {
		core_ring_bells[core] = ring_bell(core_ring);
		store_links_port(&links, core, &ports[core]);
	}
	limits = (struct worker_limits){ .which = which, .batch_jobs = batch_jobs, .batch_bytes = batch_bytes };
	worker = worker_open(&limits, &features, &links, &backend, failed, &failed_with, why, sizeof(why));
	cr_assert_not_null(worker, "%s", why);
}

static void end(void)
{
	worker_close(worker);
	cr_assert_eq(disk.closed, 1);
	store_links_close(&links);
	ring_close_all(core_ring);
	cr_assert_eq(block_bytes_out(), 0, "no job is left");
}

TestSuite(worker, .timeout = 30);

static void give(uint32_t core, enum store_op op, uint64_t number)
{
	struct store_job *job = store_job_make(op, core, 0, 0);

	job->seq_asked = number;
	store_port_give(&ports[core], limits.which, job);
}

static enum store_status take(uint32_t core, uint64_t number)
{
	struct store_job *job = store_port_take(&ports[core]);

	cr_assert_not_null(job, "core %u waits for %lu", core, number);
	cr_assert_eq(job->core, core);
	cr_assert_eq(job->seq_asked, number);
	const enum store_status status = job->status;

	store_job_give(job);
	return status;
}

static uint64_t count_of(enum store_counter counter)
{
	return store_counter_read(worker_counters(worker), counter);
}

Test(worker, what_waits_is_one_batch)
{
	begin(STORE_WRITER, 100, 1 << 20);
	for (uint64_t n = 0; n < 10; n++)
		give(n % 2 ? 2 : 0, STORE_APPEND, n);
	worker_turn(worker);
	cr_assert_eq(disk.batches, 1);
	cr_assert_eq(disk.sizes[0], 10);
	for (uint64_t n = 0; n < 10; n++)
		cr_assert_eq(take(n % 2 ? 2 : 0, n), STORE_OK, "each core has its own back, in order");
	cr_assert(!store_port_waits(&ports[1]));
	cr_assert_eq(count_of(STORE_COUNTER_jobs), 10);
	cr_assert_eq(count_of(STORE_COUNTER_batches), 1);
	cr_assert_eq(count_of(STORE_COUNTER_batch_jobs_max), 10);
	end();
}

Test(worker, a_batch_is_bounded_in_jobs_and_each_core_has_its_part)
{
	begin(STORE_WRITER, 4, 1 << 20);
	for (uint64_t n = 0; n < 6; n++)
		give(0, STORE_APPEND, n);
	give(1, STORE_APPEND, 100);
	give(2, STORE_APPEND, 200);
	worker_turn(worker);
	cr_assert_eq(disk.sizes[0], 4);
	cr_assert_eq(take(1, 100), STORE_OK, "did not wait behind core 0");
	cr_assert_eq(take(2, 200), STORE_OK);
	worker_turn(worker);
	cr_assert_eq(disk.sizes[1], 4);
	cr_assert_eq(disk.batches, 2);
	for (uint64_t n = 0; n < 6; n++)
		take(0, n);
	end();
}

Test(worker, a_batch_is_bounded_in_bytes)
{
	struct store_job *one = store_job_make(STORE_APPEND, 0, 0, 0);

	begin(STORE_WRITER, 100, one->size + 1);
	store_job_give(one);
	for (uint64_t n = 0; n < 5; n++)
		give(0, STORE_APPEND, n);
	worker_turn(worker);
	cr_assert_eq(disk.sizes[0], 2, "one, and one more while there is a byte left");
	worker_turn(worker);
	worker_turn(worker);
	cr_assert_eq(disk.sizes[2], 1);
	for (uint64_t n = 0; n < 5; n++)
		take(0, n);
	end();
}

static void give_and_take(uint32_t count)
{
	for (uint64_t n = 0; n < count; n++)
		give(1, STORE_APPEND, n);
	worker_turn(worker);
	cr_assert_eq(disk.sizes[disk.batches - 1], count);
	for (uint64_t n = 0; n < count; n++)
		take(1, n);
}

Test(worker, after_a_large_batch_the_next_waits_for_cores_that_are_awake)
{
	begin(STORE_WRITER, 100, 1 << 20);
	give_and_take(63);
	give_and_take(64);
	cr_assert_eq(count_of(STORE_COUNTER_gathered), 0, "63 were not many");
	const uint64_t began = clock_mono_ns();

	give_and_take(2);
	cr_assert_gt(clock_mono_ns() - began, 450000);
	cr_assert_eq(count_of(STORE_COUNTER_gathered), 1);
	give_and_take(64);
	cr_assert_eq(count_of(STORE_COUNTER_gathered), 1, "after a small batch it does not wait");
	for (uint32_t core = 0; core < CORES; core++)
		bell_sleep(&core_bells[core]);
	give_and_take(2);
	cr_assert_eq(count_of(STORE_COUNTER_gathered), 1, "who sleeps gives nothing");
	give_and_take(64);
	for (uint32_t core = 0; core < CORES - 1; core++)
		bell_sleep(&core_bells[core]);
	bell_wake(&core_bells[CORES - 1]);
	give_and_take(2);
	cr_assert_eq(count_of(STORE_COUNTER_gathered), 2, "one is awake");
	end();
}

Test(worker, after_a_large_batch_nobody_is_waited_for_who_gives_nothing)
{
	begin(STORE_WRITER, 100, 1 << 20);
	give_and_take(64);
	ring_post(links.ring_bells[STORE_WRITER], 0);
	worker_turn(worker);
	cr_assert_eq(count_of(STORE_COUNTER_gathered), 0);
	cr_assert_eq(disk.batches, 1);
	end();
}

Test(worker, a_full_disk_refuses_and_heals)
{
	begin(STORE_WRITER, 100, 1 << 20);
	disk.append_result = -ENOSPC;
	give(0, STORE_APPEND, 1);
	give(1, STORE_APPEND, 2);
	worker_turn(worker);
	cr_assert_eq(take(0, 1), STORE_FULL);
	cr_assert_eq(take(1, 2), STORE_FULL);
	cr_assert_eq(count_of(STORE_COUNTER_full), 2);
	disk.append_result = 0;
	give(0, STORE_APPEND, 3);
	worker_turn(worker);
	cr_assert_eq(take(0, 3), STORE_OK);
	cr_assert_eq(failed_with, 0);
	end();
}

Test(worker, a_backend_that_is_away)
{
	begin(STORE_WRITER, 100, 1 << 20);
	disk.append_result = -EAGAIN;
	give(0, STORE_APPEND, 1);
	worker_turn(worker);
	cr_assert_eq(take(0, 1), STORE_UNAVAILABLE);
	cr_assert_eq(count_of(STORE_COUNTER_unavailable), 1);
	end();
}

Test(worker, a_batch_that_is_kept_in_part)
{
	begin(STORE_WRITER, 100, 1 << 20);
	disk.part = 1;
	give(0, STORE_APPEND, 1);
	give(0, STORE_APPEND, 2);
	give(1, STORE_APPEND, 3);
	worker_turn(worker);
	cr_assert_eq(take(0, 1), STORE_OK);
	cr_assert_eq(take(0, 2), STORE_UNAVAILABLE);
	cr_assert_eq(take(1, 3), STORE_UNAVAILABLE);
	cr_assert_eq(count_of(STORE_COUNTER_unavailable), 2);
	end();
}

Test(worker, after_a_failed_sync_nothing_is_answered)
{
	begin(STORE_WRITER, 100, 1 << 20);
	disk.append_result = -EIO;
	give(0, STORE_APPEND, 1);
	worker_turn(worker);
	cr_assert_eq(failed_with, -EIO);
	cr_assert(!store_port_waits(&ports[0]));
	disk.append_result = 0;
	give(0, STORE_APPEND, 2);
	ring_post(links.ring_bells[STORE_WRITER], 0);
	worker_turn(worker);
	cr_assert(!store_port_waits(&ports[0]), "not even what came later");
	cr_assert_eq(disk.batches, 1, "and nothing is tried again");
	worker_close(worker);
	cr_assert_eq(disk.batches, 1);
	store_links_close(&links);
	ring_close_all(core_ring);
	cr_assert_eq(block_bytes_out(), 0);
}

Test(worker, housekeeping_that_fails)
{
	disk.maintain_result = -EIO;
	begin(STORE_WRITER, 100, 1 << 20);
	give(0, STORE_APPEND, 1);
	worker_turn(worker);
	cr_assert_eq(failed_with, -EIO);
	cr_assert_eq(disk.batches, 0);
	end();
}

Test(worker, housekeeping_without_jobs)
{
	begin(STORE_WRITER, 100, 1 << 20);
	disk.maintain_result = 1;
	for (int i = 0; i < 10; i++)
		worker_turn(worker);
	cr_assert_eq(disk.maintained, 10, "slice after slice while there is more");
	disk.maintain_result = 0;
	worker_turn(worker);
	cr_assert_eq(disk.maintained, 11);
	end();
}

Test(worker, housekeeping_among_jobs)
{
	begin(STORE_WRITER, 100, 1 << 20);
	disk.maintain_result = 1;
	const uint64_t began = clock_mono_ns();

	while (clock_mono_ns() - began < 600000000) {
		give(0, STORE_APPEND, 1);
		worker_turn(worker);
		take(0, 1);
		disk.batches = 0;
	}
	cr_assert(disk.maintained >= 2 && disk.maintained <= 4, "%u", disk.maintained);
	end();
}

Test(worker, housekeeping_leaves_a_gap_behind_a_batch_alone)
{
	begin(STORE_WRITER, 100, 1 << 20);
	disk.maintain_result = 1;
	worker_turn(worker);
	worker_turn(worker);
	cr_assert_eq(disk.maintained, 2);
	const uint64_t began = clock_mono_ns();

	give(0, STORE_APPEND, 1);
	worker_turn(worker);
	take(0, 1);
	const uint32_t before = disk.maintained;

	while (disk.maintained == before)
		worker_turn(worker);
	cr_assert_gt(clock_mono_ns() - began, 18000000, "who was answered may send more");
	end();
}

Test(worker, a_slice_before_each_batch_while_it_is_behind)
{
	begin(STORE_WRITER, 100, 1 << 20);
	disk.maintain_result = STORE_BEHIND;
	worker_turn(worker);
	for (uint32_t i = 1; i < 6; i++) {
		give(0, STORE_APPEND, 1);
		worker_turn(worker);
		take(0, 1);
		cr_assert_eq(disk.batches, 1, "a slice and a batch");
		disk.batches = 0;
		cr_assert_eq(disk.maintained, i + 1);
	}
	cr_assert_eq(store_counter_read(worker_counters(worker), STORE_COUNTER_behind), 6);
	disk.maintain_result = 1;
	give(0, STORE_APPEND, 1);
	worker_turn(worker);
	take(0, 1);
	disk.batches = 0;
	cr_assert_eq(disk.maintained, 7);
	give(0, STORE_APPEND, 1);
	worker_turn(worker);
	take(0, 1);
	disk.batches = 0;
	cr_assert_eq(disk.maintained, 7, "it has caught up");
	end();
}

Test(worker, sleeps_until_housekeeping_is_due_again)
{
	begin(STORE_WRITER, 100, 1 << 20);
	worker_turn(worker);
	cr_assert_eq(disk.maintained, 1);
	give(0, STORE_APPEND, 1);
	worker_turn(worker);
	take(0, 1);
	cr_assert_eq(disk.maintained, 1);
	const uint64_t began = clock_mono_ns();

	worker_turn(worker);
	cr_assert_eq(disk.maintained, 2, "something was appended");
	cr_assert(clock_mono_ns() - began > 100000000 && clock_mono_ns() - began < 2000000000);
	end();
}

Test(worker, reads_are_done_one_by_one)
{
	begin(STORE_READER, 100, 1 << 20);
	give(0, STORE_PAGE, 12);
	give(0, STORE_LOAD, 13);
	give(1, STORE_PAGE, 14);
	worker_turn(worker);
	cr_assert_eq(disk.batches, 3);
	cr_assert_eq(take(0, 12), STORE_OK);
	cr_assert_eq(take(0, 13), STORE_CORRUPT);
	cr_assert_eq(take(1, 14), STORE_OK);
	cr_assert_eq(count_of(STORE_COUNTER_corrupt), 1);
	cr_assert_eq(disk.maintained, 0, "the writer keeps house");
	end();
}

Test(worker, cores_that_sleep_are_woken_once)
{
	struct ring_event events[8];

	begin(STORE_READER, 100, 1 << 20);
	bell_sleep(&core_bells[1]);
	bell_sleep(&core_bells[2]);
	give(0, STORE_PAGE, 1);
	give(1, STORE_PAGE, 2);
	give(1, STORE_PAGE, 3);
	worker_turn(worker);
	cr_assert_eq(count_of(STORE_COUNTER_wakes), 1, "core 0 is awake, core 2 got nothing");
	ring_post(links.ring_bells[STORE_READER], 0);
	worker_turn(worker);
	cr_assert_eq(ring_collect(core_ring, events, 8, 1000000000), 1);
	cr_assert_eq(events[0].word, 0);
	take(0, 1);
	take(1, 2);
	take(1, 3);
	end();
}

Test(worker, is_told_to_end_and_does_what_waits)
{
	begin(STORE_WRITER, 2, 1 << 20);
	for (uint64_t n = 0; n < 5; n++)
		give(1, STORE_APPEND, n);
	ring_post(links.ring_bells[STORE_WRITER], WORKER_WORD_END);
	worker_turn(worker);
	cr_assert(worker_is_ended(worker));
	worker_close(worker);
	cr_assert_eq(disk.kept, 5);
	for (uint64_t n = 0; n < 5; n++)
		cr_assert_eq(take(1, n), STORE_OK);
	store_links_close(&links);
	ring_close_all(core_ring);
	cr_assert_eq(block_bytes_out(), 0);
}

Test(worker, jobs_that_nobody_takes_are_given_back)
{
	begin(STORE_WRITER, 10, 1 << 20);
	give(0, STORE_APPEND, 1);
	worker_turn(worker);
	give(0, STORE_APPEND, 2);
	disk.append_result = -EIO;
	worker_turn(worker);
	give(0, STORE_APPEND, 3);
	end();
}

Test(worker, a_backend_that_does_not_open)
{
	char why[100];

	begin(STORE_SEARCHER, 10, 1 << 20);
	disk.refuses = true;
	cr_assert_null(worker_open(&limits, &features, &links, &backend, failed, NULL, why, sizeof(why)));
	cr_assert_str_eq(why, "no such disk");
	end();
}

Test(worker, links_hold_all_that_may_be_out)
{
	begin(STORE_WRITER, 4096, 1 << 30);
	uint64_t count = 0;

	while (!store_port_is_full(&ports[0]) && count < 2000)
		give(0, STORE_APPEND, count++);
	cr_assert_leq(count, 1000);
	worker_turn(worker);
	for (uint64_t n = 0; n < count; n++)
		take(0, n);
	cr_assert_geq(store_links_bytes_max(&links.limits), links.limits.bytes_max);
	end();
}

Test(worker, without_memory_there_is_none_and_it_is_said)
{
	char why[100] = "";

	begin(STORE_WRITER, 100, 1 << 20);
	for (uint32_t at = 1;; at++) {
		refused_arm(REFUSED_mmap, at, 1, ENOMEM);
		struct worker *second =
			worker_open(&limits, &features, &links, &backend, failed, &failed_with, why, sizeof(why));

		if (!refused_came()) {
			cr_assert_not_null(second);
			cr_assert_gt(at, 1);
			worker_close(second);
			disk.closed = 0;
			break;
		}
		cr_assert(!second && strstr(why, "no ring for a thread of the store"), "%u: %s", at, why);
	}
	end();
}

/* No room for housekeeping is no fault, and said as a full disk; a backend that is away is asked again. */
Test(worker, housekeeping_without_room_goes_on)
{
	begin(STORE_WRITER, 100, 1 << 20);
	disk.maintain_result = -ENOSPC;
	worker_turn(worker);
	disk.maintain_result = -EAGAIN;
	poll(NULL, 0, 1100);
	worker_turn(worker);
	cr_assert_eq(disk.maintained, 2);
	cr_assert_eq(failed_with, 0);
	give(0, STORE_APPEND, 1);
	worker_turn(worker);
	cr_assert_eq(take(0, 1), STORE_OK);
	end();
}

Test(worker, other_words_end_nothing)
{
	begin(STORE_READER, 100, 1 << 20);
	ring_post(links.ring_bells[STORE_READER], 0);
	worker_turn(worker);
	cr_assert(!worker_is_ended(worker));
	ring_post(links.ring_bells[STORE_READER], WORKER_WORD_END);
	worker_turn(worker);
	cr_assert(worker_is_ended(worker));
	end();
}

Test(worker, links_that_there_is_no_memory_for)
{
	const struct store_links_limits link_limits = { .cores = CORES, .jobs_max = 1000, .bytes_max = 1 << 20 };
	struct store_links few;
	uint32_t at = 1;

	for (;; at++) {
		refused_arm(REFUSED_mmap, at, 1, ENOMEM);
		const int error = store_links_open(&few, &link_limits, core_bells, core_ring_bells);

		if (!refused_came())
			break;
		cr_assert_lt(error, 0, "%u", at);
		if (few.rings)
			store_links_close(&few);
	}
	store_links_close(&few);
	cr_assert_gt(at, 2 * CORES * STORE_WORKERS);
}
