#include "engine/store/sqlite_rooms.h"

#include <stdlib.h>
#include <string.h>

#include "engine/core/hash.h"
#include "engine/core/mutant.h"
#include "engine/store/sqlite_row.h"

#define PLACES 65536 /* rooms remembered; a power of two */
#define EVENT_SIZE_MAX (CHAT_DATA_SIZE_MAX + CHAT_NAME_SIZE_MAX + CHAT_PRODUCER_SIZE_MAX + CHAT_KEY_SIZE_MAX)
#define HASH_KEY 0x5f0ca7e5ull

int standings_open(struct sqlite_rooms *rooms, sqlite3 *db)
{
	*rooms = (struct sqlite_rooms){
		.db = db,
		.find = db_prepare(db, "SELECT id, epoch, first, last, age, crc FROM rooms WHERE name = ?"),
		.insert = db_prepare(db, "INSERT INTO rooms (name, epoch, first, last, trimmed, indexed, age, crc)"
					 " VALUES (?, ?, 1, 0, 1, 0, 0, ?)"),
		.update = db_prepare(
			db, "UPDATE rooms SET first = ?2, last = ?3, age = ?4, expires = ?5, crc = ?6 WHERE id = ?1"),
		.event = db_prepare(db, "SELECT ts, upto - size, upto FROM events WHERE id = ?"),
		.places = calloc(PLACES, sizeof(*rooms->places)),
	};
	return rooms->find && rooms->insert && rooms->update && rooms->event && rooms->places ? 0 : -1;
}

void standings_close(struct sqlite_rooms *rooms)
{
	sqlite3_finalize(rooms->find);
	sqlite3_finalize(rooms->insert);
	sqlite3_finalize(rooms->update);
	sqlite3_finalize(rooms->event);
	free(rooms->places);
}

static struct sqlite_room *place_of(const struct sqlite_rooms *rooms, struct span name)
{
	return &rooms->places[hash_bytes(name.bytes, name.size, HASH_KEY) & (PLACES - 1)];
}

static bool is(const struct sqlite_room *room, struct span name)
{
	return room->id != 0 && span_equal(span_of(room->name, room->name_size), name);
}

int standings_mark(struct sqlite_rooms *rooms, const struct sqlite_room *room, uint64_t seq, struct sqlite_mark *mark)
{
	sqlite3_stmt *event = rooms->event;

	sqlite3_bind_int64(event, 1, row_id(room->id, seq));
	const int code = sqlite3_step(event);

	if (code == SQLITE_ROW) {
		mark->ts = (uint64_t)sqlite3_column_int64(event, 0);
		mark->before = (uint64_t)sqlite3_column_int64(event, 1);
		mark->upto = (uint64_t)sqlite3_column_int64(event, 2);
	}
	sqlite3_reset(event);
	if (code == SQLITE_DONE)
		return SQLITE_CORRUPT; /* the seqs of a room have no holes */
	return code == SQLITE_ROW ? SQLITE_OK : code;
}

/* Whether so many events can have so many bytes: if not, all would be dropped for the sake of one wrong number. */
static bool is_sane(const struct sqlite_room *room, const struct sqlite_mark *oldest)
{
	return oldest->before <= room->upto &&
	       room->upto - oldest->before <= (room->last - room->first + 1) * EVENT_SIZE_MAX;
}

int standings_oldest(struct sqlite_rooms *rooms, struct sqlite_room *room)
{
	struct sqlite_mark mark;

	if (room->oldest == room->first)
		return SQLITE_OK;
	const int code = standings_mark(rooms, room, room->first, &mark);

	if (code != SQLITE_OK)
		return code;
	if (!is_sane(room, &mark))
		return SQLITE_CORRUPT;
	room->oldest = room->first;
	room->oldest_ts = mark.ts;
	room->oldest_upto = mark.before;
	return SQLITE_OK;
}

static int write(struct sqlite_rooms *rooms, struct sqlite_room *room)
{
	sqlite3_stmt *update = rooms->update;
	const bool expires = room->age != 0 && room->first <= room->last;
	const uint64_t last = room->last - (PLANTED(37) && room->last > 1); /* a seq is given again after a restart */
	const int code = expires ? standings_oldest(rooms, room) : SQLITE_OK;

	if (code != SQLITE_OK)
		return code;
	sqlite3_bind_int64(update, 1, room->id);
	sqlite3_bind_int64(update, 2, (int64_t)room->first);
	sqlite3_bind_int64(update, 3, (int64_t)last);
	sqlite3_bind_int64(update, 4, (int64_t)room->age);
	if (expires)
		sqlite3_bind_int64(update, 5, (int64_t)(room->oldest_ts + room->age));
	else
		sqlite3_bind_null(update, 5);
	sqlite3_bind_int64(update, 6, row_room_crc(span_of(room->name, room->name_size), room->first, last));
	room->dirty = false;
	return db_run(update);
}

