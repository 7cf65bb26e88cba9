/* home_disk.h - rooms of class disk: their home is a window on what the store keeps. For chat/'s home files alone.
 *
 * What is published goes to the store and comes back with a seq; only then it enters the window, is told and is
 * acknowledged. A room that nobody was in is loaded first, and commands wait for that. A room that nobody is
 * in is forgotten: the store has it.
 */
#ifndef CHAT_HOME_DISK_H
#define CHAT_HOME_DISK_H

#include "engine/chat/home_rooms.h"

/* A copy of a command that waits for the store. */
struct waiting_command {
	struct waiting_command *next;
	size_t size;
	_Alignas(16) uint8_t mail[];
};

struct waiting_list {
	struct waiting_command *first, *last;
};

struct room_disk {
	uint64_t first; /* the oldest seq the store keeps; last + 1 when none is */
	struct waiting_list held; /* commands that wait until it is loaded */
	struct reading *readings; /* chat/home_reading.h */
	struct store_page *kept; /* chat/home_kept.h, or NULL */
	uint64_t kept_ms; /* when it was read */
	uint32_t kept_older, kept_newer;
	uint32_t room;
	uint32_t next, prev; /* all rooms of class disk */
	uint32_t jobs; /* that are out */
	bool loading;
};

/* What a job carries for the home. */
struct disk_own {
	struct mail_origin origin;
	uint64_t id, room_hash;
	uint32_t op;
	uint32_t room;
	struct span user;
	uint8_t rights;
	bool outside;
	enum chat_error unheard; /* of a look: what the answer is where nothing is found */
	uint32_t wait_ms;
	struct reading *reading;
};

static inline const struct mail_command *waiting_mail(const struct waiting_command *waiting)
{
	return (const struct mail_command *)waiting->mail;
}

static inline struct room_disk *disk_at(const struct home *home, uint32_t index)
{
	return slab_at(&home->disks, index);
}

/* Puts a copy on the list. False: no more may wait. */
bool disk_wait(struct home *home, struct waiting_list *list, const struct mail_command *mail);
void disk_waited(struct home *home, struct waiting_command *waiting); /* frees it */

/* Puts it last on the list; frees all that are on one. */
void waiting_list_add(struct waiting_list *list, struct waiting_command *waiting);
void waiting_list_forget(struct home *home, struct waiting_list *list);

/* Answers a command with the error that the store's refusal comes to. */
void disk_refuse(struct home *home, const struct mail_command *to, enum store_status status);

/* A job about the room, with its name and own; NULL: none is to be had now. extra: bytes for further spans, at *at. */
struct store_job *disk_job(struct home *home, struct room *room, enum store_op op, const struct mail_command *mail,
			   size_t extra, uint8_t **at);

/* One that keeps an event, which is copied. */
struct store_job *disk_append_job(struct home *home, struct room *room, const struct mail_command *mail,
				  const struct chat_event *event, size_t extra, uint8_t **at);

void disk_give(struct home *home, struct room *room, enum store_worker worker, struct store_job *job);

/* On and off the list of such rooms. */
void disk_enter(struct home *home, const struct room *room, struct room_disk *disk);
void disk_leave(struct home *home, struct room_disk *disk);

/* Whether something is out or waits. */
bool disk_is_busy(const struct room_disk *disk);

/* Lets go of all that waits in all rooms, and of their windows. */
void disk_close(struct home *home);

/* Of a room just made: asks the store where it stands. False: no job is to be had now. */
bool disk_begin(struct home *home, struct room *room);

/* The command waits until the room is loaded, or was refused. */
void disk_hold(struct home *home, struct room *room, const struct mail_command *mail);

/* send edit del react */
void disk_publish(struct home *home, struct room *room, const struct mail_command *mail);

/* Whoever says it may not now: they are told so, unless it is there already. */
void disk_look(struct home *home, struct room *room, const struct mail_command *mail, enum chat_error unheard,
	       uint32_t wait_ms);

/* search */
void disk_search(struct home *home, struct room *room, const struct mail_command *mail);

/* A job about the room has come back. */
void disk_stored(struct home *home, struct room *room, struct store_job *job);

#endif
