/* sqlite_rooms.h - where rooms stand, as the writer knows it: a bounded cache before the table `rooms`.
 *
 * What a batch changes is written at its end, a row a room. For store/'s sqlite files alone.
 */
#ifndef STORE_SQLITE_ROOMS_H
#define STORE_SQLITE_ROOMS_H

#include "engine/chat/store_job.h"
#include "engine/store/sqlite_db.h"

struct sqlite_room {
	int64_t id; /* 0: this place of the cache is empty */
	uint64_t first, last;
	uint64_t oldest; /* the seq that the next two are of: `first`, or 0 where they were not looked up */
	uint64_t oldest_ts;
	uint64_t oldest_upto; /* sum of the sizes of all events before it */
	uint64_t upto; /* likewise of all events ever */
	uint64_t age; /* milliseconds */
	char epoch[CHAT_EPOCH_SIZE_MAX + 1];
	char name[CHAT_ROOM_SIZE_MAX];
	uint8_t name_size;
	bool dirty; /* to be written at the end of the batch */
	struct sqlite_room *next_dirty;
};

struct sqlite_rooms {
	sqlite3 *db;
	sqlite3_stmt *find, *insert, *update, *event;
	struct sqlite_room *places;
	struct sqlite_room *dirty;
};

/* 0 or -1. */
int standings_open(struct sqlite_rooms *rooms, sqlite3 *db);
void standings_close(struct sqlite_rooms *rooms);

/* Finds, or makes with the epoch. *room stays valid until the next call. SQLite's code. */
int standings_enter(struct sqlite_rooms *rooms, struct span name, struct span epoch, struct sqlite_room **room);
void standings_touch(struct sqlite_rooms *rooms, struct sqlite_room *room);

/* An event's time, and what its room had in bytes before and with it. SQLite's code; SQLITE_CORRUPT: there is none. */
struct sqlite_mark {
	uint64_t ts, before, upto;
};
int standings_mark(struct sqlite_rooms *rooms, const struct sqlite_room *room, uint64_t seq, struct sqlite_mark *mark);

/* Sees to it that oldest_* are those of `first`; there must be one. SQLite's code. */
int standings_oldest(struct sqlite_rooms *rooms, struct sqlite_room *room);

/* Writes what is to be written; forgets everything, after a rollback or when the table was changed otherwise. */
int standings_flush(struct sqlite_rooms *rooms);
void standings_forget(struct sqlite_rooms *rooms);

/* Forgets one room, and what was to be written; nothing but of this room may have been. */
void standings_forget_one(struct sqlite_rooms *rooms, struct span name);

#endif
