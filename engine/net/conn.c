#include "engine/net/conn.h"

#include <errno.h>

#include "engine/core/check.h"
#include "engine/core/mutant.h"
#include "engine/core/pages.h"
#include "engine/net/conn_close.h"
#include "engine/net/sendq.h"

#define DISCARDED_PER_TURN 4 /* shares of a receive, of those who are finishing */

int net_open(struct net *net, const struct net_limits *limits, struct ring *ring, struct segment_pool *segments,
	     struct timers *timers, struct counters *counters, uint64_t hash_key)
{
	const uint32_t slots = ring_slots_max(ring);

	net->limits = *limits;
	net->ring = ring;
	net->segments = segments;
	net->timers = timers;
	net->counters = counters;
	net->conns_max = slots;
	/* Reserved, not touched: a slot that was never accepted into costs nothing. */
	net->conns = pages_reserve((size_t)slots * sizeof(struct conn));
	net->fed = pages_reserve((size_t)slots * sizeof(net->fed[0]));
	if (!net->conns || !net->fed)
		return -ENOMEM;

	const int error = slab_open(&net->flights, "flights", sizeof(struct flight), slots);

	return error ? error : addresses_open(&net->addresses, slots, &limits->address, hash_key);
}

void net_close(struct net *net)
{
	addresses_close(&net->addresses);
	slab_close(&net->flights);
	pages_release(net->conns, (size_t)net->conns_max * sizeof(struct conn));
	pages_release(net->fed, (size_t)net->conns_max * sizeof(net->fed[0]));
}

void net_adopt(struct net *net, const struct net_limits *limits)
{
	addresses_adopt(&net->addresses, &limits->address);
	net->limits.address = net->addresses.limits;
	net->limits.queue_bytes_max = limits->queue_bytes_max;
	net->limits.linger_ms = limits->linger_ms;
}

void conn_ask(struct net *net, struct conn *conn)
{
	if (!net->limits.peer_address || conn->asking || conn->network != 0)
		return;
	if (conn->state != CONN_OPEN && conn->state != CONN_FINISHING)
		return;
	conn->asking = true;
	ring_peer(net->ring, conn->slot);
}

static void receive(struct net *net, struct conn *conn)
{
	conn->receiving = true;
	ring_recv(net->ring, conn->slot);
}

static struct conn *accepted(struct net *net, uint32_t slot)
{
	struct conn *conn = net_conn(net, slot);

	CHECK(slot < net->conns_max && conn->state == CONN_FREE);
	const uint32_t generation = conn->generation + 1;

	/* One of before may still be on the list. */
	*conn = (struct conn){ .state = CONN_OPEN, .slot = slot, .generation = generation, .fed = conn->fed };
	conn->progress_ms = net->now_ms;
	net->open++;
	counter_add(net->counters, COUNTER_connections, 1);
	counter_add(net->counters, COUNTER_accepted, 1);
	if (net->limits.peer_address && address_limits_any(&net->limits.address)) {
		conn->held = true;
		conn_ask(net, conn);
	} else {
		receive(net, conn);
	}
	return conn;
}

void conn_pause(struct net *net, struct conn *conn)
{
	CHECK(!conn->paused);
	conn->paused = true;
	if (conn->receiving)
		ring_recv_stop(net->ring, conn->slot);
}

void conn_resume(struct net *net, struct conn *conn)
{
	CHECK(conn->paused);
	conn->paused = false;
	if (!conn_is_read(conn))
		return;
	if (conn->ended)
		conn_peer_ended(net, conn);
	else if (!conn->receiving && !PLANTED(75)) /* nothing is received of it any more */
		receive(net, conn);
}

static void feed(struct net *net, struct conn *conn)
{
	if (conn->fed)
		return;
	conn->fed = true;
	net->fed[net->fed_count++] = conn->slot;
}

