/* The steps must not depend on how the bytes were cut, the memory asked for
 * must never be more than what has arrived, and what is given must keep the rules.
 * Input: a byte of flags, a byte that the cuts are drawn from, the wire. */
#include "proto/ws/ws_assembly.h"
#include "proto/ws/ws_close.h"
#include "tests/fuzz/fuzz.h"

#define LIMIT 300
#define WIRE_MAX 4096

/* Bytes that ASan knows the ends of: what is fed, and what the assembly was given to keep things in. */
static struct fuzz_exact wire_copy, kept;

struct trace {
	uint8_t bytes[16 + WIRE_MAX * 9]; /* of all steps, one after the other */
	size_t size;
	struct ws_assembly assembly;
	struct ws_buffer buffer;
	size_t arrived;
	bool over;
};

static void put(struct trace *trace, const void *bytes, size_t size)
{
	if (size > 0)
		memcpy(trace->bytes + trace->size, bytes, size);
	trace->size += size;
}

/* What was read can be written, and is the same. */
static void check_close(const struct ws_close *close, const struct ws_message *message)
{
	uint8_t out[WS_CLOSE_PAYLOAD_MAX];

	check(close->code != WS_CLOSE_NONE || message->size == 0);
	if (close->code == WS_CLOSE_NONE)
		return;
	check(ws_close_write(out, close->code, (const char *)close->reason.bytes, close->reason.size) == message->size);
	check(memcmp(out, message->bytes, message->size) == 0);
}

static void note(struct trace *trace, int step, const struct ws_message *message)
{
	const int head[4] = { step, message->opcode, message->compressed, (int)message->size };
	struct ws_close close;

	put(trace, head, sizeof(head));
	put(trace, message->bytes, message->size);
	if (step == WS_STEP_MESSAGE) {
		check(message->opcode == WS_TEXT || message->opcode == WS_BINARY);
		check(message->size <= LIMIT);
		if (message->opcode == WS_TEXT && !message->compressed)
			check(utf8_valid(message->bytes, message->size));
	} else {
		check(message->size <= 125 && !message->compressed);
	}
	if (step == WS_STEP_CLOSE && ws_close_parse(&close, message->bytes, message->size) > 0)
		check_close(&close, message);
}

static void grow(struct trace *trace, size_t want)
{
	check(want > trace->buffer.capacity && want <= trace->arrived);
	trace->buffer.bytes = fuzz_exact_resize(&kept, want);
	trace->buffer.capacity = want;
}

static void feed(struct trace *trace, const struct ws_limits *limits, const uint8_t *wire, size_t size)
{
	uint8_t *const exact = fuzz_exact(&wire_copy, wire, size);
	size_t at = 0;

	trace->arrived += size;
	while (at < size && !trace->over) {
		struct ws_message message;
		size_t used;
		const int step = ws_assembly_feed(&trace->assembly, limits, exact + at, size - at, &used,
						  &trace->buffer, &message);

		check(used <= size - at);
		at += used;
		if (step < 0) {
			check(step == -1002 || step == -1007 || step == -1009);
			put(trace, &step, sizeof(step));
			trace->over = true;
		} else if (step == WS_STEP_GROW) {
			grow(trace, message.want);
		} else if (step == WS_STEP_MORE) {
			check(at == size);
		} else {
			note(trace, step, &message);
		}
		if (ws_assembly_idle(&trace->assembly)) {
			check(trace->buffer.size == 0);
			trace->buffer = (struct ws_buffer){ 0 };
		}
	}
}

static void run(struct trace *trace, const struct ws_limits *limits, const uint8_t *wire, size_t size, uint32_t seed)
{
	/* A frame of two bytes and its payload give a step of sixteen bytes and the payload. */
	trace->size = trace->arrived = 0;
	trace->assembly = (struct ws_assembly){ 0 };
	trace->buffer = (struct ws_buffer){ 0 };
	trace->over = false;
	for (size_t at = 0; at < size;) {
		size_t part = size - at;

		if (seed > 0) {
			seed = seed * 1664525 + 1013904223;
			const size_t drawn = 1 + (seed >> 16) % (seed >> 30 ? 7 : 300);

			part = part < drawn ? part : drawn;
		}
		feed(trace, limits, wire + at, part);
		at += part;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trace whole, cut;

	if (size < 2 || size > WIRE_MAX)
		return 0;
	const struct ws_limits limits = { .message_size_max = LIMIT,
					  .expect_mask = data[0] & 1,
					  .allow_compressed = data[0] & 2 };

	run(&whole, &limits, data + 2, size - 2, 0);
	for (uint32_t seed = 1; seed <= 2; seed++) {
		run(&cut, &limits, data + 2, size - 2, seed * 256 + data[1]);
		check(cut.size == whole.size && memcmp(cut.bytes, whole.bytes, cut.size) == 0);
		check(cut.over == whole.over);
		check(cut.over || ws_assembly_idle(&cut.assembly) == ws_assembly_idle(&whole.assembly));
	}
	return 0;
}
