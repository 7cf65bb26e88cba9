#include "engine/store/postgres_batch.h"

#include <errno.h>

#include "engine/core/check.h"
#include "engine/core/clock.h"
#include "engine/store/backend.h"
#include "engine/store/postgres_words.h"

#define MS 1000000ull

static bool has_words(const struct store_job *job)
{
	return job->event.kind == CHAT_EV_msg || job->event.kind == CHAT_EV_edit;
}

size_t postgres_batch_scratch(struct store_job *const *jobs, size_t count)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++) {
		const size_t needed = postgres_words_bound(jobs[i]->event.data.size);

		size = needed > size ? needed : size;
	}
	return size;
}

static void put_kind(struct postgres_values *values, const struct chat_event *event)
{
	const char *name = chat_event_name(event->kind);

	postgres_values_text(values, (const uint8_t *)name, strlen(name));
	postgres_values_integer(values, event->ts_ms);
	postgres_values_text(values, event->from.bytes, event->from.size);
	postgres_values_text(values, event->producer.bytes, event->producer.size);
	if (event->producer.bytes)
		postgres_values_integer(values, event->number);
	else
		postgres_values_text(values, NULL, 0);
	postgres_values_text(values, event->data.bytes, event->data.size);
}

static void put_rest(struct postgres_values *values, const struct chat_event *event)
{
	if (store_has_target(event->kind))
		postgres_values_integer(values, event->target);
	else
		postgres_values_text(values, NULL, 0);
	postgres_values_text(values, event->key.bytes, event->key.size);
	postgres_values_bool(values, event->on);
}

static bool send_job(const struct postgres_batch *batch, const struct store_job *job, PGconn *connection)
{
	const struct store_retention *const keep = &job->retention;
	const struct chat_event *const event = &job->event;
	struct postgres_values values = { .count = 0 };
	size_t words = 0;

	if (has_words(job)) {
		CHECK(postgres_words_bound(event->data.size) <= batch->scratch_size);
		words = postgres_words_of_json(batch->scratch, event->data);
	}
	postgres_values_integer(&values, batch->number);
	postgres_values_text(&values, job->room.bytes, job->room.size);
	postgres_values_text(&values, job->epoch.bytes, job->epoch.size);
	postgres_values_integer(&values, keep->messages);
	postgres_values_integer(&values, keep->bytes);
	postgres_values_integer(&values, keep->age_ms);
	postgres_values_integer(&values, job->now_ms);
	put_kind(&values, event);
	postgres_values_text(&values, has_words(job) ? batch->scratch : NULL, words);
	put_rest(&values, event);
	postgres_values_bool(&values, job->moderator);
	postgres_values_text(&values, job->state.bytes, job->state.size);
	postgres_values_bool(&values, job->look);
	return PQsendQueryPrepared(connection, "append", values.count, values.bytes, values.sizes, values.formats, 1);
}

/* BEGIN, enter, the jobs, COMMIT. The answers are on their way before the server commits: where the connection is lost
 * over the commit, they most often are there already. */
static bool send_all(const struct postgres_batch *batch, PGconn *connection)
{
	struct postgres_values enter = { .count = 0 };

	postgres_values_integer(&enter, batch->fence);
	postgres_values_integer(&enter, batch->number);
	if (!PQenterPipelineMode(connection) || !PQsendQueryPrepared(connection, "begin", 0, NULL, NULL, NULL, 1) ||
	    !PQsendQueryPrepared(connection, "enter", enter.count, enter.bytes, enter.sizes, enter.formats, 1))
		return false;
	for (size_t i = 0; i < batch->count; i++)
		if (!send_job(batch, batch->jobs[i], connection))
			return false;
	return PQsendFlushRequest(connection) && PQsendQueryPrepared(connection, "commit", 0, NULL, NULL, NULL, 1) &&
	       PQpipelineSync(connection);
}

static struct postgres_answer answer_of(const PGresult *result)
{
	CHECK(PQntuples(result) == 1 && PQnfields(result) == 5);
	return (struct postgres_answer){
		.status = (enum store_status)postgres_integer(result, 0, 0),
		.seq = (uint64_t)postgres_integer(result, 0, 1),
		.ts_ms = (uint64_t)postgres_integer(result, 0, 2),
		.rev = (uint32_t)postgres_integer(result, 0, 3),
		.first = (uint64_t)postgres_integer(result, 0, 4),
	};
}

/* Where in a batch's results we are. */
struct reading {
	size_t next; /* 0: begin, 1: enter, then the jobs, then commit */
	bool committed, ended;
	int error; /* of the one that was refused: those behind it are not tried */
};

