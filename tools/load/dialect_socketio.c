/* dialect_socketio.c - Socket.IO 5 over Engine.IO 4, over WebSocket alone, with a vocabulary of our own.
 *
 * Socket.IO has events, not rooms: which events stand for a room is each application's affair. The server for this
 * dialect understands two, and acknowledges each where that is asked for (perf/peers/hubs/socketio-server.mjs):
 *
 *	socket.on('join', (room, done) => { socket.join(room); done(); });
 *	socket.on('message', (room, data, done) => { io.to(room).emit('message', room, data); done(); });
 *
 * On the wire, a packet a message: "0{...}" the engine is open, "40" connects, "42<id>[...]" is an event, "43<id>[...]"
 * the acknowledgement of it, "2" the engine's ping, "3" its pong. */
#include "proto/json/json_scan.h"
#include "tools/load/wire.h"

#define JOIN_ID (1ull << 31) /* plus the room; those of publishes are below */

extern const struct dialect dialect_socketio;

/* The engine's open comes first, from the server; `decode` answers it. */
static void hello(struct dialect_state *state, struct dialect_out *out)
{
	(void)state, (void)out;
}

static void put_event(struct dialect_out *out, uint64_t id, struct span name, uint32_t room)
{
	wire_put(out, SPAN("42"));
	if (id != 0)
		wire_put_u64(out, id);
	wire_put(out, name);
	wire_put_room(out, room);
	wire_put_byte(out, '"');
}

static void join(struct dialect_state *state, struct dialect_out *out, uint32_t room)
{
	(void)state;
	put_event(out, JOIN_ID + room, SPAN("[\"join\",\""), room);
	wire_put_byte(out, ']');
}

static void publish(struct dialect_state *state, struct dialect_out *out, uint32_t room, struct span data, uint64_t id)
{
	(void)state;
	CHECK(id <= DIALECT_ID_MAX);
	put_event(out, id, SPAN("[\"message\",\""), room);
	wire_put_byte(out, ',');
	wire_put_quoted(out, data);
	wire_put_byte(out, ']');
}

static bool is_array(const struct wire_in *in)
{
	return wire_left(in) > 0 && *in->at == '[' && json_scan(in->at, wire_left(in)) == 1;
}

static bool take_ack(struct dialect_event *event, struct wire_in in)
{
	uint64_t id;

	if (!wire_take_u64(&in, &id) || !is_array(&in) || id > JOIN_ID + DIALECT_ROOM_MAX)
		return false;
	wire_event(event, id >= JOIN_ID ? DIALECT_JOINED : DIALECT_ACK);
	if (id >= JOIN_ID)
		event->room = (uint32_t)(id - JOIN_ID);
	else
		event->id = id;
	return true;
}

static bool read_message(struct dialect_event *event, struct wire_in in)
{
	struct span room, data;

	if (!wire_take(&in, SPAN("[\"message\",\"")) || !wire_take_until(&in, '"', &room))
		return false;
	if (!wire_take(&in, SPAN(",\"")) || !wire_take_plain(&in, &data))
		return false;
	if (wire_left(&in) != 1 || *in.at != ']')
		return false;
	wire_event_message(event, dialect_room_number(room), data);
	return true;
}

/* Other events than ours are none of our affair, as long as they are events. */
static bool take_event(struct dialect_event *event, struct wire_in in)
{
	if (read_message(event, in))
		return true;
	wire_event(event, DIALECT_NOTHING);
	return is_array(&in);
}

static bool take_packet(struct dialect_event *event, struct wire_in in)
{
	const uint8_t type = *in.at++;

	switch (type) {
	case '0':
		wire_event(event, DIALECT_READY);
		return true;
	case '1':
		wire_event_failed(event, SPAN("disconnected by the server"));
		return in.at == in.end;
	case '2':
		return take_event(event, in);
	case '3':
		return take_ack(event, in);
	case '4':
		wire_event_failed(event, span_of(in.at, wire_left(&in)));
		return true;
	default:
		return false;
	}
}

static bool take_engine(struct dialect_event *event, struct wire_in in)
{
	const uint8_t type = *in.at++;

	switch (type) {
	case '0':
		wire_event_reply(event, SPAN("40"));
		return wire_left(&in) > 0 && *in.at == '{';
	case '1':
		wire_event_failed(event, SPAN("closed by the server"));
		return in.at == in.end;
	case '2':
		wire_event_reply(event, SPAN("3"));
		return in.at == in.end;
	case '4':
		return in.at < in.end && take_packet(event, in);
	case '6':
		wire_event(event, DIALECT_NOTHING);
		return in.at == in.end;
	default:
		return false;
	}
}

static ptrdiff_t decode(struct dialect_state *state, struct dialect_event *event, const uint8_t *bytes, size_t size)
{
	(void)state;
	return size > 0 && take_engine(event, wire_in_of(bytes, size)) ? (ptrdiff_t)size : -1;
}

const struct dialect dialect_socketio = {
	.name = "socketio",
	.summary = "Socket.IO 5 over WebSocket, to the server of perf/peers",
	.path = "/socket.io/?EIO=4&transport=websocket",
	.has_rooms = true,
	.has_ack = true,
	.echoes_sender = true,
	.hello = hello,
	.join = join,
	.publish = publish,
	.decode = decode,
};
