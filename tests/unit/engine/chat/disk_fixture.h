/* disk_fixture.h - a home core with rooms of class disk, and a store that is played by the test.
 *
 * Each test that includes it has its own of everything; Criterion gives each test a process.
 */
#ifndef TEST_DISK_FIXTURE_H
#define TEST_DISK_FIXTURE_H

#include "engine/chat/home_kept.h"
#include "tests/unit/engine/chat/home_fixture.h"

#define EPOCH "abcdefghijkl"
#define DATA_MAX 64

static const struct room_classes classes = {
	.classes = {
		{ .disk = true, .presence = true, .kept = { .messages = 500, .age_ms = 100000 } },
		{ .prefix = "mem:", .presence = true },
	},
	.count = 2,
};

static struct xring to_store[STORE_WORKERS], from_store[STORE_WORKERS];
static struct store_port port;
static struct home_limits limits;

static inline void disk_setup(void)
{
	port = (struct store_port){ .jobs_max = 1000, .bytes_max = 1 << 20 };
	for (int i = 0; i < STORE_WORKERS; i++) {
		cr_assert_eq(xring_open(&to_store[i], 1 << 16), 0);
		cr_assert_eq(xring_open(&from_store[i], 1 << 16), 0);
		port.to[i] = &to_store[i];
		port.from[i] = &from_store[i];
	}
	limits = roomy;
	limits.classes = &classes;
	limits.history_messages = 10;
	home_setup_with(&limits, &port);
}

static inline void disk_teardown(void)
{
	home_teardown();
	for (int i = 0; i < STORE_WORKERS; i++) {
		xring_close(&to_store[i]);
		xring_close(&from_store[i]);
	}
}

/* The next job that the store is asked to do; the test owns it until it is answered. */
static inline struct store_job *asked(enum store_worker worker, enum store_op op)
{
	size_t size;
	struct store_job **place = xring_peek(&to_store[worker], &size);

	cr_assert_not_null(place, "nothing is asked");
	struct store_job *job = *place;

	xring_drop(&to_store[worker]);
	cr_assert_eq(job->op, op);
	return job;
}

static inline bool is_asked(enum store_worker worker)
{
	size_t size;

	return xring_peek(&to_store[worker], &size) != NULL;
}

static inline void answer(enum store_worker worker, struct store_job *job, enum store_status status)
{
	struct store_job **place = xring_reserve(&from_store[worker], sizeof(job));

	job->status = status;
	*place = job;
	xring_push(&from_store[worker], sizeof(job));
	cr_assert_eq(store_port_take(&port), job);
	home_stored(home, job, now_ms, wall_ms);
}

/* Messages from..to, whose data is their seq, in a block of `spare` bytes more than they need. */
static inline struct store_page *page_with(uint64_t from, uint64_t to, size_t spare)
{
	const uint32_t count = (uint32_t)(to + 1 - from);
	const size_t events = sizeof(struct store_page) + count * sizeof(struct chat_event);
	const size_t size_all = events + (size_t)count * DATA_MAX + spare;
	struct store_page *page = block_take(size_all);

	page->size = size_all;
	page->more = false;
	page->count = count;
	for (uint32_t i = 0; i < count; i++) {
		char *data = (char *)page + events + (size_t)i * DATA_MAX;
		const int size = snprintf(data, DATA_MAX, "%llu", (unsigned long long)(from + i));

		page->events[i] = (struct chat_event){
			.kind = CHAT_EV_msg,
			.from = SPAN("Ann"),
			.seq = from + i,
			.ts_ms = wall_ms,
			.data = span_of(data, (size_t)size),
		};
	}
	return page;
}

static inline struct store_page *page_of(uint64_t from, uint64_t to)
{
	return page_with(from, to, 0);
}

/* Bob of core 1 goes on after this seq. */
static inline void fetch(uint64_t after)
{
	run(1, SPAN("Bob"), (struct chat_command){ .op = (enum chat_op)MAIL_OP_FETCH, .seq = after });
}

/* He is given from..to at once, and whether there is more. */
static inline void expect_page(uint64_t from, uint64_t to, bool more)
{
	const struct mail_page *mail = (const struct mail_page *)next_mail(1);

	cr_assert_not_null(mail, "nothing is given");
	cr_assert_eq(mail->mail.kind, MAIL_PAGE);
	cr_assert_eq(mail->page.event_count, to + 1 - from, "%u", mail->page.event_count);
	cr_assert_eq(mail->page.events[0].seq, from);
	cr_assert_eq(mail->page.events[to - from].seq, to);
	cr_assert_eq(mail->page.first, from);
	cr_assert_eq(mail->page.more, more);
}

/* The store was asked for what comes after this seq, and gives the page. */
static inline void answer_page(uint64_t asked_after, struct store_page *page)
{
	struct store_job *job = asked(STORE_READER, STORE_PAGE);

	cr_assert(job->from == CHAT_PAGE_AFTER && job->limit == CHAT_PAGE_MAX);
	cr_assert_eq(job->seq_asked, asked_after, "%llu", (unsigned long long)job->seq_asked);
	job->first = 1;
	job->page = page;
	answer(STORE_READER, job, STORE_OK);
}

static inline void answer_load(uint64_t first, uint64_t last, uint64_t window_from)
{
	struct store_job *job = asked(STORE_READER, STORE_LOAD);

	job->known = true;
	job->first = first;
	job->last = last;
	memcpy(job->room_epoch, EPOCH, sizeof(EPOCH));
	if (window_from <= last)
		job->page = page_of(window_from, last);
	answer(STORE_READER, job, STORE_OK);
}

static inline void answer_new(void)
{
	struct store_job *job = asked(STORE_READER, STORE_LOAD);

	job->first = 1;
	answer(STORE_READER, job, STORE_OK);
}

/* Ann of core 0 is in the room, of which the store keeps first..last, the window holds ten. */
static inline void joined(uint64_t first, uint64_t last)
{
	RUN(0, "Ann", .op = CHAT_OP_join, .limit = 5);
	answer_load(first, last, last >= first + 10 ? last - 9 : first);
	hush();
}

static inline void commit(uint64_t seq)
{
	struct store_job *job = asked(STORE_WRITER, STORE_APPEND);

	job->seq = seq;
	job->ts_ms = wall_ms;
	job->first = 1;
	answer(STORE_WRITER, job, STORE_OK);
}

#endif
