#include "engine/gate/user_homes.h"

#include <errno.h>

#include "engine/core/check.h"
#include "engine/core/pages.h"

static uint32_t heads_for(uint32_t records)
{
	uint32_t heads = 16;

	while (heads < records / 2)
		heads *= 2;
	return heads;
}

int user_homes_open(struct user_homes *homes, uint32_t records_max, uint32_t cores)
{
	const uint32_t heads = heads_for(records_max / cores);

	homes->mask = heads - 1;
	homes->heads = pages_reserve(heads * sizeof(*homes->heads));
	if (!homes->heads)
		return -ENOMEM;
	return slab_open(&homes->records, "users", sizeof(struct user_record), records_max);
}

void user_homes_close(struct user_homes *homes)
{
	if (homes->heads)
		pages_release(homes->heads, (homes->mask + 1) * sizeof(*homes->heads));
	homes->heads = NULL;
	slab_close(&homes->records);
}

uint64_t user_homes_bytes_max(uint32_t sessions_max)
{
	return sessions_max * (uint64_t)sizeof(struct user_record) + heads_for(sessions_max) * sizeof(uint32_t);
}

struct user_record *user_homes_find(const struct user_homes *homes, uint64_t hash)
{
	for (uint32_t index = homes->heads[hash & homes->mask]; index != 0;) {
		struct user_record *record = slab_at(&homes->records, index);

		if (record->tag == (uint32_t)(hash >> 32))
			return record;
		index = record->next;
	}
	return NULL;
}

static struct user_record *make(struct user_homes *homes, uint64_t hash)
{
	uint32_t *head = &homes->heads[hash & homes->mask];
	struct user_record *record = slab_take(&homes->records);

	CHECK(record);
	record->tag = (uint32_t)(hash >> 32);
	record->next = *head;
	*head = slab_index(&homes->records, record);
	return record;
}

struct user_record *user_homes_add(struct user_homes *homes, uint64_t hash, uint32_t core, int32_t connections,
				   int32_t rooms, bool present)
{
	struct user_record *record = user_homes_find(homes, hash);

	if (!record)
		record = make(homes, hash);
	CHECK(connections >= 0 || record->connections >= (uint32_t)-connections);
	CHECK(rooms >= 0 || record->rooms >= (uint32_t)-rooms);
	record->connections += (uint32_t)connections;
	record->rooms += (uint32_t)rooms;
	record->cores = present ? record->cores | 1ull << core : record->cores & ~(1ull << core);
	return record;
}

void user_homes_tidy(struct user_homes *homes, struct user_record *record, uint64_t hash)
{
	const uint32_t index = slab_index(&homes->records, record);
	uint32_t *from = &homes->heads[hash & homes->mask];

	if (record->connections > 0)
		return;
	CHECK(record->rooms == 0 && record->cores == 0);
	while (*from != index)
		from = &((struct user_record *)slab_at(&homes->records, *from))->next;
	*from = record->next;
	slab_give(&homes->records, record);
}
