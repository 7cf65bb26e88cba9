/* What the store in memory has beside the suite of all backends: its hooks, its bounds, and who looks at it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/store/memory.h"
#include "tests/unit/engine/store/backend_suite.h"

static struct store_memory memory;
static struct store_backend backend;
static void *handle;
static int before_result, after_result;
static enum store_status read_result;
static size_t before_count, visited;

static int before(void *context, struct store_job *const *jobs, size_t count)
{
	cr_assert_eq(context, &visited);
	cr_assert_eq(jobs[0]->op, STORE_APPEND);
	before_count += count;
	return before_result;
}

static int after(void *context, struct store_job *const *jobs, size_t count)
{
	(void)context;
	(void)jobs;
	(void)count;
	return after_result;
}

static enum store_status on_read(void *context, const struct store_job *job)
{
	(void)context;
	(void)job;
	return read_result;
}

static void begin(uint32_t rooms, uint32_t cids)
{
	char why[100];

	cr_assert_eq(store_memory_open(&memory, &(struct store_memory_limits){ rooms, cids }), 0);
	backend = store_memory_backend(&memory);
	memory.hooks = (struct store_memory_hooks){ before, after, on_read, &visited };
	handle = backend.open(backend.context, STORE_WRITER, why, sizeof(why));
	cr_assert_not_null(handle);
}

static int append(struct store_job *first, struct store_job *second)
{
	struct store_job *jobs[] = { first, second };

	return backend.append(handle, jobs, second ? 2 : 1);
}

static int visit(void *context, struct span room, struct span epoch, const struct chat_event *event)
{
	cr_assert(span_equal(room, SPAN("r")));
	cr_assert(span_equal(epoch, SPAN(SUITE_EPOCH)));
	cr_assert_eq(event->seq, ++visited);
	return visited == 2 ? *(int *)context : 0;
}

static size_t kept(int stop)
{
	visited = 0;
	cr_assert_eq(store_memory_visit(&memory, visit, &stop), visited >= 2 ? stop : 0);
	return visited;
}

Test(memory, refused_before_the_commit)
{
	struct store_job one = suite_message("1"), two = suite_message("2");

	begin(4, 4);
	before_result = -ENOSPC;
	cr_assert_eq(append(&one, &two), -ENOSPC);
	cr_assert_eq(before_count, 2);
	cr_assert_eq(kept(0), 0);
	before_result = 0;
	cr_assert_eq(append(&one, &two), 0);
	cr_assert_eq(two.seq, 2, "as if nothing had been");
	cr_assert_eq(kept(0), 2);
	store_memory_close(&memory);
}

Test(memory, dies_behind_the_commit)
{
	struct store_job one = suite_sent("p", 1, "1"), again = suite_sent("p", 1, "1");

	begin(4, 4);
	after_result = -EIO;
	cr_assert_eq(append(&one, NULL), -EIO);
	after_result = 0;
	backend.close(handle);
	handle = backend.open(backend.context, STORE_WRITER, NULL, 0);
	cr_assert_eq(append(&again, NULL), 0);
	cr_assert_eq(again.status, STORE_DUPLICATE);
	cr_assert_eq(again.seq, 1);
	store_memory_close(&memory);
}

Test(memory, no_room_for_more_cids)
{
	struct store_job one = suite_sent("p", 1, "1"), two = suite_sent("p", 2, "2"), three = suite_sent("p", 3, "3");

	begin(4, 2);
	cr_assert_eq(append(&one, &two), 0);
	cr_assert_eq(append(&three, NULL), -ENOSPC);
	cr_assert_eq(kept(0), 2);
	cr_assert_eq(kept(5), 2, "a visit ends with the first result");
	store_memory_close(&memory);
}

Test(memory, a_read_is_answered_by_its_hook)
{
	struct store_job load = { .op = STORE_LOAD, .room = SPAN("r"), .limit = 10 };

	begin(4, 4);
	read_result = STORE_CORRUPT;
	backend.read(handle, &load);
	cr_assert_eq(load.status, STORE_CORRUPT);
	read_result = STORE_OK;
	backend.read(handle, &load);
	cr_assert_eq(load.status, STORE_OK);
	cr_assert(!load.known);
	store_memory_close(&memory);
	cr_assert_eq(block_bytes_out(), 0);
}
