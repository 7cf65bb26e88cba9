/* stats.h - what workers tell the coordinator, and the other way: one block of shared memory a run.
 *
 * Workers are forked after it was mapped. Each field has one writer; all are read with relaxed atomics.
 */
#ifndef LOAD_STATS_H
#define LOAD_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/load/audit.h"
#include "tools/load/hist.h"
#include "tools/load/scenario.h"

enum phase {
	PHASE_RAMP,    /* connecting and joining as the shape says */
	PHASE_WARMUP,  /* traffic, not measured */
	PHASE_HOLD,    /* traffic, measured */
	PHASE_DRAIN,   /* nothing new is sent; what is under way arrives */
	PHASE_END,     /* workers settle the audit, close and exit */
};

struct worker_stats {
	uint32_t pid;
	_Alignas(64) uint64_t connects_begun, connected, connect_failed, dropped; /* dropped: lost after it stood */
	uint64_t open;              /* standing now */
	uint64_t joins_begun, joined, join_failed;
	uint64_t sent, sent_measured, bytes_sent;
	uint64_t acked, acked_measured, refused;
	uint64_t received, received_measured, bytes_received; /* deliveries */
	uint64_t deflate_agreed, compressed, compressed_bytes, inflated_bytes;
	uint64_t heartbeats;
	uint64_t not_recovered;     /* storm: memberships that were resumed without what they had missed */
	struct audit_counts audit;
	uint64_t audit_bytes;
	uint64_t recovered_ns;      /* storm: from the drop until all were back and caught up; 0: not yet */
	uint64_t cpu_ns, wait_ns;   /* of the worker's thread: running, and runnable but not running (schedstat) */
	uint64_t last_error_time;
	char last_error[120];
	bool ramped;                /* all of its connections stand or have failed, all joins are answered */
	bool drains;                /* it is in PHASE_DRAIN: it sends no more, and run_stats.sent has all it sent */
	bool drained;               /* nothing that it sent or expects is under way, as of its last look */
	bool done;                  /* audit settled */
	struct hist latency;        /* of deliveries, from the intended time, in PHASE_HOLD */
	struct hist ack;
	struct hist connect;        /* connect() to ready */
	struct hist join;
	struct hist lag;            /* open loop: how late a message was ready for the kernel */
};

struct run_stats {
	struct scenario scenario;
	uint64_t start_ns;          /* CLOCK_MONOTONIC */
	_Alignas(64) uint32_t phase; /* the coordinator writes, workers read each turn */
	bool abort;
	uint32_t workers;
	/* The last number sent by each publisher of each room: sent[room * publishers_per_room + p]. */
	uint32_t *sent;
	struct worker_stats worker[];
};

#define stat_get(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)
#define stat_set(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELAXED)

struct run_stats *stats_map(const struct scenario *scenario); /* NULL: no memory */
void stats_unmap(struct run_stats *stats);

/* From a worker: it is in PHASE_DRAIN. And whether all are, which makes `sent` final. */
void stats_set_drains(struct run_stats *stats, uint32_t worker);
bool stats_all_drain(const struct run_stats *stats);

#endif
