#include "engine/chat/dispatch.h"

#include "engine/chat/record.h"
#include "engine/core/check.h"

void dispatch(struct post *post, const struct directory *directory, uint32_t op, const struct mail_origin *origin,
	      uint64_t hash, struct span user, const struct chat_command *command, bool last_here)
{
	const uint32_t home = directory_home(directory, hash);
	const size_t bytes = user.size + command->room.size + command->producer.size + command->data.size +
			     command->key.size + command->since_epoch.size;
	struct mail_command *mail = post_begin(post, home, sizeof(*mail) + bytes);
	struct chat_command *to = &mail->command;

	mail->mail.kind = MAIL_COMMAND;
	mail->op = op;
	mail->origin = *origin;
	mail->room_hash = hash;
	mail->last_here = last_here;
	*to = *command;
	to->name = SPAN_NONE;
	to->token = SPAN_NONE;

	uint8_t *at = span_copy(&mail->user, user, mail->bytes);

	at = span_copy(&to->room, command->room, at);
	at = span_copy(&to->producer, command->producer, at);
	at = span_copy(&to->data, command->data, at);
	at = span_copy(&to->key, command->key, at);
	at = span_copy(&to->since_epoch, command->since_epoch, at);
	CHECK(at == mail->bytes + bytes);
	post_end(post, home);
}
