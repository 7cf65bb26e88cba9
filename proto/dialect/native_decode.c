/* One scan of the text finds every member that any op knows; then the op's row
 * of ops[] takes those it wants and judges them. What an op does not know is
 * not looked at. */
#include "proto/dialect/native.h"

#include <assert.h>

#include "proto/chat/limits.h"
#include "proto/json/json_scan.h"
#include "proto/json/json_string.h"

_Static_assert(JSON_DEPTH_MAX == CHAT_DEPTH_MAX, "the scanner's depth is the protocol's");
_Static_assert(JSON_INTEGER_MAX == CHAT_INTEGER_MAX, "the reader's integers are the protocol's");

enum key {
#define NATIVE_KEY(name) KEY_##name,
#include "proto/dialect/tbl/native_keys.h"
#undef NATIVE_KEY
	KEY_COUNT,
};

static const struct json_name key_names[KEY_COUNT] = {
#define NATIVE_KEY(name) { #name },
#include "proto/dialect/tbl/native_keys.h"
#undef NATIVE_KEY
};

static const struct json_name op_names[CHAT_OP_COUNT] = {
#define CHAT_OP(name) { #name },
#include "proto/chat/tbl/ops.h"
#undef CHAT_OP
};

_Static_assert(KEY_COUNT <= JSON_NAMES_MAX, "the scanner looks for all keys at once");

struct decode {
	struct chat_command *command;
	struct native_scratch *scratch;
	struct json_value values[KEY_COUNT];
};

static bool has(const struct decode *decode, enum key key)
{
	return decode->values[key].type != JSON_ABSENT;
}

/* Each take_* reads a value of one type: whether it is of that type and within its range. */

static bool take_text(struct span *text, struct native_scratch *scratch, const struct json_value *value,
		      size_t size_max)
{
	uint8_t *const room = scratch->bytes + scratch->used;
	const size_t left = sizeof(scratch->bytes) - scratch->used;

	if (value->type != JSON_STRING)
		return false;
	if (json_string(text, value->token, room, left < size_max ? left : size_max) < 0)
		return false;
	if (text->bytes == room)
		scratch->used += text->size;
	return text->size <= size_max;
}

static bool take_integer(uint64_t *integer, const struct json_value *value)
{
	return value->type == JSON_NUMBER && json_integer(integer, value->token);
}

/* An absent one leaves *flag as it is. */
static bool take_flag(bool *flag, const struct json_value *value)
{
	if (value->type == JSON_ABSENT)
		return true;
	*flag = value->type == JSON_TRUE;
	return value->type == JSON_TRUE || value->type == JSON_FALSE;
}

static enum chat_error take_room(struct decode *decode)
{
	struct span *room = &decode->command->room;

	if (decode->values[KEY_room].type != JSON_STRING)
		return CHAT_ERR_bad_request;
	if (!take_text(room, decode->scratch, &decode->values[KEY_room], CHAT_ROOM_SIZE_MAX))
		return CHAT_ERR_bad_room;
	return chat_room_valid(*room) ? CHAT_OK : CHAT_ERR_bad_room;
}

/* Past the most counts as the most. */
static bool take_limit(struct decode *decode, uint32_t least, uint32_t usual, uint32_t most)
{
	uint64_t limit = usual;

	if (has(decode, KEY_limit) && !take_integer(&limit, &decode->values[KEY_limit]))
		return false;
	decode->command->limit = limit < most ? (uint32_t)limit : most;
	return limit >= least;
}

static bool is_producer_byte(uint8_t byte)
{
	return (uint8_t)((byte | 0x20) - 'a') < 26 || (uint8_t)(byte - '0') < 10 || byte == '_' || byte == '-';
}

/* cid: a producer, a colon, a number without zeros in front. Absent is well too. */
static bool take_cid(struct decode *decode)
{
	struct chat_command *command = decode->command;
	struct span cid;
	size_t colon = 0;

	if (!has(decode, KEY_cid))
		return true;
	if (!take_text(&cid, decode->scratch, &decode->values[KEY_cid], CHAT_PRODUCER_SIZE_MAX + 1 + 16))
		return false;
	while (colon < cid.size && is_producer_byte(cid.bytes[colon]))
		colon++;
	if (colon == 0 || colon > CHAT_PRODUCER_SIZE_MAX || colon + 1 >= cid.size || cid.bytes[colon] != ':')
		return false;
	if (cid.bytes[colon + 1] == '0') /* zero itself, or a zero in front */
		return false;
	command->producer = span_of(cid.bytes, colon);
	return json_integer(&command->number, span_of(cid.bytes + colon + 1, cid.size - colon - 1));
}

