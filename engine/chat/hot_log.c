#include "engine/chat/hot_log.h"

#include "engine/chat/cursor.h"
#include "engine/core/ahead.h"
#include "engine/core/check.h"
#include "engine/core/mutant.h"

uint32_t hot_log_enter(struct hall *hall, uint32_t place_index, enum variant variant, uint64_t seq)
{
	struct place *place = directory_at(hall->directory, place_index);

	if (place->hot[variant] != 0)
		return place->hot[variant];

	struct hot_log *hot = slab_take(&hall->hot_logs);

	if (!hot)
		return 0;
	hot->place = place_index;
	hot->variant = (uint8_t)variant;
	hot->seq = seq;
	hot->settled_seq = seq;
	place->hot[variant] = slab_index(&hall->hot_logs, hot);
	counter_add(hall->counters, COUNTER_hot_logs, 1);
	return place->hot[variant];
}

static void drop_first(struct hall *hall, struct hot_log *hot)
{
	struct segment *segment = hot->first;

	hot->first = segment->next;
	if (!hot->first)
		hot->last = NULL;
	hot->bytes -= segment->capacity;
	segment->next = NULL;
	segment_drop(hall->segments, segment);
}

void hot_log_trim(struct hall *hall, struct hot_log *hot)
{
	while (hot->first && hot->first->readers == 0 && hot->first->start + hot->first->used <= hot->settled)
		drop_first(hall, hot);
}

static void unlist(struct hall *hall, uint32_t index)
{
	uint32_t *at = &hall->unsettled;

	while (*at != index)
		at = &hot_log_at(hall, *at)->next_unsettled;
	*at = hot_log_at(hall, index)->next_unsettled;
}

void hot_log_tidy(struct hall *hall, uint32_t index)
{
	struct hot_log *hot = hot_log_at(hall, index);

	if (hot->count > 0)
		return;
	if (hot->unsettled)
		unlist(hall, index);
	while (hot->first) {
		CHECK(hot->first->readers == 0);
		drop_first(hall, hot);
	}
	directory_at(hall->directory, hot->place)->hot[hot->variant] = 0;
	slab_give(&hall->hot_logs, hot);
	counter_add(hall->counters, COUNTER_hot_logs, -1);
}

/* Everybody who stands before `position`, or nowhere in particular but before it, falls off. too_long: the log is;
 * who stood there was slow, while others had no turn to take anything. */
static void fall_before(struct hall *hall, struct hot_log *hot, uint64_t position, bool too_long)
{
	for (uint32_t index = hot->cursors; index != 0;) {
		struct cursor *cursor = cursor_at(hall, index);

		const bool behind = cursor->state == CURSOR_BEHIND && cursor->position < position;

		index = cursor->next;
		if (!behind && (cursor->state != CURSOR_LIVE || hot->settled >= position))
			continue;
		cursor_fall(hall, cursor);
		if (behind && too_long)
			cursor_late(hall, cursor);
	}
}

/* seq: of the newest event before the position. */
static void drop_before(struct hall *hall, struct hot_log *hot, uint64_t position, uint64_t seq, bool too_long)
{
	fall_before(hall, hot, position, too_long);
	if (hot->settled < position) {
		hot->settled = position;
		hot->settled_seq = seq;
	}
	hot_log_trim(hall, hot);
}

/* Over its bound: the oldest quarter goes, so that members are not looked through for every segment. */
static void keep_bound(struct hall *hall, struct hot_log *hot, size_t size)
{
	uint64_t bytes = hot->bytes + size;

	if (bytes <= hall->limits.hot_bytes_max || !hot->first)
		return;

	const struct segment *segment = hot->first;
	uint64_t position = segment->start;
	uint64_t seq = 0;

	while (segment && bytes > hall->limits.hot_bytes_max / 4 * 3) {
		bytes -= segment->capacity;
		position = segment->start + segment->used;
		seq = segment->seq_last;
		segment = segment->next;
	}
	drop_before(hall, hot, position, seq, true);
}

