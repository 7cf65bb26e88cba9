#include "engine/net/conn_close.h"

#include "engine/core/check.h"
#include "engine/net/sendq.h"

#define QUIET_MS 100 /* of a peer that was told: what it had sent before is here, unless it is far away */

void conn_abort(struct net *net, struct conn *conn)
{
	if (conn->state != CONN_OPEN && conn->state != CONN_FINISHING)
		return;
	conn->state = CONN_CANCELLING;
	timer_stop(net->timers, &conn->timer);
	sendq_forget(net, conn);
	net->ops->on_closed(net->context, conn);
	if (conn->receiving || conn->sending)
		ring_cancel(net->ring, conn->slot);
	conn_join(net, conn);
}

/* From now or from the last byte that came. */
static void wait_for_quiet(struct net *net, struct conn *conn)
{
	const uint32_t finishing_ms = (uint32_t)net->now_ms - conn->finish_ms;
	const uint32_t left_ms = finishing_ms < net->limits.linger_ms ? net->limits.linger_ms - finishing_ms : 0;

	timer_set(net->timers, &conn->timer, net->now_ms, left_ms < QUIET_MS ? left_ms : QUIET_MS);
}

static void finish_if_drained(struct net *net, struct conn *conn)
{
	if (conn->state != CONN_FINISHING || conn->flight || conn->queued > 0)
		return;
	if (conn->end == CONN_END_SENT)
		conn_abort(net, conn);
	else if (conn->end == CONN_END_QUIET)
		wait_for_quiet(net, conn);
}

void conn_finish(struct net *net, struct conn *conn, enum conn_end end)
{
	if (conn->state == CONN_OPEN) {
		conn->state = CONN_FINISHING;
		conn->end = CONN_END_PEER;
		conn->finish_ms = (uint32_t)net->now_ms;
		timer_set(net->timers, &conn->timer, net->now_ms, net->limits.linger_ms);
	}
	if (conn->state != CONN_FINISHING || end < conn->end)
		return;
	conn->end = (uint8_t)end;
	finish_if_drained(net, conn);
}

void conn_heard(struct net *net, struct conn *conn)
{
	if (conn->end == CONN_END_QUIET)
		finish_if_drained(net, conn);
}

void conn_linger_over(struct net *net, struct conn *conn)
{
	CHECK(conn->state != CONN_OPEN);
	conn_abort(net, conn);
}

void conn_peer_ended(struct net *net, struct conn *conn)
{
	/* While the last words are on their way, an end from the peer is only half of it. */
	if (conn->state == CONN_FINISHING && (conn->flight || conn->queued > 0))
		conn->end = CONN_END_SENT;
	else
		conn_abort(net, conn);
	conn_join(net, conn);
}

void conn_flown(struct net *net, struct conn *conn)
{
	net->ops->on_drained(net->context, conn);
	finish_if_drained(net, conn);
}

void conn_join(struct net *net, struct conn *conn)
{
	if (conn->state != CONN_CANCELLING || conn->receiving || conn->sending || conn->asking)
		return;
	CHECK(!conn->flight);
	conn->state = CONN_CLOSING;
	ring_close(net->ring, conn->slot);
}

void conn_closed(struct net *net, struct conn *conn)
{
	CHECK(conn->state == CONN_CLOSING);
	if (conn->address != 0)
		address_leave(&net->addresses, conn->address, !conn->settled);
	conn->address = 0;
	conn->state = CONN_FREE;
	net->open--;
	counter_add(net->counters, COUNTER_connections, -1);
	counter_add(net->counters, COUNTER_closed, 1);
}
