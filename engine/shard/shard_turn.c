/* One turn: what the ring collected, what came by mail, what time it is; then what goes out. */
#include "engine/shard/shard_internal.h"

#include <errno.h>
#include <string.h>

#include "engine/core/clock.h"
#include "engine/core/log.h"
#include "engine/gate/call.h"
#include "engine/gate/inbound.h"
#include "engine/gate/keepalive.h"
#include "engine/gate/latency.h"
#include "engine/gate/offence.h"
#include "engine/gate/pump.h"
#include "engine/gate/shed.h"

#define AHEAD 4 /* events: so much earlier its connection's memory is asked for */
#define TICK_MS 500
#define ACCEPT_AGAIN_MS 100
#define STALL_MS 2000 /* between two turns: then the process, or the machine, had stood still */
#define GRACE_MS 1000 /* after which sessions' deadlines count again: what came meanwhile is read first */

static void clocks(struct shard *shard)
{
	struct gate *gate = &shard->gate;
	const uint64_t before_ms = gate->now_ms;

	gate->now_us = clock_mono_ns() / 1000;
	gate->now_ms = gate->now_us / 1000;
	gate->wall_ms = clock_wall_ms();
	/* A turn is never far from the next, for there is a tick. */
	if (before_ms != 0 && gate->now_ms - before_ms > STALL_MS && shard->grace_ms == 0) {
		gate_count(gate, COUNTER_stalls);
		LOG(LOG_WARN, "stalled", LOG_U64("ms", gate->now_ms - before_ms));
		shard->grace_ms = gate->now_ms + GRACE_MS;
	}
	gate->net.now_ms = gate->now_ms;
	gate->codec.now_ms = gate->now_ms;
	gate->memory_permille = __atomic_load_n(&shard->links->memory_permille, __ATOMIC_RELAXED);
}

static void drain(struct shard *shard)
{
	struct gate *gate = &shard->gate;

	if (gate->draining)
		return;
	LOG(LOG_INFO, "drain", LOG_U64("connections", gate->net.open));
	gate->draining = true;
	shard->accept_ms = 0;
	ring_accept_stop(shard->ring);
	keepalive_drain(gate);
}

static void peer_told(struct gate *gate, struct conn *conn)
{
	offence_addressed(gate, conn);
	if (conn->verdict != ADDRESS_SHUT)
		return;
	/* Nothing was received of it, so this is told once. */
	gate_count(gate, COUNTER_refused);
	offence(gate, conn, OFFENCE_address_shut_out);
}

static void run_call(struct gate *gate, uint64_t word)
{
	struct gate_call *call = (struct gate_call *)(uintptr_t)word;

	call->run(gate, call);
}

/* The ring's own tables are full, or the machine refused. */
static void pause_accepting(struct shard *shard, int error)
{
	struct gate *gate = &shard->gate;
	const bool full = error == -ENFILE && gate->net.open > gate->net.limits.connections_max;
	uint32_t more;

	gate_count(gate, COUNTER_accept_paused);
	shard->accept_ms = gate->draining ? 0 : gate->now_ms + ACCEPT_AGAIN_MS;
	if (!throttle_one(&shard->accept_told, gate->now_ms, &more))
		return;
	LOG(LOG_WARN, "accept_paused", LOG_TEXT("reason", full ? "every place is taken" : strerror(-error)),
	    LOG_U64("open", gate->net.open), LOG_U64("more", more),
	    LOG_TEXT("do", full ? "raise --connections; it goes on by itself"
				: "see fs.file-max and the memory of the machine; it goes on by itself"));
}

static void run_event(struct shard *shard, const struct ring_event *event)
{
	struct gate *gate = &shard->gate;

	if (event->kind == RING_WOKEN) {
		if (event->word == SHARD_WORD_DRAIN)
			drain(shard);
		else if (event->word == SHARD_WORD_STOP)
			shard->stopped = true;
		else if (event->word > SHARD_WORD_STOP)
			run_call(gate, event->word);
		return;
	}
	if (event->kind == RING_ACCEPT_FAILED) {
		pause_accepting(shard, event->result);
		return;
	}
	struct conn *conn = net_event(&gate->net, event);

	if (conn)
		session_open(gate, conn);
	else if (event->kind == RING_PEER)
		peer_told(gate, net_conn(&gate->net, event->slot));
}

/* What the events behind this one will need: a connection's memory first, then what that names. An event that is no
 * connection's has any number for a slot. */
AHEAD_INLINE void look_ahead(struct gate *gate, const struct ring_event *events, size_t at, size_t count)
{
	const uint32_t far = at + AHEAD < count ? events[at + AHEAD].slot : UINT32_MAX;
	const uint32_t near = at + 1 < count ? events[at + 1].slot : UINT32_MAX;

	if (far < gate->net.conns_max)
		net_ahead(&gate->net, far);
	if (near < gate->net.conns_max) {
		ahead(&gate->sessions[near]);
		ahead(net_conn(&gate->net, near)->flight);
	}
}

