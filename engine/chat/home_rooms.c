#include "engine/chat/home_rooms.h"

#include <errno.h>

#include "engine/core/check.h"

#define EVICTIONS_MAX 64 /* rooms looked at to make way for one */

static void cold_remove(struct home *home, struct room *room)
{
	const uint32_t index = room_index(home, room);

	if (room->colder != 0)
		room_at(home, room->colder)->warmer = room->warmer;
	else if (home->coldest == index)
		home->coldest = room->warmer;
	else
		return; /* was not in the list */
	if (room->warmer != 0)
		room_at(home, room->warmer)->colder = room->colder;
	else
		home->warmest = room->colder;
	room->colder = 0;
	room->warmer = 0;
}

static void cold_add(struct home *home, struct room *room)
{
	const uint32_t index = room_index(home, room);

	cold_remove(home, room);
	room->colder = home->warmest;
	if (home->warmest != 0)
		room_at(home, home->warmest)->warmer = index;
	else
		home->coldest = index;
	home->warmest = index;
}

static void bytes_change(struct home *home, int64_t change)
{
	home->history_bytes += (uint64_t)change;
	counter_add(home->counters, COUNTER_history_bytes, change);
}

static void shift(struct home *home, struct room *room)
{
	struct record *record = room_log_shift(&room->log);
	const struct chat_event *event = &record->event;

	if (event->producer.bytes)
		dedup_remove(&home->dedup, room_index(home, room), event->producer, event->number, event->seq);
	bytes_change(home, -(int64_t)record->size);
	record_give(record);
	if (room->log.count == 0)
		cold_remove(home, room);
}

void room_trim(struct home *home, struct room *room)
{
	const struct home_limits *limits = &home->limits;
	struct room_log *log = &room->log;

	while (log->count > limits->history_messages || log->bytes > limits->history_bytes)
		shift(home, room);
	while (log->count > 0 && home->now_ms >= room->aging_ms) {
		const struct record *oldest = *room_log_at(log, room_log_first(log));

		/* What comes after the oldest is younger still. */
		room->aging_ms = oldest->kept_ms + limits->history_age_ms;
		if (room->aging_ms <= home->now_ms)
			shift(home, room);
	}
}

/* The rooms longest silent give up their logs until the core's sum is kept. */
static void trim_all(struct home *home)
{
	while (home->history_bytes > home->limits.history_bytes_all && home->coldest != 0) {
		struct room *room = room_at(home, home->coldest);

		shift(home, room);
		room_tidy(home, room);
	}
}

struct room *room_find(const struct home *home, struct span name, uint64_t hash)
{
	const uint32_t place = directory_find(home->directory, name, hash);
	const uint32_t room = place ? directory_at(home->directory, place)->room : 0;

	return room ? room_at(home, room) : NULL;
}

/* Makes way for a new room: forgets one that nobody is in. */
static void evict_silent(struct home *home)
{
	uint32_t index = home->coldest;

	for (int looked = 0; index != 0 && looked < EVICTIONS_MAX; looked++) {
		struct room *room = room_at(home, index);

		index = room->warmer;
		if (room->connections > 0)
			continue;
		while (room->log.count > 0)
			shift(home, room);
		room_tidy(home, room);
		return;
	}
}

static void epoch_draw(struct home *home, struct room *room)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

	for (int i = 0; i < ROOM_EPOCH_SIZE; i++)
		room->epoch[i] = letters[random_below(&home->random, sizeof(letters) - 1)];
}

struct room *room_enter(struct home *home, struct span name, uint64_t hash)
{
	struct room *room = room_find(home, name, hash);

	if (room)
		return room;
	if (home->rooms.used == home->rooms.item_max)
		evict_silent(home);
	room = slab_take(&home->rooms);
	if (!room)
		return NULL;
	room->place = directory_enter(home->directory, name, hash);
	if (room->place == 0) {
		slab_give(&home->rooms, room);
		return NULL;
	}
	directory_at(home->directory, room->place)->room = room_index(home, room);
	epoch_draw(home, room);
	counter_add(home->counters, COUNTER_rooms, 1);
	return room;
}

void room_tidy(struct home *home, struct room *room)
{
	const uint32_t place = room->place;

	if (room->connections > 0 || room->log.count > 0 || room->next_counting != 0)
		return;
	CHECK(room->roster_first == 0 && room->cores == 0);
	cold_remove(home, room);
	directory_at(home->directory, place)->room = 0;
	slab_give(&home->rooms, room);
	counter_add(home->counters, COUNTER_rooms, -1);
	directory_tidy(home->directory, place);
}

static int keep(struct home *home, struct room *room, const struct chat_event *event)
{
	const uint32_t index = room_index(home, room);
	struct record *record = record_make(event);

	if (!record)
		return -ENOMEM;
	record->kept_ms = home->now_ms;
	if (event->producer.bytes && dedup_add(&home->dedup, index, event->producer, event->number, event->seq) != 0) {
		record_give(record);
		return -ENOMEM;
	}
	if (room_log_append(&room->log, record) != 0) {
		if (event->producer.bytes)
			dedup_remove(&home->dedup, index, event->producer, event->number, event->seq);
		record_give(record);
		return -ENOMEM;
	}
	bytes_change(home, record->size);
	cold_add(home, room);
	return 0;
}

int room_append(struct home *home, struct room *room, struct chat_event *event)
{
	event->seq = room->log.last + 1;
	event->ts_ms = home->wall_ms;

	const int error = keep(home, room, event);

	if (error == 0) {
		room_trim(home, room);
		trim_all(home);
	}
	return error;
}

int room_restore(struct home *home, struct room *room, const struct chat_event *event)
{
	if (room->log.count == 0)
		room->log.last = event->seq - 1;
	if (event->seq != room->log.last + 1)
		return -EINVAL;
	return keep(home, room, event);
}

const struct record *room_find_cid(const struct home *home, const struct room *room, struct span producer,
				   uint64_t number)
{
	const uint32_t index = room_index(home, room);
	struct map_probe probe = dedup_probe(&home->dedup, index, producer, number);

	for (uint64_t seq; (seq = dedup_next(&home->dedup, &probe, index)) != 0;) {
		struct record **at = room_log_at(&room->log, seq);

		CHECK(at);
		if ((*at)->event.number == number && span_equal((*at)->event.producer, producer))
			return *at;
	}
	return NULL;
}

static void erase_one(struct home *home, struct room *room, struct record **at)
{
	const uint32_t before = (*at)->size;

	*at = record_delete(*at);
	room->log.bytes -= before - (*at)->size;
	bytes_change(home, (int64_t)(*at)->size - before);
}

void room_erase(struct home *home, struct room *room, uint64_t target)
{
	struct record **at = room_log_at(&room->log, target);

	CHECK(at && (*at)->event.kind == CHAT_EV_msg);
	const bool edited = (*at)->event.rev > 0;

	erase_one(home, room, at);
	for (uint64_t seq = target + 1; edited && seq <= room->log.last; seq++) {
		at = room_log_at(&room->log, seq);
		if ((*at)->event.kind == CHAT_EV_edit && (*at)->event.target == target)
			erase_one(home, room, at);
	}
}
