/* Which part of a log is a page: by a table at every edge, and by a slow and plain judge for all small logs. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "engine/chat/history.h"
#include "engine/core/random.h"

#define ANY_BYTES SIZE_MAX

static uint8_t filler[4096];

static void append(struct room_log *log, size_t size)
{
	struct record *record =
		record_make(&(struct chat_event){ .seq = log->last + 1, .data = span_of(filler, size) });

	cr_assert(record && room_log_append(log, record) == 0);
}

/* Keeps first..last, `size` bytes each. */
static struct room_log log_of(uint64_t first, uint64_t last, size_t size)
{
	struct room_log log = { .last = first - 1 };

	while (log.last < last)
		append(&log, size);
	return log;
}

static void empty(struct room_log *log)
{
	while (log->count > 0)
		record_give(room_log_shift(log));
}

static void expect(struct history_range range, uint64_t from, uint64_t to, bool more)
{
	cr_assert_eq(range.from, from, "from %llu, wanted %llu", (unsigned long long)range.from,
		     (unsigned long long)from);
	cr_assert_eq(range.to, to, "to %llu, wanted %llu", (unsigned long long)range.to, (unsigned long long)to);
	cr_assert_eq(range.more, more);
}

Test(history, after_at_every_edge_of_a_trimmed_log)
{
	struct room_log log = log_of(101, 400, 10);

	expect(history_after(&log, 399, 200, ANY_BYTES), 400, 400, false);
	expect(history_after(&log, 400, 200, ANY_BYTES), 401, 400, false);
	expect(history_after(&log, 401, 200, ANY_BYTES), 402, 401, false);
	expect(history_after(&log, 100, 200, ANY_BYTES), 101, 300, true);
	expect(history_after(&log, 101, 200, ANY_BYTES), 102, 301, true);
	expect(history_after(&log, 99, 200, ANY_BYTES), 101, 300, true);
	expect(history_after(&log, 0, 1, ANY_BYTES), 101, 101, true);
	expect(history_after(&log, 200, 200, ANY_BYTES), 201, 400, false);
	expect(history_after(&log, 199, 200, ANY_BYTES), 200, 399, true);
	expect(history_after(&log, 200, 0, ANY_BYTES), 201, 200, true);
	expect(history_after(&log, 400, 0, ANY_BYTES), 401, 400, false);
	empty(&log);
}

Test(history, before_at_every_edge_of_a_trimmed_log)
{
	struct room_log log = log_of(101, 400, 10);

	expect(history_before(&log, UINT64_MAX, 200, ANY_BYTES), 201, 400, true);
	expect(history_before(&log, 401, 200, ANY_BYTES), 201, 400, true);
	expect(history_before(&log, 400, 200, ANY_BYTES), 200, 399, true);
	expect(history_before(&log, 301, 200, ANY_BYTES), 101, 300, false);
	expect(history_before(&log, 302, 200, ANY_BYTES), 102, 301, true);
	expect(history_before(&log, 102, 200, ANY_BYTES), 101, 101, false);
	expect(history_before(&log, 101, 200, ANY_BYTES), 101, 100, false);
	expect(history_before(&log, 50, 200, ANY_BYTES), 50, 49, false);
	expect(history_before(&log, 0, 200, ANY_BYTES), 1, 0, false);
	expect(history_before(&log, 400, 1, ANY_BYTES), 399, 399, true);
	expect(history_before(&log, 400, 0, ANY_BYTES), 400, 399, true);
	empty(&log);
}

Test(history, around_at_every_edge_of_a_trimmed_log)
{
	struct room_log log = log_of(101, 400, 10);

	expect(history_around(&log, 250, 200, ANY_BYTES), 150, 349, true);
	expect(history_around(&log, 250, 51, ANY_BYTES), 225, 275, true);
	expect(history_around(&log, 250, 1, ANY_BYTES), 250, 250, true);
	expect(history_around(&log, 250, 0, ANY_BYTES), 250, 249, true);
	expect(history_around(&log, 101, 50, ANY_BYTES), 101, 125, true);
	expect(history_around(&log, 1, 50, ANY_BYTES), 101, 125, true);
	expect(history_around(&log, 0, 50, ANY_BYTES), 101, 125, true);
	expect(history_around(&log, 400, 50, ANY_BYTES), 375, 400, true);
	expect(history_around(&log, 999, 50, ANY_BYTES), 376, 400, true);
	empty(&log);

	log = log_of(1, 10, 10);
	expect(history_around(&log, 5, 200, ANY_BYTES), 1, 10, false);
	expect(history_around(&log, 5, 8, ANY_BYTES), 1, 8, true);
	expect(history_around(&log, 7, 8, ANY_BYTES), 3, 10, true);
	empty(&log);
}

Test(history, of_an_empty_log_is_empty)
{
	const struct room_log fresh = { 0 }, trimmed = { .last = 70 };

	expect(history_after(&fresh, 0, 200, ANY_BYTES), 1, 0, false);
	expect(history_before(&fresh, UINT64_MAX, 200, ANY_BYTES), 1, 0, false);
	expect(history_around(&fresh, 1, 200, ANY_BYTES), 1, 0, false);
	expect(history_after(&trimmed, 0, 200, ANY_BYTES), 71, 70, false);
	expect(history_before(&trimmed, UINT64_MAX, 200, ANY_BYTES), 71, 70, false);
	expect(history_around(&trimmed, 5, 200, ANY_BYTES), 71, 70, false);
}

