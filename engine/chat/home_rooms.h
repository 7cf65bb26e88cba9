/* home_rooms.h - the rooms of a home core and their logs. For chat/'s home files alone.
 */
#ifndef CHAT_HOME_ROOMS_H
#define CHAT_HOME_ROOMS_H

#include "engine/chat/busy.h"
#include "engine/chat/dedup.h"
#include "engine/chat/home.h"
#include "engine/chat/quota.h"
#include "engine/chat/room_class.h"
#include "engine/chat/room_log.h"
#include "engine/chat/roster.h"
#include "proto/chat/limits.h"

#define ROOM_EPOCH_SIZE 12
#define COUNTING_LAST UINT32_MAX

struct room {
	struct room_mod *mod;    /* chat/home_mod.h, or NULL */
	struct room_log log;      /* of class disk: the newest part of what the store keeps */
	uint64_t cores;          /* bit i: core i has members */
	uint64_t aging_ms;       /* until then nothing in the log is too old: nobody need look */
	uint32_t place;
	uint32_t disk;           /* of home->disks; 0: the room is of class memory */
	uint32_t roster_first;
	uint32_t users;
	uint32_t connections;
	struct quota traffic;    /* KiB */
	uint32_t colder, warmer; /* rooms by their last append */
	uint32_t next_counting;  /* rooms whose count is to be told; 0: not one, COUNTING_LAST: the last */
	uint16_t classed;        /* home->classed when that was so: */
	uint8_t class;           /* of home->limits.classes */
	bool pinned;             /* not to be forgotten: something is being done for somebody who is not in it */
	char epoch[ROOM_EPOCH_SIZE];
};

#define DAMAGE_ROOMS 8

/* What the log was told of damaged rooms in these ten seconds. */
struct damage {
	uint64_t since_ms;
	uint64_t rooms[DAMAGE_ROOMS]; /* hashes of their names */
	uint32_t count;               /* of rooms */
	uint32_t untold;              /* answers since the last line */
};

struct home {
	struct slab rooms, disks;
	struct roster roster;
	struct dedup dedup;
	struct directory *directory;
	struct post *post;
	struct store_port *store; /* or NULL */
	struct counters *counters;
	struct home_limits limits;
	struct random random;
	uint64_t history_bytes;
	uint64_t waiting_bytes;  /* of commands that wait for the store */
	struct reading *readings_again;
	uint64_t kept_bytes;     /* of pages that were read (chat/home_kept.h) */
	uint32_t kept_oldest, kept_newest; /* of the rooms of class disk that have one */
	uint32_t disk_rooms;     /* first of those of class disk */
	uint64_t mod_bytes;      /* of what is moderated */
	uint32_t mods, mods_last; /* rooms that are, longest not looked at first */
	uint32_t coldest, warmest;
	uint32_t counting;       /* first of those rooms; COUNTING_LAST: there is none */
	uint16_t classed;        /* how often the classes have changed */
	uint64_t counted_ms;
	uint64_t now_ms, wall_ms; /* of this command */
	struct busy busy;
	struct damage damage;
};

static inline struct room *room_at(const struct home *home, uint32_t index)
{
	return slab_at(&home->rooms, index);
}

static inline uint32_t room_index(const struct home *home, const struct room *room)
{
	return slab_index(&home->rooms, room);
}

static inline struct span room_epoch(const struct room *room)
{
	return span_of(room->epoch, ROOM_EPOCH_SIZE);
}

static inline struct span room_name(const struct home *home, const struct room *room)
{
	return place_name(directory_at(home->directory, room->place));
}

static inline struct room_disk *room_disk(const struct home *home, const struct room *room)
{
	return slab_at(&home->disks, room->disk);
}

/* The oldest seq kept; last + 1 when none is. */
uint64_t room_first(const struct home *home, const struct room *room);

/* Runs a command that has come, or has waited (chat/home.c). */
void home_run(struct home *home, const struct mail_command *mail);

/* The room, or NULL. */
struct room *room_find(const struct home *home, struct span name, uint64_t hash);

/* Finds or makes, with a new epoch. NULL when the limits are reached and no silent room could give way. */
struct room *room_enter(struct home *home, struct span name, uint64_t hash);

/* Forgets the room if nobody is in it and nothing is kept. */
void room_tidy(struct home *home, struct room *room);

/* What holds for rooms of its name. */
const struct room_class *class_of(const struct home *home, const struct room *room);

/* Each room finds its class again when it is looked at; the former ones must still be there. What was counted of a
 * class stays with its prefix; one that is new begins at zero. */
void room_classes_change(struct home *home, const struct room_classes *after);

/* The event that a send, an edit, a deletion or a reaction makes, now; it borrows from the mail. */
struct chat_event room_event_of(const struct home *home, const struct mail_command *mail);

/* Gives the event the next seq and keeps it. Returns 0, or -ENOMEM with nothing
 * done. event->seq and ts_ms are written. */
int room_append(struct home *home, struct room *room, struct chat_event *event);

/* An event of the room has got its seq: counted. */
void room_published(struct home *home, const struct room *room);

/* Puts back an event that has its seq; kept_ms: monotonic, when it was kept first. Returns 0, -EINVAL: it does not
 * follow, or -ENOMEM. */
int room_restore(struct home *home, struct room *room, const struct chat_event *event, uint64_t kept_ms);

/* Of class disk: the event that the store has kept, next in order. Without memory for it the window is empty after. */
void room_follow(struct home *home, struct room *room, const struct chat_event *event);

/* The record of an author's cid that the room still keeps, or NULL. */
const struct record *room_find_cid(const struct home *home, const struct room *room, struct span from,
				   struct span producer, uint64_t number);

/* Drops what is past the room's window; all of it. */
void room_trim(struct home *home, struct room *room);
void room_empty(struct home *home, struct room *room);

/* An edit or a deletion that was kept changes its target, if that is still there: the count of edits; its data and that
 * of its edits is dropped. */
void room_apply(struct home *home, struct room *room, const struct chat_event *event);

#endif
