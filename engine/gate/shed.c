#include "engine/gate/shed.h"

#include "engine/core/check.h"
#include "engine/core/log.h"
#include "engine/gate/offence.h"
#include "engine/net/sendq.h"

#define LEAN_BYTES (16u << 20) /* given back a tick: a millisecond or two */
#define ENDED_MOST 64 /* connections a tick */
#define SLOW_MS 1000 /* without taking a byte: it is what holds memory */

/* How long the connection has taken nothing of what is there for it. */
static uint64_t stuck_ms(const struct gate *gate, const struct conn *conn)
{
	return conn_is_read(conn) && conn->flight ? gate->now_ms - conn->progress_ms : 0;
}

/* What waits behind the send that is under way is given back now, and the Close takes its place. A send of echo may end
 * in the middle of a frame. */
static void end(struct gate *gate, struct conn *conn)
{
	offence(gate, conn, OFFENCE_shed);
	if (session_of(gate, conn)->phase != SESSION_ECHO)
		sendq_forget(&gate->net, conn);
	session_close(gate, conn, CHAT_CLOSE_slow);
}

/* Those who are at least half as slow as the slowest. Who was told before and still takes nothing had its time to: the
 * send that is under way, and the kernel's part of the memory, are free only with the connection. */
static void end_slowest(struct gate *gate)
{
	uint64_t slowest = 0;
	uint32_t ended = 0, gone = 0;

	for (uint32_t slot = 0; slot < gate->touched; slot++) {
		const struct conn *conn = net_conn(&gate->net, slot);
		const uint64_t ms = conn_is_open(conn) ? stuck_ms(gate, conn) : 0;

		slowest = ms > slowest ? ms : slowest;
	}
	const uint64_t least = slowest / 2 > SLOW_MS ? slowest / 2 : SLOW_MS;

	for (uint32_t slot = 0; slot < gate->touched; slot++) {
		struct conn *conn = net_conn(&gate->net, slot);
		const uint64_t ms = stuck_ms(gate, conn);

		if (conn_is_open(conn) && ms >= least && ended < ENDED_MOST) {
			end(gate, conn);
			ended++;
		} else if (conn->state == CONN_FINISHING && ms >= SLOW_MS && gone < ENDED_MOST) {
			conn_abort(&gate->net, conn);
			gone++;
		}
	}
}

void shed_tick(struct gate *gate)
{
	const bool refused = gate->refusing;

	if (gate->core == 0)
		counter_set(gate->counters, COUNTER_memory_used, gate->memory_permille);

	gate->refusing = shed_refuses(gate);
	if (refused != gate->refusing)
		LOG(LOG_WARN, gate->refusing ? "memory_short" : "memory_again",
		    LOG_U64("permille", gate->memory_permille), LOG_U64("connections", gate->net.open));
	if (!gate->refusing)
		return;
	if (gate->memory_permille >= SHED_END)
		end_slowest(gate);
	segment_pool_lean(&gate->segments, LEAN_BYTES);
}
