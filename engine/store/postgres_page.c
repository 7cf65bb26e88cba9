#include "engine/store/postgres_page.h"

#include "engine/core/check.h"
#include "engine/core/slab.h"
#include "engine/store/backend.h"

/* As in ANSWER of postgres_functions.c. */
enum column {
	COLUMN_EPOCH,
	COLUMN_FIRST,
	COLUMN_LAST,
	COLUMN_MORE,
	COLUMN_LOW,
	COLUMN_HIGH,
	COLUMN_STATE,
	COLUMN_SEQ,
	COLUMN_KIND,
	COLUMN_TS,
	COLUMN_AUTHOR,
	COLUMN_PRODUCER,
	COLUMN_NUMBER,
	COLUMN_DATA,
	COLUMN_DELETED,
	COLUMN_TARGET,
	COLUMN_REV,
	COLUMN_KEY,
	COLUMN_ON,
	COLUMNS,
};

uint64_t postgres_oldest(const struct store_job *job)
{
	const uint64_t age = job->retention.age_ms;

	return age != 0 && job->now_ms > age ? job->now_ms - age : 0;
}

static void ask_room(struct postgres_values *values, const struct store_job *job)
{
	postgres_values_text(values, job->room.bytes, job->room.size);
	postgres_values_integer(values, job->retention.messages);
	postgres_values_integer(values, job->retention.bytes);
	postgres_values_integer(values, postgres_oldest(job));
}

void postgres_page_ask(struct postgres_values *values, const struct store_job *job)
{
	ask_room(values, job);
	postgres_values_integer(values, job->op == STORE_LOAD ? CHAT_PAGE_LATEST : job->from);
	postgres_values_integer(values, job->seq_asked);
	postgres_values_integer(values, job->limit);
	postgres_values_integer(values, job->page_bytes);
	postgres_values_bool(values, job->op == STORE_LOAD);
}

void postgres_search_ask(struct postgres_values *values, const struct store_job *job, struct span query)
{
	ask_room(values, job);
	postgres_values_integer(values, job->seq_asked);
	postgres_values_integer(values, job->limit);
	postgres_values_text(values, query.bytes, query.size);
}

static struct span text_of(const PGresult *result, int row, enum column column)
{
	if (PQgetisnull(result, row, column))
		return SPAN_NONE;
	return span_of(PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column));
}

static uint64_t number_of(const PGresult *result, int row, enum column column)
{
	return (uint64_t)postgres_integer(result, row, column);
}

/* Its spans borrow the result. Returns false for a row that is no event. */
static bool event_of(struct chat_event *event, const PGresult *result, int row)
{
	const struct span kind = text_of(result, row, COLUMN_KIND);

	*event = (struct chat_event){
		.seq = number_of(result, row, COLUMN_SEQ),
		.ts_ms = number_of(result, row, COLUMN_TS),
		.from = text_of(result, row, COLUMN_AUTHOR),
		.producer = text_of(result, row, COLUMN_PRODUCER),
		.number = number_of(result, row, COLUMN_NUMBER),
		.data = text_of(result, row, COLUMN_DATA),
		.deleted = number_of(result, row, COLUMN_DELETED) != 0,
		.target = number_of(result, row, COLUMN_TARGET),
		.rev = (uint32_t)number_of(result, row, COLUMN_REV),
		.key = text_of(result, row, COLUMN_KEY),
		.on = number_of(result, row, COLUMN_ON) != 0,
	};
	for (int i = 0; i < CHAT_EVENT_COUNT; i++) {
		const char *name = chat_event_name((enum chat_event_kind)i);

		if (!chat_event_logged((enum chat_event_kind)i) || !span_equal(kind, span_of(name, strlen(name))))
			continue;
		event->kind = (enum chat_event_kind)i;
		/* Whoever wrote to the tables by hand may have left out what others rely on. */
		return event->from.bytes &&
		       (event->deleted || event->data.bytes ||
			(event->kind != CHAT_EV_msg && event->kind != CHAT_EV_edit)) &&
		       (event->key.bytes || event->kind != CHAT_EV_react);
	}
	return false;
}

