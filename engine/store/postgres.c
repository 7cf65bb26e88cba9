#include "engine/store/postgres.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/core/check.h"
#include "engine/core/clock.h"
#include "engine/core/log.h"
#include "engine/store/postgres_ages.h"
#include "engine/store/postgres_batch.h"
#include "engine/store/postgres_page.h"
#include "engine/store/postgres_session.h"
#include "engine/store/postgres_words.h"

#define MS 1000000ull
#define MAGIC 0x70677374
#define OPEN_MS 10000 /* for the first session: a lock may still be a dead process's */
#define STARTING_MS 60000 /* ... while the server answers that it takes no sessions yet: it may be recovering */
#define SLICE_MS 200 /* for a step towards a connection, while there is none */
#define BATCH_MS 6000 /* for a transaction; a statement ends after 5 s by itself */
#define SETTLE_MS 10000 /* for finding out what came of it, from the loss on: nothing else can be written then */
#define READ_MS 6000
#define NAP_MS 10
#define TRIES_MAX 3
#define TIDY_ROWS 512
#define SWEEP_ROOMS 200
#define SWEEP_EVERY_MS 60000
#define SWEEP_REST 20 /* times as long as a round took, until the next */

struct postgres_handle {
	uint32_t magic;
	struct postgres_session session;
	uint64_t batch; /* the last number used */
	uint64_t unsettled; /* a batch that was said not to be known to be kept; 0: none */
	size_t jobs_most; /* in a transaction: fewer after one that took too long */
	struct postgres_answer *answers;
	size_t answers_max;
	uint8_t *scratch;
	size_t scratch_size;
	uint64_t sweep_at; /* the last room looked at for events too old, by the server's number */
	uint64_t sweep_began_ns, sweep_due_ns; /* this round, the next one */
	struct postgres_ages ages;
};

bool postgres_is_address(const char *url)
{
	return strncmp(url, "postgres://", 11) == 0 || strncmp(url, "postgresql://", 13) == 0;
}

static void take_files(const PQconninfoOption *options, struct postgres_files *files)
{
	static const char *const keywords[] = { "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslcrldir", "passfile" };

	for (; options && options->keyword; options++)
		for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
			if (strcmp(options->keyword, keywords[i]) == 0 && options->val && *options->val &&
			    files->count < POSTGRES_FILES_MAX)
				snprintf(files->paths[files->count++], POSTGRES_FILE_MAX, "%s", options->val);
}

void postgres_files(const char *url, struct postgres_files *files)
{
	PQconninfoOption *given = PQconninfoParse(url, NULL), *standard = PQconndefaults();

	files->count = 0;
	take_files(given, files);
	take_files(standard, files);
	PQconninfoFree(given);
	PQconninfoFree(standard);
}

static void close_handle(void *context)
{
	struct postgres_handle *handle = context;

	CHECK_MAGIC(handle, MAGIC);
	postgres_link_close(&handle->session.link);
	free(handle->answers);
	free(handle->scratch);
	free(handle);
}

static void *open_handle(void *context, enum store_worker worker, char *why, size_t size)
{
	static const char *const names[] = { "uproar writer", "uproar reader", "uproar searcher" };
	const uint64_t began = clock_mono_ns();
	uint64_t until = began + OPEN_MS * MS;
	struct postgres_handle *handle = calloc(1, sizeof(*handle));
	int done = 0;

	if (!handle) {
		snprintf(why, size, "no memory");
		return NULL;
	}
	handle->magic = MAGIC;
	handle->session.worker = worker;
	handle->jobs_most = SIZE_MAX;
	postgres_link_open(&handle->session.link, context, names[worker]);
	while ((done = postgres_session_reach(&handle->session, SLICE_MS)) == 0) {
		if (clock_mono_ns() >= until) {
			if (until >= began + STARTING_MS * MS || !postgres_link_is_rejected(&handle->session.link))
				break;
			until += OPEN_MS * MS;
		}
		poll(NULL, 0, NAP_MS);
	}
	if (done > 0) {
		handle->batch = handle->session.committed;
		return handle;
	}
	snprintf(why, size, "PostgreSQL: %s", handle->session.link.why);
	close_handle(handle);
	return NULL;
}

