#include "engine/gate/user_homes.h"

#include "engine/core/check.h"

/* 10 bits of the hash are the list's; so a page is always there. */
#define LISTS_MIN 1024
#define CONNECTIONS_MOST ((1 << 24) - 1)

int user_homes_open(struct user_homes *homes, uint32_t records_max, uint32_t cores)
{
	const int error = heads_open(&homes->heads, LISTS_MIN, records_max / cores);

	return error ? error : slab_open(&homes->records, "users", sizeof(struct user_record), records_max);
}

void user_homes_close(struct user_homes *homes)
{
	heads_close(&homes->heads);
	slab_close(&homes->records);
}

uint64_t user_homes_bytes_max(uint32_t sessions_max)
{
	return sessions_max * (uint64_t)sizeof(struct user_record) + heads_bytes_max(LISTS_MIN, sessions_max);
}

static uint64_t tag_of(uint64_t hash)
{
	return hash / LISTS_MIN & ((1ull << 40) - 1);
}

struct user_record *user_homes_find(const struct user_homes *homes, uint64_t hash)
{
	for (uint32_t index = *heads_of(&homes->heads, hash); index != 0;) {
		struct user_record *record = slab_at(&homes->records, index);

		if (record->tag == tag_of(hash))
			return record;
		index = record->next;
	}
	return NULL;
}

static void put(struct user_homes *homes, struct user_record *record, uint64_t hash)
{
	uint32_t *head = heads_of(&homes->heads, hash);

	record->next = *head;
	*head = slab_index(&homes->records, record);
}

static struct user_record *make(struct user_homes *homes, uint64_t hash)
{
	struct user_record *record = slab_take(&homes->records);

	CHECK(record);
	for (uint32_t index = heads_add(&homes->heads); index != 0;) {
		struct user_record *parted = slab_at(&homes->records, index);

		index = parted->next;
		/* The low bits are those of the list that was just added, too. */
		put(homes, parted, parted->tag * (uint64_t)LISTS_MIN + (homes->heads.lists - 1) % LISTS_MIN);
	}
	record->tag = tag_of(hash);
	put(homes, record, hash);
	return record;
}

struct user_record *user_homes_add(struct user_homes *homes, uint64_t hash, uint32_t core, int32_t connections,
				   int32_t rooms, bool present)
{
	struct user_record *record = user_homes_find(homes, hash);

	if (!record)
		record = make(homes, hash);

	const int64_t connections_now = (int64_t)record->connections + connections;
	const int64_t rooms_now = (int64_t)record->rooms + rooms;

	CHECK(connections_now >= 0 && connections_now <= CONNECTIONS_MOST);
	CHECK(rooms_now >= 0 && rooms_now <= UINT32_MAX);
	record->connections = (uint64_t)connections_now & CONNECTIONS_MOST;
	record->rooms = (uint32_t)rooms_now;
	record->cores = present ? record->cores | 1ull << core : record->cores & ~(1ull << core);
	return record;
}

void user_homes_tidy(struct user_homes *homes, struct user_record *record, uint64_t hash)
{
	const uint32_t index = slab_index(&homes->records, record);
	uint32_t *from = heads_of(&homes->heads, hash);

	if (record->connections > 0)
		return;
	CHECK(record->rooms == 0 && record->cores == 0);
	while (*from != index)
		from = &((struct user_record *)slab_at(&homes->records, *from))->next;
	*from = record->next;
	heads_remove(&homes->heads);
	slab_give(&homes->records, record);
}
