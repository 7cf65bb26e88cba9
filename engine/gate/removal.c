#include "engine/gate/removal.h"

#include "engine/chat/cursor.h"
#include "engine/core/check.h"
#include "engine/core/log.h"
#include "engine/core/mutant.h"
#include "engine/gate/deliver.h"
#include "engine/gate/frame.h"
#include "engine/gate/membership.h"
#include "engine/net/sendq.h"
#include "proto/chat/limits.h"
#include "proto/json/json_scan.h"
#include "proto/json/json_string.h"

#define COPIED_MOST 65536 /* bytes of the room's frames; who has more to get is told what is left out */

/* The name of whom the event removes, absent when it removes nobody. */
static struct span removed(const struct chat_event *event, uint8_t room[CHAT_NAME_SIZE_MAX])
{
	static const struct json_name names[] = { { "user" } };
	struct json_value user;
	struct span name;

	if (!chat_mod_removes(chat_mod_find(event->key)))
		return SPAN_NONE;
	if (json_scan_object(&user, names, 1, event->data.bytes, event->data.size) < 0 || user.type != JSON_STRING ||
	    json_string(&name, user.token, room, CHAT_NAME_SIZE_MAX) != 1)
		return SPAN_NONE;
	return name;
}

/* Copies what the member has not got of the room's frames behind what is its own; the event is the last. False: it was
 * not all, or there are none. */
static bool copy(struct gate *gate, struct conn *conn, struct cursor *cursor)
{
	const struct hot_log *hot = hot_log_at(&gate->hall, cursor->hot);
	struct cursor_range range;

	if (cursor->state != CURSOR_BEHIND || hot->tail - cursor->position > COPIED_MOST || !conn_is_open(conn))
		return false;
	/* What is said next to this connection alone must not refer to what was said before these. */
	session_of(gate, conn)->terms.moved = true;
	while (cursor_next(&gate->hall, cursor, &range)) {
		if (sendq_put(&gate->net, conn, range.bytes, range.size) != 0)
			return false;
		cursor_take(&gate->hall, cursor, &range);
	}
	return true;
}

static void end(struct gate *gate, struct cursor *cursor, const struct mail_event *mail)
{
	const struct chat_event *event = &mail->event;
	struct conn *conn = net_conn(&gate->net, cursor->owner);
	const struct chat_notice notice = {
		.kind = CHAT_NOTICE_REMOVED,
		.room = event->room,
		.data = event->data,
	};
	const bool all = copy(gate, conn, cursor);
	const uint64_t after = cursor->seq;

	gate_count(gate, COUNTER_removed);
	membership_end(gate, cursor, session_user(session_of(gate, conn)), 0);
	owner_mark(&gate->hall, conn->slot);
	if (!all && (!deliver_lagged(gate, conn, event->room, after, event->seq) || !frame_event(gate, conn, event)))
		return;
	frame_notice(gate, conn, &notice);
}

/* One of a hot log's members; they may be the last, and the log is gone with them. */
static void end_members(struct gate *gate, uint32_t hot_index, struct span user, const struct mail_event *mail)
{
	struct hot_log *hot = hot_log_at(&gate->hall, hot_index);

	hot_log_settle(&gate->hall, hot);
	for (uint32_t index = hot->cursors; index != 0;) {
		struct cursor *cursor = cursor_at(&gate->hall, index);

		index = cursor->next;
		if (span_equal(session_user(&gate->sessions[cursor->owner]), user) &&
		    !PLANTED(72)) /* who is removed stays */
			end(gate, cursor, mail);
	}
}

void removal_event(struct gate *gate, const struct mail_event *mail)
{
	uint8_t room[CHAT_NAME_SIZE_MAX];
	const struct span user = removed(&mail->event, room);
	const uint32_t index = directory_find(&gate->directory, mail->event.room, mail->room_hash);
	uint32_t logs[VARIANT_COUNT];

	if (!user.bytes || index == 0)
		return;
	/* With the last of the members the place goes, too. Who is still joining is in no log: its home knows of it. */
	memcpy(logs, directory_at(&gate->directory, index)->hot, sizeof(logs));
	for (int variant = 0; variant < VARIANT_COUNT; variant++)
		if (logs[variant] != 0)
			end_members(gate, logs[variant], user, mail);
}
