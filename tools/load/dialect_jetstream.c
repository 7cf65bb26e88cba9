/* dialect_jetstream.c - publishing into NATS's streams over TCP (docs.nats.io, "JetStream wire API").
 *
 * What is published is kept and acknowledged, and given to nobody. A room is a subject, and a stream of the server's
 * must have it. Each connection has an inbox of its own, subscribed once; a publish says to reply to inbox.ID, and so
 * the acknowledgement names what it is for. With jetstream-members a connection subscribes to its room besides, and is
 * given what is published there, as NATS does it: at once, not when it is kept. */
#include "tools/load/nats.h"

extern const struct dialect dialect_jetstream;
extern const struct dialect dialect_jetstream_members;

#define ROOM_SID 2 /* plus the room: the inbox has 1 */

/* The rooms whose PONG is awaited, in order: next_id of them, in state->word. phase: whether the session stands. */
#define ROOMS_AWAITED (sizeof(((struct dialect_state *)0)->word) / sizeof(uint32_t))

static void put_inbox(const struct dialect_state *state, struct dialect_out *out)
{
	wire_put(out, SPAN("_i."));
	wire_put_u64(out, state->connection);
	wire_put_byte(out, '.');
}

static void hello(struct dialect_state *state, struct dialect_out *out)
{
	wire_put(out, SPAN("CONNECT {\"verbose\":false,\"pedantic\":false,\"tls_required\":false,\"lang\":\"c\","
			   "\"version\":\"1\",\"name\":\"uproar-load\",\"protocol\":1}\r\nSUB "));
	put_inbox(state, out);
	wire_put(out, SPAN("* 1\r\nPING\r\n"));
}

static void publish(struct dialect_state *state, struct dialect_out *out, uint32_t room, struct span data, uint64_t id)
{
	wire_put(out, SPAN("PUB "));
	wire_put_room(out, room);
	wire_put_byte(out, ' ');
	put_inbox(state, out);
	wire_put_u64(out, id);
	wire_put_byte(out, ' ');
	wire_put_u64(out, data.size);
	wire_put(out, SPAN("\r\n"));
	wire_put(out, data);
	wire_put(out, SPAN("\r\n"));
}

static void join(struct dialect_state *state, struct dialect_out *out, uint32_t room)
{
	if (state->next_id == ROOMS_AWAITED)
		return; /* more at once are not asked for: they fail, and that is told */
	state->word[state->next_id++] = room;
	wire_put(out, SPAN("SUB "));
	wire_put_room(out, room);
	wire_put_byte(out, ' ');
	wire_put_u64(out, ROOM_SID + room);
	wire_put(out, SPAN("\r\nPING\r\n"));
}

/* In a room: its name, sid, where the publisher's answer goes, how many bytes. */
static bool read_room_line(struct wire_in in, uint64_t *room, uint64_t *size)
{
	struct span subject, reply;

	if (!wire_take_until(&in, ' ', &subject) || !wire_take_u64(&in, room) || !wire_take(&in, SPAN(" ")) ||
	    !wire_take_until(&in, ' ', &reply) || !wire_take_u64(&in, size) || in.at != in.end)
		return false;
	*room -= ROOM_SID;
	return *room <= DIALECT_ROOM_MAX;
}

/* In the inbox: _i.CONNECTION.ID, sid, how many bytes. */
static bool read_answer_line(struct wire_in in, uint64_t *id, uint64_t *size)
{
	uint64_t connection, sid;

	return wire_take(&in, SPAN("_i.")) && wire_take_u64(&in, &connection) && wire_take(&in, SPAN(".")) &&
	       wire_take_u64(&in, id) && wire_take(&in, SPAN(" ")) && wire_take_u64(&in, &sid) &&
	       wire_take(&in, SPAN(" ")) && wire_take_u64(&in, size) && in.at == in.end;
}

static bool is_answer(struct wire_in line)
{
	return wire_take(&line, SPAN("_i."));
}

static bool read_message(struct wire_in line, uint64_t *number, uint64_t *size)
{
	return is_answer(line) ? read_answer_line(line, number, size) : read_room_line(line, number, size);
}

/* {"stream":"s5","seq":7} or {"error":{...}}: an error has no seq. */
static void take_answer(struct dialect_event *event, uint64_t id, struct span answer)
{
	if (memmem(answer.bytes, answer.size, "\"seq\":", 6) && !memmem(answer.bytes, answer.size, "\"error\"", 7))
		wire_event(event, DIALECT_ACK);
	else
		wire_event_failed(event, answer);
	event->id = id;
}

static void take_message(struct dialect_event *event, struct wire_in line, uint64_t number, struct span data)
{
	if (is_answer(line))
		take_answer(event, number, data);
	else
		wire_event_message(event, (uint32_t)number, data);
}

static void take_pong(struct dialect_state *state, struct dialect_event *event)
{
	wire_event(event, state->phase == 0 ? DIALECT_READY : state->next_id > 0 ? DIALECT_JOINED : DIALECT_NOTHING);
	state->phase = 1;
	if (event->kind != DIALECT_JOINED)
		return;
	event->room = state->word[0];
	memmove(state->word, state->word + 1, --state->next_id * sizeof(state->word[0]));
}

static ptrdiff_t decode(struct dialect_state *state, struct dialect_event *event, const uint8_t *bytes, size_t size)
{
	static const struct nats_reader reader = { take_pong, read_message, take_message };

	return nats_decode(&reader, state, event, bytes, size);
}

#define JETSTREAM(name_, summary_, keeps_only_)                                                                        \
	{                                                                                                              \
		.name = (name_), .summary = (summary_), .path = "/", .stream = true, .has_rooms = true,                \
		.has_ack = true, .echoes_sender = !(keeps_only_), .keeps_only = (keeps_only_), .hello = hello,         \
		.join = (keeps_only_) ? NULL : join, .publish = publish, .decode = decode,                             \
	}

const struct dialect dialect_jetstream =
	JETSTREAM("jetstream", "NATS JetStream over TCP: published into streams, acknowledged, given to nobody", true);
const struct dialect dialect_jetstream_members =
	JETSTREAM("jetstream-members", "the same, and who has subscribed is given it, before it is kept", false);
