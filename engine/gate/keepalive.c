#include "engine/gate/keepalive.h"

#include "engine/core/check.h"
#include "engine/core/log.h"
#include "engine/core/mutant.h"
#include "engine/gate/expiry.h"
#include "engine/gate/frame.h"
#include "engine/gate/offence.h"
#include "engine/gate/upgrade.h"

static void due_in(struct gate *gate, struct conn *conn, uint64_t after_ms)
{
	timer_set(&gate->timers, &conn->timer, gate->now_ms, after_ms);
}

static uint64_t sooner(uint64_t a_ms, uint64_t b_ms)
{
	return a_ms < b_ms ? a_ms : b_ms;
}

/* Of a live session, whose token may end sooner. Who is told to reconnect has a time for it, which nothing moves. */
static void live_in(struct gate *gate, struct conn *conn, uint64_t after_ms)
{
	const struct session *session = session_of(gate, conn);

	if (!session->leaving)
		due_in(gate, conn, sooner(after_ms, expiry_wait_ms(gate, session)));
}

/* As live_in(), but what is due sooner stays so: by what they send nobody puts off what they are to be asked for. */
static void live_within(struct gate *gate, struct conn *conn, uint64_t after_ms)
{
	const struct session *session = session_of(gate, conn);

	if (!session->leaving)
		timer_bring(&gate->timers, &conn->timer, gate->now_ms, sooner(after_ms, expiry_wait_ms(gate, session)));
}

/* Ends those who take no byte. Returns true when it did. */
static bool end_slow(struct gate *gate, struct conn *conn)
{
	if (!conn->flight || gate->now_ms < conn->progress_ms + gate->limits.slow_ms)
		return false;
	session_of(gate, conn)->reason = CHAT_CLOSE_slow;
	offence(gate, conn, OFFENCE_slow);
	conn_abort(&gate->net, conn);
	return true;
}

/* Who was accepted behind the word that ends is waited for no longer than who is told to go. */
static uint64_t head_ms(const struct gate *gate)
{
	const uint64_t usual_ms = gate->limits.handshake_ms;

	return gate->draining ? sooner(usual_ms, gate->net.limits.linger_ms) : usual_ms;
}

void keepalive_start(struct gate *gate, struct conn *conn)
{
	const struct session_limits *limits = &gate->limits;

	switch ((enum session_phase)session_of(gate, conn)->phase) {
	case SESSION_HEAD:
		/* With further requests nobody puts off the end of one who takes no answers. */
		if (!end_slow(gate, conn))
			due_in(gate, conn, head_ms(gate));
		return;
	case SESSION_API:
		due_in(gate, conn, limits->answer_ms);
		return;
	case SESSION_HELLO:
		due_in(gate, conn, limits->hello_ms);
		return;
	case SESSION_LIVE:
		/* The first ask comes early for some, so that those who came together do not stay together. */
		live_in(gate, conn,
			sooner(limits->slow_ms,
			       limits->ping_ms / 2 + random_below(&gate->random, limits->ping_ms / 2 + 1)));
		return;
	case SESSION_ECHO:
		due_in(gate, conn, limits->slow_ms);
		return;
	case SESSION_OVER:
	case SESSION_NONE:
		return;
	}
}

static void ask(struct gate *gate, struct conn *conn)
{
	session_of(gate, conn)->pinged = true;
	frame_notice(gate, conn, &(struct chat_notice){ .kind = CHAT_NOTICE_PING });
	if (conn_is_open(conn))
		live_in(gate, conn, gate->limits.pong_ms);
}

void keepalive_begun(struct gate *gate, struct conn *conn)
{
	const struct session_limits *limits = &gate->limits;

	/* A live session's timer goes off within ping_ms by itself, and hello has a deadline of its own. */
	if (session_of(gate, conn)->phase == SESSION_LIVE && limits->message_ms != 0 &&
	    limits->message_ms < limits->ping_ms)
		live_within(gate, conn, limits->message_ms);
}

void keepalive_expiry(struct gate *gate, struct conn *conn)
{
	CHECK(session_of(gate, conn)->phase == SESSION_LIVE);
	live_within(gate, conn, UINT64_MAX);
}

/* Milliseconds that a message which has begun may still take; 0: it is late. */
static uint64_t message_left_ms(const struct gate *gate, const struct session *session)
{
	const uint32_t passed_ms = (uint32_t)gate->now_ms - session->begun_ms;
	const uint32_t most_ms = gate->limits.message_ms;

	if (session->begun_ms == 0 || most_ms == 0)
		return UINT64_MAX;
	/* begun_ms was made odd, so it may be a millisecond ahead. */
	return passed_ms == UINT32_MAX ? most_ms : passed_ms < most_ms ? most_ms - passed_ms : 0;
}

