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
	uint64_t first_ts; /* of the event `first`; 0: not looked at */
	uint64_t upto; /* sum of the sizes of all events ever */
	uint64_t age; /* milliseconds */
	char epoch[CHAT_EPOCH_SIZE_MAX + 1];
	char name[CHAT_ROOM_SIZE_MAX];
	uint8_t name_size;
	bool dirty; /* to be written at the end of the batch */
	struct sqlite_room *next_dirty;
};

struct sqlite_rooms {
	sqlite3 *db;
	sqlite3_stmt *find, *insert, *update, *upto, *first_ts;
	struct sqlite_room *places;
	struct sqlite_room *dirty;
};

/* 0 or -1. */
int standings_open(struct sqlite_rooms *rooms, sqlite3 *db);
void standings_close(struct sqlite_rooms *rooms);

/* Finds, or makes with the epoch. *room stays valid until the next call. SQLite's code. */
int standings_enter(struct sqlite_rooms *rooms, struct span name, struct span epoch, struct sqlite_room **room);
void standings_touch(struct sqlite_rooms *rooms, struct sqlite_room *room);

/* The time of the oldest event, which is looked up if need be; UINT64_MAX: nothing is kept. SQLite's code. */
int standings_first_ts(struct sqlite_rooms *rooms, struct sqlite_room *room, uint64_t *ts);

/* Writes what is to be written; forgets everything, after a rollback or when the table was changed otherwise. */
int standings_flush(struct sqlite_rooms *rooms);
void standings_forget(struct sqlite_rooms *rooms);

/* One room that was changed in the table. */
void standings_forget_one(struct sqlite_rooms *rooms, struct span name);

#endif
