#include "engine/gate/shed.h"

#include "engine/core/check.h"
#include "engine/core/log.h"
#include "engine/gate/offence.h"

#define LEAN_BYTES (16u << 20) /* given back a tick: a millisecond or two */
#define ENDED_MOST 64 /* connections a tick */
#define SLOW_MS 1000 /* without taking a byte: it is what holds memory */

/* How long the connection has taken nothing of what is there for it. */
static uint64_t stuck_ms(const struct gate *gate, const struct conn *conn)
{
	return conn_is_open(conn) && conn->flight ? gate->now_ms - conn->progress_ms : 0;
}

/* Those who are at least half as slow as the slowest. The Close is behind what they do not take, so it is seldom read;
 * the kernel's part of the memory is free when the connection is, at the latest after the linger time. */
static void end_slowest(struct gate *gate)
{
	uint64_t slowest = 0;
	uint32_t ended = 0;

	for (uint32_t slot = 0; slot < gate->touched; slot++) {
		const uint64_t ms = stuck_ms(gate, net_conn(&gate->net, slot));

		slowest = ms > slowest ? ms : slowest;
	}
	const uint64_t least = slowest / 2 > SLOW_MS ? slowest / 2 : SLOW_MS;

	for (uint32_t slot = 0; slot < gate->touched && ended < ENDED_MOST; slot++) {
		struct conn *conn = net_conn(&gate->net, slot);

		if (stuck_ms(gate, conn) < least)
			continue;
		offence(gate, conn, OFFENCE_shed);
		session_close(gate, conn, CHAT_CLOSE_slow);
		ended++;
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
	segment_pool_lean(&gate->segments, LEAN_BYTES);
	if (gate->memory_permille >= SHED_END)
		end_slowest(gate);
}