/* What the batch needs of memory. Returns 0 or -ENOMEM. */
static int make_room(struct postgres_handle *handle, struct store_job *const *jobs, size_t count)
{
	const size_t scratch = postgres_batch_scratch(jobs, count);

	if (count > handle->answers_max) {
		free(handle->answers);
		handle->answers = calloc(count, sizeof(*handle->answers));
		handle->answers_max = handle->answers ? count : 0;
	}
	if (scratch > handle->scratch_size) {
		free(handle->scratch);
		handle->scratch = malloc(scratch);
		handle->scratch_size = handle->scratch ? scratch : 0;
	}
	return count <= handle->answers_max && scratch <= handle->scratch_size ? 0 : -ENOMEM;
}

/* The connection was lost over the batch. Returns 0: it was committed and is answered; 1: it was not, and a session is
 * ready to send it again; -EAGAIN: there was no finding out; -EIO. */
static int settle(struct postgres_handle *handle, struct postgres_batch *batch)
{
	struct postgres_session *const session = &handle->session;
	const uint64_t until = clock_mono_ns() + SETTLE_MS * MS;
	const size_t answered = batch->answered;

	do {
		const int done = postgres_session_reach(session, SLICE_MS);

		if (session->stale)
			return -EIO;
		if (done < 0)
			break;
		if (done > 0 && session->committed != batch->number)
			return 1;
		if (done > 0 && postgres_batch_recall(batch, &session->link, READ_MS) == 0) {
			LOG(LOG_INFO, "store_settled", LOG_U64("batch", batch->number), LOG_U64("answers", answered),
			    LOG_U64("of", batch->count));
			return 0;
		}
		poll(NULL, 0, NAP_MS);
	} while (clock_mono_ns() < until);
	handle->unsettled = batch->number;
	LOG(LOG_WARN, "store_unsettled", LOG_U64("batch", batch->number), LOG_U64("events", batch->count));
	return -EAGAIN;
}

/* A transaction of so many jobs took too long. The same again would do no better: from now on there are half as many in
 * one, and more again when the server is quick. */
static void slow_down(struct postgres_handle *handle, size_t count)
{
	handle->jobs_most = count / 2;
	LOG(LOG_WARN, "store_slow", LOG_U64("events", count), LOG_U64("limit_ms", BATCH_MS),
	    LOG_U64("next", handle->jobs_most), LOG_TEXT("do", "see what keeps the database busy"));
}

static void speed_up(struct postgres_handle *handle, size_t count, uint64_t took_ns)
{
	if (count == handle->jobs_most && took_ns < BATCH_MS / 4 * MS)
		handle->jobs_most *= 2;
}

/* One transaction until its end is known. Returns as the backend's append, -EINVAL when the server takes it as wrong,
 * or -ETIMEDOUT when it is not kept and the next one is to be smaller. */
static int commit(struct postgres_handle *handle, struct store_job **jobs, size_t count)
{
	struct postgres_batch batch = {
		.fence = handle->session.fence,
		.number = ++handle->batch,
		.jobs = jobs,
		.count = count,
		.answers = handle->answers,
		.scratch = handle->scratch,
		.scratch_size = handle->scratch_size,
	};

	for (int tries = 0; tries < TRIES_MAX; tries++) {
		const uint64_t began = clock_mono_ns();
		int error = 0;
		enum postgres_outcome outcome = postgres_batch_run(&batch, &handle->session.link, BATCH_MS, &error);

		if (outcome == POSTGRES_REFUSED) {
			handle->session.stale |= error == -ESTALE;
			LOG(LOG_WARN, "store_refused", LOG_TEXT("reason", handle->session.link.why));
			return error == -ESTALE ? -EIO : error;
		}
		if (outcome == POSTGRES_UNKNOWN) {
			const bool too_large = error == -ETIMEDOUT && count > 1;

			if (too_large)
				slow_down(handle, count);
			error = settle(handle, &batch);
			if (error < 0)
				return error;
			if (error > 0 && too_large)
				return -ETIMEDOUT;
			if (error > 0)
				continue;
		}
		speed_up(handle, count, clock_mono_ns() - began);
		handle->session.kept = batch.number;
		postgres_batch_answer(&batch);
		return 0;
	}
	return -EAGAIN;
}

