/* home_publish.h - what takes a seq: a message, an edit, a deletion, a reaction; judged, charged, given to the log.
 *
 * For chat/'s home files alone.
 */
#ifndef CHAT_HOME_PUBLISH_H
#define CHAT_HOME_PUBLISH_H

#include "engine/chat/home_rooms.h"

void home_publish(struct home *home, struct room *room, const struct mail_command *mail);

/* Charges the room for what the command's event will be to all its members. False: it has been refused. */
bool home_within_traffic(struct home *home, struct room *room, const struct mail_command *mail);

#endif
