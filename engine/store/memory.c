#include "engine/store/memory.h"

#include <errno.h>
#include <stdio.h>

#include "engine/core/check.h"
#include "engine/core/hash.h"
#include "engine/store/memory_read.h"
#include "engine/store/words.h"
#include "proto/chat/author.h"

/* Where the event of a cid is. */
struct memory_cid {
	uint64_t seq;
	uint32_t room;
};

int store_memory_open(struct store_memory *memory, const struct store_memory_limits *limits)
{
	*memory = (struct store_memory){ 0 };
	pthread_mutex_init(&memory->mutex, NULL);
	if (slab_open(&memory->rooms, "kept rooms", sizeof(struct memory_room), limits->rooms_max) != 0 ||
	    slab_open(&memory->cids, "kept cids", sizeof(struct memory_cid), limits->cids_max) != 0 ||
	    map_open(&memory->by_name, 256) != 0 || map_open(&memory->by_cid, 256) != 0)
		return -ENOMEM;
	return 0;
}

static struct memory_room *room_at(const struct store_memory *memory, uint32_t index)
{
	return slab_at(&memory->rooms, index);
}

static struct span room_name(const struct memory_room *room)
{
	return span_of(room->name, room->name_size);
}

static void room_close(struct memory_room *room)
{
	while (room->log.count > 0)
		record_give(room_log_shift(&room->log));
	if (room->state)
		block_give(room->state, room->state_size);
}

void store_memory_close(struct store_memory *memory)
{
	for (uint32_t index = 1; index <= memory->rooms.touched; index++)
		room_close(room_at(memory, index));
	map_close(&memory->by_cid);
	map_close(&memory->by_name);
	slab_close(&memory->cids);
	slab_close(&memory->rooms);
	pthread_mutex_destroy(&memory->mutex);
}

static struct memory_room *room_find(const struct store_memory *memory, struct span name)
{
	struct map_probe probe = map_probe(&memory->by_name, hash_bytes(name.bytes, name.size, 0));

	for (uint32_t index; (index = map_next(&memory->by_name, &probe)) != 0;)
		if (span_equal(room_name(room_at(memory, index)), name))
			return room_at(memory, index);
	return NULL;
}

static struct memory_room *room_make(struct store_memory *memory, const struct store_job *job)
{
	struct memory_room *room = slab_take(&memory->rooms);

	CHECK(room && job->room.size <= sizeof(room->name));
	CHECK(job->epoch.size > 0 && job->epoch.size < sizeof(room->epoch));
	memcpy(room->name, job->room.bytes, job->room.size);
	memcpy(room->epoch, job->epoch.bytes, job->epoch.size);
	room->name_size = (uint8_t)job->room.size;
	const uint64_t hash = hash_bytes(room->name, room->name_size, 0);

	CHECK(map_add(&memory->by_name, hash, slab_index(&memory->rooms, room)) == 0);
	return room;
}

static uint64_t cid_hash(uint32_t room, struct span producer, uint64_t number)
{
	return hash_bytes(producer.bytes, producer.size, (uint64_t)room << 32 ^ number * 0x9e3779b97f4a7c15ull);
}

static const struct chat_event *cid_find(const struct store_memory *memory, const struct memory_room *room,
					 const struct chat_event *again)
{
	const uint32_t index = slab_index(&memory->rooms, room);
	struct map_probe probe = map_probe(&memory->by_cid, cid_hash(index, again->producer, again->number));

	for (uint32_t found; (found = map_next(&memory->by_cid, &probe)) != 0;) {
		const struct memory_cid *cid = slab_at(&memory->cids, found);
		const struct chat_event *event = cid->room == index ? memory_event(room, cid->seq) : NULL;

		if (event && event->number == again->number && span_equal(event->producer, again->producer) &&
		    chat_same_author(event->from, again->from))
			return event;
	}
	return NULL;
}

static void cid_add(struct store_memory *memory, const struct memory_room *room, const struct chat_event *event)
{
	const uint32_t index = slab_index(&memory->rooms, room);
	struct memory_cid *cid = slab_take(&memory->cids);

	CHECK(cid);
	*cid = (struct memory_cid){ .seq = event->seq, .room = index };
	CHECK(map_add(&memory->by_cid, cid_hash(index, event->producer, event->number),
		      slab_index(&memory->cids, cid)) == 0);
}

