/* dispatch.h - a member's command on its way to the room's home.
 */
#ifndef CHAT_DISPATCH_H
#define CHAT_DISPATCH_H

#include "engine/chat/directory.h"
#include "engine/chat/post.h"

/* Copies all; op is command->op or MAIL_OP_FETCH. hash is the room's. */
void dispatch(struct post *post, const struct directory *directory, uint32_t op, const struct mail_origin *origin,
	      uint64_t hash, struct span user, const struct chat_command *command, bool last_here);

#endif
