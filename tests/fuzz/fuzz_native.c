/* Whatever comes in, a command keeps to what the engine relies on. What goes
 * out is made of the same bytes: each text must be JSON, within its bound (the
 * buffer is exactly that large), and read back as what was written. */
#include "proto/chat/limits.h"
#include "proto/dialect/native.h"
#include "proto/json/json_scan.h"
#include "proto/json/json_string.h"
#include "proto/utf8/utf8.h"
#include "tests/fuzz/fuzz.h"

static void check_inside(struct span span, const uint8_t *text, size_t size, const struct native_scratch *scratch)
{
	if (!span.bytes)
		return;
	const uint8_t *const end = span.bytes + span.size;
	const bool in_text = span.bytes >= text && end <= text + size;
	const bool in_scratch = span.bytes >= scratch->bytes && end <= scratch->bytes + scratch->used;

	check(in_text || in_scratch);
	check(utf8_valid(span.bytes, span.size));
}

static bool needs_room(enum chat_op op)
{
	return op != CHAT_OP_hello && op != CHAT_OP_refresh && op != CHAT_OP_ping && op != CHAT_OP_pong;
}

static void check_entry(const struct chat_command *command)
{
	const bool edits = command->op == CHAT_OP_send || command->op == CHAT_OP_edit;

	if (command->producer.bytes) {
		check(command->producer.size >= 1 && command->producer.size <= CHAT_PRODUCER_SIZE_MAX);
		check(command->number >= 1 && command->number <= CHAT_INTEGER_MAX);
	}
	check(command->target <= CHAT_INTEGER_MAX);
	check(edits == (command->data.bytes != NULL));
	if (edits) {
		check(command->data.size >= 1 && command->data.size <= CHAT_DATA_SIZE_MAX);
		check(json_scan(command->data.bytes, command->data.size) == 1);
	}
	check((command->op == CHAT_OP_react) == (command->key.bytes != NULL));
	if (command->op == CHAT_OP_react)
		check(command->key.size >= 1 && command->key.size <= CHAT_KEY_SIZE_MAX);
}

static void check_mod(const struct chat_command *command)
{
	if (command->op != CHAT_OP_mod) {
		check(!command->whom.bytes && !command->reason.bytes && command->for_s == 0 && command->every_s == 0);
		return;
	}
	check(command->act < CHAT_MOD_COUNT && command->reason.size <= CHAT_REASON_SIZE_MAX);
	check(chat_mod_of_user(command->act) == (command->whom.bytes != NULL));
	check(!command->whom.bytes || chat_name_valid(command->whom));
	check(command->for_s <= (chat_mod_ends(command->act) ? CHAT_FOR_MAX_S : 0));
	check(command->every_s <= (command->act == CHAT_MOD_slow ? CHAT_EVERY_MAX_S : 0));
}

static void check_command(const struct chat_command *command)
{
	check(command->op < CHAT_OP_COUNT);
	check(needs_room(command->op) == (command->room.bytes != NULL));
	if (needs_room(command->op))
		check(chat_room_valid(command->room));
	if (command->op == CHAT_OP_hello)
		check(!command->name.bytes || chat_name_valid(command->name));
	check(command->op != CHAT_OP_refresh || command->token.bytes);
	if (command->has_since) {
		check(command->op == CHAT_OP_join && command->since_seq <= CHAT_INTEGER_MAX);
		check(command->epoch.size >= 1 && command->epoch.size <= CHAT_EPOCH_SIZE_MAX);
	}
	check((command->op == CHAT_OP_search) == (command->query.bytes != NULL));
	if (command->op == CHAT_OP_search) {
		check(command->query.size >= 1 && command->query.size <= CHAT_QUERY_SIZE_MAX);
		check(command->limit >= 1 && command->limit <= CHAT_FOUND_MAX);
	}
	check(command->limit <= CHAT_PAGE_MAX && command->seq <= CHAT_INTEGER_MAX);
	check_entry(command);
	check_mod(command);
}

