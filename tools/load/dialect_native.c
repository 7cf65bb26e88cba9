/* dialect_native.c - Uproar's own protocol, uproar.v1: docs/protocol/native.md.
 *
 * Every send has a cid, as our own client's has: what it costs the server belongs to the measurement. Its producer is
 * drawn from the answer to hello, which names the connection and the time, so that no two connections of any two runs
 * have the same. Answers are told apart by their ids: those of joins begin where those of sends end. */
#include "proto/json/json_scan.h"
#include "proto/json/json_string.h"
#include "tools/load/tokens.h"
#include "tools/load/wire.h"

#define JOIN_ID (1ull << 52) /* plus the room */
#define HELLO_ID JSON_INTEGER_MAX

extern const struct dialect dialect_native;

static void hello(struct dialect_state *state, struct dialect_out *out)
{
	const struct span token = tokens_of(state->connection);

	wire_put(out, SPAN("{\"op\":\"hello\",\"id\":"));
	wire_put_u64(out, HELLO_ID);
	if (token.bytes) {
		wire_put(out, SPAN(",\"token\":\""));
		wire_put(out, token);
	} else {
		wire_put(out, SPAN(",\"name\":\"u"));
		wire_put_u64(out, state->connection);
	}
	wire_put(out, SPAN("\",\"agent\":\"uproar-load\"}"));
}

/* Without a page of the past: a member that joins late is not to be given what it does not expect. */
static void join(struct dialect_state *state, struct dialect_out *out, uint32_t room)
{
	(void)state;
	wire_put(out, SPAN("{\"op\":\"join\",\"id\":"));
	wire_put_u64(out, JOIN_ID + room);
	wire_put(out, SPAN(",\"room\":\""));
	wire_put_room(out, room);
	wire_put(out, SPAN("\",\"limit\":0}"));
}

static void put_cid(struct dialect_state *state, struct dialect_out *out)
{
	uint8_t producer[16];

	for (size_t i = 0; i < sizeof(producer); i++)
		producer[i] = (uint8_t) "0123456789abcdef"[state->word[i / 8] >> 4 * (i % 8) & 15];
	wire_put(out, SPAN(",\"cid\":\""));
	wire_put(out, span_of(producer, sizeof(producer)));
	wire_put_byte(out, ':');
	wire_put_u64(out, ++state->next_id);
	wire_put_byte(out, '"');
}

static void publish(struct dialect_state *state, struct dialect_out *out, uint32_t room, struct span data, uint64_t id)
{
	CHECK(id <= DIALECT_ID_MAX);
	wire_put(out, SPAN("{\"op\":\"send\""));
	if (id != 0) {
		wire_put(out, SPAN(",\"id\":"));
		wire_put_u64(out, id);
	}
	wire_put(out, SPAN(",\"room\":\""));
	wire_put_room(out, room);
	wire_put_byte(out, '"');
	put_cid(state, out);
	wire_put(out, SPAN(",\"data\":"));
	wire_put_quoted(out, data);
	wire_put_byte(out, '}');
}

/* Any frame is a sign of life, and this one is not answered. */
static void heartbeat(struct dialect_state *state, struct dialect_out *out)
{
	(void)state;
	wire_put(out, SPAN("{\"op\":\"pong\"}"));
}

/* The way of nearly all messages: a msg as our server writes it, with data that is a string without escapes. */
static bool read_message(struct dialect_event *event, const uint8_t *bytes, size_t size)
{
	struct wire_in in = wire_in_of(bytes, size);
	struct span room, from, cid, data;
	uint64_t seq, ts;

	if (!wire_take(&in, SPAN("{\"ev\":\"msg\",\"room\":\"")) || !wire_take_until(&in, '"', &room))
		return false;
	if (!wire_take(&in, SPAN(",\"seq\":")) || !wire_take_u64(&in, &seq))
		return false;
	if (!wire_take(&in, SPAN(",\"ts\":")) || !wire_take_u64(&in, &ts))
		return false;
	if (!wire_take(&in, SPAN(",\"from\":\"")) || !wire_take_plain(&in, &from))
		return false;
	if (wire_take(&in, SPAN(",\"cid\":\"")) && !wire_take_until(&in, '"', &cid))
		return false;
	if (!wire_take(&in, SPAN(",\"data\":\"")) || !wire_take_plain(&in, &data))
		return false;
	if (wire_left(&in) != 1 || *in.at != '}')
		return false;
	wire_event_message(event, dialect_room_number(room), data);
	return true;
}

