#include "engine/net/conn_close.h"

#include "engine/core/check.h"
#include "engine/net/sendq.h"

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

static void finish_if_drained(struct net *net, struct conn *conn)
{
	if (conn->state == CONN_FINISHING && conn->drained_close && !conn->flight && conn->queued == 0)
		conn_abort(net, conn);
}

void conn_finish(struct net *net, struct conn *conn, bool at_once)
{
	if (conn->state == CONN_FINISHING)
		conn->drained_close |= at_once;
	if (conn->state == CONN_OPEN) {
		conn->state = CONN_FINISHING;
		conn->drained_close = at_once;
		timer_set(net->timers, &conn->timer, net->now_ms, net->limits.linger_ms);
	}
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
		conn->drained_close = true;
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
		address_leave(&net->addresses, conn->address);
	conn->address = 0;
	conn->state = CONN_FREE;
	net->open--;
	counter_add(net->counters, COUNTER_connections, -1);
	counter_add(net->counters, COUNTER_closed, 1);
}
