#include "engine/gate/pump.h"

#include "engine/chat/cursor.h"
#include "engine/core/check.h"
#include "engine/gate/deliver.h"
#include "engine/gate/membership.h"
#include "engine/gate/offence.h"
#include "engine/net/sendq.h"

/* Gathers the bytes of one room; false when the flight is full. */
static bool gather(struct gate *gate, struct flight *flight, struct cursor *cursor)
{
	struct cursor_range range;

	while (cursor_next(&gate->hall, cursor, &range)) {
		if (!flight_add(flight, range.segment, range.bytes, range.size))
			return false;
		cursor_take(&gate->hall, cursor, &range);
	}
	return true;
}

/* Those who are behind, the longest waiting first. */
static void gather_rooms(struct gate *gate, struct conn *conn, struct flight *flight)
{
	struct session *session = session_of(gate, conn);
	uint32_t index = gate->hall.owners[conn->slot].behind;

	while (index != 0) {
		struct cursor *cursor = cursor_at(&gate->hall, index);

		index = cursor->next_behind;
		if (cursor->state == CURSOR_CATCHUP && cursor->skips) {
			if (conn->queued > 0 || flight->count > 0)
				continue;
			if (!deliver_latest(gate, conn, cursor))
				return;
		} else if (cursor->state == CURSOR_CATCHUP) {
			/* One page at a time, and only when the last one is on its way. */
			if (session->fetching || conn->queued > 0 || flight->count > 0)
				continue;
			membership_fetch(gate, conn, cursor);
		} else if (!gather(gate, flight, cursor)) {
			cursor_last(&gate->hall, cursor);
			return;
		}
		cursor_unlist(&gate->hall, cursor);
	}
}

/* It fell off in a room that ends whoever does. The Close comes behind the send that is under way, if it comes. */
static void end_late(struct gate *gate, struct conn *conn)
{
	offence(gate, conn, OFFENCE_slow);
	session_close(gate, conn, CHAT_CLOSE_slow);
}

/* Gives the bytes that are sent. */
static uint32_t pump_one(struct gate *gate, struct conn *conn)
{
	user_count_rooms(gate, conn);
	/* Before the plan, because of a send under way there may be none for long. */
	if (gate->hall.owners[conn->slot].late && conn_is_open(conn))
		end_late(gate, conn);

	struct flight *flight = sendq_plan(&gate->net, conn);

	if (!flight)
		return 0; /* one is under way; its end marks the owner again */
	if (session_of(gate, conn)->phase == SESSION_LIVE && conn->queued == 0) {
		session_of(gate, conn)->terms.moved |= gate->hall.owners[conn->slot].behind != 0;
		gather_rooms(gate, conn, flight);
	}
	const uint32_t bytes = flight->bytes;

	sendq_fly(&gate->net, conn, flight);
	return bytes;
}

/* What the kernel did since has taken our memory's place in the caches: what the next one will need is asked for while
 * this one is worked on. */
AHEAD_INLINE void look_ahead(struct gate *gate)
{
	const uint32_t next = gate->hall.dirty_owner;

	if (next == 0)
		return;
	const struct owner *owner = &gate->hall.owners[next - 1];
	const struct cursor *cursor = cursor_at(&gate->hall, owner->behind); /* 0, for none, is an item too */

	net_ahead(&gate->net, next - 1);
	ahead(&gate->sessions[next - 1]);
	ahead(cursor);
	ahead(&cursor->state);
	if (gate->hall.dirty[next - 1] != UINT32_MAX)
		ahead(&gate->hall.owners[gate->hall.dirty[next - 1] - 1]);
}

static void pump_crowds(struct gate *gate)
{
	const struct hall_limits *limits = &gate->hall.limits;
	uint32_t slot, sent = 0;
	uint64_t bytes = 0;

	while (sent < limits->crowd_per_turn && bytes < limits->crowd_bytes && owner_next_crowd(&gate->hall, &slot)) {
		if (conn_is_open(net_conn(&gate->net, slot))) /* it may have ended since, or be another one */
			bytes += pump_one(gate, net_conn(&gate->net, slot));
		sent++;
	}
}

void pump(struct gate *gate)
{
	uint32_t slot;

	hot_logs_settle(&gate->hall);
	while (owner_next(&gate->hall, &slot)) {
		look_ahead(gate);
		pump_one(gate, net_conn(&gate->net, slot));
	}
	pump_crowds(gate);
}

bool pump_has_more(const struct gate *gate)
{
	return gate->hall.crowd_owner != 0;
}