/* Not while the time was not the peers': their answers may be on the way, or here and not read yet. */
static void run_deadlines(struct shard *shard)
{
	struct gate *gate = &shard->gate;
	struct timer *timer;

	if (gate->now_ms < shard->grace_ms)
		return;
	shard->grace_ms = 0;
	while ((timer = timers_due(&gate->timers, gate->now_ms)) != NULL) {
		struct conn *conn = (struct conn *)((uint8_t *)timer - offsetof(struct conn, timer));

		keepalive_due(gate, conn);
	}
}

/* What others count, for whoever reads this core's figures. */
static void figures(struct shard *shard)
{
	struct gate *gate = &shard->gate;
	struct ring_stats ring;

	ring_stats(shard->ring, &ring);
	counter_set(gate->counters, COUNTER_connections_max, gate->net.limits.connections_max);
	counter_set(gate->counters, COUNTER_ring_submitted, ring.submitted);
	counter_set(gate->counters, COUNTER_ring_completed, ring.completed);
	counter_set(gate->counters, COUNTER_ring_enters, ring.enters);
	counter_set(gate->counters, COUNTER_ring_no_buffers, ring.no_buffers);
	counter_set(gate->counters, COUNTER_ring_overflows, ring.overflows);
	counter_set(gate->counters, COUNTER_ring_lanes, ring.lanes);
	counter_set(gate->counters, COUNTER_ring_slots, ring.slots_used);
	counter_set(gate->counters, COUNTER_mail_waiting_bytes, gate->post.waiting_bytes + gate->post.unread_bytes);
}

static void run_timers(struct shard *shard)
{
	struct gate *gate = &shard->gate;

	run_deadlines(shard);
	if (shard->accept_ms != 0 && gate->now_ms >= shard->accept_ms) {
		shard->accept_ms = 0;
		ring_accept(shard->ring, shard->listener);
	}
	if (gate->now_ms >= shard->tick_ms) {
		shard->tick_ms = gate->now_ms + TICK_MS;
		home_tick(gate->home, gate->now_ms, gate->wall_ms);
		offence_tick(gate);
		shed_tick(gate);
		figures(shard);
		watch_tick(gate, &shard->links->watch);
	}
}

static uint64_t wait_ns(struct shard *shard, uint64_t now_ms)
{
	struct gate *gate = &shard->gate;
	uint64_t wait_ms = shard->grace_ms > now_ms ? shard->grace_ms - now_ms : timers_wait_ms(&gate->timers, now_ms);
	const uint64_t tick_ms = shard->tick_ms > now_ms ? shard->tick_ms - now_ms : 0;

	if (shard->mail_left || gate->post.to_flush != 0 || pump_has_more(gate) || net_has_fed(&gate->net))
		return 0;
	const uint64_t served_ms =
		ration_has_waiters(&gate->ration) ? ration_wait_ms(&gate->ration, now_ms) : UINT64_MAX;

	wait_ms = wait_ms < tick_ms ? wait_ms : tick_ms;
	wait_ms = wait_ms < served_ms ? wait_ms : served_ms;
	if (shard->accept_ms != 0 && wait_ms > ACCEPT_AGAIN_MS)
		wait_ms = ACCEPT_AGAIN_MS;
	return wait_ms * 1000000;
}

void shard_turn(struct shard *shard)
{
	struct gate *gate = &shard->gate;
	struct bell *bell = &shard->links->bells[gate->core];
	const uint64_t now_us = clock_mono_ns() / 1000;
	uint64_t wait = wait_ns(shard, now_us / 1000);

	if (gate->now_us != 0) /* the turn before ended here */
		histogram_add(gate->counters, HISTOGRAM_turn, now_us - gate->now_us, 1);
	if (wait > 0) {
		bell_sleep(bell);
		if (shard_mail_waits(shard))
			wait = 0;
	}
	const size_t count = ring_collect(shard->ring, shard->events, SHARD_EVENTS_MAX, wait);

	bell_wake(bell);
	clocks(shard);
	latency_settle(gate);
	gate_count(gate, COUNTER_turns);
	ration_turn(&gate->ration, shard->mail_left);
	for (size_t i = 0; i < count; i++) {
		look_ahead(gate, shard->events, i, count);
		run_event(shard, &shard->events[i]);
	}
	net_events_over(&gate->net);
	inbound_waiting(gate);
	shard_run_stored(shard);
	shard_run_mails(shard);
	run_timers(shard);
	/* What the timers sent to rooms of this core is run in the next turn, which sees it by shard_mail_waits(). */
	pump(gate);
	post_flush(&gate->post, shard->ring);
	if (gate->has_store)
		store_port_flush(&gate->store, shard->ring);
	counter_set(gate->counters, COUNTER_store_waiting, gate->store.jobs_out);
	counter_set(gate->counters, COUNTER_segment_bytes, gate->segments.bytes_out);
	counter_set(gate->counters, COUNTER_inbound_waiting, gate->ration.waiting);
	counter_set(gate->counters, COUNTER_inbound_waiting_bytes, gate->ration.bytes);
}
