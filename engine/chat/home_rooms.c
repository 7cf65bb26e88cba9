#include "engine/chat/home_rooms.h"

#include <errno.h>
#include <string.h>

#include "engine/chat/home_disk.h"
#include "engine/chat/home_mod.h"
#include "engine/core/check.h"
#include "engine/core/mutant.h"
#include "proto/chat/author.h"

static const struct room_class class_of_all = { .presence = true };

_Static_assert(ROOM_CLASSES_MAX <= UINT8_MAX, "a room has a byte for its class");

const struct room_class *class_of(const struct home *home, const struct room *room)
{
	const struct room_classes *classes = home->limits.classes;

	if (!classes)
		return &class_of_all;
	if (room->classed == home->classed)
		return &classes->classes[room->class];
	return room_class_of(classes, room_name(home, room));
}

static size_t class_index(const struct home *home, const struct room *room)
{
	return home->limits.classes ? (size_t)(class_of(home, room) - home->limits.classes->classes) : 0;
}

void room_classes_change(struct home *home, const struct room_classes *after)
{
	const struct room_classes *before = home->limits.classes;
	uint64_t *const cells = home->counters->messages;
	uint64_t counted[ROOM_CLASSES_MAX];

	for (uint32_t i = 0; before && after && i < ROOM_CLASSES_MAX; i++)
		counted[i] = cell_read(&cells[i]);
	for (uint32_t i = 0; before && after && i < ROOM_CLASSES_MAX; i++) {
		uint64_t value = 0;

		for (uint32_t j = 0; i < after->count && j < before->count; j++)
			if (strcmp(before->classes[j].prefix, after->classes[i].prefix) == 0)
				value = counted[j];
		__atomic_store_n(&cells[i], value, __ATOMIC_RELAXED);
	}
	home->limits.classes = after;
	home->classed++;
}

static void find_class(const struct home *home, struct room *room, struct span name)
{
	const struct room_classes *classes = home->limits.classes;

	room->class = classes ? (uint8_t)(room_class_of(classes, name) - classes->classes) : 0;
	room->classed = home->classed;
}

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

static struct dedup_cid cid_of(const struct home *home, const struct room *room, const struct chat_event *event)
{
	return (struct dedup_cid){ room_index(home, room), event->from, event->producer, event->number };
}

static void shift(struct home *home, struct room *room)
{
	struct record *record = room_log_shift(&room->log);
	const struct chat_event *event = &record->event;

	if (event->producer.bytes && room->disk == 0 && !PLANTED(23)) {
		const struct dedup_cid cid = cid_of(home, room, event);

		dedup_remove(&home->dedup, &cid, event->seq);
	}
	bytes_change(home, -(int64_t)record->size);
	record_give(record);
	if (room->log.count == 0)
		cold_remove(home, room);
}

uint64_t room_first(const struct home *home, const struct room *room)
{
	return room->disk != 0 ? room_disk(home, room)->first : room_log_first(&room->log);
}

static uint64_t bound(uint64_t of_class, uint64_t of_home)
{
	return of_class != 0 ? of_class : of_home;
}

/* What a room of class memory keeps, and the window of one of class disk. */
static struct store_retention kept_of(const struct home *home, const struct room *room)
{
	const struct home_limits *limits = &home->limits;
	const struct store_retention *kept = &class_of(home, room)->kept;

	if (room->disk != 0)
		return (struct store_retention){ limits->history_messages, limits->history_bytes, kept->age_ms };
	return (struct store_retention){
		.messages = bound(kept->messages, limits->history_messages),
		.bytes = bound(kept->bytes, limits->history_bytes),
		.age_ms = bound(kept->age_ms, limits->history_age_ms),
	};
}

/* The window shows nothing that the store keeps no longer. */
static void trim_to_store(struct home *home, struct room *room)
{
	struct room_disk *disk = room_disk(home, room);

	while (room->log.count > 0 && room_log_first(&room->log) < disk->first)
		shift(home, room);
}

