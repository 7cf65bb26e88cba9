#include "tools/load/totals.h"

#include <string.h>

static void add_audit(struct audit_counts *into, const struct audit_counts *from)
{
	into->delivered += stat_get(from->delivered);
	into->lost += stat_get(from->lost);
	into->duplicated += stat_get(from->duplicated);
	into->reordered += stat_get(from->reordered);
	into->corrupted += stat_get(from->corrupted);
	into->foreign += stat_get(from->foreign);
	into->excused += stat_get(from->excused);
}

static void add_traffic(struct totals *totals, const struct worker_stats *from)
{
	totals->sent += stat_get(from->sent);
	totals->sent_measured += stat_get(from->sent_measured);
	totals->bytes_sent += stat_get(from->bytes_sent);
	totals->acked += stat_get(from->acked);
	totals->acked_measured += stat_get(from->acked_measured);
	totals->refused += stat_get(from->refused);
	totals->received += stat_get(from->received);
	totals->received_measured += stat_get(from->received_measured);
	totals->bytes_received += stat_get(from->bytes_received);
	totals->deflate_agreed += stat_get(from->deflate_agreed);
	totals->compressed += stat_get(from->compressed);
	totals->compressed_bytes += stat_get(from->compressed_bytes);
	totals->inflated_bytes += stat_get(from->inflated_bytes);
	totals->not_recovered += stat_get(from->not_recovered);
	totals->audit_bytes += stat_get(from->audit_bytes);
	add_audit(&totals->audit, &from->audit);
}

void totals_read(struct totals *totals, const struct run_stats *stats)
{
	bool recovered = true;

	*totals = (struct totals){ .ramped = true, .drained = true, .done = true };
	for (uint32_t i = 0; i < stats->workers; i++) {
		const struct worker_stats *const from = &stats->worker[i];
		const uint64_t took = stat_get(from->recovered_ns);

		totals->connects_begun += stat_get(from->connects_begun);
		totals->connected += stat_get(from->connected);
		totals->connect_failed += stat_get(from->connect_failed);
		totals->dropped += stat_get(from->dropped);
		totals->open += stat_get(from->open);
		totals->joins_begun += stat_get(from->joins_begun);
		totals->joined += stat_get(from->joined);
		totals->join_failed += stat_get(from->join_failed);
		totals->ramped = totals->ramped && stat_get(from->ramped);
		totals->drained = totals->drained && stat_get(from->drained);
		totals->done = totals->done && stat_get(from->done);
		totals->recovered_ns = took > totals->recovered_ns ? took : totals->recovered_ns;
		recovered = recovered && took > 0;
		add_traffic(totals, from);
	}
	if (!recovered)
		totals->recovered_ns = 0;
}

uint64_t totals_errors(const struct totals *totals)
{
	return totals->connect_failed + totals->dropped + totals->join_failed + totals->refused +
	       totals->audit.duplicated + totals->audit.reordered + totals->audit.corrupted + totals->audit.foreign;
}

void totals_hist(struct hist *into, const struct run_stats *stats, size_t offset)
{
	memset(into, 0, sizeof(*into));
	for (uint32_t i = 0; i < stats->workers; i++)
		hist_merge(into, (const struct hist *)(const void *)((const char *)&stats->worker[i] + offset));
}

const char *totals_error(const struct run_stats *stats)
{
	const struct worker_stats *latest = &stats->worker[0];

	for (uint32_t i = 1; i < stats->workers; i++)
		if (stats->worker[i].last_error_time > latest->last_error_time)
			latest = &stats->worker[i];
	return latest->last_error;
}