uint8_t *hot_log_reserve(struct hall *hall, struct hot_log *hot, size_t size)
{
	/* The larger the log, the larger its segments; but none so large that the bound means nothing. What a turn
	 * renders of late begins in a segment that holds it all: a send of one piece is cheaper than one of three. */
	const uint64_t usual = (uint64_t)hot->usual * HOT_LOG_USUAL_UNIT;
	const uint64_t wish = hot->bytes > 0 ? size + hot->bytes : size > usual ? size : usual;
	const uint64_t most = hall->limits.hot_bytes_max / 4;

	if (hot->last && hot->last->capacity - hot->last->used >= size)
		return hot->last->bytes + hot->last->used;
	keep_bound(hall, hot, size);

	struct segment *segment = segment_take(hall->segments, size, wish < most ? wish : most);

	if (!segment)
		return NULL;
	segment->start = hot->tail;
	segment->seq_last = hot->seq;
	if (hot->last)
		hot->last->next = segment;
	else
		hot->first = segment;
	hot->last = segment;
	hot->bytes += segment->capacity;
	return segment->bytes;
}

void hot_log_commit(struct hall *hall, struct hot_log *hot, size_t size, uint64_t seq)
{
	CHECK(hot->last && hot->last->used + size <= hot->last->capacity);
	hot->last->used += (uint32_t)size;
	hot->tail += size;
	if (seq != 0) {
		CHECK(seq == hot->seq + 1);
		hot->seq = seq;
		hot->last->seq_last = seq;
	}
	if (!hot->unsettled) {
		hot->unsettled = true;
		hot->next_unsettled = hall->unsettled;
		hall->unsettled = slab_index(&hall->hot_logs, hot);
	}
	counter_add(hall->counters, COUNTER_rendered, 1);
}

void hot_log_skip(struct hall *hall, struct hot_log *hot, uint64_t seq)
{
	if (seq == 0)
		return; /* at most once: it is simply not told */
	CHECK(seq == hot->seq + 1);
	hot_log_settle(hall, hot);
	/* Nobody has this event, wherever they stand: it takes a position of its own, and all fall before it. */
	hot->seq = seq;
	hot->tail++;
	drop_before(hall, hot, hot->tail, seq, false);
	CHECK(!hot->first && hot->settled == hot->tail);
}

/* Up at once, down by half a turn: bursts repeat. */
static void learn_usual(struct hot_log *hot)
{
	const uint64_t units = (hot->tail - hot->settled + HOT_LOG_USUAL_UNIT - 1) / HOT_LOG_USUAL_UNIT;
	const uint64_t least = hot->usual / 2;
	const uint64_t usual = units > least ? units : least;

	hot->usual = (uint16_t)(usual < UINT16_MAX ? usual : UINT16_MAX);
}

void hot_log_settle(struct hall *hall, struct hot_log *hot)
{
	const bool crowd = hot_log_is_crowd(hall, hot);
	struct segment *segment = hot->first;
	uint32_t marked = 0;

	if (hot->settled == hot->tail)
		return;
	while (segment->start + segment->used <= hot->settled)
		segment = segment->next;
	for (uint32_t index = hot->cursors; index != 0;) {
		struct cursor *cursor = cursor_at(hall, index);

		ahead(cursor_at(hall, cursor->next));
		ahead(&cursor_at(hall, cursor->next)->state);
		if (cursor->state == CURSOR_LIVE &&
		    !(PLANTED(26) && cursor->next == 0 && marked > 1)) { /* one member is skipped */
			CHECK(!cursor->listed);
			cursor->state = CURSOR_BEHIND;
			cursor->position = hot->settled;
			cursor->seq = hot->settled_seq;
			if (crowd)
				cursor_list_crowd(hall, cursor);
			else
				cursor_list(hall, cursor);
			marked++;
		}
		index = cursor->next;
	}
	segment->readers += marked;
	learn_usual(hot);
	hot->settled = hot->tail;
	hot->settled_seq = hot->seq;
}

void hot_logs_settle(struct hall *hall)
{
	while (hall->unsettled != 0) {
		struct hot_log *hot = hot_log_at(hall, hall->unsettled);

		hall->unsettled = hot->next_unsettled;
		hot->unsettled = false;
		hot_log_settle(hall, hot);
		hot_log_trim(hall, hot);
	}
}