Test(history, a_page_ends_at_its_bytes_and_has_at_least_one)
{
	struct room_log log = log_of(1, 20, 10);

	expect(history_after(&log, 5, 200, 50), 6, 10, true);
	expect(history_after(&log, 5, 200, 49), 6, 9, true);
	expect(history_after(&log, 5, 200, 59), 6, 10, true);
	expect(history_after(&log, 5, 200, 150), 6, 20, false);
	expect(history_after(&log, 5, 200, 149), 6, 19, true);
	expect(history_after(&log, 5, 200, 9), 6, 6, true);
	expect(history_after(&log, 5, 200, 0), 6, 6, true);
	expect(history_before(&log, 16, 200, 50), 11, 15, true);
	expect(history_before(&log, 16, 200, 49), 12, 15, true);
	expect(history_before(&log, 16, 200, 150), 1, 15, false);
	expect(history_before(&log, 16, 200, 149), 2, 15, true);
	expect(history_before(&log, 16, 200, 0), 15, 15, true);
	expect(history_around(&log, 10, 200, 60), 7, 12, true);
	expect(history_around(&log, 10, 200, 59), 8, 11, true);
	expect(history_around(&log, 10, 200, 0), 9, 10, true);
	empty(&log);
}

static size_t sum(const struct room_log *log, uint64_t from, uint64_t to)
{
	size_t bytes = 0;

	for (uint64_t seq = from; seq <= to; seq++)
		bytes += (*room_log_at(log, seq))->event.data.size;
	return bytes;
}

/* Kept, within both bounds, and not one could be added at the open end. */
static void judge(const struct room_log *log, struct history_range range, uint64_t next, uint32_t limit, size_t bytes)
{
	const uint64_t count = range.to + 1 - range.from;
	const bool kept = next >= room_log_first(log) && next <= log->last;

	cr_assert_leq(count, limit);
	for (uint64_t seq = range.from; seq <= range.to; seq++)
		cr_assert_not_null(room_log_at(log, seq));
	cr_assert(count <= 1 || sum(log, range.from, range.to) <= bytes);
	if (kept && count < limit)
		cr_assert(count > 0 &&
				  sum(log, range.from, range.to) + (*room_log_at(log, next))->event.data.size > bytes,
			  "one more would fit");
}

Test(history, holds_for_all_small_logs)
{
	struct random random;

	random_seed(&random, 5);
	for (int round = 0; round < 300; round++) {
		struct room_log log = { .last = random_below(&random, 3) };
		const uint64_t last = log.last + random_below(&random, 12);

		while (log.last < last)
			append(&log, random_below(&random, 8));
		for (uint64_t at = 0; at <= last + 2; at++) {
			const uint32_t limit = (uint32_t)random_below(&random, 8);
			const size_t bytes = random_below(&random, 30);
			const struct history_range after = history_after(&log, at, limit, bytes);
			const struct history_range before = history_before(&log, at, limit, bytes);

			cr_assert_eq(after.from, at + 1 > room_log_first(&log) ? at + 1 : room_log_first(&log));
			judge(&log, after, after.to + 1, limit, bytes);
			cr_assert_eq(after.more, after.to < log.last);
			cr_assert_eq(before.to, at > last ? last : at - (at > 0));
			judge(&log, before, before.from - 1, limit, bytes);
			cr_assert_eq(before.more, before.from > room_log_first(&log));
		}
		empty(&log);
	}
}

/* Wherever the page begins, it stays within the bytes that were asked for it. */
Test(history, a_page_fits_its_bytes_at_every_alignment)
{
	struct directory directory;
	struct home home = { .directory = &directory };
	struct room room = { .log = log_of(5, 25, 7), .epoch = "abcdefghijk" };

	room.epoch[ROOM_EPOCH_SIZE - 1] = 'l';
	cr_assert_eq(directory_open(&directory, 10, 1, 1), 0);
	room.place = directory_enter(&directory, SPAN("general"), directory_hash(&directory, SPAN("general")));

	const struct history_range range = history_after(&room.log, 9, 13, ANY_BYTES);
	const size_t size = history_page_bytes(&home, &room, range);

	for (size_t offset = 0; offset < 16; offset++) {
		struct chat_page page;
		uint8_t *bytes = malloc(offset + size);
		const uint8_t *end = history_page(&home, &room, range, &page, bytes + offset);

		cr_assert_leq(end, bytes + offset + size);
		cr_assert(span_equal(page.room, SPAN("general")) && span_equal(page.epoch, SPAN("abcdefghijkl")));
		cr_assert(page.first == 5 && page.last == 25 && page.more && page.event_count == 13);
		for (uint32_t i = 0; i < 13; i++) {
			cr_assert_eq(page.events[i].seq, 10 + i);
			cr_assert(span_equal(page.events[i].room, SPAN("general")));
			cr_assert_eq(page.events[i].data.size, 7);
		}
		free(bytes);
	}
	empty(&room.log);
	directory_close(&directory);
}