static enum chat_error take_data(struct decode *decode)
{
	const struct json_value *data = &decode->values[KEY_data];

	if (data->type == JSON_ABSENT)
		return CHAT_ERR_bad_request;
	decode->command->data = data->token;
	return data->token.size <= CHAT_DATA_SIZE_MAX ? CHAT_OK : CHAT_ERR_too_large;
}

/* 1 to 16 letters and digits. */
static bool take_epoch(struct decode *decode, const struct json_value *value)
{
	struct span *epoch = &decode->command->epoch;

	if (!take_text(epoch, decode->scratch, value, CHAT_EPOCH_SIZE_MAX))
		return false;
	for (size_t i = 0; i < epoch->size; i++) {
		const uint8_t byte = epoch->bytes[i];

		if ((uint8_t)(byte - 'a') >= 26 && (uint8_t)(byte - '0') >= 10)
			return false;
	}
	return epoch->size > 0;
}

/* {"seq":n,"epoch":"..."}. A second scan, of these bytes alone. Returns 1, 0 refused, or -close. */
static int take_since(struct decode *decode)
{
	static const struct json_name names[2] = { { "seq" }, { "epoch" } };
	const struct json_value *since = &decode->values[KEY_since];
	struct chat_command *command = decode->command;
	struct json_value values[2];

	if (since->type == JSON_ABSENT)
		return 1;
	if (since->type != JSON_OBJECT)
		return 0;
	if (json_scan_object(values, names, 2, since->token.bytes, since->token.size) < 0)
		return -CHAT_CLOSE_bad_frame;
	if (!take_integer(&command->since_seq, &values[0]))
		return 0;
	if (!take_epoch(decode, &values[1]))
		return 0;
	command->has_since = true;
	return 1;
}

/* Each decode_* takes an op's members. Returns 1, -close, or 0 with *error. */

static int refuse(enum chat_error *error, enum chat_error why)
{
	*error = why;
	return why == CHAT_OK;
}

static int decode_hello(struct decode *decode, enum chat_error *error)
{
	struct chat_command *command = decode->command;
	const struct json_value *values = decode->values;

	if (has(decode, KEY_agent) && values[KEY_agent].type != JSON_STRING)
		return refuse(error, CHAT_ERR_bad_request);
	if (has(decode, KEY_token) && !take_text(&command->token, decode->scratch, &values[KEY_token], SIZE_MAX))
		return refuse(error, CHAT_ERR_bad_request);
	/* Who shows a token, or has shown one before, needs none, nor who is given one. */
	if (!has(decode, KEY_name))
		return 1;
	if (!take_text(&command->name, decode->scratch, &values[KEY_name], CHAT_NAME_SIZE_MAX))
		return refuse(error, CHAT_ERR_bad_request);
	return refuse(error, chat_name_valid(command->name) ? CHAT_OK : CHAT_ERR_bad_request);
}

static int decode_refresh(struct decode *decode, enum chat_error *error)
{
	struct chat_command *command = decode->command;

	if (!take_text(&command->token, decode->scratch, &decode->values[KEY_token], SIZE_MAX))
		return refuse(error, CHAT_ERR_bad_request);
	return 1;
}

static int decode_join(struct decode *decode, enum chat_error *error)
{
	struct chat_command *command = decode->command;
	const int since = take_since(decode);
	bool echo = true;

	if (since < 0)
		return since;
	const enum chat_error why = take_room(decode);

	if (why != CHAT_OK)
		return refuse(error, why);
	if (since == 0 || !take_limit(decode, 0, CHAT_PAGE_DEFAULT, CHAT_PAGE_MAX))
		return refuse(error, CHAT_ERR_bad_request);
	if (!take_flag(&command->presence, &decode->values[KEY_presence]))
		return refuse(error, CHAT_ERR_bad_request);
	if (!take_flag(&echo, &decode->values[KEY_echo]))
		return refuse(error, CHAT_ERR_bad_request);
	command->no_echo = !echo;
	return 1;
}

static int decode_room(struct decode *decode, enum chat_error *error)
{
	return refuse(error, take_room(decode));
}

/* send edit del react: what takes a seq, whatever else it takes. */
static enum chat_error take_entry(struct decode *decode)
{
	const enum chat_error why = take_room(decode);

