/* watch.h - what a core tells a status page: its busiest rooms and slowest members, on a board for all to read.
 *
 * Only while somebody asks. Members are looked through some at a time, a tick each.
 */
#ifndef GATE_WATCH_H
#define GATE_WATCH_H

#include "engine/chat/post.h"
#include "engine/core/board.h"
#include "proto/chat/limits.h"

#define WATCH_ROWS 10
#define WATCH_FOR_MS 15000 /* after the last question */
#define WATCH_SLOW_MS 200 /* without taking a byte */

struct watch_room {
	uint64_t deliveries; /* in over_ms; of these, so many events to so many connections each */
	uint32_t events;
	uint32_t connections, users;
	uint8_t name_size;
	uint8_t name[CHAT_ROOM_SIZE_MAX];
};

struct watch_member {
	uint32_t stuck_ms; /* since it last took a byte of what is there for it */
	uint32_t queued; /* bytes that wait for it alone */
	uint32_t rooms;
	uint32_t slot, generation;
	uint8_t name_size;
	uint8_t name[CHAT_NAME_SIZE_MAX];
};

/* A core's board. */
struct watch_board {
	uint64_t over_ms; /* that the figures of rooms are of */
	uint64_t room_count, member_count;
	struct watch_room rooms[WATCH_ROWS];
	struct watch_member members[WATCH_ROWS];
};

/* Of all cores: who asks says so here, and reads there. */
struct watch_links {
	uint64_t asked_ms; /* of the monotonic clock; atomic */
	struct board *boards[CORES_MAX]; /* of each core, filled in at open */
};

/* A core's own. */
struct watch_core {
	struct board *board;
	uint64_t taken_ms; /* when the rooms' figures began */
	uint32_t next; /* connection to be looked at */
	uint32_t found;
	struct watch_member slowest[WATCH_ROWS]; /* of those looked at, slowest first */
	struct watch_board told;
};

struct gate;

/* Every half second or so. */
void watch_tick(struct gate *gate, const struct watch_links *links);

#endif
