/* Loads and pages: the same as chat/history.c gives of a room in memory. */
#include <stdlib.h>

#include "engine/chat/history.h"
#include "tests/unit/engine/store/backend_suite.h"

#define EVENTS 40

void backend_case_an_unknown_room_is_empty(void)
{
	struct store_job load = suite_load(5);

	cr_assert(load.status == STORE_OK && !load.known && load.first == 1 && load.last == 0);
	cr_assert_str_eq(load.room_epoch, "");
	suite_give(&load);
	for (int from = CHAT_PAGE_LATEST; from <= CHAT_PAGE_AROUND; from++) {
		struct store_job page = suite_page((enum chat_page_from)from, 0, 10);

		cr_assert(page.first == 1 && page.last == 0);
		cr_assert_str_eq(suite_range(page), "none");
	}
}

/* The same events in the store and in a log of memory, of which the first `trimmed` are gone. */
static void make_logs(struct room_log *log, uint64_t trimmed)
{
	uint32_t seed = 1;

	for (uint64_t seq = 1; seq <= EVENTS; seq++) {
		char data[101] = { 0 };

		seed = seed * 1103515245 + 12345;
		memset(data, 'x', 1 + (seed >> 16) % 100);
		data[0] = data[strlen(data) - 1] = '1';
		struct store_job job = suite_message(data);

		job.retention.messages = EVENTS - trimmed;
		suite_append(&job, 1);
		cr_assert_eq(job.seq, seq);
		job.event.seq = seq;
		cr_assert_eq(room_log_append(log, record_make(&job.event)), 0);
		if (log->count > EVENTS - trimmed)
			record_give(room_log_shift(log));
	}
}

static struct history_range expected(const struct room_log *log, const struct store_job *job)
{
	struct history_range range = { .from = 1 };

	switch (job->from) {
	case CHAT_PAGE_AFTER:
		return history_after(log, job->seq_asked, job->limit, job->page_bytes);
	case CHAT_PAGE_BEFORE:
		return history_before(log, job->seq_asked, job->limit, job->page_bytes);
	case CHAT_PAGE_LATEST:
		return history_before(log, UINT64_MAX, job->limit, job->page_bytes);
	case CHAT_PAGE_AROUND:
		range = history_around(log, job->seq_asked, job->limit, job->page_bytes);
		range.more |= range.from > room_log_first(log);
	}
	return range;
}

static void compare(const struct room_log *log, struct store_job job)
{
	const struct history_range range = expected(log, &job);

	suite_read(&job);
	cr_assert(job.first == room_log_first(log) && job.last == EVENTS);
	if (job.from == CHAT_PAGE_AFTER && job.seq_asked + 1 < job.first) {
		cr_assert(job.status == STORE_GONE && !job.page);
		return;
	}
	const uint32_t count = job.page ? job.page->count : 0;

	cr_assert_eq(job.status, STORE_OK);
	cr_assert_eq(count, range.to + 1 - range.from, "from %d seq %llu limit %u bytes %zu: %u", (int)job.from,
		     (unsigned long long)job.seq_asked, job.limit, job.page_bytes, count);
	for (uint32_t i = 0; i < count; i++) {
		const struct chat_event *event = &(*room_log_at(log, range.from + i))->event;

		cr_assert_eq(job.page->events[i].seq, event->seq);
		cr_assert(span_equal(job.page->events[i].data, event->data));
	}
	cr_assert_eq(job.page && job.page->more, range.more, "from %d seq %llu limit %u bytes %zu", (int)job.from,
		     (unsigned long long)job.seq_asked, job.limit, job.page_bytes);
	suite_give(&job);
}

static void compare_all(uint64_t trimmed)
{
	static const uint32_t limits[] = { 1, 2, 3, 10, 39, 40, 41, 200 };
	static const size_t bytes[] = { 1, 100, 333, 1000, 1 << 20 };
	struct room_log log = { 0 };

	make_logs(&log, trimmed);
	for (int from = CHAT_PAGE_LATEST; from <= CHAT_PAGE_AROUND; from++)
		for (uint64_t seq = 0; seq <= EVENTS + 2; seq++)
			for (size_t limit = 0; limit < sizeof(limits) / sizeof(limits[0]); limit++)
				for (size_t size = 0; size < sizeof(bytes) / sizeof(bytes[0]); size++)
					compare(&log, (struct store_job){ .op = STORE_PAGE,
									  .room = SPAN("r"),
									  .from = (enum chat_page_from)from,
									  .seq_asked = seq,
									  .limit = limits[limit],
									  .page_bytes = bytes[size],
									  .now_ms = SUITE_NOW });
	while (log.count > 0)
		record_give(room_log_shift(&log));
}

void backend_case_pages_are_those_of_a_log_in_memory(void)
{
	compare_all(0);
}

void backend_case_pages_are_those_of_a_log_that_was_trimmed(void)
{
	compare_all(7);
}

void backend_case_a_page_that_begins_too_early_is_gone(void)
{
	const struct store_retention ten = { .messages = 10 };

	suite_fill(20, &ten); /* 11..20 */
	for (int i = 0; i < 2; i++) {
		struct store_job page = suite_page(CHAT_PAGE_AFTER, 9, 10);

		cr_assert(page.status == STORE_GONE && page.first == 11 && page.last == 20 && !page.page);
		cr_assert_str_eq(suite_range(suite_page(CHAT_PAGE_AFTER, 10, 10)), "11..20");
		cr_assert_str_eq(suite_range(suite_page(CHAT_PAGE_BEFORE, 11, 10)), "none");
		cr_assert_str_eq(suite_range(suite_page(CHAT_PAGE_BEFORE, 12, 10)), "11..11");
		cr_assert_str_eq(suite_range(suite_page(CHAT_PAGE_AFTER, UINT64_MAX - 1, 10)), "none");
		suite_tend(SUITE_NOW);
	}
}

void backend_case_a_room_is_loaded_with_its_newest(void)
{
	suite_fill(20, NULL);
	for (uint32_t limit = 19; limit <= 21; limit++) {
		struct store_job load = suite_load(limit);

		cr_assert(load.status == STORE_OK && load.known && load.first == 1 && load.last == 20);
		cr_assert_str_eq(suite_range(load), limit < 20 ? "2..20+" : "1..20");
	}
	struct store_job none = suite_load(0);

	cr_assert(none.status == STORE_OK && none.last == 20 && (!none.page || none.page->count == 0));
	suite_give(&none);
}

void backend_case_a_load_keeps_to_its_bytes(void)
{
	struct store_job load = {
		.op = STORE_LOAD, .room = SPAN("r"), .limit = 20, .page_bytes = 27, .now_ms = SUITE_NOW
	};

	suite_fill(5, NULL);
	suite_read(&load);
	cr_assert_str_eq(suite_range(load), "3..5+");
	load.page_bytes = 26;
	suite_read(&load);
	cr_assert_str_eq(suite_range(load), "4..5+");
	load.page_bytes = 1;
	suite_read(&load);
	cr_assert_str_eq(suite_range(load), "5..5+", "one at least");
}
