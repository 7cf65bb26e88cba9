#include "engine/gate/membership.h"

#include "engine/chat/dispatch.h"
#include "engine/core/check.h"
#include "engine/core/mutant.h"
#include "engine/gate/command.h"
#include "engine/gate/frame.h"
#include "engine/gate/hook.h"
#include "engine/gate/latency.h"
#include "engine/gate/offence.h"
#include "engine/gate/permit.h"
#include "engine/gate/rates.h"
#include "engine/gate/shed.h"

#define TYPING_EVERY_S 3
#define SHORT_DATA 1024
#define BUSY_RETRY_MS 500
#define FULL_RETRY_MS 5000

static struct mail_origin origin_of(struct gate *gate, const struct conn *conn, const struct cursor *cursor)
{
	return (struct mail_origin){
		.core = gate->core,
		.slot = conn->slot,
		.generation = conn->generation,
		.cursor = cursor ? cursor_index(&gate->hall, cursor) : 0,
		.stamp = cursor ? cursor->stamp : 0,
		.heard_us = latency_heard(gate),
	};
}

static void send(struct gate *gate, const struct conn *conn, const struct cursor *cursor, uint32_t op,
		 const struct chat_command *command)
{
	const struct dispatch_sender sender = {
		.origin = origin_of(gate, conn, cursor),
		.user = session_user(&gate->sessions[conn->slot]),
		.rights = cursor->rights,
	};
	const struct place *place = directory_at(&gate->directory, cursor->place);
	struct chat_command named = *command;

	named.room = place_name(place);
	dispatch(&gate->post, &gate->directory, op, &sender, place->hash, &named);
}

void membership_end(struct gate *gate, struct cursor *cursor, struct span user, uint64_t id)
{
	const struct place *place = directory_at(&gate->directory, cursor->place);
	const struct conn *conn = net_conn(&gate->net, cursor->owner);
	const struct dispatch_sender sender = {
		.origin = origin_of(gate, conn, cursor),
		.user = user,
		.rights = cursor->rights,
		.last_here = place->members == 1,
	};
	const struct chat_command leave = { .op = CHAT_OP_leave, .id = id, .room = place_name(place) };

	/* Before the cursor goes, because with it the place and its name may go. */
	dispatch(&gate->post, &gate->directory, CHAT_OP_leave, &sender, place->hash, &leave);
	cursor_close(&gate->hall, cursor);
}

static void leave(struct gate *gate, struct conn *conn, struct cursor *cursor, uint64_t id)
{
	owner_mark(&gate->hall, conn->slot);
	/* The home has not answered the join yet: whether there is something to leave is known when it does. */
	if (cursor->state != CURSOR_JOINING) {
		membership_end(gate, cursor, session_user(session_of(gate, conn)), id);
		return;
	}
	cursor_orphan(&gate->hall, cursor);
	cursor->leave_id = id;
}

void membership_lose(struct gate *gate, struct conn *conn, struct cursor *cursor)
{
	const struct chat_notice notice = {
		.kind = CHAT_NOTICE_REMOVED,
		.room = place_name(directory_at(&gate->directory, cursor->place)),
		.data = SPAN("{\"act\":\"rights\"}"),
	};

	/* Before the cursor goes, because with it the place and its name may go. */
	if (frame_notice(gate, conn, &notice))
		leave(gate, conn, cursor, 0);
}

void membership_end_all(struct gate *gate, struct conn *conn)
{
	struct owner *owner = &gate->hall.owners[conn->slot];

	while (owner->cursors != 0)
		leave(gate, conn, cursor_at(&gate->hall, owner->cursors), 0);
	CHECK(owner->count == 0 && owner->behind == 0);
}

void membership_rights(struct gate *gate, struct conn *conn, struct cursor *cursor, uint8_t known)
{
	const struct chat_command nothing = { .id = 0 };

	if (!(known & CHAT_RIGHTS_MODERATORS) != !(cursor->rights & CHAT_RIGHTS_MODERATORS))
		send(gate, conn, cursor, MAIL_OP_RIGHTS, &nothing);
}

