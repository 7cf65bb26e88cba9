#include "engine/gate/inbound.h"

#include "engine/core/check.h"
#include "engine/gate/command.h"
#include "engine/gate/echo.h"
#include "engine/gate/frame.h"
#include "proto/ws/ws_close.h"
#include "proto/ws/ws_header.h"

/* The close code of a broken rule as a reason of ours. */
static enum chat_close reason_of(int code)
{
	for (int reason = 0; reason < CHAT_CLOSE_COUNT; reason++)
		if (chat_close_code((enum chat_close)reason) == code)
			return (enum chat_close)reason;
	CHECK(!"proto/ws closes with codes that we have a name for");
	return CHAT_CLOSE_protocol_error;
}

static void broken(struct gate *gate, struct conn *conn, int code)
{
	gate_count(gate, COUNTER_protocol_errors);
	if (conn_is_open(conn))
		session_close(gate, conn, reason_of(code));
	/* After such words there is no telling where a frame begins. */
	conn_finish(&gate->net, conn, true);
}

static void closed_by_peer(struct gate *gate, struct conn *conn, const struct ws_message *message)
{
	struct ws_close close;
	const int result = ws_close_parse(&close, message->bytes, message->size);

	if (conn_is_open(conn) && result < 0)
		session_close(gate, conn, reason_of(-result));
	else
		session_close(gate, conn, CHAT_CLOSE_normal);
	conn_finish(&gate->net, conn, true);
}

/* A ping costs what a command costs: a flood of them is not answered without end. */
static void pinged(struct gate *gate, struct conn *conn, const struct ws_message *message)
{
	const struct session_limits *limits = &gate->limits;

	if (quota_take(&session_of(gate, conn)->commands, limits->commands_per_s, limits->command_burst,
		       gate->now_ms)) {
		gate_count(gate, COUNTER_rate_limited);
		session_close(gate, conn, CHAT_CLOSE_policy);
		return;
	}
	frame_raw(gate, conn, WS_PONG, message->bytes, message->size);
}

static void one_step(struct gate *gate, struct conn *conn, int step, const struct ws_message *message)
{
	switch (step) {
	case WS_STEP_MESSAGE:
		if (!conn_is_open(conn))
			return;
		if (session_of(gate, conn)->phase == SESSION_ECHO)
			echo_message(gate, conn, message);
		else if (message->opcode == WS_BINARY)
			session_close(gate, conn, CHAT_CLOSE_unsupported);
		else
			command_text(gate, conn, message->bytes, message->size);
		return;
	case WS_STEP_PING:
		if (conn_is_open(conn))
			pinged(gate, conn, message);
		return;
	case WS_STEP_CLOSE:
		closed_by_peer(gate, conn, message);
		return;
	default:
		return;
	}
}

/* Bytes of a message that is not whole: doubled up to the limit, so that copying stays linear. */
static bool make_room(struct session *session, size_t want)
{
	size_t capacity = session->buffer.capacity ? session->buffer.capacity : 512;

	while (capacity < want)
		capacity *= 2;
	return session_keep(session, capacity) == 0;
}

void inbound_bytes(struct gate *gate, struct conn *conn, uint8_t *bytes, size_t size)
{
	struct session *session = session_of(gate, conn);
	const struct ws_limits limits = { .message_size_max = gate->limits.frame_size_max, .expect_mask = true };

	while (size > 0 && (conn->state == CONN_OPEN || conn->state == CONN_FINISHING)) {
		struct ws_message message;
		size_t used = 0;
		const int step =
			ws_assembly_feed(&session->assembly, &limits, bytes, size, &used, &session->buffer, &message);

		bytes += used;
		size -= used;
		if (step < 0) {
			broken(gate, conn, -step);
			return;
		}
		if (step == WS_STEP_GROW) {
			if (make_room(session, message.want))
				continue;
			session_close(gate, conn, CHAT_CLOSE_internal);
			return;
		}
		one_step(gate, conn, step, &message);
		if (step == WS_STEP_CLOSE)
			return;
		if (ws_assembly_idle(&session->assembly))
			session_unkeep(session);
	}
}
