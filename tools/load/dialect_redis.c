/* dialect_redis.c - Redis streams over TCP (redis.io, "RESP protocol", XADD): kept, acknowledged, given to nobody; and
 * the same with PUBLISH behind each XADD, so that the members of a room are given it as well.
 *
 * A room is a key. Answers have no ids, they come in order: the ids of those awaited stand in state->word, at most so
 * many. Of more than that a connection has under way, the acknowledgements are counted and not timed. */
#include "tools/load/wire.h"

#define TIMED (sizeof(((struct dialect_state *)0)->word) / sizeof(uint32_t))
#define ANSWER_MAX 4096u
#define DATA_MAX (1ull << 20)

extern const struct dialect dialect_redis;
extern const struct dialect dialect_redis_members;

/* next_id: where the oldest of word[] stands. phase: how many of them, and from bit 16 on how many came behind them. */
#define UNTIMED 0x10000u
#define READY_BIT 0x8000u

static uint32_t timed(const struct dialect_state *state)
{
	return state->phase & (READY_BIT - 1);
}

static void await_answer(struct dialect_state *state, uint64_t id)
{
	if (timed(state) == TIMED || state->phase >= UNTIMED) {
		state->phase += UNTIMED;
		return;
	}
	state->word[(state->next_id + timed(state)) % TIMED] = (uint32_t)id;
	state->phase++;
}

static bool is_awaiting(const struct dialect_state *state)
{
	return timed(state) > 0 || state->phase >= UNTIMED;
}

static uint64_t next_answered(struct dialect_state *state)
{
	CHECK(is_awaiting(state));
	if (timed(state) == 0) {
		state->phase -= UNTIMED;
		return 0;
	}
	state->phase--;
	return state->word[state->next_id++ % TIMED];
}

static void put_bulk(struct dialect_out *out, struct span text)
{
	wire_put_byte(out, '$');
	wire_put_u64(out, text.size);
	wire_put(out, SPAN("\r\n"));
	wire_put(out, text);
	wire_put(out, SPAN("\r\n"));
}

static void hello(struct dialect_state *state, struct dialect_out *out)
{
	(void)state;
	wire_put(out, SPAN("*1\r\n$4\r\nPING\r\n"));
}

static void publish(struct dialect_state *state, struct dialect_out *out, uint32_t room, struct span data, uint64_t id)
{
	char name[64];
	const size_t size = dialect_room_name(name, room);

	wire_put(out, SPAN("*5\r\n$4\r\nXADD\r\n"));
	put_bulk(out, span_of(name, size));
	wire_put(out, SPAN("$1\r\n*\r\n$1\r\nd\r\n"));
	put_bulk(out, data);
	await_answer(state, id);
}

/* "+PONG" of the session, "-ERR why" of either. */
static bool take_line(struct dialect_state *state, struct dialect_event *event, uint8_t kind, struct span text)
{
	const bool ready = state->phase & READY_BIT;

	if (kind == '+' && !ready && span_equal(text, SPAN("PONG"))) {
		wire_event(event, DIALECT_READY);
		state->phase |= READY_BIT;
		return true;
	}
	if (kind != '-' || (ready && !is_awaiting(state)))
		return false;
	wire_event_failed(event, text);
	event->id = ready ? next_answered(state) : 0;
	return true;
}

/* "$15": the entry's name follows. Returns how many bytes behind the line belong to it, 0 for more, -1. */
static ptrdiff_t take_entry(struct dialect_state *state, struct dialect_event *event, struct wire_in line,
			    struct wire_in in)
{
	uint64_t size;

	if (!wire_take_u64(&line, &size) || line.at != line.end || size > ANSWER_MAX || !is_awaiting(state))
		return -1;
	if (wire_left(&in) < size + 2)
		return 0;
	if (in.at[size] != '\r' || in.at[size + 1] != '\n')
		return -1;
	wire_event(event, DIALECT_ACK);
	event->id = next_answered(state);
	return (ptrdiff_t)size + 2;
}

static ptrdiff_t decode(struct dialect_state *state, struct dialect_event *event, const uint8_t *bytes, size_t size)
{
	if (size == 0)
		return 0;
	if (bytes[0] != '+' && bytes[0] != '-' && bytes[0] != '$')
		return -1;
	const uint8_t *const feed = memchr(bytes, '\n', size < ANSWER_MAX ? size : ANSWER_MAX);

	if (!feed)
		return size < ANSWER_MAX ? 0 : -1;
	if (feed - bytes < 2 || feed[-1] != '\r')
		return -1;
	const struct wire_in line = { bytes + 1, feed - 1 };
	const ptrdiff_t taken = feed + 1 - bytes;

	if (bytes[0] != '$')
		return take_line(state, event, bytes[0], span_of(line.at, wire_left(&line))) ? taken : -1;
	const ptrdiff_t more = take_entry(state, event, line, wire_in_of(feed + 1, size - (size_t)taken));

	return more > 0 ? taken + more : more;
}

static void hello_members(struct dialect_state *state, struct dialect_out *out)
{
	(void)state;
	wire_put(out, SPAN("*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n"));
}

