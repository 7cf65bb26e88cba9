/* store_script - plays one story to a store, and tells what the store says: what the test of borders cuts off.
 *
 *   store_script write DIR EPOCH ACKED [LAST]...
 *        the whole story. What batches below ACKED said to rooms that are trimmed is left out, as who was
 *        acknowledged does not ask again; LAST is the newest seq that each of these rooms had by then
 *   store_script tell DIR EPOCH
 *        likewise from the start, and all that is kept after each batch
 *   store_script dump DIR [BATCH]
 *        all that is kept; BATCH: after housekeeping as of then, with what is found
 *
 * A story is batches in one order, so that what is kept is what some number of them made: nothing here depends
 * on the clock, on chance or on how often it was played. Lines, each batch's written before the next one begins:
 *   open                                   the store is open
 *   ack BATCH JOB STATUS SEQ TS REV ROOM   what it was answered
 *   done BATCH                             all of the batch
 *   full BATCH                             there was no space, and it is asked again
 *   room NAME EPOCH FIRST LAST STATE, event ROOM ..., found ..., state BATCH   what is kept
 * Exit status: 0, 3: a write or a sync failed, 4: it cannot be opened, 5: it says what it must not.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/slab.h"
#include "engine/store/backend.h"
#include "engine/store/sqlite.h"

enum { BATCHES = 24, JOBS_MAX = 5, ROOMS = 5, ROOMS_WHOLE = 2, PAGES_MAX = 100, TURNS_MAX = 1000 };

#define STORY_START_MS 1795000000000u
#define STORY_STEP_MS 400u

/* What a room keeps; `last` is what the story has made of it so far. */
static struct {
	const char *name;
	struct store_retention kept;
	uint64_t last;
} rooms[ROOMS] = {
	{ .name = "plaza" },
	{ .name = "garden" },
	{ .name = "trim:messages", .kept = { .messages = 8 } },
	{ .name = "trim:bytes", .kept = { .bytes = 2000 } },
	{ .name = "trim:age", .kept = { .age_ms = 10 * STORY_STEP_MS } },
};

static struct store_backend backend;
static void *handles[STORE_WORKERS];
static const char *epoch;

static void give_up(int status, const char *what, long number)
{
	printf("end %s %ld\n", what, number);
	fflush(stdout);
	exit(status);
}

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* The same for the same place of the story. */
static uint64_t pick(uint32_t batch, uint32_t job, uint32_t what, uint64_t of)
{
	return mix(((uint64_t)batch << 40) + ((uint64_t)job << 20) + what + 0x9e3779b97f4a7c15u) % of;
}

static struct span text(const char *zero_ended)
{
	return span_of(zero_ended, strlen(zero_ended));
}

static void store_open(const char *directory)
{
	char why[256] = "";

	backend = sqlite_backend(directory);
	for (int worker = 0; worker < STORE_WORKERS; worker++) {
		handles[worker] = backend.open(backend.context, (enum store_worker)worker, why, sizeof(why));
		if (handles[worker] == NULL)
			give_up(4, why, worker);
	}
	puts("open");
	fflush(stdout);
}

static void store_close(void)
{
	for (int worker = STORE_WORKERS; worker-- > 0;)
		backend.close(handles[worker]);
}

static void store_maintain(uint64_t now_ms)
{
	int more = 1;

	for (int turn = 0; more > 0 && turn < TURNS_MAX; turn++)
		more = backend.maintain(handles[STORE_WRITER], now_ms);
	if (more == -ENOSPC)
		puts("full maintain");
	else if (more < 0)
		give_up(more == -EIO ? 3 : 5, "maintain", more);
	if (more > 0)
		give_up(5, "maintain has no end", more);
}

/* What is said: mostly short, with a word that can be searched for, now and then as long as may be. */
static void say(struct store_job *job, char *data, uint32_t batch, uint32_t number, bool is_short)
{
	const uint64_t kind = is_short ? 0 : pick(batch, number, 1, 20);
	const size_t size = kind == 19 ? CHAT_DATA_SIZE_MAX : kind > 14 ? 3000 : 60;
	const int head =
		snprintf(data, size, "\"w%u says b%u j%u ", (unsigned)pick(batch, number, 2, 4), batch, number);

	memset(data + head, 'a' + (int)pick(batch, number, 3, 26), size - (size_t)head);
	data[size - 1] = '"';
	job->event.data = span_of(data, size);
}

/* What the room has besides its log, from this event on: some bytes, many, or none any more. */
static void set_state(struct store_job *job, uint32_t batch, uint32_t number)
{
	static uint8_t states[JOBS_MAX][STORE_STATE_SIZE_MAX];
	const uint64_t kind = pick(batch, number, 10, 6);
	const size_t size = kind == 0 ? 0 : kind == 1 ? 9000 : 40;

	memset(states[number], (int)(batch * JOBS_MAX + number), size);
	job->state = span_of(states[number], size);
}

