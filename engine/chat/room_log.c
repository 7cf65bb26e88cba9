#include "engine/chat/room_log.h"

#include <errno.h>

#include "engine/core/check.h"
#include "engine/core/slab.h"

#define CAPACITY_FIRST 8

struct record **room_log_at(const struct room_log *log, uint64_t seq)
{
	const uint64_t first = room_log_first(log);

	if (seq < first || seq > log->last)
		return NULL;
	return &log->slots[(log->head + (seq - first)) & (log->capacity - 1)];
}

static int grow(struct room_log *log)
{
	const uint32_t capacity = log->capacity ? log->capacity * 2 : CAPACITY_FIRST;
	struct record **slots = block_take(capacity * sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < log->count; i++)
		slots[i] = log->slots[(log->head + i) & (log->capacity - 1)];
	if (log->slots)
		block_give(log->slots, log->capacity * sizeof(*slots));
	log->slots = slots;
	log->capacity = capacity;
	log->head = 0;
	return 0;
}

int room_log_append(struct room_log *log, struct record *record)
{
	CHECK(record->event.seq == log->last + 1);
	if (log->count == log->capacity && grow(log) != 0)
		return -ENOMEM;
	log->slots[(log->head + log->count) & (log->capacity - 1)] = record;
	log->count++;
	log->last++;
	log->bytes += record->size;
	return 0;
}

struct record *room_log_shift(struct room_log *log)
{
	CHECK(log->count > 0);
	struct record *record = log->slots[log->head];

	log->head = (log->head + 1) & (log->capacity - 1);
	log->count--;
	log->bytes -= record->size;
	if (log->count == 0) {
		block_give(log->slots, log->capacity * sizeof(*log->slots));
		log->slots = NULL;
		log->capacity = 0;
		log->head = 0;
	}
	return record;
}
