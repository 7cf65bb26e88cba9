#include "engine/chat/cursor.h"

#include <errno.h>

#include "engine/chat/room_class.h"
#include "engine/core/check.h"
#include "engine/core/mutant.h"

struct cursor *cursor_find(const struct hall *hall, uint32_t owner, uint32_t place)
{
	uint32_t index = hall->owners[owner].cursors;

	while (index != 0) {
		struct cursor *cursor = cursor_at(hall, index);

		if (cursor->place == place)
			return cursor;
		index = cursor->next_owned;
	}
	return NULL;
}

struct cursor *cursor_still(const struct hall *hall, uint32_t owner, uint32_t wanted, uint32_t stamp)
{
	uint32_t index = hall->owners[owner].cursors;

	while (index != 0 && index != wanted)
		index = cursor_at(hall, index)->next_owned;
	if (index == 0 || cursor_at(hall, index)->stamp != stamp)
		return NULL;
	return cursor_at(hall, index);
}

struct cursor *cursor_open(struct hall *hall, uint32_t owner_index, uint32_t place, bool presence, bool no_echo)
{
	struct cursor *cursor = slab_take(&hall->cursors);
	struct owner *owner = &hall->owners[owner_index];

	if (!cursor)
		return NULL;
	cursor->state = CURSOR_JOINING;
	cursor->stamp = ++hall->stamp;
	cursor->owner = owner_index;
	cursor->place = place;
	cursor->presence = presence;
	cursor->no_echo = no_echo;
	cursor->next_owned = owner->cursors;
	owner->cursors = cursor_index(hall, cursor);
	owner->count++;
	directory_at(hall->directory, place)->members++;
	counter_add(hall->counters, COUNTER_members, 1);
	return cursor;
}

/* On its owner's list of rooms that have something for it. */
static void list(struct hall *hall, struct cursor *cursor)
{
	struct owner *owner = &hall->owners[cursor->owner];
	const uint32_t index = cursor_index(hall, cursor);

	if (!cursor->listed) {
		cursor->listed = true;
		cursor->next_behind = 0;
		if (owner->behind_last != 0)
			cursor_at(hall, owner->behind_last)->next_behind = index;
		else
			owner->behind = index;
		owner->behind_last = index;
	}
}

void cursor_list(struct hall *hall, struct cursor *cursor)
{
	list(hall, cursor);
	owner_mark(hall, cursor->owner);
}

void cursor_list_crowd(struct hall *hall, struct cursor *cursor)
{
	list(hall, cursor);
	owner_mark_crowd(hall, cursor->owner);
}

void owner_mark_again(struct hall *hall, uint32_t index)
{
	const struct owner *owner = &hall->owners[index];

	if (owner->behind == 0)
		return;
	const struct cursor *first = cursor_at(hall, owner->behind);

	CHECK(first->hot != 0); /* who is listed was attached */
	if (hot_log_is_crowd(hall, hot_log_at(hall, first->hot)))
		owner_mark_crowd(hall, index);
	else
		owner_mark(hall, index);
}

void cursor_unlist(struct hall *hall, struct cursor *cursor)
{
	struct owner *owner = &hall->owners[cursor->owner];
	const uint32_t index = cursor_index(hall, cursor);
	uint32_t *at = &owner->behind;
	uint32_t before = 0;

	if (!cursor->listed)
		return;
	while (*at != index) {
		before = *at;
		at = &cursor_at(hall, *at)->next_behind;
	}
	*at = cursor->next_behind;
	if (owner->behind_last == index)
		owner->behind_last = before;
	cursor->listed = false;
}

void cursor_last(struct hall *hall, struct cursor *cursor)
{
	CHECK(cursor->listed);
	if (hall->owners[cursor->owner].behind_last == cursor_index(hall, cursor))
		return;
	cursor_unlist(hall, cursor);
	cursor_list(hall, cursor);
}

void cursor_catch_up(struct hall *hall, struct cursor *cursor)
{
	cursor->state = CURSOR_CATCHUP;
	cursor_list(hall, cursor);
}

static void enter_hot_log(struct hall *hall, struct cursor *cursor, uint32_t index)
{
	struct hot_log *hot = hot_log_at(hall, index);

	cursor->hot = index;
	cursor->prev = 0;
	cursor->next = hot->cursors;
	if (hot->cursors != 0)
		cursor_at(hall, hot->cursors)->prev = cursor_index(hall, cursor);
	hot->cursors = cursor_index(hall, cursor);
	hot->count++;
}