static void make(struct store_job *job, char *data, uint32_t batch, uint32_t number)
{
	const size_t room = pick(batch, number, 4, ROOMS);
	const bool trimmed = room >= ROOMS_WHOLE;
	const uint64_t last = rooms[room].last, kind = last == 0 ? 0 : pick(batch, number, 5, 10);

	*job = (struct store_job){ .op = STORE_APPEND, .size = sizeof(*job) };
	job->room = text(rooms[room].name);
	job->epoch = text(epoch);
	job->retention = rooms[room].kept;
	job->now_ms = STORY_START_MS + batch * STORY_STEP_MS;
	job->event.ts_ms = job->now_ms;
	job->event.from = text(pick(batch, number, 6, 8) == 0 ? "bob" : "ann");
	job->event.producer = text("story");
	job->event.number = batch * JOBS_MAX + number + 1;
	job->event.kind = CHAT_EV_msg;
	if (pick(batch, number, 9, 4) == 0)
		set_state(job, batch, number);
	if (kind < 7) {
		say(job, data, batch, number, trimmed);
		return;
	}
	/* What is long ago may be trimmed by now, or not yet. */
	job->event.target = last - pick(batch, number, 7, trimmed && last > 2 ? 2 : last);
	job->event.kind = kind == 7 ? CHAT_EV_edit : kind == 8 ? CHAT_EV_del : CHAT_EV_react;
	if (kind == 7)
		say(job, data, batch, number, true);
	job->event.key = kind == 9 ? SPAN("+1") : SPAN_NONE;
	job->event.on = kind == 9;
}

static size_t room_of(const struct store_job *job)
{
	size_t room = 0;

	while (!span_equal(job->room, text(rooms[room].name)))
		room++;
	return room;
}

static void tell_acks(struct store_job **jobs, size_t count, uint32_t batch)
{
	for (size_t i = 0; i < count; i++) {
		const struct store_job *job = jobs[i];

		printf("ack %u %u %d %" PRIu64 " %" PRIu64 " %u %s\n", batch,
		       (unsigned)(job->event.number - 1) % JOBS_MAX, job->status, job->seq, job->ts_ms, job->rev,
		       rooms[room_of(job)].name);
	}
	printf("done %u\n", batch);
	fflush(stdout);
}

/* Where there is no space, nothing was done, and it is asked once more. */
static int append(struct store_job **asked, size_t count, uint32_t batch)
{
	int status = backend.append(handles[STORE_WRITER], asked, count);

	if (status != -ENOSPC)
		return status;
	printf("full %u\n", batch);
	return backend.append(handles[STORE_WRITER], asked, count);
}

static void play(uint32_t batch, uint32_t acked)
{
	static char data[JOBS_MAX][CHAT_DATA_SIZE_MAX];
	struct store_job jobs[JOBS_MAX], *asked[JOBS_MAX];
	const uint32_t count = 1 + (uint32_t)pick(batch, 0, 8, JOBS_MAX);
	size_t asked_count = 0;

	for (uint32_t i = 0; i < count; i++) {
		make(&jobs[i], data[i], batch, i);
		if (batch >= acked || room_of(&jobs[i]) < ROOMS_WHOLE)
			asked[asked_count++] = &jobs[i];
	}
	const int status = asked_count > 0 ? append(asked, asked_count, batch) : 0;
	if (status != 0)
		give_up(status == -EIO ? 3 : 5, "append", status);
	for (size_t i = 0; i < asked_count; i++) {
		const bool kept = asked[i]->status == STORE_OK || asked[i]->status == STORE_DUPLICATE;
		uint64_t *last = &rooms[room_of(asked[i])].last;

		if (kept && asked[i]->seq > *last)
			*last = asked[i]->seq;
	}
	tell_acks(asked, asked_count, batch);
}

static uint64_t hash(struct span span)
{
	uint64_t value = 0xcbf29ce484222325u;

	for (size_t i = 0; i < span.size; i++)
		value = (value ^ span.bytes[i]) * 0x100000001b3u;
	return value;
}

static void tell_event(const char *what, const char *room, const struct chat_event *event)
{
	printf("%s %s %" PRIu64 " %" PRIu64 " %s %.*s %.*s:%" PRIu64 " target=%" PRIu64 " rev=%u deleted=%d "
	       "key=%.*s%d data=%zu:%016" PRIx64 "\n",
	       what, room, event->seq, event->ts_ms, chat_event_name(event->kind), (int)event->from.size,
	       (const char *)event->from.bytes, (int)event->producer.size, (const char *)event->producer.bytes,
	       event->number, event->target, event->rev, event->deleted, (int)event->key.size,
	       (const char *)event->key.bytes, event->on, event->data.size, hash(event->data));
}

