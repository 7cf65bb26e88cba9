#include "engine/gate/session.h"

#include <errno.h>

#include "engine/core/check.h"
#include "engine/core/log.h"
#include "engine/core/slab.h"
#include "engine/gate/api_ops.h"
#include "engine/gate/frame.h"
#include "engine/gate/hook.h"
#include "engine/gate/inbound.h"
#include "engine/gate/keepalive.h"
#include "engine/gate/membership.h"
#include "engine/gate/rates.h"
#include "proto/ws/ws_close.h"
#include "proto/ws/ws_header.h"

int session_keep(struct session *session, size_t capacity)
{
	struct ws_buffer *buffer = &session->buffer;
	uint8_t *bytes = buffer->bytes ? block_grow(buffer->bytes, buffer->capacity, capacity) : block_take(capacity);

	if (!bytes)
		return -ENOMEM;
	buffer->bytes = bytes;
	buffer->capacity = capacity;
	return 0;
}

void session_unkeep(struct session *session)
{
	if (session->buffer.bytes)
		block_give(session->buffer.bytes, session->buffer.capacity);
	session->buffer = (struct ws_buffer){ 0 };
}

struct session_rare *session_rare(struct session *session)
{
	if (!session->rare) {
		session->rare = block_take(sizeof(*session->rare));
		if (session->rare)
			*session->rare = (struct session_rare){ .hold = NULL };
	}
	return session->rare;
}

void session_open(struct gate *gate, struct conn *conn)
{
	struct session *session = session_of(gate, conn);

	CHECK(session->phase == SESSION_NONE);
	*session = (struct session){ .phase = SESSION_HEAD, .heard_ms = (uint32_t)gate->now_ms };
	if (gate->draining)
		session->refusal = REFUSED_draining;
	else if (gate->net.open > gate->net.limits.connections_max)
		session->refusal = REFUSED_full;
	if (conn->slot >= gate->touched)
		gate->touched = conn->slot + 1;
	keepalive_start(gate, conn);
}

/* Out of all rooms and of what was not whole; our last words may still be on their way. */
static void retire(struct gate *gate, struct conn *conn)
{
	struct session *session = session_of(gate, conn);

	membership_end_all(gate, conn);
	hook_end(session);
	if (session->phase == SESSION_LIVE) {
		counter_add(gate->counters, COUNTER_sessions, -1);
		rates_leave(gate, conn);
		user_count_leave(gate, conn);
	}
	session->phase = SESSION_OVER;
	if (session->user)
		block_give(session->user, session->user_size);
	if (session->identity)
		block_give(session->identity, session->identity->size);
	session->user = NULL;
	session->user_size = 0;
	session->identity = NULL;
}

static void last_words(struct gate *gate, struct conn *conn, const uint8_t *payload, size_t size)
{
	if (!frame_raw(gate, conn, WS_CLOSE, payload, size))
		return; /* it is aborted already */
	retire(gate, conn);
	conn_finish(&gate->net, conn, CONN_END_PEER);
}

void session_close(struct gate *gate, struct conn *conn, enum chat_close reason)
{
	struct session *session = session_of(gate, conn);
	uint8_t payload[WS_CLOSE_PAYLOAD_MAX];

	if (!conn_is_open(conn) || session->phase == SESSION_OVER)
		return;
	session->reason = (uint8_t)reason;
	if (!session->websocket) {
		retire(gate, conn);
		/* Who was told of a mistake may be in the middle of sending it (RFC 9112, 9.6). */
		conn_finish(&gate->net, conn, reason == CHAT_CLOSE_protocol_error ? CONN_END_QUIET : CONN_END_SENT);
		return;
	}
	const char *text = chat_close_text(reason);

	last_words(gate, conn, payload, ws_close_write(payload, chat_close_code(reason), text, strlen(text)));
}

void session_close_back(struct gate *gate, struct conn *conn, uint16_t code)
{
	struct session *session = session_of(gate, conn);
	uint8_t payload[WS_CLOSE_PAYLOAD_MAX];

	if (!conn_is_open(conn) || session->phase == SESSION_OVER)
		return;
	CHECK(session->websocket);
	session->reason = CHAT_CLOSE_normal;
	last_words(gate, conn, payload, code == WS_CLOSE_NONE ? 0 : ws_close_write(payload, code, NULL, 0));
}

void session_bytes(struct gate *gate, struct conn *conn, uint8_t *bytes, size_t size)
{
	struct session *session = session_of(gate, conn);

	session->heard_ms = (uint32_t)gate->now_ms;
	session->pinged = false;
	inbound_bytes(gate, conn, bytes, size);
}

void session_closed(struct gate *gate, struct conn *conn)
{
	struct session *session = session_of(gate, conn);

	CHECK(session->phase != SESSION_NONE);
	LOG(LOG_DEBUG, "closed", LOG_U64("connection", conn->slot),
	    LOG_TEXT("reason", chat_close_text(session->reason)), LOG_SPAN("user", session_user(session)));
	const bool said = session->phase == SESSION_OVER || session->reason != 0;

	if (session->websocket)
		cell_add(&gate->counters->closes[said ? 1 + session->reason : 0], 1);
	retire(gate, conn);
	session_unkeep(session);
	if (session_waits(session))
		ration_leave(&gate->ration, session->rare->waiter);
	if (session->rare)
		block_give(session->rare, sizeof(*session->rare));
	session->rare = NULL;
	if (session->websocket)
		inbound_forget(session);
	else if (session->api)
		gate->api_ops->on_closed(gate, session);
	codec_leave(&gate->codec, conn->slot, &session->terms);
	session->phase = SESSION_NONE;
}
