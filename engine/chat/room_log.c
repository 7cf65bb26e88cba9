#include "engine/chat/room_log.h"

#include <errno.h>

#include "engine/core/check.h"
#include "engine/core/slab.h"

#define ORDER_FIRST 3

static uint32_t slot_of(const struct room_log *log, uint64_t nth)
{
	return (uint32_t)((log->head + nth) & (room_log_capacity(log) - 1));
}

struct record **room_log_at(const struct room_log *log, uint64_t seq)
{
	const uint64_t first = room_log_first(log);

	if (seq < first || seq > log->last)
		return NULL;
	return &log->slots[slot_of(log, seq - first)];
}

static int grow(struct room_log *log)
{
	const uint32_t order = log->slots ? log->order + 1u : ORDER_FIRST;
	struct record **slots = block_take(sizeof(*slots) << order);

	if (!slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < log->count; i++)
		slots[i] = log->slots[slot_of(log, i)];
	if (log->slots)
		block_give(log->slots, room_log_capacity(log) * sizeof(*slots));
	log->slots = slots;
	log->order = order & 0xff;
	log->head = 0;
	return 0;
}

int room_log_append(struct room_log *log, struct record *record)
{
	CHECK(record->event.seq == log->last + 1);
	if (log->count == room_log_capacity(log) && grow(log) != 0)
		return -ENOMEM;
	log->slots[slot_of(log, log->count)] = record;
	log->count++;
	log->last++;
	log->bytes += record->size;
	return 0;
}

struct record *room_log_shift(struct room_log *log)
{
	CHECK(log->count > 0);
	struct record *record = log->slots[log->head];

	log->head = slot_of(log, 1);
	log->count--;
	log->bytes -= record->size;
	if (log->count == 0) {
		block_give(log->slots, room_log_capacity(log) * sizeof(*log->slots));
		log->slots = NULL;
		log->head = 0;
	}
	return record;
}
