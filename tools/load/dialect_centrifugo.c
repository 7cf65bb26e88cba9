/* dialect_centrifugo.c - Centrifugo's client protocol in JSON (centrifugal.dev, "Client protocol"), of v5 and v6.
 *
 * A room is a channel. A WebSocket message holds objects joined by line feeds. The server must let anybody in,
 * subscribe and publish: `"client": {"insecure": true}` (v5: `"client_insecure": true`). History is not asked for. */
#include "proto/json/json_scan.h"
#include "proto/json/json_string.h"
#include "tools/load/wire.h"

/* A command's id has 32 bits: that of a publish is one more than its own, a join's the room from JOIN_ID on. */
#define CONNECT_ID 1u
#define UNASKED_ID (JOIN_ID - 1) /* a publish cannot go without an id */
#define JOIN_ID (1ull << 31)

_Static_assert(DIALECT_ID_MAX + 1ull < UNASKED_ID && JOIN_ID + DIALECT_ROOM_MAX <= UINT32_MAX, "ids keep apart");

enum phase { PHASE_QUIET, PHASE_PONG }; /* whether the server wants its pings answered */

extern const struct dialect dialect_centrifugo;

static void hello(struct dialect_state *state, struct dialect_out *out)
{
	(void)state;
	wire_put(out, SPAN("{\"id\":1,\"connect\":{\"name\":\"uproar-load\"}}"));
}

static void put_command(struct dialect_out *out, uint64_t id, struct span name, uint32_t room)
{
	wire_put(out, SPAN("{\"id\":"));
	wire_put_u64(out, id);
	wire_put(out, name);
	wire_put(out, SPAN("{\"channel\":\""));
	wire_put_room(out, room);
	wire_put_byte(out, '"');
}

static void join(struct dialect_state *state, struct dialect_out *out, uint32_t room)
{
	(void)state;
	put_command(out, JOIN_ID + room, SPAN(",\"subscribe\":"), room);
	wire_put(out, SPAN("}}"));
}

static void publish(struct dialect_state *state, struct dialect_out *out, uint32_t room, struct span data, uint64_t id)
{
	(void)state;
	CHECK(id <= DIALECT_ID_MAX);
	put_command(out, id != 0 ? id + 1 : UNASKED_ID, SPAN(",\"publish\":"), room);
	wire_put(out, SPAN(",\"data\":"));
	wire_put_quoted(out, data);
	wire_put(out, SPAN("}}"));
}

/* The way of nearly all messages: the order in which the server writes them. What follows the data, the publisher's
 * name and the offset, has no order that could be relied on: it is only seen to be JSON. */
static bool read_message(struct dialect_event *event, struct span object)
{
	struct wire_in in = wire_in_of(object.bytes, object.size);
	struct span room, data;

	if (!wire_take(&in, SPAN("{\"push\":{\"channel\":\"")) || !wire_take_until(&in, '"', &room))
		return false;
	if (!wire_take(&in, SPAN(",\"pub\":{\"data\":\"")) || !wire_take_plain(&in, &data))
		return false;
	if (json_scan(object.bytes, object.size) != 1)
		return false;
	wire_event_message(event, dialect_room_number(room), data);
	return true;
}

/* A server that takes a subscription back will not deliver the rest. */
static bool is_unsubscribed(struct span push)
{
	return memmem(push.bytes, push.size, "\"unsubscribe\":", 14) != NULL;
}

static bool take_push(struct dialect_event *event, struct span push)
{
	static const struct json_name names[] = { { "channel" }, { "pub" } }, data_name = { "data" };
	struct json_value values[2], data;

	if (json_scan_object(values, names, 2, push.bytes, push.size) != 1)
		return false;
	wire_event(event, DIALECT_NOTHING);
	if (values[0].type == JSON_STRING)
		event->room = dialect_room_number(wire_unquoted(values[0].token));
	if (values[1].type == JSON_ABSENT) {
		event->kind = is_unsubscribed(push) ? DIALECT_GAP : DIALECT_NOTHING;
		event->left_out = event->kind == DIALECT_GAP ? UINT32_MAX : 0;
		return true;
	}
	if (json_scan_object(&data, &data_name, 1, values[1].token.bytes, values[1].token.size) != 1)
		return false;
	event->kind = DIALECT_MESSAGE;
	if (data.type != JSON_ABSENT)
		event->data = data.type == JSON_STRING ? wire_unquoted(data.token) : data.token;
	return true;
}