void membership_fetch(struct gate *gate, struct conn *conn, struct cursor *cursor)
{
	const struct chat_command fetch = { .seq = cursor->seq };

	CHECK(cursor->state == CURSOR_CATCHUP);
	cursor->state = CURSOR_FETCHING;
	session_of(gate, conn)->fetching = true;
	send(gate, conn, cursor, MAIL_OP_FETCH, &fetch);
}

/* A room that this core does not know is made, or loaded from the store. */
static bool may_open(struct gate *gate, struct conn *conn, const struct chat_command *command)
{
	enum offence_rule rule;
	const uint32_t retry_ms = rates_room(gate, conn, &rule);

	if (retry_ms == 0)
		return true;
	offence(gate, conn, rule);
	command_refuse(gate, conn, command->id, CHAT_ERR_limit, retry_ms);
	return false;
}

/* What somebody may do in the room that they join. */
struct permission {
	uint8_t rights;
	bool given; /* by whoever was asked outside */
};

/* Whether whoever is asked outside lets them in. Else it was said, or is not known yet. */
static bool let_in(struct gate *gate, struct conn *conn, const struct chat_command *command,
		   struct permission *permission)
{
	const struct session *session = session_of(gate, conn);

	const struct hook_about about = {
		.kind = HOOK_JOIN,
		.user = session_user(session),
		.verified = session->identity != NULL,
		.room = command->room,
	};
	const struct hook_answer *answer;

	switch (hook_judge(gate, conn, &about, &answer)) {
	case HOOK_ALLOWS:
		permission->given = answer && answer->has_rights;
		permission->rights = permission->given ? answer->rights : permit(gate, conn, command->room);
		return true;
	case HOOK_WAITS:
		return false;
	case HOOK_REFUSES:
		command_refuse(gate, conn, command->id, CHAT_ERR_forbidden, 0);
		return false;
	case HOOK_UNAVAILABLE:
		frame_error(gate, conn, command->id, CHAT_ERR_unavailable, hook_retry_ms(gate));
		return false;
	}
	CHECK(!"a verdict without a name");
	return false;
}

/* The next one of them may be joined when one is left: when that is, is the client's to say. */
static bool has_room_left(struct gate *gate, struct conn *conn, const struct chat_command *command)
{
	const bool own = gate->hall.owners[conn->slot].count >= gate->limits.rooms_max;

	if (!own && (!session_of(gate, conn)->rooms_full || PLANTED(64))) /* a user's further rooms */
		return true;
	offence(gate, conn, own ? OFFENCE_join_limit : OFFENCE_user_rooms);
	command_refuse(gate, conn, command->id, CHAT_ERR_limit, FULL_RETRY_MS);
	return false;
}

static void join(struct gate *gate, struct conn *conn, const struct chat_command *command)
{
	const struct room_class *class = room_class_of(gate->limits.classes, command->room);
	const uint64_t hash = directory_hash(&gate->directory, command->room);
	const uint32_t known = directory_find(&gate->directory, command->room, hash);

	if (known != 0 && cursor_find(&gate->hall, conn->slot, known)) {
		frame_error(gate, conn, command->id, CHAT_ERR_already_joined, 0);
		return;
	}
	if (!has_room_left(gate, conn, command))
		return;
	struct permission permission;

	if (!let_in(gate, conn, command, &permission))
		return;
	/* The home says so, too; but a room that nobody may read is not made, or loaded, for it. */
	if (!(permission.rights & CHAT_RIGHT_read)) {
		command_refuse(gate, conn, command->id, CHAT_ERR_forbidden, 0);
		return;
	}
	if (known == 0 && !may_open(gate, conn, command))
		return;
	const uint32_t place = directory_enter(&gate->directory, command->room, hash);
	struct chat_command allowed = *command;
	struct cursor *cursor = NULL;

	allowed.presence = command->presence && class->presence && (permission.rights & CHAT_RIGHT_presence);
	allowed.limit = room_class_page(class, command->limit);
	if (place != 0)
		cursor = cursor_open(&gate->hall, conn->slot, place, allowed.presence, command->no_echo);
	if (!cursor) {
		if (place != 0)
			directory_tidy(&gate->directory, place);
		offence(gate, conn, OFFENCE_join_limit);
		command_refuse(gate, conn, command->id, CHAT_ERR_limit, BUSY_RETRY_MS);
		return;
	}
	command_pass(session_of(gate, conn));
	user_count_rooms(gate, conn);
	cursor->slow = class->slow;
	cursor->rights = permission.rights;
	cursor->given = permission.given;
	send(gate, conn, cursor, CHAT_OP_join, &allowed);
}