/* The member, unescaped, is what was given to the writer. */
static void check_text(const struct json_value *value, struct span given)
{
	uint8_t *const room = malloc(value->token.size + 1);
	struct span read;

	check(value->type == JSON_STRING);
	check(json_string(&read, value->token, room, value->token.size) == 1);
	check(span_equal(read, given));
	free(room);
}

static void check_integer(const struct json_value *value, uint64_t given)
{
	uint64_t read;

	check(value->type == JSON_NUMBER && json_integer(&read, value->token) && read == given);
}

static void check_event(const struct chat_event *event)
{
	static const struct json_name names[] = {
		{ "room" }, { "from" }, { "user" }, { "seq" }, { "data" }, { "key" },
	};
	struct json_value values[6];
	uint8_t *const out = malloc(native_event_bound(event));
	const size_t size = native_event(out, event);
	const bool has_data = event->kind == CHAT_EV_msg || event->kind == CHAT_EV_edit;

	check(size <= native_event_bound(event));
	check(json_scan_object(values, names, 6, out, size) == 1);
	check_text(&values[0], event->room);
	if (event->kind != CHAT_EV_count)
		check_text(&values[values[1].type == JSON_ABSENT ? 2 : 1], event->from);
	if (chat_event_logged(event->kind) || event->kind == CHAT_EV_read)
		check_integer(&values[3], event->seq);
	if (has_data && !event->deleted && event->data.size > 0)
		check(span_equal(values[4].token, event->data));
	if (event->kind == CHAT_EV_react)
		check_text(&values[5], event->key);
	free(out);
}

static void check_bound(const struct chat_event *like)
{
	struct chat_event event = *like;

	for (int kind = 0; kind < CHAT_EVENT_COUNT; kind++) {
		event.kind = (enum chat_event_kind)kind;
		event.data = kind == CHAT_EV_mod ? SPAN("{\"act\":\"ban\",\"user\":\"Bob\"}") : like->data;
		uint8_t *const out = malloc(native_event_bound(&event));
		const size_t size = native_event(out, &event);

		check(json_scan(out, size) == 1);
		free(out);
	}
}

static void check_reply(const struct chat_reply *reply)
{
	static const struct json_name names[] = { { "re" }, { "ok" }, { "err" } };
	struct json_value values[3];
	uint8_t *const out = malloc(native_reply_bound(reply));
	const size_t size = native_reply(out, reply);
	const bool refused = reply->kind == CHAT_REPLY_ERROR;

	check(size <= native_reply_bound(reply));
	check(json_scan_object(values, names, 3, out, size) == 1);
	check_integer(&values[0], reply->re);
	check(values[refused ? 2 : 1].type == JSON_OBJECT && values[refused ? 1 : 2].type == JSON_ABSENT);
	free(out);
}

static void check_replies(const struct chat_command *command, const struct chat_event *event)
{
	const struct chat_user users[2] = { { event->from, 1 }, { event->from, UINT32_MAX } };
	struct chat_reply reply = {
		.re = command->id,
		.time_ms = command->seq,
		.error = CHAT_ERR_rate_limited,
		.retry_ms = command->limit,
		.hello = { .conn = event->from, .user = event->from, .server = SPAN("0.1.0") },
		.page = { .room = event->room,
			  .epoch = command->epoch,
			  .more = command->presence,
			  .events = event,
			  .event_count = 1 },
		.duplicate = command->on,
		.resume = (enum chat_resume)(command->target % 4),
		.read = command->seq,
		.with_users = command->presence,
		.users_more = command->on,
		.users = users,
		.user_count = 2,
	};

	for (int kind = CHAT_REPLY_EMPTY; kind <= CHAT_REPLY_TIME; kind++) {
		reply.kind = (enum chat_reply_kind)kind;
		check_reply(&reply);
	}
}

