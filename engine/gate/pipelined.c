#include "engine/gate/pipelined.h"

#include "engine/core/check.h"
#include "engine/core/slab.h"
#include "engine/gate/offence.h"

void pipelined_keep(struct gate *gate, struct conn *conn, const uint8_t *bytes, size_t size)
{
	struct session *session = session_of(gate, conn);
	struct ws_buffer *buffer = &session->buffer;
	size_t capacity = buffer->capacity ? buffer->capacity : 512;

	CHECK(session->phase == SESSION_API);
	if (size == 0)
		return;
	while (capacity < buffer->size + size)
		capacity *= 2;
	if (buffer->size + size > PIPELINED_MAX) {
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

void pipelined_read(struct gate *gate, struct conn *conn)
{
	struct session *session = session_of(gate, conn);
	const struct ws_buffer kept = session->buffer;

	if (!conn_is_open(conn) || kept.size == 0)
		return;
	session->buffer = (struct ws_buffer){ 0 };
	session_bytes(gate, conn, kept.bytes, kept.size);
	block_give(kept.bytes, kept.capacity);
}
