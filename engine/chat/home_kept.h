/* home_kept.h - the page that was last read for a room, kept for a second: when many come back at once, those who ask a
 * little later need not have it read again.
 *
 * For chat/'s home files alone. It keeps no room alive.
 */
#ifndef CHAT_HOME_KEPT_H
#define CHAT_HOME_KEPT_H

#include "engine/chat/home_disk.h"

#define KEPT_MS 1000
#define KEPT_BYTES_MAX (16u << 20) /* of all rooms of a core */

/* Keeps this page instead of the one before. False: too much is kept, the page is still the caller's. */
bool kept_put(struct home *home, struct room_disk *disk, struct store_page *page);

/* The page, or NULL if there is none that is young enough. */
const struct store_page *kept_page(const struct home *home, const struct room_disk *disk);

void kept_drop(struct home *home, struct room_disk *disk);

/* Drops what is too old, of all rooms. */
void kept_expire(struct home *home);

#endif