static void read_job(struct store_job *job, enum store_worker worker, const char *what, size_t room)
{
	job->room = text(rooms[room].name);
	job->retention = rooms[room].kept;
	job->page_bytes = 1 << 20;
	job->limit = CHAT_PAGE_MAX;
	backend.read(handles[worker], job);
	if (job->status != STORE_OK)
		give_up(5, what, job->status);
}

static void tell_page(const char *what, size_t room, struct store_page *page)
{
	for (uint32_t i = 0; page != NULL && i < page->count; i++)
		tell_event(what, rooms[room].name, &page->events[i]);
	if (page != NULL)
		block_give(page, page->size);
}

static void tell_room(size_t room, uint64_t now_ms)
{
	struct store_job load = { .op = STORE_LOAD, .now_ms = now_ms };
	bool more;

	read_job(&load, STORE_READER, "load", room);
	if (load.page != NULL)
		block_give(load.page, load.page->size);
	if (!load.known)
		return;
	printf("room %s %s %" PRIu64 " %" PRIu64 " ", rooms[room].name, load.room_epoch, load.first, load.last);
	if (load.kept_state != NULL) {
		printf("%" PRIu32 ":%016" PRIx64 "\n", load.kept_state->count,
		       hash(span_of(load.kept_state->bytes, load.kept_state->count)));
		block_give(load.kept_state, load.kept_state->size);
	} else {
		puts("none");
	}
	uint64_t after = load.first - 1;
	do {
		struct store_job page = {
			.op = STORE_PAGE, .now_ms = now_ms, .from = CHAT_PAGE_AFTER, .seq_asked = after
		};

		read_job(&page, STORE_READER, "page", room);
		more = page.page != NULL && page.page->more;
		if (page.page != NULL && page.page->count > 0)
			after = page.page->events[page.page->count - 1].seq;
		tell_page("event", room, page.page);
	} while (more);
}

static void tell_found(size_t room, uint64_t now_ms)
{
	static const char *const words[] = { "w0", "w1", "w2", "w3", "says" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct store_job job = { .op = STORE_SEARCH, .now_ms = now_ms, .query = text(words[i]) };
		char what[16];

		snprintf(what, sizeof(what), "found %s", words[i]);
		read_job(&job, STORE_SEARCHER, "search", room);
		tell_page(what, room, job.page);
	}
}

static void tell_all(uint64_t now_ms, bool search)
{
	for (size_t room = 0; room < ROOMS; room++)
		tell_room(room, now_ms);
	for (size_t room = 0; search && room < ROOMS; room++)
		tell_found(room, now_ms);
}

static void write_story(const char *directory, uint32_t acked, bool states)
{
	store_open(directory);
	for (uint32_t batch = 0; batch < BATCHES; batch++) {
		const uint64_t now_ms = STORY_START_MS + batch * STORY_STEP_MS;

		play(batch, acked);
		if (batch % 4 == 3)
			store_maintain(now_ms);
		if (states) {
			tell_all(now_ms, false);
			printf("state %u\n", batch);
		}
		if (batch == BATCHES / 2) {
			store_close();
			store_open(directory);
		}
	}
	store_close();
	puts("end well 0");
}

int main(int count, char **words)
{
	if (count >= 5 && strcmp(words[1], "write") == 0) {
		epoch = words[3];
		for (int i = 5; i < count && i - 5 < ROOMS - ROOMS_WHOLE; i++)
			rooms[ROOMS_WHOLE + i - 5].last = strtoull(words[i], NULL, 10);
		write_story(words[2], (uint32_t)strtoul(words[4], NULL, 10), false);
		return 0;
	}
	if (count == 4 && strcmp(words[1], "tell") == 0) {
		epoch = words[3];
		write_story(words[2], 0, true);
		return 0;
	}
	if (count < 3 || strcmp(words[1], "dump") != 0) {
		fprintf(stderr,
			"usage: store_script write DIR EPOCH ACKED [LAST]... | tell DIR EPOCH | dump DIR [BATCH]\n");
		return 64;
	}
	const uint64_t batch = count > 3 ? strtoull(words[3], NULL, 10) : BATCHES - 1;
	const uint64_t now_ms = STORY_START_MS + batch * STORY_STEP_MS;
	store_open(words[2]);
	if (count > 3)
		store_maintain(now_ms);
	tell_all(now_ms, count > 3);
	store_close();
	puts("end well 0");
	return 0;
}
