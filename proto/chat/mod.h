/* mod.h - the acts of moderation, by name.
 */
#ifndef CHAT_MOD_H
#define CHAT_MOD_H

#include "proto/chat/rights.h"

enum chat_mod {
#define CHAT_MOD(name, right, of_user, ends) CHAT_MOD_##name,
#include "proto/chat/tbl/mods.h"
#undef CHAT_MOD
	CHAT_MOD_COUNT,
};

/* Its name; static. */
const char *chat_mod_name(enum chat_mod act);

/* The act of that name; CHAT_MOD_COUNT when there is none. */
enum chat_mod chat_mod_find(struct span name);

/* What one must be allowed for it. */
enum chat_right chat_mod_right(enum chat_mod act);

/* Whether it concerns a user, and whether a time may be given after which it ends. */
bool chat_mod_of_user(enum chat_mod act);
bool chat_mod_ends(enum chat_mod act);

/* Whether it ends the user's membership. */
static inline bool chat_mod_removes(enum chat_mod act)
{
	return act == CHAT_MOD_kick || act == CHAT_MOD_ban;
}

#endif
