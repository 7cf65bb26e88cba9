/* home_reply.h - a home core's answers, as mail to the core that asked. For chat/'s home files alone.
 */
#ifndef CHAT_HOME_REPLY_H
#define CHAT_HOME_REPLY_H

#include "engine/chat/history.h"

void reply_error(struct home *home, const struct mail_command *to, enum chat_error error, uint32_t retry_ms);
void reply_empty(struct home *home, const struct mail_command *to);

/* Where an event stands: its seq and time, in the room's epoch. */
void reply_ack(struct home *home, const struct mail_command *to, const struct room *room,
	       const struct chat_event *event, bool duplicate);

/* A page, and for a join (resume is used) and a presence question the users. */
void reply_history(struct home *home, const struct mail_command *to, const struct room *room,
		   struct history_range range);
void reply_join(struct home *home, const struct mail_command *to, const struct room *room, struct history_range range,
		enum chat_resume resume);
void reply_presence(struct home *home, const struct mail_command *to, const struct room *room);

/* Of somebody outside: where the room stands, and how many are there; its users, from the one asked on. */
void reply_about(struct home *home, const struct mail_command *to, const struct room *room);
void reply_members(struct home *home, const struct mail_command *to, const struct room *room);

/* The same of events that the store gave: the first `count` of the page, which may be NULL; last: where the room stood
 * then. */
void reply_stored(struct home *home, const struct mail_command *to, const struct room *room,
		  const struct store_page *page, uint32_t count, uint64_t last, bool more);

/* What a search found; page may be NULL. */
void reply_found(struct home *home, const struct mail_command *to, const struct room *room,
		 const struct store_page *page);

/* The answer to a fetch, that tells of the room's oldest event; of another one; with events that the store gave. */
void reply_page(struct home *home, const struct mail_command *to, const struct room *room, struct history_range range);
void reply_page_from(struct home *home, const struct mail_command *to, const struct room *room,
		     struct history_range range, uint64_t first);
void reply_page_stored(struct home *home, const struct mail_command *to, const struct room *room,
		       const struct chat_event *events, uint32_t count);

#endif