	if (why != CHAT_OK)
		return why;
	return take_cid(decode) ? CHAT_OK : CHAT_ERR_bad_request;
}

static int decode_send(struct decode *decode, enum chat_error *error)
{
	const enum chat_error why = take_entry(decode);

	return refuse(error, why != CHAT_OK ? why : take_data(decode));
}

static int decode_del(struct decode *decode, enum chat_error *error)
{
	const enum chat_error why = take_entry(decode);

	if (why != CHAT_OK)
		return refuse(error, why);
	if (!take_integer(&decode->command->target, &decode->values[KEY_target]))
		return refuse(error, CHAT_ERR_bad_request);
	if (has(decode, KEY_epoch) && !take_epoch(decode, &decode->values[KEY_epoch]))
		return refuse(error, CHAT_ERR_bad_request);
	return 1;
}

static int decode_edit(struct decode *decode, enum chat_error *error)
{
	return decode_del(decode, error) == 1 ? refuse(error, take_data(decode)) : 0;
}

static int decode_react(struct decode *decode, enum chat_error *error)
{
	struct chat_command *command = decode->command;
	const struct json_value *values = decode->values;

	if (decode_del(decode, error) != 1)
		return 0;
	if (!take_text(&command->key, decode->scratch, &values[KEY_key], CHAT_KEY_SIZE_MAX) || command->key.size == 0)
		return refuse(error, CHAT_ERR_bad_request);
	if (!has(decode, KEY_on) || !take_flag(&command->on, &values[KEY_on]))
		return refuse(error, CHAT_ERR_bad_request);
	return 1;
}

static int decode_history(struct decode *decode, enum chat_error *error)
{
	static const struct {
		enum key key;
		enum chat_page_from from;
	} ways[] = {
		{ KEY_before, CHAT_PAGE_BEFORE },
		{ KEY_after, CHAT_PAGE_AFTER },
		{ KEY_around, CHAT_PAGE_AROUND },
	};
	struct chat_command *command = decode->command;
	const enum chat_error why = take_room(decode);

	if (why != CHAT_OK)
		return refuse(error, why);
	if (!take_limit(decode, 1, CHAT_PAGE_DEFAULT, CHAT_PAGE_MAX))
		return refuse(error, CHAT_ERR_bad_request);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (!has(decode, ways[i].key))
			continue;
		if (command->from != CHAT_PAGE_LATEST || !take_integer(&command->seq, &decode->values[ways[i].key]))
			return refuse(error, CHAT_ERR_bad_request);
		command->from = ways[i].from;
	}
	return 1;
}

static int decode_search(struct decode *decode, enum chat_error *error)
{
	struct chat_command *command = decode->command;
	const struct json_value *values = decode->values;
	const enum chat_error why = take_room(decode);

	if (why != CHAT_OK)
		return refuse(error, why);
	if (!take_text(&command->query, decode->scratch, &values[KEY_query], CHAT_QUERY_SIZE_MAX))
		return refuse(error, CHAT_ERR_bad_request);
	if (command->query.size == 0 || !take_limit(decode, 1, CHAT_FOUND_DEFAULT, CHAT_FOUND_MAX))
		return refuse(error, CHAT_ERR_bad_request);
	if (has(decode, KEY_before) && (!take_integer(&command->seq, &values[KEY_before]) || command->seq == 0))
		return refuse(error, CHAT_ERR_bad_request);
	return 1;
}

static int decode_read(struct decode *decode, enum chat_error *error)
{
	const enum chat_error why = take_room(decode);

	if (why != CHAT_OK)
		return refuse(error, why);
	if (!take_integer(&decode->command->seq, &decode->values[KEY_seq]))
		return refuse(error, CHAT_ERR_bad_request);
	return 1;
}

/* Absent is 0. */
static bool take_seconds(uint32_t *seconds, const struct json_value *value, uint64_t most)
{
	uint64_t integer = 0;

	if (value->type != JSON_ABSENT && !take_integer(&integer, value))
		return false;
	*seconds = (uint32_t)(integer < UINT32_MAX ? integer : UINT32_MAX);
	return integer <= most;
}

static bool take_act(struct decode *decode)
{
	uint8_t room[8];
	const struct json_value *value = &decode->values[KEY_act];
	struct span word;

	if (value->type != JSON_STRING || json_string(&word, value->token, room, sizeof(room)) < 0)
		return false;
	decode->command->act = chat_mod_find(word);
	return decode->command->act < CHAT_MOD_COUNT;
}

