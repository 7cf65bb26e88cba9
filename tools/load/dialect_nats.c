/* dialect_nats.c - the NATS client protocol (docs.nats.io, "Client Protocol"), over TCP and over WebSocket.
 *
 * A room is a subject. Both are the same stream of text: WebSocket messages cut it anywhere. Nothing is confirmed but
 * by asking: a PING behind CONNECT and behind every SUB, whose PONGs come in order. A publish has no answer at all.
 * Server: websocket { port: 9222, no_tls: true, compression: false }, nobody to be authorized. */
#include "tools/load/nats.h"

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

/* Subject, sid, perhaps where to reply, how many bytes. */
static bool read_message(struct wire_in in, uint64_t *room, uint64_t *size)
{
	struct span subject, reply;

	if (!wire_take_until(&in, ' ', &subject) || !wire_take_u64(&in, room) || !wire_take(&in, SPAN(" ")))
		return false;
	struct wire_in behind = in;

	if (wire_take_until(&behind, ' ', &reply))
		in = behind;
	return wire_take_u64(&in, size) && in.at == in.end && *room <= DIALECT_ROOM_MAX;
}

static void take_message(struct dialect_event *event, struct wire_in line, uint64_t room, struct span data)
{
	(void)line;
	wire_event_message(event, (uint32_t)room, data);
}

static ptrdiff_t decode(struct dialect_state *state, struct dialect_event *event, const uint8_t *bytes, size_t size)
{
	static const struct nats_reader reader = { take_pong, read_message, take_message };

	return nats_decode(&reader, state, event, bytes, size);
}

#define NATS(name_, summary_, stream_)                                                                                 \
	{                                                                                                              \
		.name = (name_), .summary = (summary_), .path = "/", .stream = (stream_), .spans = !(stream_),         \
		.has_rooms = true, .echoes_sender = true, .hello = hello, .join = join, .publish = publish,            \
		.heartbeat = heartbeat, .decode = decode,                                                              \
	}

const struct dialect dialect_nats = NATS("nats", "NATS over WebSocket: a room is a subject", false);
const struct dialect dialect_nats_tcp = NATS("nats-tcp", "NATS over plain TCP: a room is a subject", true);
