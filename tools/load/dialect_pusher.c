/* dialect_pusher.c - the Pusher Channels protocol, version 7: soketi, and others that speak it.
 *
 * A room is a private channel, private-ROOM: in those alone members may publish, by client events, which go to all
 * others (never back to the sender) and are not answered. To join one is to sign "socket_id:channel" with the app's
 * secret. Key and secret are those that soketi has unless told otherwise; it must also be told
 * SOKETI_DEFAULT_APP_ENABLE_CLIENT_MESSAGES=true. The server says its mind in `data`, a string that holds JSON. */
#include <openssl/hmac.h>

#include "proto/json/json_scan.h"
#include "proto/json/json_string.h"
#include "tools/load/wire.h"

#define APP_KEY "app-key"
#define APP_SECRET "app-secret"
#define CHANNEL "private-"
#define DIGEST_SIZE 32

/* state->word holds the socket's id, state->phase how long it is. */
#define SOCKET_ID_MAX sizeof(((struct dialect_state *)0)->word)

extern const struct dialect dialect_pusher;

/* The server speaks first. */
static void hello(struct dialect_state *state, struct dialect_out *out)
{
	(void)state, (void)out;
}

static void put_signature(struct dialect_out *out, struct span text)
{
	uint8_t digest[DIGEST_SIZE];
	unsigned int size = 0;

	CHECK(HMAC(EVP_sha256(), APP_SECRET, sizeof(APP_SECRET) - 1, text.bytes, text.size, digest, &size));
	CHECK(size == DIGEST_SIZE);
	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		wire_put_byte(out, (uint8_t) "0123456789abcdef"[digest[i] >> 4]);
		wire_put_byte(out, (uint8_t) "0123456789abcdef"[digest[i] & 15]);
	}
}

static void put_channel(struct dialect_out *out, uint32_t room)
{
	wire_put(out, SPAN(CHANNEL));
	wire_put_room(out, room);
}

static void join(struct dialect_state *state, struct dialect_out *out, uint32_t room)
{
	uint8_t bytes[SOCKET_ID_MAX + 1 + sizeof(CHANNEL) + 64];
	struct dialect_out text = { .bytes = bytes, .capacity = sizeof(bytes) };

	CHECK(state->phase > 0 && state->phase <= SOCKET_ID_MAX);
	wire_put(&text, span_of(state->word, state->phase));
	wire_put_byte(&text, ':');
	put_channel(&text, room);
	wire_put(out, SPAN("{\"event\":\"pusher:subscribe\",\"data\":{\"auth\":\"" APP_KEY ":"));
	put_signature(out, span_of(bytes, text.size));
	wire_put(out, SPAN("\",\"channel\":\""));
	put_channel(out, room);
	wire_put(out, SPAN("\"}}"));
}

static void publish(struct dialect_state *state, struct dialect_out *out, uint32_t room, struct span data, uint64_t id)
{
	(void)state, (void)id;
	wire_put(out, SPAN("{\"event\":\"client-message\",\"channel\":\""));
	put_channel(out, room);
	wire_put(out, SPAN("\",\"data\":"));
	wire_put_quoted(out, data);
	wire_put_byte(out, '}');
}

static void heartbeat(struct dialect_state *state, struct dialect_out *out)
{
	(void)state;
	wire_put(out, SPAN("{\"event\":\"pusher:ping\",\"data\":{}}"));
}

static uint32_t room_of(struct span channel)
{
	struct wire_in in = wire_in_of(channel.bytes, channel.size);

	if (!wire_take(&in, SPAN(CHANNEL)))
		return DIALECT_ROOM_UNKNOWN;
	return dialect_room_number(span_of(in.at, wire_left(&in)));
}

