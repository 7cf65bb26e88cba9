/* home_reading.h - pages of a disk room that its window does not hold: those who ask for the same one share one read.
 *
 * A fetch asks for a page that begins a little before what it needs, so that members who left at slightly different
 * places ask for the same one. The page serves those who come within a second, too (chat/home_kept.h).
 *
 * For chat/'s home files alone.
 */
#ifndef CHAT_HOME_READING_H
#define CHAT_HOME_READING_H

#include "engine/chat/home_disk.h"

/* Answers a history command or a fetch, at once from the window or later from the store. */
void reading_history(struct home *home, struct room *room, const struct mail_command *mail);
void reading_fetch(struct home *home, struct room *room, const struct mail_command *mail);

/* A message was deleted: who asks from now on must not get a page that was read before, nor one that is kept. */
void reading_close(struct home *home, struct room *room);

/* A page has come. */
void reading_stored(struct home *home, struct room *room, struct store_job *job);

/* Asks again for what could not be read; drops the pages that were kept long enough. */
void reading_tick(struct home *home);

/* Lets go of all that waits, and of the page that is kept. */
void reading_end(struct home *home, struct room *room);

#endif
