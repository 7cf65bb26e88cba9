/* dispatch.h - a member's command on its way to the room's home.
 */
#ifndef CHAT_DISPATCH_H
#define CHAT_DISPATCH_H

#include "engine/chat/directory.h"
#include "engine/chat/post.h"

/* On whose behalf: goes into the mail's fields of the same names. */
struct dispatch_sender {
	struct mail_origin origin;
	struct span user;
	uint8_t rights;
	bool outside, last_here;
};

/* Copies all; op is command->op or MAIL_OP_FETCH. hash is the room's. */
void dispatch(struct post *post, const struct directory *directory, uint32_t op, const struct dispatch_sender *sender,
	      uint64_t hash, const struct chat_command *command);

/* A command's mail kept beyond its time: the bytes a copy needs, and the copy. */
size_t mail_command_size(const struct mail_command *mail);
void mail_command_copy(struct mail_command *to, const struct mail_command *from);

#endif
