/* home_mod.h - who may do what in a home's rooms, and the acts of moderation. For chat/'s home files alone.
 *
 * An act holds from when it is asked for: what its user sends or joins after that is refused, although the act has no
 * seq yet. If the store fails it, it is undone. Members are removed by the cores that have them, when the event
 * comes (gate/removal.h).
 */
#ifndef CHAT_HOME_MOD_H
#define CHAT_HOME_MOD_H

#include "engine/chat/home_rooms.h"
#include "engine/chat/moderation.h"
#include "engine/chat/slow.h"
#include "engine/chat/store_job.h"

#define MOD_BYTES_MAX (16u << 20) /* of all rooms of a core; what is in the store already may not be had then */

struct room_mod {
	struct moderation state;
	struct slow slow;
	struct moderation_undo undo; /* of the act that is at the store */
	size_t bytes; /* of all this, as counted */
	uint32_t room;
	uint32_t next, prev; /* rooms that have one, longest not looked at first */
	bool at_store;
};

/* Whether whoever asks may ask this of the room, by their rights and its bans; otherwise they are answered. */
bool mod_admits(struct home *home, const struct room *room, const struct mail_command *mail);

/* Whether they may speak in it now (send edit del react typing): CHAT_OK, or why not, and for how long. */
enum chat_error mod_hears(const struct home *home, const struct room *room, const struct mail_command *mail,
			  uint32_t *wait_ms);

/* They have spoken. */
void mod_heard(struct home *home, struct room *room, const struct mail_command *mail);

/* The op `mod` in a room of class memory, and of class disk. */
void mod_run(struct home *home, struct room *room, const struct mail_command *mail);

/* What the store says to the act that was given to it. The caller tells the event and answers. */
void mod_stored(struct home *home, struct room *room, const struct store_job *job);

/* Of a room that was loaded: what the store has kept. Returns 0, -EBADMSG or -ENOMEM. */
int mod_load(struct home *home, struct room *room, const uint8_t *bytes, size_t size);

/* Whether something is in force, so that the room must be remembered; forgets it all. */
bool mod_is_needed(const struct home *home, const struct room *room);
void mod_forget(struct home *home, struct room *room);

/* Forgets it of all rooms. */
void mod_close(struct home *home);

/* Looks through some rooms for what has ended. */
void mod_tick(struct home *home);

/* A line for the audit log about an event that somebody who moderates has caused; author: of the message that was
 * deleted, if known. */
void mod_audit(const struct home *home, const struct room *room, const struct chat_event *event, struct span author);

#endif
