/* scenario.h - one test in numbers: who connects, to which rooms, what is sent, and what must come of it.
 *
 * Built-in ones are rows of tbl/scenarios.h; a file (libconfig syntax) or flags change any number of them.
 */
#ifndef LOAD_SCENARIO_H
#define LOAD_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/load/shape.h"
#include "tools/load/sizes.h"

enum traffic {
	TRAFFIC_NONE, /* idle: connections, joins and heartbeats only */
	TRAFFIC_CLOSED, /* each room's publishers keep `in_flight` messages under way, and send `in_flight` more once
	                 * every member in this worker has received all of them */
	TRAFFIC_OPEN, /* `rate` messages a second on a schedule fixed beforehand */
	TRAFFIC_ECHO, /* each connection sends one, waits for its own, sends the next (`in_flight` of them) */
	TRAFFIC_ACK, /* each publisher sends one, waits for its acknowledgement, sends the next (likewise) */
};

#define THRESHOLDS_MAX 16

struct threshold {
	char metric[32]; /* a name of the summary in results.json: "latency_p99_ms" */
	char op; /* '<' at most, '>' at least, '=' exactly */
	double value;
	bool reference; /* a published figure to be beaten, told as such */
	char source[96];
};

struct scenario {
	char name[32];
	char summary[128];
	uint32_t connections;
	struct shape ramp; /* its peak is `connections` */
	uint32_t rooms;
	uint32_t rooms_per_connection; /* connection c joins rooms (c * rpc + i) % rooms, in this order, i < rpc */
	uint32_t publishers_per_room; /* the first so many of a room's members publish; 0: nobody */
	bool outside_publisher; /* publishers are connections of their own that join nothing (echo-free fan-out) */
	enum traffic traffic;
	uint32_t in_flight;
	double rate; /* messages a second over all, OPEN */
	uint64_t messages; /* stop after so many were sent; 0: when the time is over */
	uint64_t warmup_ns; /* after the ramp: traffic flows, nothing is measured */
	uint64_t hold_ns; /* of measuring */
	uint64_t drain_ns; /* at most, for what is under way to arrive */
	uint64_t connect_timeout_ns;
	struct sizes sizes;
	uint64_t heartbeat_ns; /* 0: none */
	double churn; /* connections a second that leave and come back */
	bool storm; /* in the middle of the hold all are dropped at once, come back and catch up */
	uint32_t connects_in_flight; /* at most, a worker */
	uint32_t workers;
	bool gradual_joins; /* joins are spread over the ramp: at most `joins_in_flight` a worker */
	uint32_t joins_in_flight;
	struct threshold thresholds[THRESHOLDS_MAX];
	uint32_t threshold_count;
	uint32_t given; /* a bit a key: set since this was last cleared; connections and ramp follow each
				    * other unless both were given */
};

#define SCENARIO_TEXT_MAX 1024

enum scenario_kind {
#define KIND(name, takes) SCENARIO_##name,
#include "tools/load/tbl/scenario_kinds.h"
#undef KIND
};

/* A number by name; tbl/scenario_keys.h has them all. */
struct scenario_key {
	const char *name;
	enum scenario_kind kind;
	double least, most; /* in the unit of the text; 0, 0 where it is no number */
	const char *help;
	size_t offset; /* in struct scenario */
};

const struct scenario_key *scenario_key_at(size_t index); /* NULL past the last */
const char *scenario_takes(enum scenario_kind kind); /* "TIME" */

/* The key's value as scenario_set takes it; nothing for "threshold". */
void scenario_text(const struct scenario *scenario, size_t key, char out[SCENARIO_TEXT_MAX]);
void scenario_threshold_text(const struct threshold *threshold, char out[SCENARIO_TEXT_MAX]);

const struct scenario *scenario_builtin(const char *name); /* NULL: none */
const struct scenario *scenario_at(uint32_t index); /* NULL past the last */

/* Sets one number by its name as in files and flags ("connections", "ramp", "sizes" ...).
 * Returns true, or false with why[] saying what it takes. */
bool scenario_set(struct scenario *scenario, const char *key, const char *value, char why[160]);

/* Reads a file: `base = "fanout"; connections = 500; ...` (base: stress when absent). False with why[] naming file,
 * line, option, expectation. Whether the numbers fit together is not looked at: flags may still change some. */
bool scenario_read(struct scenario *scenario, const char *file, char why[320]);

/* Numbers that do not fit together. */
bool scenario_check(const struct scenario *scenario, char why[160]);

#endif
