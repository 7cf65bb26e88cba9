/* limits.h - the sizes that are part of the protocol, in bytes unless named otherwise. */
#ifndef CHAT_LIMITS_H
#define CHAT_LIMITS_H

#include "proto/base/span.h"

#define CHAT_ROOM_SIZE_MAX 128
#define CHAT_NAME_SIZE_MAX 64
#define CHAT_PRODUCER_SIZE_MAX 32
#define CHAT_KEY_SIZE_MAX 32
#define CHAT_EPOCH_SIZE_MAX 16
#define CHAT_DATA_SIZE_MAX 16384
#define CHAT_FRAME_SIZE_MAX 65536
#define CHAT_DEPTH_MAX 32
#define CHAT_PAGE_MAX 200        /* events */
#define CHAT_PAGE_DEFAULT 50     /* events */
#define CHAT_QUERY_SIZE_MAX 256
#define CHAT_REASON_SIZE_MAX 256 /* of moderation */
#define CHAT_FOR_MAX_S 1000000000 /* of a ban; what is longer is for ever */
#define CHAT_EVERY_MAX_S 86400    /* of a slow room */
#define CHAT_FOUND_MAX 100       /* messages */
#define CHAT_FOUND_DEFAULT 20    /* messages */
#define CHAT_USERS_MAX 200       /* users listed, and connections up to which joins are told one by one */
#define CHAT_INTEGER_MAX ((1ull << 53) - 1) /* what every JSON reader can hold exactly */

/* A key of the API speaks under a name that begins with this, and nobody else does. */
#define CHAT_NAME_MARK_KEY '@'

/* Whether the name keeps to its grammar: a room's is [A-Za-z0-9_.:@~-]{1,128},
 * a user's 1 to 64 bytes of UTF-8 (checked by the caller) without control
 * characters that is not all blanks. */
bool chat_room_valid(struct span room);
bool chat_name_valid(struct span name);

#endif