/* Among the members that get the same, with everything up to given_seq. */
static void enter_with(struct hall *hall, struct cursor *cursor, uint32_t index, uint64_t given_seq, uint64_t room_seq)
{
	enter_hot_log(hall, cursor, index);
	cursor->seq = given_seq;
	if (given_seq < room_seq)
		cursor_catch_up(hall, cursor);
	else
		cursor_join_live(hall, cursor, room_seq);
}

int cursor_attach(struct hall *hall, struct cursor *cursor, bool compressed, uint64_t given_seq, uint64_t room_seq)
{
	CHECK(cursor->state == CURSOR_JOINING && cursor->hot == 0);
	const uint32_t index = hot_log_enter(hall, cursor->place, variant_of(cursor->presence, compressed), room_seq);

	if (index == 0)
		return -ENOMEM;
	enter_with(hall, cursor, index, given_seq, room_seq);
	return 0;
}

void cursor_join_live(struct hall *hall, struct cursor *cursor, uint64_t seq)
{
	struct hot_log *hot = hot_log_at(hall, cursor->hot);

	/* What lies between `settled` and the tail came before this; the others are marked for it first. */
	hot_log_settle(hall, hot);
	CHECK(hot->seq == seq);
	cursor->skips = false;
	cursor->state = CURSOR_LIVE;
}

/* There is one: a position is before the tail. */
static struct segment *segment_of(const struct hot_log *hot, uint64_t position)
{
	struct segment *segment = hot->first;

	CHECK(position < hot->tail);
	while (segment->start + segment->used <= position)
		segment = segment->next;
	return segment;
}

static void holes_forget(struct hall *hall, struct cursor *cursor)
{
	while (cursor->holes != 0) {
		struct hole *hole = slab_at(&hall->holes, cursor->holes);

		cursor->holes = hole->next;
		slab_give(&hall->holes, hole);
	}
}

/* No longer stands in a segment. */
static void step_out(struct hall *hall, struct cursor *cursor)
{
	struct hot_log *hot = hot_log_at(hall, cursor->hot);
	struct segment *segment = segment_of(hot, cursor->position);

	CHECK(cursor->state == CURSOR_BEHIND && segment->readers > 0);
	segment->readers--;
}

void cursor_fall(struct hall *hall, struct cursor *cursor)
{
	const struct hot_log *hot = hot_log_at(hall, cursor->hot);

	if (cursor->state == CURSOR_BEHIND)
		step_out(hall, cursor);
	else
		cursor->seq = hot->settled_seq;
	holes_forget(hall, cursor);
	cursor->fell = true;
	cursor->seq += PLANTED(24); /* who falls off the hot log misses one */
	counter_add(hall->counters, COUNTER_fell_off, 1);
	cursor_catch_up(hall, cursor);
}

void cursor_late(struct hall *hall, struct cursor *cursor)
{
	CHECK(cursor->fell);
	if (cursor->slow == SLOW_LATEST)
		cursor->skips = true;
	if (cursor->slow == SLOW_DISCONNECT)
		hall->owners[cursor->owner].late = true;
}

static void disown(struct hall *hall, struct cursor *cursor)
{
	struct owner *owner = &hall->owners[cursor->owner];
	const uint32_t index = cursor_index(hall, cursor);
	uint32_t *at = &owner->cursors;

	while (*at != index)
		at = &cursor_at(hall, *at)->next_owned;
	*at = cursor->next_owned;
	owner->count--;
	owner->late &= owner->count > 0;
	cursor_unlist(hall, cursor);
}

void cursor_orphan(struct hall *hall, struct cursor *cursor)
{
	CHECK(cursor->state == CURSOR_JOINING);
	disown(hall, cursor);
	cursor->state = CURSOR_ORPHAN;
}

static void leave_hot_log(struct hall *hall, struct cursor *cursor)
{
	const uint32_t index = cursor->hot;
	struct hot_log *hot = hot_log_at(hall, index);

	if (cursor->state == CURSOR_BEHIND)
		step_out(hall, cursor);
	holes_forget(hall, cursor);
	if (cursor->next != 0)
		cursor_at(hall, cursor->next)->prev = cursor->prev;
	if (cursor->prev != 0)
		cursor_at(hall, cursor->prev)->next = cursor->next;
	else
		hot->cursors = cursor->next;
	hot->count--;
	hot_log_trim(hall, hot);
	hot_log_tidy(hall, index);
}

