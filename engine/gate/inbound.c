#include "engine/gate/inbound.h"

#include "engine/core/check.h"
#include "engine/core/slab.h"
#include "engine/gate/command.h"
#include "engine/gate/echo.h"
#include "engine/gate/frame.h"
#include "engine/gate/keepalive.h"
#include "engine/gate/offence.h"
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
	offence(gate, conn, OFFENCE_protocol_error);
	if (conn_is_open(conn))
		session_close(gate, conn, reason_of(code));
	/* After such words there is no telling where a frame begins, nor whether a Close comes. */
	conn_finish(&gate->net, conn, CONN_END_QUIET);
}

static void closed_by_peer(struct gate *gate, struct conn *conn, const struct ws_message *message)
{
	struct ws_close close;
	const int result = ws_close_parse(&close, message->bytes, message->size);

	if (result < 0)
		session_close(gate, conn, reason_of(-result));
	else
		session_close_back(gate, conn, close.code);
	conn_finish(&gate->net, conn, CONN_END_SENT);
}

/* Answered when the send that is under way is over; then only the newest, as RFC 6455 5.5.3 allows: who sends pings and
 * takes no answers has no memory of ours. */
static void answer_later(struct session_rare *rare, const struct ws_message *message)
{
	CHECK(message->size <= sizeof(rare->pong));
	memcpy(rare->pong, message->bytes, message->size);
	rare->pong_size = (uint8_t)message->size;
	rare->owes_pong = true;
}

void inbound_drained(struct gate *gate, struct conn *conn)
{
	struct session_rare *rare = session_of(gate, conn)->rare;

	if (!rare || !rare->owes_pong)
		return;
	rare->owes_pong = false;
	if (conn_is_open(conn))
		frame_raw(gate, conn, WS_PONG, rare->pong, rare->pong_size);
}

static void pinged(struct gate *gate, struct conn *conn, const struct ws_message *message)
{
	const struct session_limits *limits = &gate->limits;
	struct session_rare *rare = session_rare(session_of(gate, conn));

	if (rare && quota_take(&rare->pings, limits->pings_per_s, limits->ping_burst, gate->now_ms)) {
		offence(gate, conn, OFFENCE_ping_flood);
		session_close(gate, conn, CHAT_CLOSE_policy);
		return;
	}
	if (rare && conn->flight)
		answer_later(rare, message);
	else
		frame_raw(gate, conn, WS_PONG, message->bytes, message->size);
}

static void run_message(struct gate *gate, struct conn *conn, const struct ws_message *message)
{
	if (session_of(gate, conn)->phase == SESSION_ECHO)
		echo_message(gate, conn, message);
	else if (message->opcode == WS_BINARY)
		session_close(gate, conn, CHAT_CLOSE_unsupported);
	else
		command_text(gate, conn, message->bytes, message->size);
}

/* As it came, compressed: the assembly could not check what it says. */
static void run_compressed(struct gate *gate, struct conn *conn, struct ws_message *message)
{
	const int result = codec_inflate(&gate->codec, conn->slot, &session_of(gate, conn)->terms, message);

	if (result == 0)
		session_close(gate, conn, CHAT_CLOSE_internal);
	else if (result < 0)
		broken(gate, conn, -result);
	else
		run_message(gate, conn, message);
}

static void one_step(struct gate *gate, struct conn *conn, int step, struct ws_message *message)
{
	switch (step) {
	case WS_STEP_MESSAGE:
		if (!conn_is_open(conn))
			return;
		if (message->compressed)
			run_compressed(gate, conn, message);
		else
			run_message(gate, conn, message);
		return;
	case WS_STEP_PING:
		if (conn_is_open(conn))
			pinged(gate, conn, message);
		return;
	case WS_STEP_PONG:
		gate_count(gate, COUNTER_pongs_ignored);
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

/* Fragments and control frames cost a few nanoseconds each and carry nothing: whole messages have rates of their own.
 * They are counted by the assembly and charged once for what came together. */
static void charge_parts(struct gate *gate, struct conn *conn)
{
	const struct session_limits *limits = &gate->limits;
	struct session *session = session_of(gate, conn);
	struct session_rare *rare = session_rare(session);
	const uint32_t parts = session->assembly.parts;

	session->assembly.parts = 0;
	if (!rare || quota_take_many(&rare->fragments, parts, limits->fragments_per_s, limits->fragment_burst,
				     gate->now_ms) == 0)
		return;
	offence(gate, conn, OFFENCE_fragment_flood);
	session_close(gate, conn, CHAT_CLOSE_policy);
	/* A hundred thousand came at once, and who sends those does not stop for a Close: no more is read of it. */
	conn_finish(&gate->net, conn, CONN_END_SENT);
}

/* All that came was used. */
static void after_bytes(struct gate *gate, struct conn *conn)
{
	struct session *session = session_of(gate, conn);

	if (!conn_is_open(conn))
		return;
	if (session->assembly.parts > 0)
		charge_parts(gate, conn);
	if (session->begun_ms != 0 || ws_assembly_idle(&session->assembly))
		return;
	session->begun_ms = (uint32_t)gate->now_ms | 1;
	keepalive_begun(gate, conn);
}

void inbound_bytes(struct gate *gate, struct conn *conn, uint8_t *bytes, size_t size)
{
	struct session *session = session_of(gate, conn);
	const struct ws_limits limits = {
		.message_size_max = gate->limits.frame_size_max,
		.expect_mask = true,
		.allow_compressed = session->terms.bits != 0,
	};

	if (session->assembly.refused)
		return;
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
		if (ws_assembly_idle(&session->assembly)) {
			session_unkeep(session);
			session->begun_ms = 0;
		}
	}
	after_bytes(gate, conn);
}
