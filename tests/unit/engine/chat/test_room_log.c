/* The ring of a room's records: dense, growing, wrapping, and nothing when empty. */
#include <criterion/criterion.h>
#include <signal.h>

#include "engine/chat/room_log.h"
#include "engine/core/random.h"
#include "engine/core/slab.h"

static struct record *record_of(uint64_t seq)
{
	struct record *record = record_make(&(struct chat_event){ .seq = seq, .data = span_of("xxxxxxxxx", seq % 10) });

	cr_assert_not_null(record);
	return record;
}

static void append(struct room_log *log, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		cr_assert_eq(room_log_append(log, record_of(log->last + 1)), 0);
}

static void shift(struct room_log *log, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		const uint64_t first = room_log_first(log);
		struct record *record = room_log_shift(log);

		cr_assert_eq(record->event.seq, first);
		record_give(record);
	}
}

/* Exactly first..last are there, each at its place, and the sum is theirs. */
static void expect(const struct room_log *log, uint64_t first, uint64_t last)
{
	uint64_t bytes = 0;

	cr_assert_eq(room_log_first(log), first);
	cr_assert_eq(log->last, last);
	cr_assert_eq(log->count, last + 1 - first);
	for (uint64_t seq = first; seq <= last; seq++) {
		struct record **at = room_log_at(log, seq);

		cr_assert(at && (*at)->event.seq == seq, "seq %llu", (unsigned long long)seq);
		bytes += (*at)->size;
	}
	cr_assert_eq(log->bytes, bytes);
	cr_assert_null(room_log_at(log, first - 1));
	cr_assert_null(room_log_at(log, last + 1));
	cr_assert_null(room_log_at(log, UINT64_MAX));
}

Test(room_log, is_nothing_when_empty)
{
	struct room_log log = { 0 };

	expect(&log, 1, 0);
	cr_assert_null(room_log_at(&log, 0));
	append(&log, 9);
	shift(&log, 9);
	expect(&log, 10, 9);
	cr_assert_null(log.slots);
	cr_assert_eq(block_bytes_out(), 0, "an empty log costs no block");
	append(&log, 1);
	expect(&log, 10, 10);
	shift(&log, 1);
}

Test(room_log, grows_wherever_its_oldest_stands)
{
	for (uint64_t head = 0; head < 8; head++) {
		struct room_log log = { 0 };

		append(&log, 8);
		shift(&log, head);
		append(&log, head);
		expect(&log, head + 1, head + 8);
		cr_assert_eq(room_log_capacity(&log), 8, "full, and not grown yet");
		append(&log, 1);
		cr_assert_eq(room_log_capacity(&log), 16);
		expect(&log, head + 1, head + 9);
		append(&log, 30);
		expect(&log, head + 1, head + 39);
		shift(&log, 39);
	}
	cr_assert_eq(block_bytes_out(), 0);
}

Test(room_log, follows_a_window_that_opens_and_closes)
{
	struct room_log log = { 0 };
	struct random random;

	random_seed(&random, 11);
	for (int step = 0; step < 3000; step++) {
		const uint64_t first = room_log_first(&log), last = log.last;

		if (random_below(&random, 100) < 50) {
			const uint64_t more = random_below(&random, 9);

			append(&log, more);
			expect(&log, first, last + more);
		} else {
			const uint64_t fewer = random_below(&random, (log.count < 9 ? log.count : 9) + 1);

			shift(&log, fewer);
			expect(&log, first + fewer, last);
		}
	}
	shift(&log, log.count);
	cr_assert_eq(block_bytes_out(), 0);
}

/* A class may say that a room keeps as much. */
Test(room_log, more_than_four_gibibytes_are_counted)
{
	struct room_log log = { 0 };
	uint32_t sizes[3];

	for (uint64_t seq = 1; seq <= 3; seq++) {
		struct record *record = record_of(seq);

		sizes[seq - 1] = record->size;
		record->size = 1u << 31;
		cr_assert_eq(room_log_append(&log, record), 0);
	}
	cr_assert(log.bytes == 3ull << 31, "%llu", (unsigned long long)log.bytes);
	for (uint32_t i = 0; i < 3; i++) {
		struct record *record = room_log_shift(&log);

		record->size = sizes[i];
		record_give(record);
	}
	cr_assert_eq(log.bytes, 0ull);
}

Test(room_log, a_hole_is_a_crash, .signal = SIGABRT)
{
	struct room_log log = { .last = 5 };

	room_log_append(&log, record_of(7));
}

Test(room_log, a_seq_given_twice_is_a_crash, .signal = SIGABRT)
{
	struct room_log log = { .last = 5 };

	room_log_append(&log, record_of(5));
}

Test(room_log, shifting_out_of_nothing_is_a_crash, .signal = SIGABRT)
{
	struct room_log log = { .last = 5 };

	room_log_shift(&log);
}
