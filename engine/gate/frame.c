#include "engine/gate/frame.h"

#include "engine/core/check.h"
#include "engine/gate/offence.h"
#include "engine/net/sendq.h"
#include "proto/dialect/native.h"
#include "proto/ws/ws_header.h"

#define MESSAGE_PART 16384 /* of a message of any size: what need not lie in one segment */
#define COMPRESSED 0x40 /* RSV1 of a header's first byte */

/* Where the payload starts, so that the header fits in front if it is as large as it may be. */
static size_t header_room(size_t bound)
{
	return bound <= 125 ? 2 : bound <= UINT16_MAX ? 4 : 10;
}

size_t frame_bound(size_t bound)
{
	return header_room(bound) + bound;
}

uint8_t *frame_payload(uint8_t *frame, size_t bound)
{
	return frame + header_room(bound);
}

/* A compressed payload and its header in place of whatever is there. */
static size_t finish_packed(uint8_t *frame, size_t bound, struct span packed)
{
	const size_t size = ws_header_write(frame, WS_TEXT, true, packed.size);

	CHECK(packed.size < bound);
	frame[0] |= COMPRESSED;
	memcpy(frame + size, packed.bytes, packed.size);
	return size + packed.size;
}

size_t frame_finish(uint8_t *frame, size_t bound, size_t payload, struct span packed)
{
	uint8_t header[WS_HEADER_SIZE_MAX];

	CHECK(payload <= bound);
	if (packed.bytes)
		return finish_packed(frame, bound, packed);
	const size_t size = ws_header_write(header, WS_TEXT, true, payload);

	if (size != header_room(bound))
		memmove(frame + size, frame + header_room(bound), payload);
	memcpy(frame, header, size);
	return size + payload;
}

/* A connection whose private queue is full is not reading: it resumes by position. */
static uint8_t *reserve_bytes(struct gate *gate, struct conn *conn, size_t size)
{
	uint8_t *bytes = conn_is_open(conn) ? sendq_reserve(&gate->net, conn, size) : NULL;

	if (!bytes && conn_is_open(conn)) {
		session_of(gate, conn)->reason = CHAT_CLOSE_slow;
		offence(gate, conn, OFFENCE_slow);
		conn_abort(&gate->net, conn);
	}
	return bytes;
}

static uint8_t *reserve(struct gate *gate, struct conn *conn, size_t bound)
{
	return reserve_bytes(gate, conn, frame_bound(bound));
}

static bool commit(struct gate *gate, struct conn *conn, uint8_t *frame, size_t bound, size_t payload)
{
	const struct span packed = codec_deflate(&gate->codec, conn->slot, &session_of(gate, conn)->terms,
						 frame_payload(frame, bound), payload);

	sendq_commit(conn, frame_finish(frame, bound, payload, packed));
	owner_mark(&gate->hall, conn->slot);
	return true;
}

bool frame_reply(struct gate *gate, struct conn *conn, const struct chat_reply *reply)
{
	const size_t bound = native_reply_bound(reply);
	uint8_t *frame = reserve(gate, conn, bound);

	return frame && commit(gate, conn, frame, bound, native_reply(frame_payload(frame, bound), reply));
}

bool frame_notice(struct gate *gate, struct conn *conn, const struct chat_notice *notice)
{
	const size_t bound = native_notice_bound(notice);
	uint8_t *frame = reserve(gate, conn, bound);

	return frame && commit(gate, conn, frame, bound, native_notice(frame_payload(frame, bound), notice));
}

bool frame_event(struct gate *gate, struct conn *conn, const struct chat_event *event)
{
	const size_t bound = native_event_bound(event);
	uint8_t *frame = reserve(gate, conn, bound);

	return frame && commit(gate, conn, frame, bound, native_event(frame_payload(frame, bound), event));
}

bool frame_raw(struct gate *gate, struct conn *conn, uint8_t opcode, const void *payload, size_t size)
{
	uint8_t *frame = reserve(gate, conn, size);

	if (!frame)
		return false;
	const size_t header = ws_header_write(frame, (enum ws_opcode)opcode, true, size);

	CHECK(header == header_room(size));
	memcpy(frame + header, payload, size);
	sendq_commit(conn, header + size);
	owner_mark(&gate->hall, conn->slot);
	return true;
}

bool frame_message(struct gate *gate, struct conn *conn, uint8_t opcode, const uint8_t *payload, size_t size)
{
	const struct span packed =
		codec_deflate(&gate->codec, conn->slot, &session_of(gate, conn)->terms, payload, size);
	uint8_t *header = reserve_bytes(gate, conn, WS_HEADER_SIZE_MAX);

	if (!header)
		return false;
	payload = packed.bytes ? packed.bytes : payload;
	size = packed.bytes ? packed.size : size;
	const size_t header_size = ws_header_write(header, (enum ws_opcode)opcode, true, size);

	header[0] |= packed.bytes ? COMPRESSED : 0;
	sendq_commit(conn, header_size);
	while (size > 0) {
		const size_t part = size < MESSAGE_PART ? size : MESSAGE_PART;
		uint8_t *to = reserve_bytes(gate, conn, part);

		if (!to)
			return false;
		memcpy(to, payload, part);
		sendq_commit(conn, part);
		payload += part;
		size -= part;
	}
	owner_mark(&gate->hall, conn->slot);
	return true;
}

void frame_error(struct gate *gate, struct conn *conn, uint64_t re, enum chat_error error, uint32_t retry_ms)
{
	const struct chat_reply reply = { .kind = CHAT_REPLY_ERROR, .re = re, .error = error, .retry_ms = retry_ms };

	gate_count_error(gate, error);
	frame_reply(gate, conn, &reply);
}