static void join(struct dialect_state *state, struct dialect_out *out, uint32_t room)
{
	char name[64];
	const size_t size = dialect_room_name(name, room);

	(void)state;
	wire_put(out, SPAN("*2\r\n$9\r\nSUBSCRIBE\r\n"));
	put_bulk(out, span_of(name, size));
}

static void publish_members(struct dialect_state *state, struct dialect_out *out, uint32_t room, struct span data,
			    uint64_t id)
{
	char name[64];
	const size_t size = dialect_room_name(name, room);

	publish(state, out, room, data, id);
	wire_put(out, SPAN("*3\r\n$7\r\nPUBLISH\r\n"));
	put_bulk(out, span_of(name, size));
	put_bulk(out, data);
}

/* A line up to its end, which is stepped over: 1, 0 for more, -1 when none ends so. */
static int take_to_end(struct wire_in *in, struct wire_in *line)
{
	const size_t left = wire_left(in);
	const uint8_t *const feed = memchr(in->at, '\n', left < ANSWER_MAX ? left : ANSWER_MAX);

	if (!feed)
		return left < ANSWER_MAX ? 0 : -1;
	if (feed == in->at || feed[-1] != '\r')
		return -1;
	*line = (struct wire_in){ in->at, feed - 1 };
	in->at = feed + 1;
	return 1;
}

/* "$7", then so many bytes: 1, 0 for more, -1. */
static int take_bulk(struct wire_in *in, struct span *text)
{
	struct wire_in line;
	uint64_t size;
	const int taken = take_to_end(in, &line);

	if (taken <= 0)
		return taken;
	if (!wire_take(&line, SPAN("$")) || !wire_take_u64(&line, &size) || line.at != line.end || size > DATA_MAX)
		return -1;
	if (wire_left(in) < size + 2)
		return 0;
	*text = span_of(in->at, size);
	in->at += size + 2;
	return in->at[-2] == '\r' && in->at[-1] == '\n' ? 1 : -1;
}

/* ">3": "message", room, data; or "subscribe", room, how many. */
static int take_push(struct dialect_event *event, struct wire_in *in)
{
	struct span kind, room, data;
	struct wire_in line;
	int taken = take_bulk(in, &kind);

	if (taken <= 0 || (taken = take_bulk(in, &room)) <= 0)
		return taken;
	if (span_equal(kind, SPAN("subscribe"))) {
		taken = take_to_end(in, &line);
		wire_event(event, DIALECT_JOINED);
		event->room = dialect_room_number(room);
		return taken;
	}
	taken = take_bulk(in, &data);
	if (taken > 0)
		wire_event_message(event, dialect_room_number(room), data);
	return span_equal(kind, SPAN("message")) ? taken : -1;
}

/* The map that answers HELLO has one "modules", an empty array, at its end. */
static int take_hello(struct dialect_state *state, struct dialect_event *event, struct wire_in *in)
{
	static const char end[] = "$7\r\nmodules\r\n*0\r\n";
	const uint8_t *const found = memmem(in->at, wire_left(in), end, sizeof(end) - 1);

	if (!found)
		return wire_left(in) < ANSWER_MAX ? 0 : -1;
	in->at = found + sizeof(end) - 1;
	state->phase |= READY_BIT;
	wire_event(event, DIALECT_READY);
	return 1;
}

static ptrdiff_t decode_members(struct dialect_state *state, struct dialect_event *event, const uint8_t *bytes,
				size_t size)
{
	struct wire_in in = wire_in_of(bytes, size), line;
	int taken;

	if (size == 0)
		return 0;
	if (bytes[0] == '-' || bytes[0] == '$')
		return decode(state, event, bytes, size);
	if (bytes[0] != '>' && bytes[0] != ':' && bytes[0] != '%')
		return -1;
	taken = take_to_end(&in, &line);
	if (taken <= 0)
		return taken;
	wire_event(event, DIALECT_NOTHING); /* how many PUBLISH has reached */
	if (bytes[0] == '>')
		taken = span_equal(span_of(line.at, wire_left(&line)), SPAN(">3")) ? take_push(event, &in) : -1;
	else if (bytes[0] == '%')
		taken = state->phase & READY_BIT ? -1 : take_hello(state, event, &in);
	return taken > 0 ? in.at - bytes : taken;
}

const struct dialect dialect_redis_members = {
	.name = "redis-members",
	.summary = "Redis over TCP: XADD and PUBLISH, acknowledged, given to who has subscribed",
	.path = "/",
	.stream = true,
	.has_rooms = true,
	.has_ack = true,
	.echoes_sender = true,
	.hello = hello_members,
	.join = join,
	.publish = publish_members,
	.decode = decode_members,
};

const struct dialect dialect_redis = {
	.name = "redis",
	.summary = "Redis streams over TCP: XADD, acknowledged, given to nobody",
	.path = "/",
	.stream = true,
	.has_rooms = true,
	.has_ack = true,
	.keeps_only = true,
	.hello = hello,
	.publish = publish,
	.decode = decode,
};