static size_t data_bytes(const struct chat_event *event)
{
	return event->from.size + event->producer.size + event->data.size + event->key.size;
}

static uint8_t *copy(struct span *span, uint8_t *at)
{
	if (span->bytes) {
		memcpy(at, span->bytes, span->size);
		span->bytes = at;
	}
	return at + span->size;
}

/* Rows from..to - 1 as a page, or NULL with the job's status set. */
static struct store_page *page_make(struct store_job *job, const PGresult *result, int from, int to)
{
	size_t size = sizeof(struct store_page) + (size_t)(to - from) * sizeof(struct chat_event);
	struct chat_event event;

	for (int row = from; row < to; row++) {
		if (!event_of(&event, result, row)) {
			job->status = STORE_CORRUPT;
			return NULL;
		}
		size += data_bytes(&event);
	}
	struct store_page *page = block_take(size);

	if (!page) {
		job->status = STORE_UNAVAILABLE;
		return NULL;
	}
	*page = (struct store_page){ .size = size };
	uint8_t *at = (uint8_t *)(page->events + (to - from));

	for (int row = from; row < to; row++) {
		struct chat_event *const kept = &page->events[page->count++];

		event_of(kept, result, row);
		at = copy(&kept->from, at);
		at = copy(&kept->producer, at);
		at = copy(&kept->data, at);
		at = copy(&kept->key, at);
	}
	CHECK(at == (uint8_t *)page + size);
	return page;
}

/* Whether rows 1.. are the events low..high, without a hole. */
static bool is_dense(const PGresult *result, uint64_t low, uint64_t high)
{
	const int rows = PQntuples(result);

	if ((uint64_t)(rows - 1) != high + 1 - low)
		return false;
	for (int row = 1; row < rows; row++)
		if (number_of(result, row, COLUMN_SEQ) != low + (uint64_t)(row - 1))
			return false;
	return true;
}

/* The first row of a search's answer that goes into its page: rows are ascending, and the newest count. */
static int search_from(const struct store_job *job, const PGresult *result)
{
	int from = PQntuples(result);
	size_t bytes = 0;

	for (uint32_t count = 0; from > 1 && count < job->limit; count++) {
		struct chat_event event;

		event_of(&event, result, from - 1);
		bytes += data_bytes(&event);
		if (bytes > job->page_bytes && count > 0)
			break;
		from--;
	}
	return from;
}

void postgres_page_answer(struct store_job *job, const PGresult *result)
{
	const int rows = PQntuples(result);

	CHECK(PQnfields(result) == COLUMNS);
	job->status = STORE_OK;
	job->known = rows > 0;
	job->kept_state = NULL;
	job->first = 1;
	if (!job->known)
		return;
	const struct span epoch = text_of(result, 0, COLUMN_EPOCH);

	job->first = number_of(result, 0, COLUMN_FIRST);
	job->last = number_of(result, 0, COLUMN_LAST);
	if (epoch.size == 0 || epoch.size > CHAT_EPOCH_SIZE_MAX || job->first < 1 || job->first > job->last + 1) {
		job->status = STORE_CORRUPT;
		return;
	}
	memcpy(job->room_epoch, epoch.bytes, epoch.size);
	job->room_epoch[epoch.size] = 0;
	if (job->op != STORE_SEARCH && PQgetisnull(result, 0, COLUMN_LOW)) {
		job->status = STORE_GONE;
		return;
	}
	if (job->op != STORE_SEARCH &&
	    !is_dense(result, number_of(result, 0, COLUMN_LOW), number_of(result, 0, COLUMN_HIGH))) {
		job->status = STORE_CORRUPT;
		return;
	}
	const struct span state = text_of(result, 0, COLUMN_STATE);

	if (state.size > 0 && !store_give_state(job, state)) {
		job->status = STORE_UNAVAILABLE;
		return;
	}
	const int from = job->op == STORE_SEARCH ? search_from(job, result) : 1;

	/* A page without events may still say that there are more. */
	if (job->op == STORE_SEARCH && from == rows)
		return;
	job->page = page_make(job, result, from, rows);
	if (job->page)
		job->page->more = job->op == STORE_SEARCH ? from > 1 : number_of(result, 0, COLUMN_MORE) != 0;
}
