/* sqlite_row.h - an event as a row of the table `events`, and back. For store/'s sqlite files alone.
 */
#ifndef STORE_SQLITE_ROW_H
#define STORE_SQLITE_ROW_H

#include "engine/store/sqlite_db.h"
#include "proto/chat/event.h"

#define ROW_SEQ_MAX UINT32_MAX
#define ROW_ROOM_MAX INT32_MAX

static inline int64_t row_id(int64_t room, uint64_t seq)
{
	return room << 32 | (int64_t)seq;
}

/* What a SELECT must name for row_read(), in this order. */
#define ROW_COLUMNS "id, kind, ts, sender, producer, n, data, target, key, shown, rev, deleted, crc"

#define ROW_INSERT                                                                                                     \
	"INSERT INTO events (id, kind, ts, sender, producer, n, data, target, key, shown, rev, deleted, crc, size, "   \
	"upto)"                                                                                                        \
	" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

/* Bytes of the event's spans without the room. */
uint32_t row_size(const struct chat_event *event);

/* Binds for ROW_INSERT; spans are borrowed until the statement is reset. */
void row_bind(sqlite3_stmt *insert, int64_t room, const struct chat_event *event, uint64_t upto);

/* The row at hand; spans borrow from the statement until its next step. False: it is damaged. */
bool row_read(sqlite3_stmt *select, struct chat_event *event);

/* Likewise of where a room stands. Without the epoch: whoever restores a backup gives rooms new ones (docs/operate). */
uint32_t row_room_crc(struct span name, uint64_t first, uint64_t last);

/* Of what a room has besides its log. */
uint32_t row_state_crc(int64_t room, struct span state);

/* The sum of what an event is. */
uint32_t row_crc(int64_t id, const struct chat_event *event);

#endif
