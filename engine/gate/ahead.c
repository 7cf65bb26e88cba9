#include "engine/gate/ahead.h"

#include "engine/core/check.h"
#include "engine/core/slab.h"
#include "engine/gate/offence.h"

void ahead_keep(struct gate *gate, struct conn *conn, const uint8_t *bytes, size_t size)
{
	struct session *session = session_of(gate, conn);
	struct ws_buffer *buffer = &session->buffer;
	size_t capacity = buffer->capacity ? buffer->capacity : 512;

	CHECK(session->phase == SESSION_API);
	if (size == 0)
		return;
	while (capacity < buffer->size + size)
		capacity *= 2;
	if (buffer->size + size > AHEAD_MAX) {
		offence(gate, conn, OFFENCE_api_ahead);
		conn_abort(&gate->net, conn);
		return;
	}
	if (capacity > buffer->capacity && session_keep(session, capacity) != 0) {
		conn_abort(&gate->net, conn);
		return;
	}
	memcpy(buffer->bytes + buffer->size, bytes, size);
	buffer->size += size;
}

void ahead_read(struct gate *gate, struct conn *conn)
{
	struct session *session = session_of(gate, conn);
	const struct ws_buffer ahead = session->buffer;

	if (!conn_is_open(conn) || ahead.size == 0)
		return;
	session->buffer = (struct ws_buffer){ 0 };
	session_bytes(gate, conn, ahead.bytes, ahead.size);
	block_give(ahead.bytes, ahead.capacity);
}
