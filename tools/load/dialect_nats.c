/* dialect_nats.c - the NATS client protocol (docs.nats.io, "Client Protocol"), over TCP and over WebSocket.
 *
 * A room is a subject. Both are the same stream of text: WebSocket messages cut it anywhere. Nothing is confirmed but
 * by asking: a PING behind CONNECT and behind every SUB, whose PONGs come in order. A publish has no answer at all.
 * Server: websocket { port: 9222, no_tls: true, compression: false }, nobody to be authorized. */
#include "tools/load/wire.h"

#define LINE_MAX_SIZE 65536u /* an INFO that names the servers of a large cluster */
#define DATA_MAX (1ull << 20) /* max_payload as servers have it */

extern const struct dialect dialect_nats;
extern const struct dialect dialect_nats_tcp;

enum phase { PHASE_CONNECTING, PHASE_READY };

/* The rooms whose PONG is awaited, in order, as runs of numbers that follow each other: state->word has four of
 * (first, how many), packed from the left. A connection's rooms follow each other and wrap around once (scenario.h). */
#define RUNS 4

static void await_room(struct dialect_state *state, uint32_t room)
{
	size_t i = 0;

	while (i < RUNS && state->word[2 * i + 1] != 0)
		i++;
	if (i > 0 && state->word[2 * i - 2] + state->word[2 * i - 1] == room) {
		state->word[2 * i - 1]++;
		return;
	}
	CHECK(i < RUNS);
	state->word[2 * i] = room;
	state->word[2 * i + 1] = 1;
}

static bool is_awaiting(const struct dialect_state *state)
{
	return state->word[1] != 0;
}

static uint32_t next_room(struct dialect_state *state)
{
	const uint32_t room = state->word[0]++;

	CHECK(is_awaiting(state));
	if (--state->word[1] == 0) {
		memmove(state->word, state->word + 2, sizeof(state->word[0]) * 2 * (RUNS - 1));
		state->word[2 * RUNS - 1] = 0;
	}
	return room;
}

static void hello(struct dialect_state *state, struct dialect_out *out)
{
	(void)state;
	out->binary = true;
	wire_put(out, SPAN("CONNECT {\"verbose\":false,\"pedantic\":false,\"tls_required\":false,\"lang\":\"c\","
			   "\"version\":\"1\",\"name\":\"uproar-load\",\"protocol\":1,\"echo\":true}\r\nPING\r\n"));
}

/* The subscription's id says the room in few bytes: it is the room's number. */
static void join(struct dialect_state *state, struct dialect_out *out, uint32_t room)
{
	out->binary = true;
	await_room(state, room);
	wire_put(out, SPAN("SUB "));
	wire_put_room(out, room);
	wire_put_byte(out, ' ');
	wire_put_u64(out, room);
	wire_put(out, SPAN("\r\nPING\r\n"));
}

static void publish(struct dialect_state *state, struct dialect_out *out, uint32_t room, struct span data, uint64_t id)
{
	(void)state, (void)id;
	out->binary = true;
	wire_put(out, SPAN("PUB "));
	wire_put_room(out, room);
	wire_put_byte(out, ' ');
	wire_put_u64(out, data.size);
	wire_put(out, SPAN("\r\n"));
	wire_put(out, data);
	wire_put(out, SPAN("\r\n"));
}

/* None while joins are under way: their PINGs are heartbeats too, and its PONG would be taken for one of theirs. */
static void heartbeat(struct dialect_state *state, struct dialect_out *out)
{
	out->binary = true;
	if (state->phase == PHASE_READY && !is_awaiting(state))
		wire_put(out, SPAN("PING\r\n"));
}

static void take_pong(struct dialect_state *state, struct dialect_event *event)
{
	if (state->phase == PHASE_CONNECTING) {
		state->phase = PHASE_READY;
		wire_event(event, DIALECT_READY);
	} else if (is_awaiting(state)) {
		wire_event(event, DIALECT_JOINED);
		event->room = next_room(state);
	} else {
		wire_event(event, DIALECT_NOTHING);
	}
}