void room_empty(struct home *home, struct room *room)
{
	while (room->log.count > 0)
		shift(home, room);
}

void room_trim(struct home *home, struct room *room)
{
	if (room->classed != home->classed) {
		find_class(home, room, room_name(home, room));
		room->aging_ms = 0; /* what was not too old may be */
	}

	const struct store_retention kept = kept_of(home, room);
	struct room_log *log = &room->log;

	if (room->disk != 0)
		trim_to_store(home, room);
	while (log->count > kept.messages || log->bytes > kept.bytes)
		shift(home, room);
	if (kept.age_ms == 0)
		return;
	while (log->count > 0 && home->now_ms >= room->aging_ms) {
		const struct record *oldest = *room_log_at(log, room_log_first(log));
		/* By the difference alone: what was restored may be older than this clock. */
		const int64_t age_ms = (int64_t)(home->now_ms - oldest->kept_ms);

		/* What comes after the oldest is younger still. */
		if (age_ms < (int64_t)kept.age_ms) {
			room->aging_ms = home->now_ms + (uint64_t)((int64_t)kept.age_ms - age_ms);
			break;
		}
		if (room->disk != 0)
			room_disk(home, room)->first = oldest->event.seq + 1;
		shift(home, room);
	}
}

/* The rooms longest silent give up their logs until the core's sum is kept. */
static void trim_all(struct home *home)
{
	while (home->history_bytes > home->limits.history_bytes_all) {
		CHECK(home->coldest != 0); /* who has bytes is on the list */
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
		CHECK(!room->pinned); /* nothing that is done in one room enters another */
		if (room->connections > 0 || room->disk != 0 || mod_is_needed(home, room))
			continue;
		room_empty(home, room);
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
	find_class(home, room, name);
	if (class_of(home, room)->disk && home->store) {
		struct room_disk *disk = slab_take(&home->disks);

		CHECK(disk); /* there are as many as rooms */
		room->disk = slab_index(&home->disks, disk);
		disk_enter(home, room, disk);
	}
	directory_at(home->directory, room->place)->room = room_index(home, room);
	epoch_draw(home, room);
	counter_add(home->counters, COUNTER_rooms, 1);
	if (room->disk != 0 && !disk_begin(home, room)) {
		room_tidy(home, room);
		return NULL;
	}
	return room;
}

/* Whether a room that nobody is in holds what is nowhere else. */
static bool is_needed(const struct home *home, const struct room *room)
{
	if (room->disk != 0)
		return disk_is_busy(room_disk(home, room));
	return room->log.count > 0 || (mod_is_needed(home, room) && !PLANTED(70)); /* a ban goes with the last member */
}

void room_tidy(struct home *home, struct room *room)
{
	const uint32_t place = room->place;

	if (room->connections > 0 || room->next_counting != 0 || room->pinned || is_needed(home, room))
		return;
	CHECK(room->roster_first == 0 && room->cores == 0);
	room_empty(home, room);
	mod_forget(home, room);
	if (room->disk != 0) {
		disk_leave(home, room_disk(home, room));
		slab_give(&home->disks, room_disk(home, room));
	}
	cold_remove(home, room);
	busy_forget(&home->busy, room_index(home, room));
	directory_at(home->directory, place)->room = 0;
	slab_give(&home->rooms, room);
	counter_add(home->counters, COUNTER_rooms, -1);
	directory_tidy(home->directory, place);
}

static int keep(struct home *home, struct room *room, const struct chat_event *event, uint64_t kept_ms)
{
	const struct dedup_cid cid = cid_of(home, room, event);
	const bool by_cid = event->producer.bytes && room->disk == 0; /* of class disk the store knows the cids */
	struct record *record = record_make(event);

	if (!record)
		return -ENOMEM;
	record->kept_ms = kept_ms;
	if (by_cid && !PLANTED(23) /* a cid is not remembered */ && dedup_add(&home->dedup, &cid, event->seq) != 0) {
		record_give(record);
		return -ENOMEM;
	}
	if (room_log_append(&room->log, record) != 0) {
		if (by_cid)
			dedup_remove(&home->dedup, &cid, event->seq);
		record_give(record);
		return -ENOMEM;
	}
	bytes_change(home, record->size);
	cold_add(home, room);
	return 0;
}

static enum chat_event_kind kind_of(uint32_t op)
{
	switch (op) {
	case CHAT_OP_edit:
		return CHAT_EV_edit;
	case CHAT_OP_del:
		return CHAT_EV_del;
	case CHAT_OP_react:
		return CHAT_EV_react;
	default:
		return CHAT_EV_msg;
	}
}

struct chat_event room_event_of(const struct home *home, const struct mail_command *mail)
{
	const struct chat_command *command = &mail->command;

	return (struct chat_event){
		.kind = kind_of(mail->op),
		.from = mail->user,
		.ts_ms = home->wall_ms,
		.producer = command->producer,
		.number = command->number,
		.data = command->data,
		.key = command->key,
		.on = command->on,
		.target = command->target,
	};
}

int room_append(struct home *home, struct room *room, struct chat_event *event)
{
	event->seq = room->log.last + 1 + (PLANTED(22) && room->log.last == 20); /* a number is left out */
	event->ts_ms = home->wall_ms;

	const int error = keep(home, room, event, home->now_ms);

	if (error == 0) {
		room_trim(home, room);
		trim_all(home);
	}
	return error;
}

void room_published(struct home *home, const struct room *room)
{
	counter_add(home->counters, COUNTER_published, 1);
	cell_add(&home->counters->messages[class_index(home, room)], 1);
	busy_note(&home->busy, room_index(home, room), room->connections + 1ull);
}

void room_follow(struct home *home, struct room *room, const struct chat_event *event)
{
	CHECK(event->seq == room->log.last + 1);
	if (keep(home, room, event, home->now_ms) != 0) {
		room_empty(home, room);
		room->log.last = event->seq;
	}
	room_trim(home, room);
	trim_all(home);
}

int room_restore(struct home *home, struct room *room, const struct chat_event *event, uint64_t kept_ms)
{
	if (room->log.count == 0)
		room->log.last = event->seq - 1;
	if (event->seq != room->log.last + 1)
		return -EINVAL;
	return keep(home, room, event, kept_ms);
}

const struct record *room_find_cid(const struct home *home, const struct room *room, struct span from,
				   struct span producer, uint64_t number)
{
	const struct dedup_cid cid = { room_index(home, room), from, producer, number };
	struct map_probe probe = dedup_probe(&home->dedup, &cid);

	for (uint64_t seq; (seq = dedup_next(&home->dedup, &probe, cid.room)) != 0;) {
		struct record **at = room_log_at(&room->log, seq);

		CHECK(at);
		if ((*at)->event.number == number && span_equal((*at)->event.producer, producer) &&
		    (chat_same_author((*at)->event.from, from) || PLANTED(90))) /* anybody's cid is one's own */
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

/* The message's data and that of its edits. In a window the edits may be there without the message, which is older. */
static void erase(struct home *home, struct room *room, uint64_t target)
{
	struct record **at = room_log_at(&room->log, target);
	const uint64_t first = room_log_first(&room->log);
	const bool edited = at ? (*at)->event.rev > 0 : !PLANTED(41); /* what an edit said stays */

	if (at)
		erase_one(home, room, at);
	for (uint64_t seq = target < first ? first : target + 1; edited && seq <= room->log.last; seq++) {
		at = room_log_at(&room->log, seq);
		if ((*at)->event.kind == CHAT_EV_edit && (*at)->event.target == target)
			erase_one(home, room, at);
	}
}

void room_apply(struct home *home, struct room *room, const struct chat_event *event)
{
	struct record **at = room_log_at(&room->log, event->target);

	if (event->kind == CHAT_EV_edit && at)
		(*at)->event.rev = event->rev;
	if (event->kind == CHAT_EV_del)
		erase(home, room, event->target);
}