int cursor_end_presence(struct hall *hall, struct cursor *cursor)
{
	struct hot_log *hot = hot_log_at(hall, cursor->hot);
	const bool caught_up = cursor->state == CURSOR_CATCHUP || cursor->state == CURSOR_FETCHING;
	const bool compressed = hot->variant == variant_of(true, true);
	const uint64_t room_seq = hot->seq;

	CHECK(cursor->hot != 0 && cursor->presence);
	const uint32_t index = hot_log_enter(hall, cursor->place, variant_of(false, compressed), room_seq);

	if (index == 0)
		return -ENOMEM;
	hot_log_settle(hall, hot); /* one that is LIVE now has it all */
	const uint64_t given_seq = cursor->state == CURSOR_LIVE ? room_seq : cursor->seq;

	leave_hot_log(hall, cursor);
	cursor->presence = false;
	if (caught_up) {
		enter_hot_log(hall, cursor, index);
		return 0;
	}
	cursor_unlist(hall, cursor);
	enter_with(hall, cursor, index, given_seq, room_seq);
	return 0;
}

bool cursor_close(struct hall *hall, struct cursor *cursor)
{
	const uint32_t place_index = cursor->place;
	struct place *place = directory_at(hall->directory, place_index);

	if (cursor->hot != 0)
		leave_hot_log(hall, cursor);
	if (cursor->state != CURSOR_ORPHAN)
		disown(hall, cursor);
	CHECK(place->members > 0);
	const bool last = --place->members == 0;

	slab_give(&hall->cursors, cursor);
	counter_add(hall->counters, COUNTER_members, -1);
	directory_tidy(hall->directory, place_index);
	return last;
}

/* Moves to a later position, from segment to segment; LIVE when it is the tail. */
static void move(struct hall *hall, struct cursor *cursor, struct segment *from, uint64_t position)
{
	struct hot_log *hot = hot_log_at(hall, cursor->hot);
	struct segment *segment = from;

	cursor->position = position;
	while (segment && segment->start + segment->used <= position) {
		cursor->seq = segment->seq_last;
		segment = segment->next;
	}
	if (segment == from)
		return;
	from->readers--;
	if (segment)
		segment->readers++;
	else
		cursor->state = CURSOR_LIVE;
	hot_log_trim(hall, hot);
}

/* The first hole that the cursor has not passed, or NULL; holes are in order. */
static const struct hole *hole_ahead(const struct hall *hall, const struct cursor *cursor)
{
	return cursor->holes != 0 ? slab_at(&hall->holes, cursor->holes) : NULL;
}

/* Goes over the hole it stands before. */
static void pass_hole(struct hall *hall, struct cursor *cursor, struct segment *segment)
{
	struct hole *hole = slab_at(&hall->holes, cursor->holes);
	const uint64_t to = hole->to;

	cursor->seq = hole->seq;
	cursor->holes = hole->next;
	slab_give(&hall->holes, hole);
	move(hall, cursor, segment, to);
}

bool cursor_next(struct hall *hall, struct cursor *cursor, struct cursor_range *range)
{
	const struct hot_log *hot = hot_log_at(hall, cursor->hot);

	/* Only settled bytes: a member that goes LIVE here must be where all LIVE ones are. */
	CHECK(hot->settled == hot->tail);
	while (cursor->state == CURSOR_BEHIND) {
		struct segment *segment = segment_of(hot, cursor->position);
		const struct hole *hole = hole_ahead(hall, cursor);

		if (hole && hole->from <= cursor->position) {
			pass_hole(hall, cursor, segment);
			continue;
		}
		const uint64_t end = segment->start + segment->used;
		const bool cut = hole && hole->from < end;

		range->segment = segment;
		range->bytes = segment->bytes + (cursor->position - segment->start);
		range->size =
			(cut && !PLANTED(25) /* gets what it asked not to */ ? hole->from : end) - cursor->position;
		range->seq = cut ? hole->seq - 1 : segment->seq_last;
		return true;
	}
	return false;
}

void cursor_take(struct hall *hall, struct cursor *cursor, const struct cursor_range *range)
{
	/* Said here, not at the segment's end alone: it may fall off before it gets there. */
	cursor->seq = range->seq;
	move(hall, cursor, range->segment, cursor->position + range->size);
}

void cursor_hole(struct hall *hall, struct cursor *cursor, uint64_t from, uint64_t to)
{
	struct hole *hole = slab_take(&hall->holes);
	uint32_t *at = &cursor->holes;

	if (!hole || (cursor->state != CURSOR_LIVE && cursor->state != CURSOR_BEHIND)) {
		if (hole)
			slab_give(&hall->holes, hole);
		return;
	}
	hole->from = from;
	hole->to = to;
	hole->seq = hot_log_at(hall, cursor->hot)->seq;
	while (*at != 0)
		at = &((struct hole *)slab_at(&hall->holes, *at))->next;
	*at = slab_index(&hall->holes, hole);
}