static void take(struct postgres_batch *batch, struct reading *reading, const PGresult *result,
		 struct postgres_link *link)
{
	const ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_PIPELINE_SYNC) {
		reading->ended = true;
		return;
	}
	const size_t at = reading->next++;

	if (status == PGRES_PIPELINE_ABORTED)
		return;
	const int error = postgres_error(result);

	if (error != 0) {
		reading->error = error;
		snprintf(link->why, sizeof(link->why), "%s", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) ?: "");
		return;
	}
	if (at >= 2 && at - 2 < batch->count)
		batch->answers[batch->answered++] = answer_of(result);
	/* A transaction that has failed is rolled back by its COMMIT, which says so. */
	if (at == batch->count + 2)
		reading->committed = strcmp(PQcmdStatus((PGresult *)result), "COMMIT") == 0;
}

/* Reads until the end of the pipeline. Returns 1, or as postgres_link_turn. */
static int read_all(struct postgres_batch *batch, struct postgres_link *link, struct reading *reading,
		    uint64_t deadline_ns)
{
	int nulls = 0;

	while (!reading->ended) {
		if (PQisBusy(link->connection)) {
			const int error = postgres_link_turn(link, deadline_ns);

			if (error < 0)
				return error;
			continue;
		}
		PGresult *result = PQgetResult(link->connection);

		/* One after each statement; two in a row are the end of a connection. */
		if (!result) {
			if (++nulls > 1)
				return -ECONNRESET;
			continue;
		}
		nulls = 0;
		take(batch, reading, result, link);
		PQclear(result);
		if (PQstatus(link->connection) == CONNECTION_BAD)
			return -ECONNRESET;
	}
	return 1;
}

enum postgres_outcome postgres_batch_run(struct postgres_batch *batch, struct postgres_link *link, uint32_t wait_ms,
					 int *error)
{
	struct reading reading = { .next = 0 };
	int read = -ECONNRESET;

	CHECK(link->state == POSTGRES_READY);
	batch->answered = 0;
	if (send_all(batch, link->connection))
		read = read_all(batch, link, &reading, clock_mono_ns() + wait_ms * MS);
	if (read > 0 && !PQexitPipelineMode(link->connection))
		read = -ECONNRESET;
	if (read > 0 && link->unreplicated)
		read = -ECONNABORTED;
	if (read < 0)
		postgres_link_lose(link, read == -ETIMEDOUT      ? "no answer to a batch"
					 : read == -ECONNABORTED ? "a commit's wait for a standby was cancelled"
								 : NULL);
	if (reading.committed && !link->unreplicated)
		return POSTGRES_COMMITTED;
	if (read < 0) {
		*error = read;
		return POSTGRES_UNKNOWN;
	}
	*error = reading.error != 0 ? reading.error : -EAGAIN;
	if (PQtransactionStatus(link->connection) != PQTRANS_IDLE)
		PQclear(postgres_link_run(link, "ROLLBACK", wait_ms));
	return POSTGRES_REFUSED;
}

/* The newest seq that the batch's first `count` jobs have in the room. */
static uint64_t last_in_room(const struct postgres_batch *batch, size_t count, struct span room)
{
	uint64_t last = 0;

	for (size_t i = 0; i < count; i++)
		if (batch->answers[i].status == STORE_OK && span_equal(batch->jobs[i]->room, room))
			last = batch->answers[i].seq;
	return last;
}

/* Of one that only looked: it has kept nothing, whatever is found. */
static struct postgres_answer looked(struct postgres_answer found)
{
	found.status = found.status == STORE_OK || found.status == STORE_DUPLICATE ? STORE_DUPLICATE : STORE_ABSENT;
	return found;
}

int postgres_batch_recall(struct postgres_batch *batch, struct postgres_link *link, uint32_t wait_ms)
{
	while (batch->answered < batch->count) {
		const struct store_job *const job = batch->jobs[batch->answered];
		struct postgres_values values = { .count = 0 };

		postgres_values_integer(&values, batch->number);
		postgres_values_integer(&values, last_in_room(batch, batch->answered, job->room));
		postgres_values_text(&values, job->room.bytes, job->room.size);
		put_kind(&values, &job->event);
		put_rest(&values, &job->event);

		PGresult *result = postgres_link_call(link, "recall", &values, wait_ms);
		const int error = result ? postgres_error(result) : -EAGAIN;

		if (error == 0)
			batch->answers[batch->answered++] = job->look ? looked(answer_of(result)) : answer_of(result);
		PQclear(result);
		if (error != 0)
			return -EAGAIN;
	}
	return 0;
}

void postgres_batch_answer(const struct postgres_batch *batch)
{
	CHECK(batch->answered == batch->count);
	for (size_t i = 0; i < batch->count; i++) {
		const struct postgres_answer *const answer = &batch->answers[i];
		struct store_job *const job = batch->jobs[i];

		job->status = answer->status;
		job->seq = answer->seq;
		job->ts_ms = answer->ts_ms;
		job->rev = answer->rev;
		job->first = answer->first;
	}
}
