/* hall_fixture.h - a hall with one room on real segments, its members, and frames that say what they are.
 *
 * Each test that includes it has its own of everything; Criterion gives each test a process.
 */
#ifndef TEST_HALL_FIXTURE_H
#define TEST_HALL_FIXTURE_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "engine/chat/cursor.h"

#define OWNERS 64
#define HOT_BYTES_MAX 16384

static struct segment_pool segments;
static struct directory names;
static struct counters counters;
static struct hall hall;
static uint32_t place, hot_index;
static uint64_t room_seq;

/* A frame: its size, and its seq (0: not logged). */
struct frame {
	uint32_t size;
	uint64_t seq;
} __attribute__((packed));

static inline void hall_setup_of(uint64_t hot_bytes_max, uint64_t pool_bytes)
{
	const struct hall_limits limits = { .hot_logs_max = 8, .cursors_max = 128, .hot_bytes_max = hot_bytes_max };

	cr_assert_eq(segment_pool_open(&segments, pool_bytes), 0);
	cr_assert_eq(directory_open(&names, 8, 1, 1), 0);
	cr_assert_eq(hall_open(&hall, &limits, &segments, &names, &counters, OWNERS), 0);
	place = directory_enter(&names, SPAN("room"), directory_hash(&names, SPAN("room")));
}

static inline void hall_setup(void)
{
	hall_setup_of(HOT_BYTES_MAX, 4 << 20);
}

/* Nothing is left once everybody is gone. Each test ends with it: what a .fini asserts fails no test. */
static inline void hall_teardown(void)
{
	cr_assert_eq(hall.cursors.used, 0, "a test ends with all members gone");
	cr_assert_eq(hall.hot_logs.used, 0);
	cr_assert_eq(hall.holes.used, 0);
	cr_assert_eq(segments.bytes_out, 0);
	cr_assert_eq(names.places.used, 0);
	cr_assert_eq(counter_read(&counters, COUNTER_members), 0);
	cr_assert_eq(counter_read(&counters, COUNTER_hot_logs), 0);
	hall_close(&hall);
	directory_close(&names);
	segment_pool_close(&segments);
}

static inline struct hot_log *hot(void)
{
	return hot_log_at(&hall, hot_index);
}

/* A member that has everything up to now. */
static inline struct cursor *enter(uint32_t owner)
{
	struct cursor *cursor;

	place = directory_enter(&names, SPAN("room"), directory_hash(&names, SPAN("room")));
	cursor = cursor_open(&hall, owner, place, false, true);
	cr_assert_not_null(cursor);
	cr_assert_eq(cursor_attach(&hall, cursor, false, room_seq, room_seq), 0);
	hot_index = cursor->hot;
	return cursor;
}

/* A frame of `size` bytes at the tail; false when it had to be skipped. */
static inline bool say(uint32_t size, bool logged)
{
	uint8_t *bytes = hot_log_reserve(&hall, hot(), size);
	const uint64_t seq = logged ? ++room_seq : 0;
	const struct frame frame = { size, seq };

	if (!bytes) {
		hot_log_skip(&hall, hot(), seq);
		return false;
	}
	memset(bytes, (int)seq, size);
	memcpy(bytes, &frame, sizeof(frame));
	hot_log_commit(&hall, hot(), size, seq);
	return true;
}

/* The same, and one member must not see it. */
static inline void say_hidden(uint32_t size, struct cursor *author)
{
	if (say(size, true))
		cursor_hole(&hall, author, hot()->tail - size, hot()->tail);
}

/* What a member was given since it was last asked. */
struct given {
	uint64_t seqs[4096];
	uint32_t count; /* of logged ones */
	uint32_t others; /* not logged */
	uint32_t ranges;
};

/* Takes at most `ranges`; every range is whole frames within one segment, as the pump takes them. */
static inline bool give(struct cursor *cursor, uint32_t ranges, struct given *given)
{
	struct cursor_range range;

	*given = (struct given){ 0 };
	while (given->ranges < ranges && cursor_next(&hall, cursor, &range)) {
		cr_assert(range.size > 0 && range.bytes >= range.segment->bytes);
		cr_assert(range.bytes + range.size <= range.segment->bytes + range.segment->used);
		for (size_t at = 0; at < range.size;) {
			struct frame frame;

			memcpy(&frame, range.bytes + at, sizeof(frame));
			for (size_t i = sizeof(frame); i < frame.size; i++)
				cr_assert_eq(range.bytes[at + i], (uint8_t)frame.seq);
			at += frame.size;
			cr_assert_leq(at, range.size);
			if (frame.seq != 0)
				given->seqs[given->count++] = frame.seq;
			else
				given->others++;
		}
		given->ranges++;
		cursor_take(&hall, cursor, &range);
	}
	if (cursor->state != CURSOR_LIVE)
		return false;
	cursor_unlist(&hall, cursor);
	return true;
}

static inline void expect_seqs(const struct given *given, uint64_t from, uint64_t to)
{
	cr_assert_eq(given->count, to + 1 - from, "%u given", given->count);
	for (uint32_t i = 0; i < given->count; i++)
		cr_assert_eq(given->seqs[i], from + i);
}

static inline void gone(struct cursor *cursor)
{
	cursor_close(&hall, cursor);
}

#endif
