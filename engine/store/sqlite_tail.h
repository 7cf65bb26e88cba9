/* sqlite_tail.h - the words of a room's newest messages, which the index does not know yet.
 *
 * The index follows the writer by its housekeeping. A search reads what was kept since, and asks the same kind of index
 * made of that in memory. For store/'s sqlite files alone.
 */
#ifndef STORE_SQLITE_TAIL_H
#define STORE_SQLITE_TAIL_H

#include "engine/store/sqlite_read.h"

#define TAIL_EVENTS_MAX 4096 /* the newest that are looked at */

struct sqlite_tail {
	sqlite3 *db; /* in memory */
	sqlite3_stmt *forget, *learn, *find;
	sqlite3_stmt *events, *event, *newest_edit; /* of the file */
	uint64_t seqs[TAIL_EVENTS_MAX]; /* of messages whose words changed, ascending: the index is not asked of them */
	uint32_t count;
	uint64_t found[TAIL_EVENTS_MAX]; /* of these, descending */
	uint32_t found_count;
	uint8_t text[CHAT_DATA_SIZE_MAX];
};

/* Gives it, or NULL. */
struct sqlite_tail *tail_open(sqlite3 *db);
void tail_close(struct sqlite_tail *tail);

/* Looks for the expression in messages before a seq. In a transaction. SQLite's code. */
int tail_find(struct sqlite_tail *tail, const struct sqlite_standing *at, const char *expression, uint64_t before);

/* Whether the index does not know of the message as it is. */
bool tail_has(const struct sqlite_tail *tail, uint64_t seq);

/* A message as it is now; the event's spans borrow until the next call. *found: it is there, and not deleted. */
int tail_message(struct sqlite_tail *tail, int64_t room, uint64_t seq, struct chat_event *event, bool *found);

#endif
