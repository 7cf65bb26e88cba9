/* fanout.h - a room's events to every core that has members: one mail a core, never one a member.
 *
 * For chat/'s home files alone.
 */
#ifndef CHAT_FANOUT_H
#define CHAT_FANOUT_H

#include "engine/chat/home_rooms.h"

/* author: who must perhaps not see its own; NULL for none. event->room is set here. */
void fanout(struct home *home, const struct room *room, const struct chat_event *event,
	    const struct mail_origin *author);

/* Somebody came, went, or the count changed: tells it one by one in small rooms, as a count in large ones. */
void fanout_in(struct home *home, struct room *room, struct span user, bool first_of_user);
void fanout_out(struct home *home, struct room *room, struct span user, bool last_of_user);

/* Tells the counts that changed, at most once a second a room. */
void fanout_counts(struct home *home);

#endif