static void cid_remove(struct store_memory *memory, const struct memory_room *room, const struct chat_event *event)
{
	const uint32_t index = slab_index(&memory->rooms, room);
	const uint64_t hash = cid_hash(index, event->producer, event->number);
	struct map_probe probe = map_probe(&memory->by_cid, hash);

	for (uint32_t found; (found = map_next(&memory->by_cid, &probe)) != 0;) {
		struct memory_cid *cid = slab_at(&memory->cids, found);

		if (cid->room != index || cid->seq != event->seq)
			continue;
		map_remove(&memory->by_cid, hash, found);
		slab_give(&memory->cids, cid);
		return;
	}
	CHECK(!"a kept event with a cid is always found by it");
}

static void bytes_change(struct store_memory *memory, struct memory_room *room, int64_t change)
{
	room->bytes += (uint64_t)change;
	memory->bytes += (uint64_t)change;
}

static void trim(struct store_memory *memory, struct memory_room *room, const struct store_retention *kept,
		 uint64_t now_ms)
{
	while (memory_is_past(room, kept, now_ms)) {
		struct record *record = room_log_shift(&room->log);

		if (record->event.producer.bytes)
			cid_remove(memory, room, &record->event);
		bytes_change(memory, room, -(int64_t)event_bytes(&record->event));
		memory->events--;
		record_give(record);
	}
}

static void keep(struct store_memory *memory, struct memory_room *room, const struct chat_event *event)
{
	struct record *record = record_make(event);

	CHECK(record);
	CHECK(room_log_append(&room->log, record) == 0);
	if (event->producer.bytes)
		cid_add(memory, room, event);
	bytes_change(memory, room, (int64_t)event_bytes(&record->event));
	memory->events++;
}

static void erase_one(struct store_memory *memory, struct memory_room *room, uint64_t seq)
{
	struct record **at = room_log_at(&room->log, seq);
	const size_t before = event_bytes(&(*at)->event);

	room->log.bytes -= (*at)->size;
	*at = record_delete(*at);
	room->log.bytes += (*at)->size;
	bytes_change(memory, room, (int64_t)event_bytes(&(*at)->event) - (int64_t)before);
}

/* The message and all its edits lose their data. */
static void erase(struct store_memory *memory, struct memory_room *room, uint64_t target)
{
	erase_one(memory, room, target);
	for (uint64_t seq = target + 1; seq <= room->log.last; seq++)
		if (memory_event(room, seq)->kind == CHAT_EV_edit && memory_event(room, seq)->target == target)
			erase_one(memory, room, seq);
}

static enum store_status target_judge(const struct memory_room *room, const struct store_job *job)
{
	const struct chat_event *event = &job->event, *target = memory_event(room, event->target);

	if (!store_has_target(event->kind))
		return STORE_OK;
	if (!target || target->kind != CHAT_EV_msg || target->deleted)
		return STORE_GONE;
	return store_may_change(job, target->from) ? STORE_OK : STORE_FORBIDDEN;
}

static void set_state(struct memory_room *room, struct span state)
{
	if (!state.bytes)
		return;
	if (room->state)
		block_give(room->state, room->state_size);
	room->state_size = state.size;
	room->state = state.size > 0 ? block_take(state.size) : NULL;
	CHECK(state.size == 0 || room->state);
	if (state.size > 0)
		memcpy(room->state, state.bytes, state.size);
}

static void append_one(struct store_memory *memory, struct store_job *job)
{
	struct memory_room *room = room_find(memory, job->room);
	struct chat_event event = job->event;

	if (!room)
		room = room_make(memory, job);
	room->age_ms = job->retention.age_ms;
	trim(memory, room, &job->retention, job->now_ms);
	const struct chat_event *earlier = event.producer.bytes ? cid_find(memory, room, &event) : NULL;

	job->status = earlier ? STORE_DUPLICATE : job->look ? STORE_ABSENT : target_judge(room, job);
	job->first = room_log_first(&room->log);
	if (earlier) {
		job->seq = earlier->seq;
		job->ts_ms = earlier->ts_ms;
	}
	if (job->status != STORE_OK)
		return;
	if (event.kind == CHAT_EV_edit)
		event.rev = ++(*room_log_at(&room->log, event.target))->event.rev;
	if (event.kind == CHAT_EV_del)
		erase(memory, room, event.target);
	event.seq = room->log.last + 1;
	keep(memory, room, &event);
	set_state(room, job->state);
	trim(memory, room, &job->retention, job->now_ms);
	job->seq = event.seq;
	job->ts_ms = event.ts_ms;
	job->rev = event.rev;
	job->first = room_log_first(&room->log);
}

