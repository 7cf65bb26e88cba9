#include "proto/ws/ws_assembly.h"

#include <assert.h>
#include <string.h>

#include "proto/ws/ws_mask.h"

#define PROTOCOL_ERROR 1002
#define BAD_PAYLOAD 1007
#define TOO_BIG 1009

/* The received bytes that are not used yet. */
struct input {
	uint8_t *bytes;
	size_t size;
};

static bool is_control(uint8_t opcode)
{
	return opcode & 0x08;
}

static size_t smaller(uint64_t a, size_t b)
{
	return a < b ? (size_t)a : b;
}

static uint8_t *take(struct input *in, size_t size)
{
	uint8_t *const bytes = in->bytes;

	assert(size <= in->size);
	in->bytes += size;
	in->size -= size;
	return bytes;
}

/* What depends on more than the frame itself, judged on its first two bytes. */
static bool may_begin(const struct ws_assembly *assembly, const struct ws_limits *limits, const uint8_t start[2])
{
	const uint8_t opcode = start[0] & 0x0f;
	const bool compressed = start[0] & 0x40;
	const bool masked = start[1] & 0x80;

	if (masked != limits->expect_mask)
		return false;
	if (compressed && !limits->allow_compressed)
		return false;
	if (is_control(opcode))
		return true;
	return (opcode == WS_CONTINUATION) == (assembly->message_opcode != 0);
}

static int begin_frame(struct ws_assembly *assembly, const struct ws_limits *limits, const struct ws_header *header,
		       const struct ws_buffer *buffer)
{
	const size_t max = limits->message_size_max;

	if (is_control(header->opcode))
		assembly->message_size = buffer->size;
	else if (header->payload_size > max || buffer->size > max - header->payload_size)
		return -TOO_BIG;

	if (header->opcode == WS_TEXT || header->opcode == WS_BINARY) {
		/* The last text was refused unless it ended with a character. */
		assert(buffer->size == 0 && utf8_complete(&assembly->utf8));
		assembly->message_opcode = header->opcode;
		assembly->message_compressed = header->compressed;
	}
	assembly->opcode = header->opcode;
	assembly->fin = header->fin;
	assembly->parts += !header->fin || (header->opcode != WS_TEXT && header->opcode != WS_BINARY);
	memcpy(assembly->mask, header->mask, sizeof(assembly->mask));
	assembly->mask_phase = 0;
	assembly->payload_left = header->payload_size;
	assembly->in_payload = true;
	return 1;
}

/* Returns 1 when a frame's payload is next, 0 when all was used, or -(close code). */
static int take_header(struct ws_assembly *assembly, const struct ws_limits *limits, struct input *in,
		       const struct ws_buffer *buffer)
{
	const size_t held = assembly->held_size;
	const uint8_t *start = in->bytes;
	size_t size = in->size;
	struct ws_header header;

	if (held > 0) {
		const size_t part = smaller(sizeof(assembly->held) - held, in->size);

		memcpy(assembly->held + held, in->bytes, part);
		start = assembly->held;
		size = held + part;
	}
	if (size >= 2 && !may_begin(assembly, limits, start))
		return -PROTOCOL_ERROR;

	const int result = ws_header_parse(&header, start, size);

	if (result < 0)
		return result;
	if (result > 0) {
		take(in, (size_t)result - held);
		assembly->held_size = 0;
		return begin_frame(assembly, limits, &header, buffer);
	}
	assert(size < sizeof(assembly->held));
	if (held == 0 && size > 0)
		memcpy(assembly->held, in->bytes, size);
	assembly->held_size = (uint8_t)size;
	take(in, in->size);
	return 0;
}

/* Unmasks a piece of payload and, if it is text, checks it. Returns 1 or -1007. */
static int take_in(struct ws_assembly *assembly, const struct ws_limits *limits, uint8_t *bytes, size_t size)
{
	const bool text =
		!is_control(assembly->opcode) && assembly->message_opcode == WS_TEXT && !assembly->message_compressed;

	if (limits->expect_mask)
		ws_mask(bytes, size, assembly->mask, assembly->mask_phase);
	assembly->mask_phase = (uint8_t)((assembly->mask_phase + size) & 3);
	assembly->payload_left -= size;
	if (!text)
		return 1;
	if (utf8_feed(&assembly->utf8, bytes, size) < 0)
		return -BAD_PAYLOAD;
	if (assembly->fin && assembly->payload_left == 0 && !utf8_complete(&assembly->utf8))
		return -BAD_PAYLOAD;
	return 1;
}

static int whole(struct ws_assembly *assembly, struct ws_message *out, uint8_t *bytes, size_t size)
{
	*out = (struct ws_message){ .opcode = assembly->opcode, .bytes = bytes, .size = size };
	switch (assembly->opcode) {
	case WS_PING:
		return WS_STEP_PING;
	case WS_PONG:
		return WS_STEP_PONG;
	case WS_CLOSE:
		return WS_STEP_CLOSE;
	default:
		out->opcode = assembly->message_opcode;
		out->compressed = assembly->message_compressed;
		assembly->message_opcode = 0;
		return WS_STEP_MESSAGE;
	}
}

/* Returns a step, of which WS_STEP_MORE says that the frame is over or the bytes are; or -(close code). */
static int take_payload(struct ws_assembly *assembly, const struct ws_limits *limits, struct input *in,
			struct ws_buffer *buffer, struct ws_message *out)
{
	const size_t base = is_control(assembly->opcode) ? assembly->message_size : 0;
	const size_t part = smaller(assembly->payload_left, in->size);
	const bool last = part == assembly->payload_left;
	const bool in_place = last && assembly->fin && buffer->size == base;

	assert(base <= buffer->size && buffer->size <= buffer->capacity);
	if (!in_place && part > buffer->capacity - buffer->size) {
		*out = (struct ws_message){ .want = buffer->size + part };
		return WS_STEP_GROW;
	}

	uint8_t *const bytes = take(in, part);
	const int result = take_in(assembly, limits, bytes, part);

	if (result < 0)
		return result;
	assembly->in_payload = !last;
	if (in_place)
		return whole(assembly, out, bytes, part);
	if (part > 0)
		memcpy(buffer->bytes + buffer->size, bytes, part);
	buffer->size += part;
	if (!last || !assembly->fin)
		return WS_STEP_MORE;

	const size_t kept = buffer->size - base;

	buffer->size = base;
	return whole(assembly, out, buffer->bytes + base, kept);
}

int ws_assembly_feed(struct ws_assembly *assembly, const struct ws_limits *limits, uint8_t *bytes, size_t size,
		     size_t *used, struct ws_buffer *buffer, struct ws_message *out)
{
	struct input in = { bytes, size };
	int step;

	if (assembly->refused) {
		*used = size;
		return -assembly->refused;
	}
	do {
		step = assembly->in_payload ? 1 : take_header(assembly, limits, &in, buffer);
		if (step > 0)
			step = take_payload(assembly, limits, &in, buffer, out);
		else if (step == 0)
			break;
	} while (step == WS_STEP_MORE && !assembly->in_payload);

	*used = size - in.size;
	if (step < 0)
		assembly->refused = (uint16_t)-step;
	return step;
}

bool ws_assembly_idle(const struct ws_assembly *assembly)
{
	return !assembly->in_payload && assembly->held_size == 0 && assembly->message_opcode == 0;
}
