/* sqlite_keep.h - the writer's housekeeping: events past their retention go, words can be found, the write-ahead log
 * stays short. For store/'s sqlite files alone.
 */
#ifndef STORE_SQLITE_KEEP_H
#define STORE_SQLITE_KEEP_H

#include "engine/store/backend.h"
#include "engine/store/sqlite_append.h"

struct sqlite_keep {
	struct sqlite_append *append;
	sqlite3_stmt *expired, *to_trim, *to_index, *aged, *set_age;
	sqlite3_stmt *drop, *drop_words, *set_trimmed, *set_expired;
	sqlite3_stmt *events, *target, *forget, *learn, *set_indexed;
	int64_t trim_after, index_after; /* rooms: every one has its turn */
	const struct store_ages *ages; /* or NULL */
	uint32_t ages_version; /* of them, when the last round of all rooms began */
	bool aging; /* that round is not over, */
	int64_t aged_upto; /* and this room was its last */
	bool spoilt; /* what this needs is damaged: from now on only checkpoints */
	uint8_t *text; /* CHAT_DATA_SIZE_MAX bytes */
};

int keep_open(struct sqlite_keep *keep, struct sqlite_append *append);
void keep_close(struct sqlite_keep *keep);

/* As struct store_backend's. */
void keep_go_by(struct sqlite_keep *keep, const struct store_ages *ages);
int keep_slice(struct sqlite_keep *keep, uint64_t wall_ms);

#endif