/* Reaches a session for writing. Returns 0, -EAGAIN or -EIO. */
static int reach(struct postgres_handle *handle)
{
	struct postgres_session *const session = &handle->session;

	if (postgres_session_reach(session, SLICE_MS) <= 0)
		return session->stale ? -EIO : -EAGAIN;
	if (handle->unsettled == 0)
		return 0;
	/* Nobody was told of that batch's events, and no room knows of their seqs: only a start anew reads them. */
	if (session->committed >= handle->unsettled) {
		session->stale = true;
		LOG(LOG_ERROR, "store_behind", LOG_U64("batch", handle->unsettled));
		return -EIO;
	}
	handle->unsettled = 0;
	return 0;
}

/* In as many transactions as it takes, begun within BATCH_MS after the last that took too long, of which there are
 * TRIES_MAX at most: what then is left may come again. Where something in one is refused every time, each of its jobs
 * has one of its own, so that only this one is. */
static int commit_all(struct postgres_handle *handle, struct store_job **jobs, size_t count)
{
	uint64_t until = clock_mono_ns() + BATCH_MS * MS;
	size_t done = 0, apart = 0; /* jobs that have their answer; up to which each has a transaction of its own */
	int error = 0, late = 0;

	while (done < count && error == 0) {
		const size_t most = done < apart ? 1 : handle->jobs_most;
		const size_t part = count - done < most ? count - done : most;

		error = clock_mono_ns() < until ? reach(handle) : -EAGAIN;
		if (error == 0)
			error = commit(handle, jobs + done, part);
		if (error == 0)
			done += part;
		if (error == -ETIMEDOUT) {
			until = clock_mono_ns() + BATCH_MS * MS;
			error = ++late < TRIES_MAX ? 0 : -EAGAIN;
		}
		if (error != -EINVAL)
			continue;
		error = 0;
		if (part > 1)
			apart = done + part;
		else
			jobs[done++]->status = STORE_CORRUPT;
	}
	if (error == -EIO || done == 0)
		return error;
	if (done < count)
		LOG(LOG_WARN, "store_part", LOG_U64("done", done), LOG_U64("refused", count - done));
	for (; done < count; done++)
		jobs[done]->status = error == -ENOSPC ? STORE_FULL : STORE_UNAVAILABLE;
	return 0;
}

static int append(void *context, struct store_job **jobs, size_t count)
{
	struct postgres_handle *handle = context;

	CHECK_MAGIC(handle, MAGIC);
	CHECK(handle->session.worker == STORE_WRITER);
	if (count == 0)
		return 0;
	if (make_room(handle, jobs, count) != 0)
		return -EAGAIN;
	return commit_all(handle, jobs, count);
}

/* Runs the job's statement. Gives its answer or NULL. */
static PGresult *ask(struct postgres_handle *handle, const struct store_job *job, struct span query)
{
	struct postgres_values values = { .count = 0 };

	if (job->op == STORE_SEARCH)
		postgres_search_ask(&values, job, query);
	else
		postgres_page_ask(&values, job);
	return postgres_link_call(&handle->session.link, job->op == STORE_SEARCH ? "search" : "page", &values, READ_MS);
}

static void read_query(struct postgres_handle *handle, struct store_job *job, struct span query)
{
	/* A session that the server has ended is noticed with the first statement: so there are two tries. */
	for (int tries = 0; tries < 2; tries++) {
		if (postgres_session_reach(&handle->session, SLICE_MS) <= 0)
			break;
		PGresult *result = ask(handle, job, query);

		if (!result)
			continue;
		const int error = postgres_error(result);

		if (error == 0)
			postgres_page_answer(job, result);
		else
			job->status = error != -EINVAL          ? STORE_UNAVAILABLE
				      : job->op == STORE_SEARCH ? STORE_BAD_QUERY
								: STORE_CORRUPT;
		if (error != 0)
			LOG(LOG_WARN, "store_read", LOG_TEXT("reason", handle->session.link.why));
		PQclear(result);
		return;
	}
	job->status = STORE_UNAVAILABLE;
}

