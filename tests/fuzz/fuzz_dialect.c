/* What foreign servers say to the load generator: every dialect's reader, with a client behind it that joins, publishes
 * and answers. Streams must give the same events however they are cut, and no event points outside what was read.
 * Input: the dialect, a byte the cuts are drawn from, the bytes; FF ends a WebSocket message. */
#include "proto/utf8/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "tools/load/dialect.h"
#include "tools/load/payload.h"

#define ROOMS 3

struct talk {
	const struct dialect *dialect;
	struct dialect_state state;
	uint8_t out[4096];
	uint32_t joined;
	uint64_t digest; /* of all events */
	bool over;
};

static struct fuzz_exact exact;

static void mix(struct talk *talk, uint64_t value)
{
	talk->digest = (talk->digest ^ value) * 0x100000001b3ull;
}

static void mix_span(struct talk *talk, struct span span)
{
	mix(talk, span.size);
	for (size_t i = 0; i < span.size; i++)
		mix(talk, span.bytes[i]);
}

/* What it writes has room for: DIALECT_OVERHEAD_MAX and the data. */
static struct dialect_out begin(struct talk *talk, size_t data)
{
	return (struct dialect_out){ .bytes = talk->out, .capacity = DIALECT_OVERHEAD_MAX + data };
}

static void publish(struct talk *talk, uint32_t room, uint64_t id)
{
	const struct payload payload = { .producer = 1, .number = 1, .room = room };
	struct dialect_out out = begin(talk, 64);
	uint8_t data[64];

	if (!talk->dialect->publish)
		return;
	payload_write(data, sizeof(data), &payload);
	talk->dialect->publish(&talk->state, &out, room, span_of(data, sizeof(data)), id);
}

/* As the generator does: joins one after the other, from room 5 on. */
static void ready(struct talk *talk)
{
	for (uint32_t room = 5; talk->joined == 0 && room < 5 + ROOMS && talk->dialect->join; room++) {
		struct dialect_out out = begin(talk, 0);

		talk->dialect->join(&talk->state, &out, room);
	}
	talk->joined = 1;
}

static void take(struct talk *talk, const struct dialect_event *event)
{
	struct payload payload;

	mix(talk, event->kind);
	mix(talk, event->room);
	mix(talk, event->id);
	mix_span(talk, event->data);
	mix_span(talk, event->text);
	mix_span(talk, span_of(event->reply, event->kind == DIALECT_REPLY ? event->reply_size : 0));
	switch (event->kind) {
	case DIALECT_READY:
		ready(talk);
		break;
	case DIALECT_JOINED:
		publish(talk, 5, 7);
		break;
	case DIALECT_MESSAGE:
		mix(talk, (uint64_t)payload_read(&payload, event->data.bytes, event->data.size));
		break;
	case DIALECT_ACK:
		if (talk->dialect->heartbeat) {
			struct dialect_out out = begin(talk, 0);

			talk->dialect->heartbeat(&talk->state, &out);
		}
		break;
	default:
		break;
	}
}

static void check_event(const struct dialect_event *event, const uint8_t *bytes, size_t size)
{
	const struct span data = event->data;

	check(event->kind <= DIALECT_FAILED && event->reply_size <= sizeof(event->reply));
	check(event->room == DIALECT_ROOM_UNKNOWN || event->room <= DIALECT_ROOM_MAX);
	check(data.size == 0 || (data.bytes >= bytes && data.bytes + data.size <= bytes + size));
}

/* Gives how many bytes were whole. */
static size_t feed(struct talk *talk, const uint8_t *bytes, size_t size)
{
	size_t at = 0;

	while (at < size && !talk->over) {
		struct dialect_event event;
		const ptrdiff_t took = talk->dialect->decode(&talk->state, &event, bytes + at, size - at);

		check(took >= -1 && took <= (ptrdiff_t)(size - at));
		if (took < 0) {
			mix(talk, 0xbad);
			talk->over = true;
		}
		if (took <= 0)
			break;
		check_event(&event, bytes + at, (size_t)took);
		take(talk, &event);
		at += (size_t)took;
	}
	return at;
}

static void greet(struct talk *talk, const struct dialect *dialect)
{
	struct dialect_out out;

	*talk = (struct talk){ .dialect = dialect, .state = { .connection = 9 } };
	out = begin(talk, 0);
	if (dialect->hello)
		dialect->hello(&talk->state, &out);
	else
		ready(talk);
}

/* A stream, in pieces of up to `step` bytes. */
static void run_stream(struct talk *talk, const uint8_t *bytes, size_t size, uint32_t step)
{
	size_t end = 0, at = 0;

	while (end < size && !talk->over) {
		step = step * 1664525 + 1013904223;
		const size_t piece = step >> 31 ? 1 : 1 + (step >> 20) % 100;

		end = size - end < piece ? size : end + piece;
		at += feed(talk, fuzz_exact(&exact, bytes + at, end - at), end - at);
	}
}

static void run_messages(struct talk *talk, const uint8_t *bytes, size_t size)
{
	while (size > 0 && !talk->over) {
		const uint8_t *const end = memchr(bytes, 0xff, size);
		const size_t message = end ? (size_t)(end - bytes) : size;

		/* Text that is none does not come so far. */
		if (talk->dialect->spans || utf8_valid(bytes, message))
			feed(talk, fuzz_exact(&exact, bytes, message), message);
		bytes += message + (end != NULL);
		size -= message + (end != NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct talk whole, cut;
	uint32_t count = 0;

	if (size < 2 || size > 8192)
		return 0;
	while (dialect_at(count))
		count++;
	const struct dialect *const dialect = dialect_at(data[0] % count);

	greet(&whole, dialect);
	if (!dialect->stream && !dialect->spans) {
		run_messages(&whole, data + 2, size - 2);
		return 0;
	}
	feed(&whole, fuzz_exact(&exact, data + 2, size - 2), size - 2);
	greet(&cut, dialect);
	run_stream(&cut, data + 2, size - 2, data[1]);
	check(whole.digest == cut.digest && whole.over == cut.over);
	return 0;
}