static bool end_late(struct gate *gate, struct conn *conn)
{
	if (message_left_ms(gate, session_of(gate, conn)) > 0)
		return false;
	offence(gate, conn, OFFENCE_message_timeout);
	session_close(gate, conn, CHAT_CLOSE_policy);
	return true;
}

/* What it said waits for its turn: it is not the peer who is late. */
static void wait_along(struct gate *gate, struct session *session)
{
	if (!session_waits(session))
		return;
	session->heard_ms = (uint32_t)gate->now_ms;
	session->pinged = false;
	if (session->begun_ms != 0)
		session->begun_ms = (uint32_t)gate->now_ms | 1;
}

static void live_due(struct gate *gate, struct conn *conn)
{
	struct session *session = session_of(gate, conn);
	const struct session_limits *limits = &gate->limits;

	wait_along(gate, session);
	const uint32_t silent_ms = (uint32_t)gate->now_ms - session->heard_ms;

	if (session->leaving) {
		session_close(gate, conn, PLANTED(89) ? CHAT_CLOSE_full : CHAT_CLOSE_restart); /* another word */
		return;
	}
	if (end_slow(gate, conn) || end_late(gate, conn) || !expiry_tend(gate, conn))
		return;
	if (session->pinged && silent_ms >= limits->pong_ms) {
		offence(gate, conn, OFFENCE_no_pong);
		session_close(gate, conn, CHAT_CLOSE_no_pong);
		return;
	}
	if (silent_ms >= limits->ping_ms) {
		ask(gate, conn);
		return;
	}
	const uint64_t message_ms = message_left_ms(gate, session);
	/* A send that begins meanwhile has its time too, and no timer of its own. */
	uint64_t next_ms = sooner(limits->slow_ms, limits->ping_ms - silent_ms);

	next_ms = message_ms < next_ms ? message_ms : next_ms;
	if (conn->flight) {
		const uint64_t slow_ms = conn->progress_ms + limits->slow_ms - gate->now_ms;

		next_ms = slow_ms < next_ms ? slow_ms : next_ms;
	}
	live_in(gate, conn, next_ms);
}

void keepalive_due(struct gate *gate, struct conn *conn)
{
	if (!conn_is_open(conn)) {
		conn_linger_over(&gate->net, conn);
		return;
	}
	switch ((enum session_phase)session_of(gate, conn)->phase) {
	case SESSION_HEAD:
	case SESSION_API:
		upgrade_timeout(gate, conn);
		return;
	case SESSION_HELLO:
		/* It is not the client who is late. */
		if (session_hold(session_of(gate, conn)) || session_waits(session_of(gate, conn))) {
			due_in(gate, conn, gate->limits.hello_ms);
			return;
		}
		offence(gate, conn, OFFENCE_hello_timeout);
		session_close(gate, conn, CHAT_CLOSE_hello_timeout);
		return;
	case SESSION_LIVE:
		live_due(gate, conn);
		return;
	case SESSION_ECHO:
		wait_along(gate, session_of(gate, conn));
		if (!end_slow(gate, conn) && !end_late(gate, conn))
			due_in(gate, conn, gate->limits.slow_ms);
		return;
	case SESSION_OVER:
	case SESSION_NONE:
		break;
	}
	CHECK(!"an open connection has a session that is not over");
}

void keepalive_drain(struct gate *gate)
{
	for (uint32_t slot = 0; slot < gate->touched; slot++) {
		struct conn *conn = net_conn(&gate->net, slot);
		struct session *session = &gate->sessions[slot];

		if (!conn_is_open(conn))
			continue;
		if (session->phase == SESSION_API)
			continue; /* the answer it waits for is its last */
		if (session->phase != SESSION_LIVE) {
			session_close(gate, conn, CHAT_CLOSE_restart);
			continue;
		}
		/* Nor is it heard any more whose token ends before that. */
		const uint64_t drawn_ms = random_below(&gate->random, gate->limits.drain_ms + 1);
		const uint32_t after_ms = (uint32_t)sooner(drawn_ms, expiry_left_ms(gate, session));
		const struct chat_notice notice = { .kind = CHAT_NOTICE_RECONNECT, .after_ms = after_ms };

		session->leaving = true;
		if (frame_notice(gate, conn, &notice))
			due_in(gate, conn, after_ms);
	}
}