static void read_job(void *context, struct store_job *job)
{
	struct postgres_handle *handle = context;

	CHECK_MAGIC(handle, MAGIC);
	CHECK(handle->session.worker != STORE_WRITER && job->op != STORE_APPEND);
	if (job->op != STORE_SEARCH) {
		read_query(handle, job, SPAN_NONE);
		return;
	}
	uint8_t *query = malloc(postgres_query_bound(job->query.size));

	if (!query) {
		job->status = STORE_UNAVAILABLE;
		return;
	}
	const size_t size = postgres_words_of_query(query, job->query);

	if (size > 0)
		read_query(handle, job, span_of(query, size));
	else
		job->status = STORE_BAD_QUERY;
	free(query);
}

/* After a slice of the sweep. A round begins a minute after the last one ended, and later where one takes long. */
static void sweep_on(struct postgres_handle *handle, uint64_t at)
{
	const uint64_t now = clock_mono_ns();

	handle->sweep_at = at;
	if (at == 0)
		handle->sweep_due_ns = now + SWEEP_EVERY_MS * MS + (now - handle->sweep_began_ns) * SWEEP_REST;
}

/* What a slice that the server refused comes to. */
static int unmaintained(struct postgres_handle *handle, int error)
{
	LOG(LOG_WARN, "store_maintain", LOG_TEXT("reason", handle->session.link.why));
	handle->session.stale |= error == -ESTALE;
	return error == -ESTALE ? -EIO : error == -EINVAL ? 0 : error;
}

/* Some rooms may be of another age: until all are, none is swept, and then it is time to. */
static int age_rooms(struct postgres_handle *handle)
{
	const int error = postgres_ages_slice(&handle->ages, &handle->session, READ_MS);

	handle->sweep_at = 0;
	handle->sweep_due_ns = 0;
	return error;
}

static int maintain(void *context, uint64_t wall_ms)
{
	struct postgres_handle *handle = context;
	struct postgres_values values = { .count = 0 };

	CHECK_MAGIC(handle, MAGIC);
	int error = reach(handle);

	if (error == 0 && postgres_ages_due(&handle->ages)) {
		error = age_rooms(handle);
		return error == 0 ? 1 : unmaintained(handle, error);
	}
	if (error != 0)
		return error;
	const bool sweep = handle->sweep_at != 0 || clock_mono_ns() >= handle->sweep_due_ns;

	if (sweep && handle->sweep_at == 0)
		handle->sweep_began_ns = clock_mono_ns();
	postgres_values_integer(&values, handle->session.fence);
	postgres_values_integer(&values, TIDY_ROWS);
	postgres_values_integer(&values, handle->sweep_at);
	postgres_values_integer(&values, sweep ? SWEEP_ROOMS : 0);
	postgres_values_integer(&values, wall_ms);
	PGresult *result = postgres_link_call(&handle->session.link, "maintain", &values, READ_MS);

	if (!result)
		return -EAGAIN;
	error = postgres_error(result);
	const bool more = error == 0 && postgres_integer(result, 0, 0) != 0;

	if (error == 0 && sweep)
		sweep_on(handle, (uint64_t)postgres_integer(result, 0, 1));
	PQclear(result);
	if (error == 0)
		return more || handle->sweep_at != 0;
	return unmaintained(handle, error);
}

static void go_by(void *context, const struct store_ages *ages)
{
	struct postgres_handle *handle = context;

	CHECK_MAGIC(handle, MAGIC);
	postgres_ages_go_by(&handle->ages, ages);
}

int postgres_backend_open(struct store_backend *backend, const char *url, char *why, size_t size)
{
	char *error = NULL;
	PQconninfoOption *address = PQconninfoParse(url, &error);

	/* What libpq says of it may hold the password. */
	PQfreemem(error);
	if (!address) {
		snprintf(why, size,
			 "this is no address of a PostgreSQL database: postgres://USER:PASSWORD@HOST:PORT/DATABASE");
		return -EINVAL;
	}
	*backend = (struct store_backend){
		.name = "postgres",
		.open = open_handle,
		.close = close_handle,
		.append = append,
		.read = read_job,
		.maintain = maintain,
		.go_by = go_by,
		.context = address,
	};
	return 0;
}

void postgres_backend_close(struct store_backend *backend)
{
	PQconninfoFree(backend->context);
	backend->context = NULL;
}
