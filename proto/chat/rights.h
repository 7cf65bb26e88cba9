/* rights.h - what somebody may do in a room: a set of a few rights, as bits and as words.
 */
#ifndef CHAT_RIGHTS_H
#define CHAT_RIGHTS_H

#include <stdbool.h>

#include "proto/base/span.h"

enum chat_right_index {
#define RIGHT(name, allows) CHAT_RIGHT_INDEX_##name,
#include "proto/chat/tbl/rights.h"
#undef RIGHT
	CHAT_RIGHT_COUNT,
};

enum chat_right {
#define RIGHT(name, allows) CHAT_RIGHT_##name = 1 << CHAT_RIGHT_INDEX_##name,
#include "proto/chat/tbl/rights.h"
#undef RIGHT
};

#define CHAT_RIGHTS_NONE 0
#define CHAT_RIGHTS_ALL ((1 << CHAT_RIGHT_COUNT) - 1)
#define CHAT_RIGHTS_MODERATORS (CHAT_RIGHT_moderate | CHAT_RIGHT_manage) /* one of them: who manages may moderate */
#define CHAT_RIGHTS_MEMBER (CHAT_RIGHT_read | CHAT_RIGHT_send | CHAT_RIGHT_history | CHAT_RIGHT_presence)

/* The right of that name, or one of the words `none`, `member` (read send history presence), `all`. True when there is
 * such a word; the rights are added to *rights. */
bool chat_rights_add(uint8_t *rights, struct span word);

/* The name of one right, by its place in the table. Static. */
const char *chat_right_name(enum chat_right_index right);

#endif
