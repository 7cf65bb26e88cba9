#include "engine/chat/dedup.h"

#include <errno.h>

#include "engine/core/check.h"
#include "engine/core/hash.h"
#include "engine/core/mutant.h"
#include "proto/chat/author.h"

int dedup_open(struct dedup *dedup, uint32_t entries_max, uint64_t hash_key)
{
	dedup->hash_key = hash_key;

	const int error = slab_open(&dedup->entries, "cids", sizeof(struct dedup_entry), entries_max);

	return error ? error : map_open(&dedup->by_cid, 256);
}

void dedup_close(struct dedup *dedup)
{
	map_close(&dedup->by_cid);
	slab_close(&dedup->entries);
}

/* With the author: what others have made under the same words is not gone through. */
static uint64_t cid_hash(const struct dedup *dedup, const struct dedup_cid *cid)
{
	const uint64_t mixed = cid->number * 0x9e3779b97f4a7c15ull + cid->room * 0xd1b54a32d192ed03ull;
	const uint64_t hash = hash_bytes(cid->producer.bytes, cid->producer.size, dedup->hash_key ^ mixed);
	const struct span author = chat_author(cid->from);

	return PLANTED(90) ? hash : hash_bytes(author.bytes, author.size, hash); /* anybody's cid is one's own */
}

struct map_probe dedup_probe(const struct dedup *dedup, const struct dedup_cid *cid)
{
	return map_probe(&dedup->by_cid, cid_hash(dedup, cid));
}

uint64_t dedup_next(const struct dedup *dedup, struct map_probe *probe, uint32_t room)
{
	for (uint32_t found; (found = map_next(&dedup->by_cid, probe)) != 0;) {
		const struct dedup_entry *entry = slab_at(&dedup->entries, found);

		if (entry->room == room)
			return entry->seq;
	}
	return 0;
}

int dedup_add(struct dedup *dedup, const struct dedup_cid *cid, uint64_t seq)
{
	struct dedup_entry *entry = slab_take(&dedup->entries);

	if (!entry)
		return -ENOMEM;
	entry->room = cid->room;
	entry->seq = seq;
	if (map_add(&dedup->by_cid, cid_hash(dedup, cid), slab_index(&dedup->entries, entry)) != 0) {
		slab_give(&dedup->entries, entry);
		return -ENOMEM;
	}
	return 0;
}

void dedup_remove(struct dedup *dedup, const struct dedup_cid *cid, uint64_t seq)
{
	const uint64_t hash = cid_hash(dedup, cid);
	struct map_probe probe = map_probe(&dedup->by_cid, hash);

	for (;;) {
		const uint32_t found = map_next(&dedup->by_cid, &probe);

		CHECK(found != 0); /* a kept event with a cid is always found by it */
		struct dedup_entry *entry = slab_at(&dedup->entries, found);

		if (entry->room != cid->room || entry->seq != seq)
			continue;
		map_remove(&dedup->by_cid, hash, found);
		slab_give(&dedup->entries, entry);
		return;
	}
}