enum key { KEY_RE, KEY_OK, KEY_ERR, KEY_EV, KEY_ROOM, KEY_DATA, KEY_CODE, KEY_N, KEY_COUNT };

static const struct json_name keys[KEY_COUNT] = {
	[KEY_RE] = { "re" },     [KEY_OK] = { "ok" },     [KEY_ERR] = { "err" },   [KEY_EV] = { "ev" },
	[KEY_ROOM] = { "room" }, [KEY_DATA] = { "data" }, [KEY_CODE] = { "code" }, [KEY_N] = { "n" },
};

static void name_producer(struct dialect_state *state, struct span answer)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */

	for (size_t i = 0; i < answer.size; i++)
		hash = (hash ^ answer.bytes[i]) * 1099511628211u;
	state->word[0] = (uint32_t)hash;
	state->word[1] = (uint32_t)(hash >> 32);
}

static void take_error(struct dialect_event *event, struct span error)
{
	static const struct json_name code = { "code" };
	struct json_value value;

	wire_event_failed(event, error);
	if (json_scan_object(&value, &code, 1, error.bytes, error.size) == 1 && value.type == JSON_STRING)
		event->text = wire_unquoted(value.token);
}

static ptrdiff_t take_answer(struct dialect_state *state, struct dialect_event *event, const struct json_value *values)
{
	const bool ok = values[KEY_OK].type == JSON_OBJECT;
	uint64_t re;

	if (!json_integer(&re, values[KEY_RE].token) || ok == (values[KEY_ERR].type == JSON_OBJECT))
		return -1;
	if (!ok)
		take_error(event, values[KEY_ERR].token);
	if (re == HELLO_ID) {
		if (ok) {
			wire_event(event, DIALECT_READY);
			name_producer(state, values[KEY_OK].token);
		}
	} else if (re >= JOIN_ID) {
		if (re - JOIN_ID > DIALECT_ROOM_MAX)
			return -1;
		if (ok)
			wire_event(event, DIALECT_JOINED);
		event->room = (uint32_t)(re - JOIN_ID);
	} else {
		if (ok)
			wire_event(event, DIALECT_ACK);
		event->id = re;
	}
	return 1;
}

static void take_lagged(struct dialect_event *event, const struct json_value *n)
{
	uint64_t left_out;

	event->kind = DIALECT_GAP;
	if (n->type == JSON_NUMBER && json_integer(&left_out, n->token))
		event->left_out = left_out < UINT32_MAX ? (uint32_t)left_out : UINT32_MAX;
}

static void take_event(struct dialect_event *event, const struct json_value *values)
{
	const struct span ev = values[KEY_EV].token;

	wire_event(event, DIALECT_NOTHING);
	if (span_equal(ev, SPAN("\"ping\""))) {
		wire_event_reply(event, SPAN("{\"op\":\"pong\"}"));
		return;
	}
	if (span_equal(ev, SPAN("\"msg\"")) && values[KEY_DATA].type != JSON_ABSENT) {
		event->kind = DIALECT_MESSAGE;
		event->data = values[KEY_DATA].token;
		if (values[KEY_DATA].type == JSON_STRING)
			event->data = wire_unquoted(event->data);
	}
	if (span_equal(ev, SPAN("\"notice\"")) && span_equal(values[KEY_CODE].token, SPAN("\"lagged\"")))
		take_lagged(event, &values[KEY_N]);
	if (event->kind != DIALECT_NOTHING && values[KEY_ROOM].type == JSON_STRING)
		event->room = dialect_room_number(wire_unquoted(values[KEY_ROOM].token));
}

static ptrdiff_t decode(struct dialect_state *state, struct dialect_event *event, const uint8_t *bytes, size_t size)
{
	struct json_value values[KEY_COUNT] = { 0 };

	if (read_message(event, bytes, size))
		return (ptrdiff_t)size;
	if (json_scan_object(values, keys, KEY_COUNT, bytes, size) != 1)
		return -1;
	if (values[KEY_RE].type == JSON_NUMBER)
		return take_answer(state, event, values) < 0 ? -1 : (ptrdiff_t)size;
	if (values[KEY_EV].type != JSON_STRING)
		return -1;
	take_event(event, values);
	return (ptrdiff_t)size;
}

const struct dialect dialect_native = {
	.name = "native",
	.summary = "Uproar's own protocol, uproar.v1",
	.path = "/ws",
	.subprotocol = "uproar.v1",
	.has_rooms = true,
	.has_ack = true,
	.echoes_sender = true,
	.hello = hello,
	.join = join,
	.publish = publish,
	.heartbeat = heartbeat,
	.decode = decode,
};