/* The kernel gives receive buffers to whoever asks first: were all armed again in the order in which they were served,
 * those who send without end would have all of them in every turn, and others none. What is thrown away takes little of
 * a turn: those who are finishing come a few at a time. */
void net_events_over(struct net *net)
{
	const uint32_t count = net->fed_count;
	uint32_t finishing = 0;

	net->fed_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct conn *conn = net_conn(net, net->fed[i]);

		conn->fed = false;
		if (!conn_is_read(conn) || conn->receiving || conn->paused || conn->ended || conn->held)
			continue;
		if (conn->state == CONN_FINISHING && finishing++ >= DISCARDED_PER_TURN)
			feed(net, conn);
		else
			receive(net, conn);
	}
}

/* Not so what says only that the receive is over. */
static bool is_end(const struct conn *conn, int32_t result)
{
	if (result == -ECANCELED)
		return !conn_is_read(conn);
	return result == 0 || (result < 0 && result != -ENOBUFS && result != -EINTR);
}

static void received(struct net *net, struct conn *conn, const struct ring_event *event)
{
	conn->receiving = !event->last;
	if (event->result > 0) {
		counter_add(net->counters, COUNTER_bytes_in, event->result);
		feed(net, conn);
		if (conn_is_read(conn))
			net->ops->on_bytes(net->context, conn, event->bytes, (size_t)event->result);
		if (conn->state == CONN_FINISHING)
			conn_heard(net, conn);
	}
	if (is_end(conn, event->result)) {
		conn->ended = true;
		if (!conn->paused || !conn_is_read(conn))
			conn_peer_ended(net, conn);
		return;
	}
	if (event->last && conn_is_read(conn) && !conn->paused && !conn->fed)
		receive(net, conn);
	conn_join(net, conn);
}

static void sent(struct net *net, struct conn *conn, int32_t result)
{
	if (!sendq_sent(net, conn, result))
		return;
	if (result < 0 && result != -EINTR && result != -EAGAIN)
		conn_abort(net, conn);
	else if (conn->state == CONN_OPEN || conn->state == CONN_FINISHING)
		conn_flown(net, conn);
	conn_join(net, conn);
}

static void peer_told(struct net *net, struct conn *conn, const struct ring_event *event)
{
	conn->asking = false;
	if (event->result == 0) {
		conn->network = address_network(&event->address);
		conn->exempt = address_is_exempt(&net->addresses, &event->address);
	}
	if (conn->held && event->result == 0 && conn->state == CONN_OPEN) {
		conn->verdict = (uint8_t)address_enter(&net->addresses, &event->address, net->now_ms, &conn->address);
		if (conn->verdict == ADDRESS_SHUT)
			conn_abort(net, conn);
	}
	if (conn->held && (conn->state == CONN_OPEN || conn->state == CONN_FINISHING))
		receive(net, conn);
	conn->held = false;
	conn_join(net, conn);
}

void conn_settle(struct net *net, struct conn *conn)
{
	if (!conn->settled && conn->address != 0)
		address_settle(&net->addresses, conn->address);
	conn->settled = true;
}

struct conn *net_event(struct net *net, const struct ring_event *event)
{
	struct conn *conn = event->kind == RING_ACCEPTED ? NULL : net_conn(net, event->slot);

	CHECK(!conn || conn->state != CONN_FREE);
	switch (event->kind) {
	case RING_ACCEPTED:
		return accepted(net, event->slot);
	case RING_RECEIVED:
		received(net, conn, event);
		return NULL;
	case RING_SENT:
		sent(net, conn, event->result);
		return NULL;
	case RING_PEER:
		peer_told(net, conn, event);
		return NULL;
	case RING_CLOSED:
		conn_closed(net, conn);
		return NULL;
	case RING_ACCEPT_FAILED:
	case RING_CONNECTED:
	case RING_WOKEN:
		break;
	}
	CHECK(!"an event that is not a connection's");
	return NULL;
}
