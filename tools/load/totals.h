/* totals.h - what all workers have told so far, as one.
 */
#ifndef LOAD_TOTALS_H
#define LOAD_TOTALS_H

#include <stddef.h>

#include "tools/load/stats.h"

struct totals {
	uint64_t connects_begun, connected, connect_failed, dropped, open;
	uint64_t joins_begun, joined, join_failed;
	uint64_t sent, sent_measured, bytes_sent, acked, acked_measured, refused;
	uint64_t received, received_measured, bytes_received;
	uint64_t deflate_agreed, compressed, compressed_bytes, inflated_bytes;
	struct audit_counts audit;
	uint64_t audit_bytes;
	uint64_t not_recovered;
	uint64_t recovered_ns; /* the slowest worker's; 0 until all have */
	bool ramped, drained, done; /* all of them */
};

void totals_read(struct totals *totals, const struct run_stats *stats);

/* What went wrong, for the rate of errors: failed, refused, dropped, and deliveries that were bad. */
uint64_t totals_errors(const struct totals *totals);

/* One histogram of all workers; offset is that of the member: offsetof(struct worker_stats, latency). */
void totals_hist(struct hist *into, const struct run_stats *stats, size_t offset);

/* The last thing that went wrong, in words; "" when nothing has. Gives text that lies in stats. */
const char *totals_error(const struct run_stats *stats);

#endif