static void take_error(struct dialect_event *event, struct span error)
{
	static const struct json_name message = { "message" };
	struct json_value value;

	wire_event_failed(event, error);
	if (json_scan_object(&value, &message, 1, error.bytes, error.size) == 1 && value.type == JSON_STRING)
		event->text = wire_unquoted(value.token);
}

static bool wants_pong(struct span connect)
{
	static const struct json_name pong = { "pong" };
	struct json_value value;

	return json_scan_object(&value, &pong, 1, connect.bytes, connect.size) == 1 && value.type == JSON_TRUE;
}

enum key { KEY_ID, KEY_ERROR, KEY_PUSH, KEY_CONNECT, KEY_COUNT };

static const struct json_name keys[KEY_COUNT] = {
	[KEY_ID] = { "id" },
	[KEY_ERROR] = { "error" },
	[KEY_PUSH] = { "push" },
	[KEY_CONNECT] = { "connect" },
};

static bool take_reply(struct dialect_state *state, struct dialect_event *event, const struct json_value *values)
{
	const bool ok = values[KEY_ERROR].type == JSON_ABSENT;
	uint64_t id;

	if (!json_integer(&id, values[KEY_ID].token) || id == 0 || id > JOIN_ID + DIALECT_ROOM_MAX)
		return false;
	wire_event(event, DIALECT_NOTHING);
	if (!ok)
		take_error(event, values[KEY_ERROR].token);
	if (id == CONNECT_ID) {
		if (ok && values[KEY_CONNECT].type != JSON_OBJECT)
			return false;
		if (ok) {
			event->kind = DIALECT_READY;
			state->phase = wants_pong(values[KEY_CONNECT].token) ? PHASE_PONG : PHASE_QUIET;
		}
	} else if (id >= JOIN_ID) {
		event->kind = ok ? DIALECT_JOINED : DIALECT_FAILED;
		event->room = (uint32_t)(id - JOIN_ID);
	} else if (id != UNASKED_ID) {
		event->kind = ok ? DIALECT_ACK : DIALECT_FAILED;
		event->id = id - 1;
	}
	return true;
}

static bool take_object(struct dialect_state *state, struct dialect_event *event, struct span object)
{
	struct json_value values[KEY_COUNT] = { 0 };

	if (read_message(event, object))
		return true;
	if (json_scan_object(values, keys, KEY_COUNT, object.bytes, object.size) != 1)
		return false;
	if (values[KEY_PUSH].type == JSON_OBJECT)
		return take_push(event, values[KEY_PUSH].token);
	if (values[KEY_ID].type == JSON_NUMBER)
		return take_reply(state, event, values);
	if (object.size != 2)
		return false;
	wire_event(event, DIALECT_NOTHING);
	if (state->phase == PHASE_PONG)
		wire_event_reply(event, SPAN("{}"));
	return true;
}

static ptrdiff_t decode(struct dialect_state *state, struct dialect_event *event, const uint8_t *bytes, size_t size)
{
	const uint8_t *const feed = size > 0 ? memchr(bytes, '\n', size) : NULL;
	const size_t line = feed ? (size_t)(feed - bytes) : size;

	return take_object(state, event, span_of(bytes, line)) ? (ptrdiff_t)line + (feed != NULL) : -1;
}

const struct dialect dialect_centrifugo = {
	.name = "centrifugo",
	.summary = "Centrifugo's client protocol in JSON: a room is a channel",
	.path = "/connection/websocket",
	.has_rooms = true,
	.has_ack = true,
	.echoes_sender = true,
	.hello = hello,
	.join = join,
	.publish = publish,
	.decode = decode,
};