int standings_flush(struct sqlite_rooms *rooms)
{
	int code = SQLITE_OK;

	while (rooms->dirty && code == SQLITE_OK) {
		struct sqlite_room *room = rooms->dirty;

		rooms->dirty = room->next_dirty;
		code = write(rooms, room);
	}
	return code;
}

void standings_touch(struct sqlite_rooms *rooms, struct sqlite_room *room)
{
	if (room->dirty)
		return;
	room->dirty = true;
	room->next_dirty = rooms->dirty;
	rooms->dirty = room;
}

void standings_forget(struct sqlite_rooms *rooms)
{
	memset(rooms->places, 0, PLACES * sizeof(*rooms->places));
	rooms->dirty = NULL;
}

void standings_forget_one(struct sqlite_rooms *rooms, struct span name)
{
	*place_of(rooms, name) = (struct sqlite_room){ 0 };
	rooms->dirty = NULL;
}

/* The row, or a new one; id 0: there is none. */
static int load(struct sqlite_rooms *rooms, struct span name, struct sqlite_room *room)
{
	sqlite3_stmt *find = rooms->find;

	room->id = 0;
	db_bind_span(find, 1, name);
	int code = sqlite3_step(find);

	if (code == SQLITE_ROW) {
		const struct span epoch = db_span(find, 1);

		room->id = sqlite3_column_int64(find, 0);
		room->first = (uint64_t)sqlite3_column_int64(find, 2);
		room->last = (uint64_t)sqlite3_column_int64(find, 3);
		room->age = (uint64_t)sqlite3_column_int64(find, 4);
		code = epoch.size > CHAT_EPOCH_SIZE_MAX || room->id <= 0 || room->id > ROW_ROOM_MAX ||
				       room->first < 1 || room->first > room->last + 1 || room->last > ROW_SEQ_MAX ||
				       (uint32_t)sqlite3_column_int64(find, 5) !=
					       row_room_crc(name, room->first, room->last)
			       ? SQLITE_CORRUPT
			       : SQLITE_OK;
		if (code == SQLITE_OK) {
			memcpy(room->epoch, epoch.bytes, epoch.size);
			room->epoch[epoch.size] = 0;
		}
	} else if (code == SQLITE_DONE) {
		code = SQLITE_OK;
	}
	sqlite3_reset(find);
	return code;
}

static int make(struct sqlite_rooms *rooms, struct span name, struct span epoch, struct sqlite_room *room)
{
	db_bind_span(rooms->insert, 1, name);
	db_bind_span(rooms->insert, 2, epoch);
	sqlite3_bind_int64(rooms->insert, 3, row_room_crc(name, 1, 0));

	const int code = db_run(rooms->insert);

	if (code != SQLITE_OK)
		return code;
	*room = (struct sqlite_room){ .id = sqlite3_last_insert_rowid(rooms->db), .first = 1 };
	memcpy(room->epoch, epoch.bytes, epoch.size);
	return room->id <= ROW_ROOM_MAX ? SQLITE_OK : SQLITE_FULL;
}

int standings_enter(struct sqlite_rooms *rooms, struct span name, struct span epoch, struct sqlite_room **at)
{
	struct sqlite_room *room = place_of(rooms, name);
	int code = SQLITE_OK;

	*at = room;
	if (is(room, name))
		return SQLITE_OK;
	/* Another room had this place: what it has to say is said now. The list of dirty ones goes by places. */
	if (room->dirty)
		code = standings_flush(rooms);
	*room = (struct sqlite_room){ 0 };
	if (code == SQLITE_OK)
		code = load(rooms, name, room);
	if (code == SQLITE_OK && room->id == 0)
		code = make(rooms, name, epoch, room);
	if (code == SQLITE_OK && room->last >= room->first) {
		struct sqlite_mark newest;

		code = standings_mark(rooms, room, room->last, &newest);
		room->upto = code == SQLITE_OK ? newest.upto : 0;
	}
	if (code != SQLITE_OK) {
		room->id = 0;
		return code;
	}
	memcpy(room->name, name.bytes, name.size);
	room->name_size = (uint8_t)name.size;
	return SQLITE_OK;
}