/* The way of nearly all messages, in the order in which soketi writes them. */
static bool read_message(struct dialect_event *event, struct wire_in in)
{
	struct span channel, data;

	if (!wire_take(&in, SPAN("{\"event\":\"client-message\",\"channel\":\"")))
		return false;
	if (!wire_take_until(&in, '"', &channel) || !wire_take(&in, SPAN(",\"data\":\"")))
		return false;
	if (!wire_take_plain(&in, &data) || wire_left(&in) != 1 || *in.at != '}')
		return false;
	wire_event_message(event, room_of(channel), data);
	return true;
}

static bool is_socket_id(struct span id)
{
	for (size_t i = 0; i < id.size; i++)
		if (id.bytes[i] != '.' && (uint8_t)(id.bytes[i] - '0') > 9)
			return false;
	return id.size > 0 && id.size <= SOCKET_ID_MAX;
}

static bool take_established(struct dialect_state *state, struct dialect_event *event, struct json_value data)
{
	static const struct span label = SPAN("\"socket_id\":\"");
	struct span text = data.token, id;
	uint8_t room[512];

	if (data.type == JSON_STRING && json_string(&text, data.token, room, sizeof(room)) != 1)
		return false;
	const uint8_t *const found = text.size > 0 ? memmem(text.bytes, text.size, label.bytes, label.size) : NULL;

	if (!found)
		return false;
	struct wire_in in = { found + label.size, text.bytes + text.size };

	if (!wire_take_plain(&in, &id) || !is_socket_id(id))
		return false;
	memcpy(state->word, id.bytes, id.size);
	state->phase = (uint32_t)id.size;
	wire_event(event, DIALECT_READY);
	return true;
}

enum key { KEY_EVENT, KEY_CHANNEL, KEY_DATA, KEY_COUNT };

static const struct json_name keys[KEY_COUNT] = {
	[KEY_EVENT] = { "event" },
	[KEY_CHANNEL] = { "channel" },
	[KEY_DATA] = { "data" },
};

static void take_event(struct dialect_event *event, const struct json_value *values)
{
	const struct span name = wire_unquoted(values[KEY_EVENT].token);
	const struct json_value data = values[KEY_DATA];

	wire_event(event, DIALECT_NOTHING);
	if (span_equal(name, SPAN("client-message"))) {
		event->kind = DIALECT_MESSAGE;
		event->data = data.type == JSON_STRING ? wire_unquoted(data.token) : data.token;
	} else if (span_equal(name, SPAN("pusher_internal:subscription_succeeded"))) {
		event->kind = DIALECT_JOINED;
	} else if (span_equal(name, SPAN("pusher:subscription_error")) || span_equal(name, SPAN("pusher:error"))) {
		wire_event_failed(event, data.token);
	} else if (span_equal(name, SPAN("pusher:ping"))) {
		wire_event_reply(event, SPAN("{\"event\":\"pusher:pong\",\"data\":{}}"));
	}
	if (values[KEY_CHANNEL].type == JSON_STRING)
		event->room = room_of(wire_unquoted(values[KEY_CHANNEL].token));
}

static ptrdiff_t decode(struct dialect_state *state, struct dialect_event *event, const uint8_t *bytes, size_t size)
{
	struct json_value values[KEY_COUNT] = { 0 };

	if (read_message(event, wire_in_of(bytes, size)))
		return (ptrdiff_t)size;
	if (json_scan_object(values, keys, KEY_COUNT, bytes, size) != 1 || values[KEY_EVENT].type != JSON_STRING)
		return -1;
	if (span_equal(values[KEY_EVENT].token, SPAN("\"pusher:connection_established\"")))
		return take_established(state, event, values[KEY_DATA]) ? (ptrdiff_t)size : -1;
	take_event(event, values);
	return (ptrdiff_t)size;
}

const struct dialect dialect_pusher = {
	.name = "pusher",
	.summary = "Pusher Channels 7 by client events: a room is a private channel (soketi)",
	.path = "/app/" APP_KEY "?protocol=7",
	.has_rooms = true,
	.hello = hello,
	.join = join,
	.publish = publish,
	.heartbeat = heartbeat,
	.decode = decode,
};
