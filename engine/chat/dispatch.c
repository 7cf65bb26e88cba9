#include "engine/chat/dispatch.h"

#include "engine/chat/record.h"
#include "engine/core/check.h"

static size_t spans_bytes(struct span user, const struct chat_command *command)
{
	return user.size + command->room.size + command->producer.size + command->data.size + command->key.size +
	       command->query.size + command->epoch.size + command->whom.size + command->reason.size;
}

/* The command and its spans' bytes behind the mail. */
static void write(struct mail_command *mail, struct span user, const struct chat_command *command)
{
	struct chat_command *to = &mail->command;
	uint8_t *at = span_copy(&mail->user, user, mail->bytes);

	*to = *command;
	to->name = SPAN_NONE;
	to->token = SPAN_NONE;
	at = span_copy(&to->room, command->room, at);
	at = span_copy(&to->producer, command->producer, at);
	at = span_copy(&to->data, command->data, at);
	at = span_copy(&to->key, command->key, at);
	at = span_copy(&to->query, command->query, at);
	at = span_copy(&to->epoch, command->epoch, at);
	at = span_copy(&to->whom, command->whom, at);
	at = span_copy(&to->reason, command->reason, at);
	CHECK(at == mail->bytes + spans_bytes(user, command));
}

void dispatch(struct post *post, const struct directory *directory, uint32_t op, const struct dispatch_sender *sender,
	      uint64_t hash, const struct chat_command *command)
{
	const uint32_t home = directory_home(directory, hash);
	struct mail_command *mail = post_begin(post, home, sizeof(*mail) + spans_bytes(sender->user, command));

	mail->mail.kind = MAIL_COMMAND;
	mail->op = op;
	mail->origin = sender->origin;
	mail->room_hash = hash;
	mail->last_here = sender->last_here;
	mail->outside = sender->outside;
	mail->rights = sender->rights;
	write(mail, sender->user, command);
	post_end(post, home);
}

size_t mail_command_size(const struct mail_command *mail)
{
	return sizeof(*mail) + spans_bytes(mail->user, &mail->command);
}

void mail_command_copy(struct mail_command *to, const struct mail_command *from)
{
	*to = *from;
	write(to, from->user, &from->command);
}
