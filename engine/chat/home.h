/* home.h - the rooms whose order this core gives: takes commands, keeps logs, tells the cores with members.
 *
 * A room has one home core, by its name's hash. Everything that concerns the
 * room passes here in one order, and leaves, by the post, in that order to each core.
 */
#ifndef CHAT_HOME_H
#define CHAT_HOME_H

#include "engine/chat/directory.h"
#include "engine/chat/mail.h"
#include "engine/chat/post.h"
#include "engine/chat/room_class.h"
#include "engine/chat/store_port.h"
#include "engine/core/random.h"

struct room;
struct home;

struct home_limits {
	uint32_t rooms_max;          /* this core */
	uint32_t members_max;        /* connections a room */
	uint32_t roster_max;         /* users in rooms, this core */
	uint32_t history_messages;   /* a room */
	uint64_t history_bytes;      /* a room */
	uint64_t history_age_ms;     /* a room */
	uint32_t traffic_kib_per_s;  /* a room's events to all its members, about; 0: no limit */
	const struct room_classes *classes; /* keeps; NULL: every room is of class memory */
	uint64_t history_bytes_all;  /* this core; the room longest silent gives way first */
	size_t page_bytes;           /* data in one page, at least one event */
};

/* Keeps directory, post, counters and store (NULL: there is none, every room is of class memory). Gives NULL when there
 * is no memory. */
struct home *home_open(const struct home_limits *limits, struct directory *directory, struct post *post,
		       struct counters *counters, uint64_t seed, struct store_port *store);
void home_close(struct home *home);

/* Other limits from now on: members and traffic of a room, what it keeps, what holds for which names. For no name may
 * the class say otherwise than before whether it is kept on disk. Keeps limits->classes instead of those before. */
void home_adopt(struct home *home, const struct home_limits *limits);
uint64_t home_bytes_max(const struct home_limits *limits);

/* Runs one command, whose room's home this core must be. now_ms is monotonic, wall_ms for people. */
void home_command(struct home *home, const struct mail_command *mail, uint64_t now_ms, uint64_t wall_ms);

/* Takes a job that came back from the store, and gives it back or keeps what is in it. */
void home_stored(struct home *home, struct store_job *job, uint64_t now_ms, uint64_t wall_ms);

/* Counts of large rooms, messages past their age. Every half second or so. */
void home_tick(struct home *home, uint64_t now_ms, uint64_t wall_ms);

/* A room with much to deliver since the last call: name borrows. */
struct home_busy {
	struct span name;
	uint64_t deliveries; /* less what other rooms took away: chat/busy.h */
	uint32_t events, connections, users;
};

/* Writes the busiest, at most `most` of HOME_BUSY_MAX, and begins anew. Returns how many. */
#define HOME_BUSY_MAX 16
uint32_t home_busy(struct home *home, struct home_busy *rooms, uint32_t most);

/* For keeping the logs over a restart. home_save() calls for each room with a
 * log, oldest event first; a nonzero result ends it and is returned. home_restore() puts one
 * event back, rooms' events ascending by seq; 0 or -errno. */
typedef int home_save_fn(void *context, struct span room, struct span epoch, const struct chat_event *event);
int home_save(const struct home *home, home_save_fn *save, void *context);
int home_restore(struct home *home, struct span room, struct span epoch, const struct chat_event *event,
		 uint64_t now_ms);

/* The same of what rooms of class memory know of their moderation: at most STORE_STATE_SIZE_MAX bytes of a room, with
 * or without a log. It is put back after all events. What has ended by wall_ms is forgotten. 0 or -errno; -EBADMSG: it
 * is not what home_save_states() gave. */
typedef int home_save_state_fn(void *context, struct span room, struct span state);
int home_save_states(const struct home *home, home_save_state_fn *save, void *context);
int home_restore_state(struct home *home, struct span room, struct span state, uint64_t wall_ms);

#endif
