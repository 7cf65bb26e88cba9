/* The routes that are commands to a room's home. */
#include "engine/api/api_call.h"

#include <openssl/sha.h>

#include "engine/chat/dispatch.h"
#include "engine/core/check.h"
#include "engine/api/api_order.h"
#include "engine/core/mutant.h"
#include "engine/gate/latency.h"
#include "proto/chat/limits.h"
#include "proto/json/json_string.h"
#include "proto/utf8/utf8.h"

struct mail_origin api_origin(const struct api_call *call)
{
	return (struct mail_origin){
		.core = call->gate->core,
		.slot = call->conn->slot,
		.generation = call->conn->generation,
		.stamp = call->request->serial,
		.heard_us = latency_heard(call->gate),
		.outside = true,
	};
}

void api_send(struct api_call *call, uint32_t op, uint32_t index, struct span user, const struct chat_command *command)
{
	struct gate *gate = call->gate;
	const struct dispatch_sender sender = {
		.origin = api_origin(call),
		.user = user,
		.rights = api_scopes_rights(call->request->scopes),
		.outside = true,
	};
	struct chat_command numbered = *command;

	numbered.id = index + 1;
	dispatch(&gate->post, &gate->directory, op, &sender, directory_hash(&gate->directory, command->room),
		 &numbered);
	call->request->awaited++;
	gate_count(gate, COUNTER_commands);
}

/* Of a producer, a colon, and a number without zeros in front. */
static bool take_cid(struct chat_command *command, struct span cid)
{
	size_t colon = 0;

	while (colon < cid.size && cid.bytes[colon] != ':') {
		const uint8_t byte = cid.bytes[colon++];

		if ((uint8_t)((byte | 0x20) - 'a') >= 26 && (uint8_t)(byte - '0') >= 10 && byte != '_' && byte != '-')
			return false;
	}
	if (colon == 0 || colon > CHAT_PRODUCER_SIZE_MAX || colon + 1 >= cid.size || cid.bytes[colon + 1] == '0')
		return false;
	command->producer = span_of(cid.bytes, colon);
	return json_integer(&command->number, span_of(cid.bytes + colon + 1, cid.size - colon - 1));
}

#define IDEMPOTENCY_KEY_MAX 255

/* The key of a request that may come twice is made a cid, which the room's log has once for as long as it is kept. */
static enum api_error take_idempotency(struct api_call *call, struct chat_command *command)
{
	static const char digits[] = "0123456789abcdef";
	const size_t count = http_head_field_count(call->head, "idempotency-key");
	const struct span key = http_head_field(call->head, "idempotency-key");
	uint8_t hash[SHA256_DIGEST_LENGTH], *at = call->scratch + call->used;
	uint8_t both[1 + API_KEY_NAME_MAX + 1 + IDEMPOTENCY_KEY_MAX];
	const size_t own = call->request->key_size;

	if (count == 0)
		return API_OK;
	if (count > 1 || key.size == 0 || key.size > IDEMPOTENCY_KEY_MAX)
		return api_refuse(call, "an Idempotency-Key has 1 to 255 bytes");
	if (command->producer.bytes)
		return api_refuse(call, "either a cid or an Idempotency-Key");
	CHECK(call->used + CHAT_PRODUCER_SIZE_MAX <= sizeof(call->scratch));
	/* Names of keys have no colon: two users of the API never make the same of theirs. */
	memcpy(both, call->request->key, own);
	both[own] = PLANTED(78) ? (uint8_t)call->conn->generation : ':'; /* a key is forgotten with its connection */
	memcpy(both + own + 1, key.bytes, key.size);
	SHA256(both, own + 1 + key.size, hash);
	memcpy(at, "idem-", 5);
	for (size_t i = 5; i < CHAT_PRODUCER_SIZE_MAX; i++)
		at[i] = (uint8_t)digits[i % 2 ? hash[i / 2] >> 4 : hash[i / 2] & 15];
	command->producer = span_of(at, CHAT_PRODUCER_SIZE_MAX);
	command->number = 1;
	call->used += CHAT_PRODUCER_SIZE_MAX;
	return API_OK;
}

enum publish_key { PUBLISH_ROOM, PUBLISH_DATA, PUBLISH_USER, PUBLISH_CID, PUBLISH_KEYS };

static const struct json_name publish_names[PUBLISH_KEYS] = { { "room" }, { "data" }, { "user" }, { "cid" } };

enum api_error api_publish(struct api_call *call, struct span object, uint32_t index)
{
	struct json_value values[PUBLISH_KEYS];
	struct chat_command command = { .op = CHAT_OP_send };
	struct span user = api_who(call), cid;

	if (json_scan_object(values, publish_names, PUBLISH_KEYS, object.bytes, object.size) != 1)
		return api_refuse(call, "the body is no JSON object, or has a member twice");
	if (!api_take_room(call, &values[PUBLISH_ROOM], &command.room))
		return API_ERR_bad_request;
	if (values[PUBLISH_DATA].type == JSON_ABSENT)
		return api_refuse(call, "data is missing");
	command.data = values[PUBLISH_DATA].token;
	if (command.data.size > call->gate->limits.data_size_max) {
		call->why = "data is larger than --data-size allows";
		return API_ERR_too_large;
	}
	if (values[PUBLISH_USER].type != JSON_ABSENT &&
	    (!api_take_text(call, &values[PUBLISH_USER], CHAT_NAME_SIZE_MAX, &user) || !chat_name_valid(user)))
		return api_refuse(call, "user: a name of 1 to 64 bytes");
	if (values[PUBLISH_CID].type != JSON_ABSENT &&
	    (!api_take_text(call, &values[PUBLISH_CID], CHAT_PRODUCER_SIZE_MAX + 1 + 16, &cid) ||
	     !take_cid(&command, cid)))
		return api_refuse(call, "cid: a producer of 1 to 32 of A-Z a-z 0-9 _ -, a colon, and a number from 1");
	if (call->request->route == API_ROUTE_publish) {
		const enum api_error error = take_idempotency(call, &command);

		if (error != API_OK)
			return error;
	}
	api_send(call, CHAT_OP_send, index, user, &command);
	return API_OK;
}