static int hook(int (*function)(void *, struct store_job *const *, size_t), const struct store_memory *memory,
		struct store_job **jobs, size_t count)
{
	return function ? function(memory->hooks.context, jobs, count) : 0;
}

static int append(void *handle, struct store_job **jobs, size_t count)
{
	struct store_memory *memory = handle;
	int result;

	pthread_mutex_lock(&memory->mutex);
	result = hook(memory->hooks.before, memory, jobs, count);
	/* All or nothing: each job may need one of each. */
	if (result == 0 &&
	    (memory->rooms.used + count > memory->rooms.item_max || memory->cids.used + count > memory->cids.item_max))
		result = -ENOSPC;
	if (result == 0) {
		for (size_t i = 0; i < count; i++)
			append_one(memory, jobs[i]);
		result = hook(memory->hooks.after, memory, jobs, count);
	}
	pthread_mutex_unlock(&memory->mutex);
	return result;
}

static void read_one(void *handle, struct store_job *job)
{
	struct store_memory *memory = handle;

	pthread_mutex_lock(&memory->mutex);
	job->status = memory->hooks.read ? memory->hooks.read(memory->hooks.context, job) : STORE_OK;
	if (job->status == STORE_OK && job->op == STORE_SEARCH && !words_any(job->query))
		job->status = STORE_BAD_QUERY;
	if (job->status == STORE_OK) {
		const struct memory_room *room = room_find(memory, job->room);

		job->first = 1;
		job->last = 0;
		job->known = false;
		job->page = NULL;
		job->kept_state = NULL;
		if (room)
			memory_read(room, job);
	}
	pthread_mutex_unlock(&memory->mutex);
}

static void *open_one(void *context, enum store_worker worker, char *why, size_t size)
{
	(void)worker;
	(void)why;
	(void)size;
	return context;
}

static void close_one(void *handle)
{
	(void)handle;
}

/* Every append has trimmed its room; in a room that nobody speaks in events only grow old. */
static int maintain(void *handle, uint64_t wall_ms)
{
	struct store_memory *memory = handle;

	pthread_mutex_lock(&memory->mutex);
	for (uint32_t index = 1; index <= memory->rooms.touched; index++) {
		struct memory_room *room = room_at(memory, index);

		if (memory->ages)
			room->age_ms = memory->ages->of(memory->ages->context, room_name(room), room->age_ms);
		trim(memory, room, &(struct store_retention){ .age_ms = room->age_ms }, wall_ms);
	}
	pthread_mutex_unlock(&memory->mutex);
	return 0;
}

static void go_by(void *handle, const struct store_ages *ages)
{
	((struct store_memory *)handle)->ages = ages;
}

struct store_backend store_memory_backend(struct store_memory *memory)
{
	return (struct store_backend){
		.name = "memory",
		.open = open_one,
		.close = close_one,
		.append = append,
		.read = read_one,
		.maintain = maintain,
		.go_by = go_by,
		.context = memory,
	};
}

int store_memory_visit(struct store_memory *memory, store_memory_visit_fn *visit, void *context)
{
	int result = 0;

	pthread_mutex_lock(&memory->mutex);
	for (uint32_t index = 1; result == 0 && index <= memory->rooms.touched; index++) {
		const struct memory_room *room = room_at(memory, index);
		const struct span epoch = span_of(room->epoch, strlen(room->epoch));

		for (uint64_t seq = room_log_first(&room->log); result == 0 && seq <= room->log.last; seq++)
			result = visit(context, room_name(room), epoch, memory_event(room, seq));
	}
	pthread_mutex_unlock(&memory->mutex);
	return result;
}