/* What stands behind "MSG ": subject, sid, perhaps where to reply, how many bytes. */
static bool read_message_line(struct wire_in in, uint64_t *room, uint64_t *size)
{
	struct span subject, reply;

	if (!wire_take_until(&in, ' ', &subject) || !wire_take_u64(&in, room) || !wire_take(&in, SPAN(" ")))
		return false;
	struct wire_in behind = in;

	if (wire_take_until(&behind, ' ', &reply))
		in = behind;
	return wire_take_u64(&in, size) && in.at == in.end;
}

/* line is without its end; in has what follows it. Returns how many bytes of that belong to it, 0 for more, -1. */
static ptrdiff_t take_message(struct dialect_event *event, struct wire_in line, struct wire_in in)
{
	uint64_t room, size;

	if (!read_message_line(line, &room, &size) || size > DATA_MAX || room > DIALECT_ROOM_MAX)
		return -1;
	if (wire_left(&in) < size + 2)
		return 0;
	if (in.at[size] != '\r' || in.at[size + 1] != '\n')
		return -1;
	wire_event_message(event, (uint32_t)room, span_of(in.at, size));
	return (ptrdiff_t)size + 2;
}

/* Whether a line may begin so: garbage is not waited for. */
static bool may_begin(const uint8_t *bytes, size_t size)
{
	static const char *const words[] = { "MSG ", "PING", "PONG", "INFO ", "+OK", "-ERR " };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const size_t length = strlen(words[i]);

		if (memcmp(bytes, words[i], size < length ? size : length) == 0)
			return true;
	}
	return false;
}

static bool take_line(struct dialect_state *state, struct dialect_event *event, struct wire_in line)
{
	if (span_equal(span_of(line.at, wire_left(&line)), SPAN("PONG"))) {
		take_pong(state, event);
	} else if (span_equal(span_of(line.at, wire_left(&line)), SPAN("PING"))) {
		wire_event_reply(event, SPAN("PONG\r\n"));
		event->reply_binary = true;
	} else if (wire_take(&line, SPAN("-ERR "))) {
		wire_event_failed(event, span_of(line.at, wire_left(&line)));
	} else {
		wire_event(event, DIALECT_NOTHING);
		return wire_take(&line, SPAN("INFO ")) || (wire_take(&line, SPAN("+OK")) && line.at == line.end);
	}
	return true;
}

static ptrdiff_t decode(struct dialect_state *state, struct dialect_event *event, const uint8_t *bytes, size_t size)
{
	if (size == 0)
		return 0;
	if (!may_begin(bytes, size))
		return -1;
	const uint8_t *const feed = memchr(bytes, '\n', size < LINE_MAX_SIZE ? size : LINE_MAX_SIZE);

	if (!feed)
		return size < LINE_MAX_SIZE ? 0 : -1;
	if (feed == bytes || feed[-1] != '\r')
		return -1;
	struct wire_in line = { bytes, feed - 1 };
	const ptrdiff_t taken = feed + 1 - bytes;

	if (!wire_take(&line, SPAN("MSG ")))
		return take_line(state, event, line) ? taken : -1;
	const ptrdiff_t more = take_message(event, line, wire_in_of(feed + 1, size - (size_t)taken));

	return more > 0 ? taken + more : more;
}

#define NATS(name_, summary_, stream_)                                                                                 \
	{                                                                                                              \
		.name = (name_), .summary = (summary_), .path = "/", .stream = (stream_), .spans = !(stream_),         \
		.has_rooms = true, .echoes_sender = true, .hello = hello, .join = join, .publish = publish,            \
		.heartbeat = heartbeat, .decode = decode,                                                              \
	}

const struct dialect dialect_nats = NATS("nats", "NATS over WebSocket: a room is a subject", false);
const struct dialect dialect_nats_tcp = NATS("nats-tcp", "NATS over plain TCP: a room is a subject", true);