static enum api_error run_history(struct api_call *call)
{
	static const struct {
		const char *name;
		enum chat_page_from from;
	} ways[] = { { "before", CHAT_PAGE_BEFORE }, { "after", CHAT_PAGE_AFTER }, { "around", CHAT_PAGE_AROUND } };
	struct chat_command command = { .op = CHAT_OP_history, .room = call->room };
	uint64_t limit = CHAT_PAGE_DEFAULT;

	if (!api_take_number(call, "limit", 1, CHAT_PAGE_MAX, &limit))
		return api_refuse(call, "limit: 1 to 200");
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		uint64_t seq = UINT64_MAX;

		if (!api_take_number(call, ways[i].name, 0, CHAT_INTEGER_MAX, &seq))
			return api_refuse(call, "before, after and around: a seq");
		if (seq == UINT64_MAX)
			continue;
		if (command.from != CHAT_PAGE_LATEST)
			return api_refuse(call, "one of before, after and around");
		command.from = ways[i].from;
		command.seq = seq;
	}
	command.limit = (uint32_t)limit;
	api_send(call, CHAT_OP_history, 0, api_who(call), &command);
	return API_OK;
}

static enum api_error run_search(struct api_call *call)
{
	struct chat_command command = { .op = CHAT_OP_search, .room = call->room };
	uint64_t limit = CHAT_FOUND_DEFAULT;

	if (!api_take_number(call, "limit", 1, CHAT_FOUND_MAX, &limit))
		return api_refuse(call, "limit: 1 to 100");
	if (!api_take_number(call, "before", 1, CHAT_INTEGER_MAX, &command.seq))
		return api_refuse(call, "before: a seq");
	if (!api_take_query(call, "q", &command.query) || !command.query.bytes || command.query.size == 0 ||
	    command.query.size > CHAT_QUERY_SIZE_MAX || !utf8_valid(command.query.bytes, command.query.size))
		return api_refuse(call, "q: what to look for, 1 to 256 bytes");
	command.limit = (uint32_t)limit;
	api_send(call, CHAT_OP_search, 0, api_who(call), &command);
	return API_OK;
}

static enum api_error run_members(struct api_call *call)
{
	struct chat_command command = { .op = CHAT_OP_presence, .room = call->room };
	uint64_t limit = CHAT_USERS_MAX;

	if (!api_take_number(call, "limit", 1, CHAT_USERS_MAX, &limit))
		return api_refuse(call, "limit: 1 to 200");
	if (!api_take_query(call, "after", &command.query) ||
	    (command.query.bytes &&
	     (!utf8_valid(command.query.bytes, command.query.size) || !chat_name_valid(command.query))))
		return api_refuse(call, "after: a user's name");
	command.limit = (uint32_t)limit;
	api_send(call, MAIL_OP_MEMBERS, 0, api_who(call), &command);
	return API_OK;
}

static enum api_error ask_room(struct api_call *call, uint32_t op)
{
	const struct chat_command command = { .op = CHAT_OP_presence, .room = call->room };

	api_send(call, op, 0, api_who(call), &command);
	return API_OK;
}

/* What ops knows: as it answers for plain HTTP. */
static enum api_error from_source(struct api_call *call)
{
	struct http_answer answer = { .status = 404 };
	const struct http_question question = {
		.method = SPAN("GET"),
		.path = call->head->path,
		.draining = call->gate->draining,
	};
	struct gate *gate = call->gate;

	gate->source->answer(gate->source->context, &question, &answer);
	if (answer.status != 200)
		return answer.status == 503 ? API_ERR_unavailable : API_ERR_not_found;
	call->answered = true;
	api_answer(gate, call->conn, call->request, 200, NULL, span_of(answer.body, answer.body_size));
	return API_OK;
}

enum api_error api_run(struct api_call *call)
{
	switch ((enum api_route_id)call->request->route) {
	case API_ROUTE_openapi:
	case API_ROUTE_info:
	case API_ROUTE_status:
		return from_source(call);
	case API_ROUTE_publish:
		return api_publish(call, call->body, 0);
	case API_ROUTE_batch:
		return api_run_batch(call);
	case API_ROUTE_room:
		return ask_room(call, MAIL_OP_ABOUT);
	case API_ROUTE_history:
		return run_history(call);
	case API_ROUTE_search:
		return run_search(call);
	case API_ROUTE_presence:
		return ask_room(call, CHAT_OP_presence);
	case API_ROUTE_members:
		return run_members(call);
	case API_ROUTE_delete:
		return api_delete(call, call->room, call->seq, 0);
	case API_ROUTE_rooms:
	case API_ROUTE_connections:
		return api_run_list(call);
	case API_ROUTE_disconnect:
	case API_ROUTE_ban_user:
	case API_ROUTE_unban_user:
		return api_run_user(call);
	case API_ROUTE_reload:
		return api_run_reload(call);
	case API_ROUTE_level:
	case API_ROUTE_set_level:
		return api_run_level(call);
	default:
		return api_run_mod(call);
	}
}
