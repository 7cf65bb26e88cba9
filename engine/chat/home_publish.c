#include "engine/chat/home_publish.h"

#include "engine/chat/fanout.h"
#include "engine/chat/home_disk.h"
#include "engine/chat/home_mod.h"
#include "engine/chat/home_reply.h"
#include "engine/core/mutant.h"
#include "proto/chat/limits.h"

#define RETRY_MS 1000
#define FRAME_REST 160 /* bytes of a frame besides its data, about */

/* What an edit, a deletion or a reaction is about: CHAT_OK, or why not. */
static enum chat_error target_judge(const struct room *room, const struct mail_command *mail)
{
	struct record **at = room_log_at(&room->log, mail->command.target);

	if (!at || (*at)->event.kind != CHAT_EV_msg || (*at)->event.deleted)
		return CHAT_ERR_gone;
	if (mail->op == CHAT_OP_del && (mail->rights & CHAT_RIGHTS_MODERATORS))
		return CHAT_OK;
	if (mail->op != CHAT_OP_react && !span_equal((*at)->event.from, mail->user))
		return CHAT_ERR_forbidden;
	return CHAT_OK;
}

/* send edit del react: what takes a seq. */
static void run_publish(struct home *home, struct room *room, const struct mail_command *mail)
{
	const struct chat_command *command = &mail->command;
	const enum chat_error error = mail->op == CHAT_OP_send ? CHAT_OK : target_judge(room, mail);

	if (error != CHAT_OK) {
		reply_error(home, mail, error, 0);
		return;
	}
	struct record **target = room_log_at(&room->log, command->target);
	struct chat_event event = room_event_of(home, mail);
	uint8_t name[CHAT_NAME_SIZE_MAX];
	struct span author = SPAN_NONE; /* of what somebody else deletes: the append may move the log, or drop it */

	if (mail->op == CHAT_OP_edit)
		event.rev = (*target)->event.rev + 1;
	if (mail->op == CHAT_OP_del && !span_equal((*target)->event.from, mail->user))
		span_copy(&author, (*target)->event.from, name);
	if (room_append(home, room, &event) != 0) {
		reply_error(home, mail, CHAT_ERR_unavailable, RETRY_MS);
		return;
	}
	if (author.bytes)
		mod_audit(home, room, &event, author);
	room_apply(home, room, &event);
	mod_heard(home, room, mail);
	room_published(home, room);
	fanout(home, room, &event, &mail->origin);
	reply_ack(home, mail, room, &event, false);
}

/* What goes to all members may be a thousand times what came: a room has a share of it, so that a hot one does not take
 * what the others need. One event passes whatever it costs, and is charged: the next waits until that has regrown. */
bool home_within_traffic(struct home *home, struct room *room, const struct mail_command *mail)
{
	const uint32_t most = home->limits.traffic_kib_per_s;
	const uint64_t bytes = (mail->command.data.size + FRAME_REST) * (uint64_t)room->connections;
	const uint32_t retry_ms = quota_take(&room->traffic, most, most / 8 + 1, home->now_ms);

	if (retry_ms != 0) {
		reply_error(home, mail, CHAT_ERR_rate_limited, retry_ms);
		return false;
	}
	if (most != 0 && bytes >= 2048)
		quota_charge(&room->traffic, (uint32_t)(bytes / 1024 < UINT32_MAX ? bytes / 1024 : UINT32_MAX) - 1);
	return true;
}

/* What an edit, a deletion or a reaction is about was said in another log than the room has now: the message that has
 * its number here is another one. */
static bool is_of_another_epoch(const struct room *room, const struct mail_command *mail)
{
	const struct span epoch = mail->command.epoch;

	return mail->op != CHAT_OP_send && epoch.bytes && !span_equal(epoch, room_epoch(room)) &&
	       !PLANTED(49); /* or of whichever log the room has */
}

/* Said already, by its author with this cid: the answer is the one it got. */
static bool is_duplicate(struct home *home, const struct room *room, const struct mail_command *mail)
{
	const struct chat_command *command = &mail->command;
	const struct record *earlier = NULL;

	if (command->producer.bytes)
		earlier = room_find_cid(home, room, mail->user, command->producer, command->number);
	if (!earlier)
		return false;
	counter_add(home->counters, COUNTER_duplicates, 1);
	reply_ack(home, mail, room, &earlier->event, true);
	return true;
}

void home_publish(struct home *home, struct room *room, const struct mail_command *mail)
{
	if (is_of_another_epoch(room, mail)) {
		reply_error(home, mail, CHAT_ERR_gone, 0);
		return;
	}
	if (room->disk == 0 && is_duplicate(home, room, mail))
		return;
	uint32_t wait_ms;
	const enum chat_error unheard = mod_hears(home, room, mail, &wait_ms);

	/* What has a cid may be there already: the store alone knows, and who is refused must not have said it. */
	if (unheard != CHAT_OK && room->disk != 0 && mail->command.producer.bytes)
		disk_look(home, room, mail, unheard, wait_ms);
	else if (unheard != CHAT_OK)
		reply_error(home, mail, unheard, wait_ms);
	if (unheard != CHAT_OK || !home_within_traffic(home, room, mail))
		return;
	if (room->disk != 0)
		disk_publish(home, room, mail);
	else
		run_publish(home, room, mail);
}
