#include "tests/unit/engine/store/backend_suite.h"

#include <stdio.h>
#include <string.h>

#include "engine/core/log.h"
#include "engine/core/slab.h"

#define JOBS_MAX 1024
#define SLICES_MAX 100000

static struct store_backend backend;
static void *handles[STORE_WORKERS];
static uint64_t age_now_ms;

static void open_all(void)
{
	char why[256];

	for (int worker = 0; worker < STORE_WORKERS; worker++) {
		handles[worker] = backend.open(backend.context, (enum store_worker)worker, why, sizeof(why));
		cr_assert(handles[worker], "%s", why);
	}
}

static void close_all(void)
{
	for (int worker = STORE_WORKERS - 1; worker >= 0; worker--)
		backend.close(handles[worker]);
}

void backend_run(const struct backend_factory *factory, backend_case_fn *run)
{
	const uint64_t before = block_bytes_out();

	log_setup(LOG_OFF, false);
	if (!factory->make(&backend))
		return;
	open_all();
	run();
	close_all();
	factory->drop(&backend);
	cr_assert_eq(block_bytes_out(), before, "every page is given back");
}

void suite_reopen(void)
{
	close_all();
	open_all();
}

struct span suite_text(const char *string)
{
	return string ? span_of(string, strlen(string)) : SPAN_NONE;
}

struct store_job suite_sent(const char *producer, uint64_t number, const char *data)
{
	return (struct store_job){
		.op = STORE_APPEND,
		.room = SPAN("r"),
		.epoch = SPAN(SUITE_EPOCH),
		.now_ms = SUITE_NOW,
		.event = { .kind = CHAT_EV_msg,
			   .from = SPAN("Ann"),
			   .ts_ms = SUITE_NOW,
			   .producer = suite_text(producer),
			   .number = producer ? number : 0,
			   .data = suite_text(data) },
	};
}

struct store_job suite_message(const char *data)
{
	return suite_sent(NULL, 0, data);
}

struct store_job suite_change(enum chat_event_kind kind, const char *from, uint64_t target, const char *data)
{
	struct store_job job = suite_message(data);

	job.event.kind = kind;
	job.event.from = suite_text(from);
	job.event.target = target;
	if (kind == CHAT_EV_react) {
		job.event.key = SPAN("+1");
		job.event.on = true;
	}
	return job;
}

void suite_append(struct store_job *jobs, size_t count)
{
	struct store_job *list[JOBS_MAX];

	cr_assert_leq(count, JOBS_MAX);
	for (size_t i = 0; i < count; i++)
		list[i] = &jobs[i];
	cr_assert_eq(backend.append(handles[STORE_WRITER], list, count), 0);
}

enum store_status suite_append_one(struct store_job job, uint64_t *seq)
{
	suite_append(&job, 1);
	if (seq)
		*seq = job.seq;
	return job.status;
}

void suite_fill(uint32_t count, const struct store_retention *kept)
{
	for (uint32_t i = 0; i < count; i++) {
		struct store_job job = suite_message("\"text\"");

		if (kept)
			job.retention = *kept;
		cr_assert_eq(suite_append_one(job, NULL), STORE_OK);
	}
}

void suite_read(struct store_job *job)
{
	job->page = NULL;
	job->kept_state = NULL;
	backend.read(handles[STORE_READER], job);
}

void suite_give(struct store_job *job)
{
	if (job->page)
		block_give(job->page, job->page->size);
	if (job->kept_state)
		block_give(job->kept_state, job->kept_state->size);
	job->page = NULL;
	job->kept_state = NULL;
}

static struct store_job question(enum store_op op, uint32_t limit)
{
	return (struct store_job){
		.op = op, .room = SPAN("r"), .limit = limit, .page_bytes = 1 << 20, .now_ms = SUITE_NOW
	};
}

struct store_job suite_page(enum chat_page_from from, uint64_t seq, uint32_t limit)
{
	struct store_job job = question(STORE_PAGE, limit);

	job.from = from;
	job.seq_asked = seq;
	suite_read(&job);
	return job;
}

struct store_job suite_load(uint32_t limit)
{
	struct store_job job = question(STORE_LOAD, limit);

	suite_read(&job);
	return job;
}

const char *suite_range(struct store_job job)
{
	static char out[64];

	if (job.status != STORE_OK)
		snprintf(out, sizeof(out), "status %d", job.status);
	else if (!job.page || job.page->count == 0)
		snprintf(out, sizeof(out), "none%s", job.page && job.page->more ? "+" : "");
	else
		snprintf(out, sizeof(out), "%llu..%llu%s", (unsigned long long)job.page->events[0].seq,
			 (unsigned long long)job.page->events[job.page->count - 1].seq, job.page->more ? "+" : "");
	for (uint32_t i = 1; job.page && i < job.page->count; i++)
		cr_assert_eq(job.page->events[i].seq, job.page->events[i - 1].seq + 1);
	suite_give(&job);
	return out;
}

void suite_search(struct store_job *job)
{
	job->page = NULL;
	backend.read(handles[STORE_SEARCHER], job);
}

const char *suite_found(const char *query, uint64_t before, uint32_t limit)
{
	static char out[512];
	struct store_job job = question(STORE_SEARCH, limit);
	size_t at = 0;

	job.query = suite_text(query);
	job.seq_asked = before;
	suite_search(&job);
	if (job.status != STORE_OK)
		return job.status == STORE_BAD_QUERY ? "bad" : "error";
	out[0] = 0;
	for (uint32_t i = 0; job.page && i < job.page->count && at < sizeof(out); i++)
		at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%llu", i > 0 ? " " : "",
				       (unsigned long long)job.page->events[i].seq);
	if (job.page && job.page->more && at < sizeof(out))
		snprintf(out + at, sizeof(out) - at, "+");
	suite_give(&job);
	return out;
}

static uint64_t age_of(void *context, struct span room, uint64_t was_ms)
{
	cr_assert_eq(context, &age_now_ms);
	return room.size > 4 && memcmp(room.bytes, "was-", 4) == 0 ? was_ms : age_now_ms;
}

static struct store_ages ages = { age_of, &age_now_ms, 0 };

void suite_go_by(uint64_t age_ms)
{
	age_now_ms = age_ms;
	ages.version++;
	backend.go_by(handles[STORE_WRITER], &ages);
}

void suite_tend(uint64_t wall_ms)
{
	int slices = 0;
	int more;

	while ((more = backend.maintain(handles[STORE_WRITER], wall_ms)) > 0)
		cr_assert_lt(++slices, SLICES_MAX, "there is always more to do");
	cr_assert_eq(more, 0);
}
