#include "engine/gate/inbound.h"

#include "engine/core/check.h"
#include "engine/core/mutant.h"
#include "engine/core/slab.h"
#include "engine/gate/command.h"
#include "engine/gate/echo.h"
#include "engine/gate/frame.h"
#include "engine/gate/keepalive.h"
#include "engine/gate/offence.h"
#include "engine/gate/pipelined.h"
#include "engine/gate/upgrade.h"
#include "proto/ws/ws_close.h"
#include "proto/ws/ws_header.h"

#define PIECE 8192 /* that is read at once of what has waited */

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

	if (result < 0) {
		offence(gate, conn, OFFENCE_protocol_error);
		session_close(gate, conn, reason_of(-result));
	} else {
		session_close_back(gate, conn, close.code);
	}
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
	if (session_of(gate, conn)->phase == SESSION_ECHO) {
		echo_message(gate, conn, message);
	} else if (message->opcode == WS_BINARY) {
		offence(gate, conn, OFFENCE_binary);
		session_close(gate, conn, CHAT_CLOSE_unsupported);
	} else {
		command_text(gate, conn, message->bytes, message->size);
	}
}

/* As it came, compressed: the assembly could not check what it says. */
static void run_compressed(struct gate *gate, struct conn *conn, struct ws_message *message)
{
	const int result = codec_inflate(&gate->codec, conn->slot, &session_of(gate, conn)->terms, message);

	/* What is refused may have been unpacked to the limit. */
	ration_unpacked(&gate->ration, result > 0 ? message->size : gate->codec.limits.message_size_max);
	if (result == 0)
		session_close(gate, conn, CHAT_CLOSE_internal);
	else if (result < 0)
		broken(gate, conn, -result);
	else
		run_message(gate, conn, message);
}

static void run_any(struct gate *gate, struct conn *conn, struct ws_message *message)
{
	if (message->compressed) {
		run_compressed(gate, conn, message);
	} else {
		ration_message(&gate->ration, message->size);
		run_message(gate, conn, message);
	}
	gate->ration.message = 0;
}