static void history(struct gate *gate, struct conn *conn, struct cursor *cursor, const struct chat_command *command)
{
	struct chat_command allowed = *command;

	allowed.limit = room_class_page(room_class_of(gate->limits.classes, command->room), command->limit);
	send(gate, conn, cursor, CHAT_OP_history, &allowed);
}

static void presence(struct gate *gate, struct conn *conn, struct cursor *cursor, const struct chat_command *command)
{
	if (room_class_of(gate->limits.classes, command->room)->presence)
		send(gate, conn, cursor, CHAT_OP_presence, command);
	else
		frame_error(gate, conn, command->id, CHAT_ERR_forbidden, 0);
}

static bool typing_is_due(struct gate *gate, struct cursor *cursor)
{
	const uint16_t now_s = (uint16_t)(gate->now_ms / 1000);

	if (cursor->typed && (uint16_t)(now_s - cursor->typing_s) < TYPING_EVERY_S)
		return false;
	cursor->typed = true;
	cursor->typing_s = now_s;
	return true;
}

/* What is long, or answered at length, is refused first: who says little is heard for as long as anything goes. */
static bool is_too_much_now(const struct gate *gate, const struct conn *conn, const struct chat_command *command)
{
	if (mail_is_answered_at_length(command->op) &&
	    (segment_pool_is_low(&gate->segments) || shed_withholds(gate, conn)))
		return true;
	return post_is_full(&gate->post) || (post_is_busy(&gate->post) && command->data.size > SHORT_DATA);
}

void membership_command(struct gate *gate, struct conn *conn, const struct chat_command *command)
{
	if (is_too_much_now(gate, conn, command)) {
		frame_error(gate, conn, command->id, CHAT_ERR_unavailable, BUSY_RETRY_MS);
		return;
	}
	if (mail_is_answered_at_length(command->op))
		ration_charge(&gate->ration, RATION_ANSWER);
	if (command->op == CHAT_OP_join) {
		join(gate, conn, command);
		return;
	}
	const uint64_t hash = directory_hash(&gate->directory, command->room);
	const uint32_t place = directory_find(&gate->directory, command->room, hash);
	struct cursor *cursor = place ? cursor_find(&gate->hall, conn->slot, place) : NULL;

	if (!cursor) {
		frame_error(gate, conn, command->id, CHAT_ERR_not_joined, 0);
		return;
	}
	if (command->data.size > gate->limits.data_size_max) {
		frame_error(gate, conn, command->id, CHAT_ERR_too_large, 0);
		return;
	}
	switch (command->op) {
	case CHAT_OP_leave:
		leave(gate, conn, cursor, command->id);
		return;
	case CHAT_OP_history:
		history(gate, conn, cursor, command);
		return;
	case CHAT_OP_presence:
		presence(gate, conn, cursor, command);
		return;
	case CHAT_OP_typing:
		if (typing_is_due(gate, cursor))
			send(gate, conn, cursor, CHAT_OP_typing, command);
		return;
	default:
		send(gate, conn, cursor, command->op, command);
	}
}