static void check_writers(const struct chat_command *command)
{
	struct chat_event event = {
		.room = command->room.bytes ? command->room : SPAN("general"),
		.from = command->name.bytes ? command->name : command->key,
		.seq = command->seq,
		.ts_ms = command->since_seq,
		.producer = command->producer,
		.number = command->number,
		.data = command->data,
		.target = command->target,
		.key = command->key,
		.on = command->on,
		.rev = command->limit,
		.count = command->limit,
		.ttl_ms = command->limit,
	};

	for (int kind = 0; kind < CHAT_EVENT_COUNT; kind++) {
		event.kind = (enum chat_event_kind)kind;
		/* Only what we wrote ourselves stands there. */
		event.data = kind == CHAT_EV_mod ? SPAN("{\"act\":\"ban\",\"user\":\"Bob\"}") : command->data;
		check_event(&event);
	}
	event.data = command->data;
	/* The longest numbers leave a bound that is too small no slack to hide in. They are past what we read. */
	event.seq = event.ts_ms = event.number = event.target = UINT64_MAX;
	check_bound(&event);
	/* A page stands three deep, so that data which is as deep as may be is too deep for the scan. */
	event.kind = CHAT_EV_react;
	check_replies(command, &event);
	event.kind = CHAT_EV_edit;
	event.deleted = true;
	check_bound(&event);
	check_replies(command, &event);
}

static void check_notices(const struct chat_command *command)
{
	const uint64_t after = command->since_seq;
	struct chat_notice notice = {
		.room = command->room.bytes ? command->room : SPAN("general"),
		.data = SPAN("{\"act\":\"kick\"}"),
		.after_ms = command->limit,
		.after = after,
		.next = after + 1 + command->seq,
	};

	for (int kind = CHAT_NOTICE_RECONNECT; kind <= CHAT_NOTICE_PING; kind++) {
		notice.kind = (enum chat_notice_kind)kind;
		uint8_t *const out = malloc(native_notice_bound(&notice));
		const size_t size = native_notice(out, &notice);

		check(size <= native_notice_bound(&notice) && json_scan(out, size) == 1);
		free(out);
	}
}

/* Every one of our own lists has a name, and nothing that an answer could not hold. */
static void check_names(void)
{
	for (int error = 1; error < CHAT_ERROR_COUNT; error++)
		check(chat_error_name((enum chat_error)error)[0] && chat_error_message((enum chat_error)error)[0]);
	for (int kind = 0; kind < CHAT_EVENT_COUNT; kind++)
		check(chat_event_name((enum chat_event_kind)kind)[0]);
	for (int reason = 0; reason < CHAT_CLOSE_COUNT; reason++)
		check(chat_close_code((enum chat_close)reason) >= 1000 && chat_close_text((enum chat_close)reason));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct native_scratch exact_scratch;
	static struct fuzz_exact exact;
	struct native_scratch *const scratch = &exact_scratch;
	struct chat_command command;
	enum chat_error error = CHAT_OK;

	if (size > 20000)
		return 0;
	const uint8_t *const text = fuzz_exact(&exact, data, size);

	scratch->used = 0;
	check_names();
	if (utf8_valid(text, size)) {
		const int result = native_decode(&command, &error, scratch, text, size);

		check(result == 1 || result == 0 || result == -CHAT_CLOSE_bad_frame);
		check((result == 0) == (error != CHAT_OK));
		if (result == 0)
			check(error == CHAT_ERR_bad_request || error == CHAT_ERR_bad_room ||
			      error == CHAT_ERR_too_large);
		if (result >= 0)
			check(command.id <= CHAT_INTEGER_MAX && scratch->used <= sizeof(scratch->bytes));
		if (result == 1) {
			const struct span spans[] = { command.room, command.name, command.token, command.producer,
						      command.data, command.key,  command.query, command.epoch };

			for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++)
				check_inside(spans[i], text, size, scratch);
			check_command(&command);
			check_writers(&command);
			check_notices(&command);
		}
	}
	return 0;
}