static void one_step(struct gate *gate, struct conn *conn, int step, struct ws_message *message)
{
	switch (step) {
	case WS_STEP_MESSAGE:
		if (!conn_is_open(conn))
			return;
		run_any(gate, conn, message);
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
static void charge_parts(struct gate *gate, struct conn *conn, uint32_t parts)
{
	const struct session_limits *limits = &gate->limits;
	struct session *session = session_of(gate, conn);
	struct session_rare *rare = session_rare(session);

	if (!rare || quota_take_many(&rare->fragments, parts, limits->fragments_per_s, limits->fragment_burst,
				     gate->now_ms) == 0)
		return;
	offence(gate, conn, OFFENCE_fragment_flood);
	session_close(gate, conn, CHAT_CLOSE_policy);
	/* A hundred thousand came at once, and who sends those does not stop for a Close: no more is read of it. */
	conn_finish(&gate->net, conn, CONN_END_SENT);
}

/* All that came was used. */
static void after_bytes(struct gate *gate, struct conn *conn, struct ws_assembly *assembly)
{
	struct session *session = session_of(gate, conn);
	const uint32_t parts = assembly->parts;

	if (!conn_is_open(conn))
		return;
	assembly->parts = 0;
	if (parts > 0)
		charge_parts(gate, conn, parts);
	if (session->begun_ms != 0 || ws_assembly_idle(assembly))
		return;
	session->begun_ms = (uint32_t)gate->now_ms | 1;
	keepalive_begun(gate, conn);
}

/* What a step cost besides its bytes; a message charges for itself. */
static void charge_step(struct gate *gate, int step)
{
	if (step == WS_STEP_PING || step == WS_STEP_PONG)
		ration_charge(&gate->ration, RATION_MESSAGE);
}

/* Reads, until its share of the turn is spent. Returns how much is done with. */
static size_t read_with(struct gate *gate, struct conn *conn, struct ws_assembly *assembly, uint8_t *bytes, size_t size)
{
	struct session *session = session_of(gate, conn);
	const struct ws_limits limits = {
		.message_size_max = gate->limits.frame_size_max,
		.expect_mask = true,
		.allow_compressed = session->terms.bits != 0,
	};
	size_t at = 0;

	while (at < size && conn_is_read(conn) && !ration_is_spent(&gate->ration)) {
		struct ws_message message;
		size_t used = 0;
		const int step =
			ws_assembly_feed(assembly, &limits, bytes + at, size - at, &used, &session->buffer, &message);

		at += used;
		ration_charge(&gate->ration, used);
		if (step < 0) {
			broken(gate, conn, -step);
			return size;
		}
		if (step == WS_STEP_GROW) {
			if (make_room(session, message.want))
				continue;
			session_close(gate, conn, CHAT_CLOSE_internal);
			return size;
		}
		charge_step(gate, step);
		one_step(gate, conn, step, &message);
		if (step == WS_STEP_CLOSE)
			return size;
		if (ws_assembly_idle(assembly)) {
			session_unkeep(session);
			session->begun_ms = 0;
		}
	}
	after_bytes(gate, conn, assembly);
	return conn_is_read(conn) ? at : size;
}

static bool is_refused(const struct session *session)
{
	return session->assembly && session->assembly->refused;
}

/* From these bytes to the next. Between messages, as nearly all connections nearly always are, an assembly says nothing
 * and is not kept. Returns whether there was memory. */
static bool keep(struct session *session, const struct ws_assembly *assembly)
{
	if (ws_assembly_idle(assembly) && !assembly->refused) {
		inbound_forget(session);
		return true;
	}
	if (!session->assembly)
		session->assembly = block_take(sizeof(*assembly));
	if (session->assembly)
		*session->assembly = *assembly;
	return session->assembly != NULL;
}

void inbound_forget(struct session *session)
{
	if (session->assembly)
		block_give(session->assembly, sizeof(*session->assembly));
	session->assembly = NULL;
}

static size_t read_some(struct gate *gate, struct conn *conn, uint8_t *bytes, size_t size)
{
	struct session *session = session_of(gate, conn);
	struct ws_assembly assembly = { 0 };

	if (is_refused(session))
		return size;
	if (session->assembly)
		assembly = *session->assembly;

	const size_t done = read_with(gate, conn, &assembly, bytes, size);

	if (session->phase == SESSION_NONE || keep(session, &assembly)) /* over: what was kept has gone */
		return done;
	conn_abort(&gate->net, conn);
	return size;
}

/* What is left of it waits. False: there is no room for it to wait in. */
static bool wait_with(struct gate *gate, struct conn *conn, const uint8_t *bytes, size_t size)
{
	struct session_rare *rare = session_rare(session_of(gate, conn));

	if (rare)
		rare->waiter = ration_enter(&gate->ration, conn, bytes, size, gate->now_ms);
	if (!rare || !rare->waiter)
		return false;
	rare->costly = true;
	gate_count(gate, gate->ration.tired ? COUNTER_inbound_rests : COUNTER_inbound_waits);
	conn_pause(&gate->net, conn);
	return true;
}

/* Behind what waits already. */
static void wait_on(struct gate *gate, struct conn *conn, const uint8_t *bytes, size_t size)
{
	if (ration_add(&gate->ration, session_of(gate, conn)->rare->waiter, bytes, size))
		return;
	session_close(gate, conn, CHAT_CLOSE_internal);
	conn_abort(&gate->net, conn); /* what came after would have no beginning */
}

static bool may_be_costly(const struct gate *gate, const struct session *session, size_t size)
{
	return size > gate->ration.limits.light || (session->rare && session->rare->costly);
}

/* Plain HTTP, up to a WebSocket that was agreed on. Returns how much is done with, or waits. */
static size_t read_http(struct gate *gate, struct conn *conn, uint8_t *bytes, size_t size)
{
	const struct session *session = session_of(gate, conn);

	if (session->phase == SESSION_API) {
		pipelined_keep(gate, conn, bytes, size);
		return size;
	}
	if (session->phase != SESSION_HEAD)
		return size;
	const size_t used = upgrade_bytes(gate, conn, bytes, size, true);

	if (used == size || session->phase != SESSION_HEAD || session_waits(session))
		return used;
	if (wait_with(gate, conn, bytes + used, size - used))
		return size;
	return used + upgrade_bytes(gate, conn, bytes + used, size - used, false); /* there is no room to wait in */
}

void inbound_bytes(struct gate *gate, struct conn *conn, uint8_t *bytes, size_t size)
{
	struct session *session = session_of(gate, conn);
	struct ration *ration = &gate->ration;

	if (session_waits(session) && !PLANTED(74)) { /* what came later is read first */
		if (conn_is_read(conn) && !(session->websocket && is_refused(session)))
			wait_on(gate, conn, bytes, size);
		return;
	}
	ration_begin(ration, conn->slot);
	if (!session->websocket) {
		const size_t used = read_http(gate, conn, bytes, size);

		bytes += used;
		size -= used;
	}
	if (!session->websocket || size == 0 || is_refused(session) || !conn_is_read(conn))
		return;
	if (ration_is_crowded(ration) && may_be_costly(gate, session, size) && wait_with(gate, conn, bytes, size))
		return;
	size_t at = read_some(gate, conn, bytes, size);

	if (!conn_is_read(conn))
		return;
	if (session->rare)
		session->rare->costly = ration->own >= ration->limits.share / 4;
	if ((at == size && !ration->tired) || wait_with(gate, conn, bytes + at, size - at))
		return;
	/* There is no room to wait in. */
	while (at < size && conn_is_read(conn)) {
		ration_begin_again(ration);
		at += read_some(gate, conn, bytes + at, size - at);
	}
}

static size_t read_any(struct gate *gate, struct conn *conn, uint8_t *bytes, size_t size)
{
	return session_of(gate, conn)->websocket ? read_some(gate, conn, bytes, size)
						 : read_http(gate, conn, bytes, size);
}

/* In pieces: as many as one of them can hold are counted before they are charged for. */
static void serve(struct gate *gate, struct waiter *waiter)
{
	struct ration *ration = &gate->ration;
	struct conn *conn = waiter->conn;

	ration_begin_again(ration);
	while (waiter->conn && waiter->at < waiter->size && !ration_is_spent(ration)) {
		const size_t left = waiter->size - waiter->at;

		waiter->at += read_any(gate, conn, waiter->bytes + waiter->at, left < PIECE ? left : PIECE);
	}
	if (!waiter->conn) {
		ration_done(ration, waiter);
		return;
	}
	session_of(gate, conn)->heard_ms = (uint32_t)gate->now_ms;
	if (ration->tired)
		gate_count(gate, COUNTER_inbound_rests);
	if (waiter->at < waiter->size || ration->tired) {
		ration_again(ration, waiter, gate->now_ms);
		return;
	}
	session_of(gate, conn)->rare->waiter = NULL;
	ration_done(ration, waiter);
	conn_resume(&gate->net, conn);
}

void inbound_waiting(struct gate *gate)
{
	struct ration *ration = &gate->ration;
	struct waiter *waiter;

	if (!ration_has_waiters(ration))
		return;
	ration_turn(ration, ration->behind);
	while ((waiter = ration_next(ration, gate->now_ms)) != NULL) {
		serve(gate, waiter);
		if (ration->behind || ration->spent >= ration->limits.turn)
			break;
	}
}
