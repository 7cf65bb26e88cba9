/* record.h - what one run was: the coordinator writes it; summary, verdict and files are made of it.
 */
#ifndef LOAD_RECORD_H
#define LOAD_RECORD_H

#include "tools/load/machine.h"
#include "tools/load/process.h"
#include "tools/load/summary.h"
#include "tools/load/totals.h"

enum record_column {
#define COLUMN(name) RECORD_##name,
#include "tools/load/tbl/series.h"
#undef COLUMN
	RECORD_COLUMNS,
};

struct record_row {
	double column[RECORD_COLUMNS]; /* NAN: not measured */
	enum phase phase;
};

/* A moment: what all had used by then. */
struct record_moment {
	uint64_t ns; /* CLOCK_MONOTONIC; 0: the run did not come so far */
	struct totals totals;
	struct process_usage server;
	uint64_t *worker_cpu_ns, *worker_wait_ns; /* of each worker */
};

struct record {
	struct scenario scenario;
	char started[32]; /* by the wall clock, UTC */
	struct machine machine;
	bool has_ack; /* the server answers a publish */
	bool compress; /* compression was offered */
	bool server_known;
	struct process server;
	struct record_moment start, ramped, hold, held, end;
	double busiest_thread_s; /* of the server, in the hold; -1 */
	double server_rss_peak, server_fds_peak, kernel_before, kernel_peak, generator_rss;
	unsigned server_cpus; /* processors that the server may use */
	bool shares_cores; /* some worker may run where the server may */
	bool interrupted; /* by Ctrl-C, before its time */
	bool stuck; /* the ramp did not come to an end */
	char death[160]; /* a worker ended early: how; "" */
	char trouble[160]; /* the last error of a worker; "" */
	struct hist latency, ack, connect, join, lag;
	struct record_row *rows;
	size_t count, capacity;
};

bool record_open(struct record *record, const struct scenario *scenario); /* false: no memory */
void record_close(struct record *record);
const char *record_column(enum record_column column);
const char *record_phase(enum phase phase);

/* A row for the caller to fill: all NAN. NULL: no memory. */
struct record_row *record_push(struct record *record);

void record_summary(const struct record *record, struct summary *summary);

/* What share of the hold the busiest worker ran, or waited for a processor, or both, in percent; NAN without a hold,
 * or when a worker died in it. */
double record_worker_percent(const struct record *record, bool cpu, bool wait);

#endif