/* What an act does not take may be there, but must not ask for anything: who says `kick` and means an hour is told. */
static bool take_mod(struct decode *decode)
{
	struct chat_command *command = decode->command;
	const struct json_value *values = decode->values;

	if (!take_act(decode))
		return false;
	const bool slows = command->act == CHAT_MOD_slow;

	if (!take_seconds(&command->for_s, &values[KEY_for], chat_mod_ends(command->act) ? CHAT_FOR_MAX_S : 0) ||
	    !take_seconds(&command->every_s, &values[KEY_every], slows ? CHAT_EVERY_MAX_S : 0) ||
	    (slows && !has(decode, KEY_every)))
		return false;
	if (has(decode, KEY_reason) &&
	    !take_text(&command->reason, decode->scratch, &values[KEY_reason], CHAT_REASON_SIZE_MAX))
		return false;
	if (!chat_mod_of_user(command->act))
		return true;
	return take_text(&command->whom, decode->scratch, &values[KEY_user], CHAT_NAME_SIZE_MAX) &&
	       chat_name_valid(command->whom);
}

static int decode_mod(struct decode *decode, enum chat_error *error)
{
	const enum chat_error why = take_room(decode);

	return refuse(error, why == CHAT_OK && !take_mod(decode) ? CHAT_ERR_bad_request : why);
}

static int decode_nothing(struct decode *decode, enum chat_error *error)
{
	(void)decode;
	return refuse(error, CHAT_OK);
}

static int (*const ops[CHAT_OP_COUNT])(struct decode *decode, enum chat_error *error) = {
	[CHAT_OP_refresh] = decode_refresh, [CHAT_OP_hello] = decode_hello,   [CHAT_OP_join] = decode_join,
	[CHAT_OP_leave] = decode_room,      [CHAT_OP_send] = decode_send,     [CHAT_OP_edit] = decode_edit,
	[CHAT_OP_del] = decode_del,         [CHAT_OP_react] = decode_react,   [CHAT_OP_mod] = decode_mod,
	[CHAT_OP_history] = decode_history, [CHAT_OP_search] = decode_search, [CHAT_OP_presence] = decode_room,
	[CHAT_OP_typing] = decode_room,     [CHAT_OP_read] = decode_read,     [CHAT_OP_ping] = decode_nothing,
	[CHAT_OP_pong] = decode_nothing,
};

/* Eight bytes hold every op, so a longer word is none. */
static bool take_op(struct decode *decode)
{
	uint8_t room[sizeof(op_names->text)];
	const struct json_value *value = &decode->values[KEY_op];
	struct span word;

	if (value->type != JSON_STRING || json_string(&word, value->token, room, sizeof(room)) < 0)
		return false;
	const size_t op = json_name_find(op_names, CHAT_OP_COUNT, word);

	decode->command->op = (enum chat_op)op;
	return op < CHAT_OP_COUNT;
}

/* Of a text that was refused: whether because more containers are open at once than we follow. */
static bool is_too_deep(const uint8_t *text, size_t size)
{
	uint32_t depth = 0;
	bool string = false;

	for (size_t i = 0; i < size; i++) {
		if (string && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			string = !string;
		else if (!string && (text[i] == '{' || text[i] == '['))
			depth++;
		else if (!string && depth > 0 && (text[i] == '}' || text[i] == ']'))
			depth--;
		if (depth > CHAT_DEPTH_MAX)
			return true;
	}
	return false;
}

int native_decode(struct chat_command *command, enum chat_error *error, struct native_scratch *scratch,
		  const uint8_t *text, size_t size)
{
	struct decode decode;

	*command = (struct chat_command){ .op = CHAT_OP_COUNT };
	scratch->used = 0;
	decode.command = command;
	decode.scratch = scratch;
	if (json_scan_object(decode.values, key_names, KEY_COUNT, text, size) < 0)
		return is_too_deep(text, size) ? refuse(error, CHAT_ERR_bad_request) : -CHAT_CLOSE_bad_frame;
	if (has(&decode, KEY_id)) {
		const struct json_value *id = &decode.values[KEY_id];

		if (!take_integer(&command->id, id) || command->id == 0) {
			command->id = 0;
			return refuse(error, CHAT_ERR_bad_request);
		}
	}
	if (!take_op(&decode))
		return refuse(error, CHAT_ERR_bad_request);
	assert(ops[command->op]);
	return ops[command->op](&decode, error);
}
