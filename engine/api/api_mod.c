/* The routes that change what others said or may do: moderation of a room, deletion, users of the whole server. */
#include "engine/api/api_call.h"

#include "engine/core/check.h"
#include "engine/core/log.h"
#include "engine/gate/user_acts.h"
#include "proto/chat/limits.h"
#include "proto/json/json_string.h"
#include "proto/utf8/utf8.h"

bool api_take_room(struct api_call *call, const struct json_value *value, struct span *room)
{
	if (api_take_text(call, value, CHAT_ROOM_SIZE_MAX, room) && chat_room_valid(*room))
		return true;
	call->why = "room: 1 to 128 of A-Z a-z 0-9 _ . : @ ~ -";
	return false;
}

enum mod_key { MOD_USER, MOD_FOR, MOD_EVERY, MOD_REASON, MOD_KEYS };

static const struct json_name mod_names[MOD_KEYS] = { { "user" }, { "for" }, { "every" }, { "reason" } };

static bool take_seconds(uint32_t *seconds, const struct json_value *value, uint32_t most)
{
	uint64_t number = 0;

	if (value->type != JSON_ABSENT &&
	    (value->type != JSON_NUMBER || !json_integer(&number, value->token) || number > most))
		return false;
	*seconds = (uint32_t)number;
	return true;
}

/* user, for, every and reason of a body, as far as the act has them. */
static enum api_error take_mod(struct api_call *call, struct span object, struct chat_command *command)
{
	struct json_value values[MOD_KEYS] = { 0 };
	const bool of_user = chat_mod_of_user(command->act), slows = command->act == CHAT_MOD_slow;

	if (object.size > 0 && json_scan_object(values, mod_names, MOD_KEYS, object.bytes, object.size) != 1)
		return api_refuse(call, "the body is no JSON object, or has a member twice");
	if (of_user && (!api_take_text(call, &values[MOD_USER], CHAT_NAME_SIZE_MAX, &command->whom) ||
			!chat_name_valid(command->whom)))
		return api_refuse(call, "user: a name of 1 to 64 bytes");
	if (!take_seconds(&command->for_s, &values[MOD_FOR], chat_mod_ends(command->act) ? CHAT_FOR_MAX_S : 0))
		return api_refuse(call, "for: seconds after which it ends, of an act that can");
	if ((slows && values[MOD_EVERY].type == JSON_ABSENT) ||
	    !take_seconds(&command->every_s, &values[MOD_EVERY], slows ? CHAT_EVERY_MAX_S : 0))
		return api_refuse(call, "every: seconds between two messages of a user, of slow; 0: not slow");
	if (values[MOD_REASON].type != JSON_ABSENT &&
	    !api_take_text(call, &values[MOD_REASON], CHAT_REASON_SIZE_MAX, &command->reason))
		return api_refuse(call, "reason: up to 256 bytes");
	return API_OK;
}

enum api_error api_mod(struct api_call *call, struct span room, struct span act, struct span object, uint32_t index)
{
	struct chat_command command = { .op = CHAT_OP_mod, .room = room, .act = chat_mod_find(act) };

	if (command.act == CHAT_MOD_COUNT)
		return api_refuse(call, "op: publish, delete or an act of moderation");
	if ((api_scopes_rights(call->request->scopes) & chat_mod_right(command.act)) == 0)
		return API_ERR_forbidden;
	const enum api_error error = take_mod(call, object, &command);

	if (error == API_OK)
		api_send(call, CHAT_OP_mod, index, api_who(call), &command);
	return error;
}

enum api_error api_run_mod(struct api_call *call)
{
	const struct span name = api_route_last((enum api_route_id)call->request->route);

	return api_mod(call, call->room, name, call->body, 0);
}

enum api_error api_delete(struct api_call *call, struct span room, uint64_t seq, uint32_t index)
{
	const struct chat_command command = { .op = CHAT_OP_del, .room = room, .target = seq };

	api_send(call, CHAT_OP_del, index, api_who(call), &command);
	return API_OK;
}

enum user_key { USER_FOR, USER_REASON, USER_KEYS };

static const struct json_name user_names[USER_KEYS] = { { "for" }, { "reason" } };

/* A reason is for the audit log alone: who is ended is told no more than that. */
enum api_error api_run_user(struct api_call *call)
{
	const enum api_route_id route = (enum api_route_id)call->request->route;
	struct json_value values[USER_KEYS] = { 0 };
	struct gate *gate = call->gate;
	struct span reason = SPAN("");
	uint32_t for_s = 0;

	if (call->body.size > 0 &&
	    json_scan_object(values, user_names, USER_KEYS, call->body.bytes, call->body.size) != 1)
		return api_refuse(call, "the body is no JSON object, or has a member twice");
	if (!take_seconds(&for_s, &values[USER_FOR], route == API_ROUTE_ban_user ? CHAT_FOR_MAX_S : 0))
		return api_refuse(call, "for: seconds after which a ban ends");
	if (values[USER_REASON].type != JSON_ABSENT &&
	    !api_take_text(call, &values[USER_REASON], CHAT_REASON_SIZE_MAX, &reason))
		return api_refuse(call, "reason: up to 256 bytes");
	if (route == API_ROUTE_disconnect) {
		user_disconnect(gate, call->user, CHAT_CLOSE_disconnected);
	} else {
		const uint64_t until_ms = for_s != 0 ? gate->wall_ms + for_s * 1000ull : USER_BANNED_FOR_EVER;

		if (user_ban(gate, call->user, route == API_ROUTE_ban_user ? until_ms : 0) != 0) {
			call->why = "as many names are banned as may be";
			return API_ERR_unavailable;
		}
	}
	LOG(LOG_AUDIT, "audit", LOG_SPAN("act", api_route_last(route)), LOG_SPAN("by", api_who(call)),
	    LOG_SPAN("user", call->user), LOG_U64("for_s", for_s), LOG_SPAN("reason", reason));
	call->answered = true;
	api_answer(gate, call->conn, call->request, 200, NULL, SPAN("{}"));
	return API_OK;
}
