/* wire.h - the strokes that dialects share: appending to a dialect_out, reading a run of bytes, shaping an event.
 *
 * Pure. Appending past the capacity is our own fault and a crash; reading stops at the end it is given.
 */
#ifndef LOAD_WIRE_H
#define LOAD_WIRE_H

#include "engine/core/check.h"
#include "proto/json/json_plain.h"
#include "proto/json/json_write.h"
#include "tools/load/dialect.h"

static inline void wire_put(struct dialect_out *out, struct span text)
{
	CHECK(text.size <= out->capacity - out->size);
	if (text.size > 0)
		memcpy(out->bytes + out->size, text.bytes, text.size);
	out->size += text.size;
}

static inline void wire_put_byte(struct dialect_out *out, uint8_t byte)
{
	wire_put(out, span_of(&byte, 1));
}

static inline void wire_put_u64(struct dialect_out *out, uint64_t value)
{
	uint8_t digits[JSON_U64_SIZE_MAX];

	wire_put(out, span_of(digits, (size_t)(json_write_u64(digits, value) - digits)));
}

static inline void wire_put_room(struct dialect_out *out, uint32_t room)
{
	char name[64];
	const size_t size = dialect_room_name(name, room);

	wire_put(out, span_of(name, size));
}

/* A payload between quotes. It needs no escapes (payload.h), and a sender that breaks this would be measuring noise. */
static inline void wire_put_quoted(struct dialect_out *out, struct span data)
{
	CHECK(json_plain(data.bytes, data.size) == data.size);
	wire_put_byte(out, '"');
	wire_put(out, data);
	wire_put_byte(out, '"');
}

/* What is left to be read. */
struct wire_in {
	const uint8_t *at;
	const uint8_t *end;
};

static inline struct wire_in wire_in_of(const uint8_t *bytes, size_t size)
{
	return (struct wire_in){ bytes, bytes + size };
}

static inline size_t wire_left(const struct wire_in *in)
{
	return (size_t)(in->end - in->at);
}

/* Steps over the text if it stands there. */
static inline __attribute__((always_inline)) bool wire_take(struct wire_in *in, struct span text)
{
	if (wire_left(in) < text.size || memcmp(in->at, text.bytes, text.size) != 0)
		return false;
	in->at += text.size;
	return true;
}

/* One digit or more, up to 2^63 or so: false past it. */
static inline bool wire_take_u64(struct wire_in *in, uint64_t *value)
{
	const uint8_t *const from = in->at;
	uint64_t sum = 0;

	while (in->at < in->end && (uint8_t)(*in->at - '0') <= 9) {
		if (in->at - from == 19)
			return false;
		sum = sum * 10 + (uint64_t)(*in->at++ - '0');
	}
	*value = sum;
	return in->at > from;
}

/* What stands before the byte, which is stepped over. A few bytes: a name, a number. */
static inline bool wire_take_until(struct wire_in *in, uint8_t byte, struct span *text)
{
	const uint8_t *at = in->at;

	while (at < in->end && *at != byte)
		at++;
	if (at == in->end)
		return false;
	*text = span_of(in->at, (size_t)(at - in->at));
	in->at = at + 1;
	return true;
}

/* A JSON string without escapes, from behind its opening quote to behind its closing one. */
static inline bool wire_take_plain(struct wire_in *in, struct span *text)
{
	const size_t size = json_plain(in->at, wire_left(in));

	if (size == wire_left(in) || in->at[size] != '"')
		return false;
	*text = span_of(in->at, size);
	in->at += size + 1;
	return true;
}

/* Member by member: the reply's bytes are left as they are. */
static inline void wire_event(struct dialect_event *event, enum dialect_event_kind kind)
{
	event->kind = kind;
	event->room = DIALECT_ROOM_UNKNOWN;
	event->id = 0;
	event->left_out = 0;
	event->data = SPAN_NONE;
	event->text = SPAN_NONE;
	event->reply_size = 0;
	event->reply_binary = false;
}

static inline void wire_event_message(struct dialect_event *event, uint32_t room, struct span data)
{
	wire_event(event, DIALECT_MESSAGE);
	event->room = room;
	event->data = data;
}

static inline void wire_event_reply(struct dialect_event *event, struct span reply)
{
	CHECK(reply.size <= sizeof(event->reply));
	wire_event(event, DIALECT_REPLY);
	memcpy(event->reply, reply.bytes, reply.size);
	event->reply_size = reply.size;
}

static inline void wire_event_failed(struct dialect_event *event, struct span text)
{
	wire_event(event, DIALECT_FAILED);
	event->text = text;
}

/* The inside of a string token, as it stands: what we look for has no escapes. Other tokens are absent. */
static inline struct span wire_unquoted(struct span token)
{
	if (token.size < 2 || token.bytes[0] != '"')
		return SPAN_NONE;
	return span_of(token.bytes + 1, token.size - 2);
}

#endif
