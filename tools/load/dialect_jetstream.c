/* dialect_jetstream.c - publishing into NATS's streams over TCP (docs.nats.io, "JetStream wire API").
 *
 * What is published is kept and acknowledged, and given to nobody. A room is a subject, and a stream of the server's
 * must have it. Each connection has an inbox of its own, subscribed once; a publish says to reply to inbox.ID, and so
 * the acknowledgement names what it is for. With jetstream-members a connection subscribes to its room besides, and is
 * given what is published there, as NATS does it: at once, not when it is kept. */
#include "tools/load/wire.h"

#define LINE_MAX_SIZE 65536u /* an INFO that names the servers of a large cluster */
#define DATA_MAX (1ull << 20)

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

/* What stands behind "MSG " in a room: its name, sid, where the publisher's answer goes, how many bytes. */
static bool read_room_line(struct wire_in in, uint64_t *room, uint64_t *size)
{
	struct span subject, reply;

	if (!wire_take_until(&in, ' ', &subject) || !wire_take_u64(&in, room) || !wire_take(&in, SPAN(" ")) ||
	    !wire_take_until(&in, ' ', &reply) || !wire_take_u64(&in, size) || in.at != in.end)
		return false;
	*room -= ROOM_SID;
	return *room <= DIALECT_ROOM_MAX;
}

/* What stands behind "MSG " in the inbox: _i.CONNECTION.ID, sid, how many bytes. */
static bool read_answer_line(struct wire_in in, uint64_t *id, uint64_t *size)
{
	uint64_t connection, sid;

	return wire_take(&in, SPAN("_i.")) && wire_take_u64(&in, &connection) && wire_take(&in, SPAN(".")) &&
	       wire_take_u64(&in, id) && wire_take(&in, SPAN(" ")) && wire_take_u64(&in, &sid) &&
	       wire_take(&in, SPAN(" ")) && wire_take_u64(&in, size) && in.at == in.end;
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

/* line is without its end; in has what follows it. Returns how many bytes of that belong to it, 0 for more, -1. */
static ptrdiff_t take_message(struct dialect_event *event, struct wire_in line, struct wire_in in)
{
	const bool answer = wire_left(&line) > 3 && memcmp(line.at, "_i.", 3) == 0;
	uint64_t number, size;

	if (!(answer ? read_answer_line : read_room_line)(line, &number, &size) || size > DATA_MAX)
		return -1;
	if (wire_left(&in) < size + 2)
		return 0;
	if (in.at[size] != '\r' || in.at[size + 1] != '\n')
		return -1;
	if (answer)
		take_answer(event, number, span_of(in.at, size));
	else
		wire_event_message(event, (uint32_t)number, span_of(in.at, size));
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

static void take_pong(struct dialect_state *state, struct dialect_event *event)
{
	wire_event(event, state->phase == 0 ? DIALECT_READY : state->next_id > 0 ? DIALECT_JOINED : DIALECT_NOTHING);
	state->phase = 1;
	if (event->kind != DIALECT_JOINED)
		return;
	event->room = state->word[0];
	memmove(state->word, state->word + 1, --state->next_id * sizeof(state->word[0]));
}

static bool take_line(struct dialect_state *state, struct dialect_event *event, struct wire_in line)
{
	const struct span text = span_of(line.at, wire_left(&line));

	if (span_equal(text, SPAN("PONG"))) {
		take_pong(state, event);
	} else if (span_equal(text, SPAN("PING"))) {
		wire_event_reply(event, SPAN("PONG\r\n"));
	} else if (wire_take(&line, SPAN("-ERR "))) {
		wire_event_failed(event, span_of(line.at, wire_left(&line)));
	} else {
		wire_event(event, DIALECT_NOTHING);
		return wire_take(&line, SPAN("INFO ")) || span_equal(text, SPAN("+OK"));
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
