#include "tools/load/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool open_moment(struct record_moment *moment, uint32_t workers)
{
	moment->worker_cpu_ns = calloc(workers, sizeof(uint64_t));
	moment->worker_wait_ns = calloc(workers, sizeof(uint64_t));
	moment->server = (struct process_usage){ -1, -1, -1 };
	return moment->worker_cpu_ns && moment->worker_wait_ns;
}

bool record_open(struct record *record, const struct scenario *scenario)
{
	struct record_moment *const moments[] = { &record->start, &record->ramped, &record->hold, &record->held,
						  &record->end };
	bool open = true;

	memset(record, 0, sizeof(*record));
	record->scenario = *scenario;
	record->busiest_thread_s = record->server_rss_peak = record->server_fds_peak = -1;
	record->kernel_before = record->kernel_peak = record->generator_rss = -1;
	for (size_t i = 0; i < 5; i++)
		open = open_moment(moments[i], scenario->workers) && open;
	return open;
}

static void close_moment(struct record_moment *moment)
{
	free(moment->worker_cpu_ns);
	free(moment->worker_wait_ns);
}

void record_close(struct record *record)
{
	close_moment(&record->start);
	close_moment(&record->ramped);
	close_moment(&record->hold);
	close_moment(&record->held);
	close_moment(&record->end);
	free(record->rows);
	memset(record, 0, sizeof(*record));
}

const char *record_column(enum record_column column)
{
	static const char *const names[] = {
#define COLUMN(name) #name,
#include "tools/load/tbl/series.h"
#undef COLUMN
	};

	return names[column];
}

const char *record_phase(enum phase phase)
{
	static const char *const names[] = { "ramp", "warmup", "hold", "drain", "end" };

	return names[phase];
}

struct record_row *record_push(struct record *record)
{
	if (record->count == record->capacity) {
		const size_t capacity = record->capacity > 0 ? record->capacity * 2 : 256;
		struct record_row *const rows = realloc(record->rows, capacity * sizeof(*rows));

		if (!rows)
			return NULL;
		record->rows = rows;
		record->capacity = capacity;
	}
	struct record_row *const row = &record->rows[record->count++];

	for (size_t i = 0; i < RECORD_COLUMNS; i++)
		row->column[i] = NAN;
	return row;
}

static double seconds_between(const struct record_moment *from, const struct record_moment *to)
{
	return from->ns > 0 && to->ns > from->ns ? (double)(to->ns - from->ns) / 1e9 : NAN;
}

static double known(double value)
{
	return value >= 0 ? value : NAN;
}

static double server_cpu(const struct record_moment *from, const struct record_moment *to)
{
	return from->server.cpu_s >= 0 && to->server.cpu_s >= from->server.cpu_s ? to->server.cpu_s - from->server.cpu_s
										 : NAN;
}

/* What a worker used of something in the hold. NAN: it died in it, and nobody knows. */
static double used_ns(const uint64_t *hold, const uint64_t *held, uint32_t worker)
{
	return held[worker] >= hold[worker] ? (double)(held[worker] - hold[worker]) : NAN;
}

double record_worker_percent(const struct record *record, bool cpu, bool wait)
{
	const double ns = seconds_between(&record->hold, &record->held) * 1e9;
	double most = 0;

	for (uint32_t i = 0; i < record->scenario.workers; i++) {
		double used = 0;

		if (cpu)
			used += used_ns(record->hold.worker_cpu_ns, record->held.worker_cpu_ns, i);
		if (wait)
			used += used_ns(record->hold.worker_wait_ns, record->held.worker_wait_ns, i);
		if (isnan(used))
			return NAN;
		most = fmax(most, used / ns * 100);
	}
	return isnan(ns) ? NAN : most;
}

#define PUT(name, value) (summary->figure[SUMMARY_##name] = (value))

/* Those who stand once the ramp is over; who comes back later is no other connection. */
static void put_connections(const struct record *record, struct summary *summary)
{
	const struct totals *const ramp = record->ramped.ns > 0 ? &record->ramped.totals : &record->end.totals;
	const struct totals *const end = &record->end.totals;
	const double ramp_s = seconds_between(&record->start, &record->ramped);
	const double cpu_s = server_cpu(&record->start, &record->ramped);

	PUT(connections, record->scenario.connections);
	PUT(connected, (double)ramp->connected);
	PUT(connect_failed, (double)end->connect_failed);
	PUT(dropped, (double)end->dropped);
	PUT(ramp_s, ramp_s);
	PUT(connects_per_s, (double)ramp->connected / ramp_s);
	PUT(rooms, record->scenario.rooms);
	PUT(joined, (double)ramp->joined);
	PUT(join_failed, (double)end->join_failed);
	if (ramp->connected > 0)
		PUT(server_cpu_us_per_connect, cpu_s * 1e6 / (double)ramp->connected);
	if (ramp->connected > 0 && record->ramped.server.rss_bytes >= 0 && record->start.server.rss_bytes >= 0)
		PUT(server_bytes_per_connection,
		    (record->ramped.server.rss_bytes - record->start.server.rss_bytes) / (double)ramp->connected);
}

static void put_traffic(const struct record *record, struct summary *summary)
{
	const struct totals *const end = &record->end.totals;
	const struct audit_counts *const audit = &end->audit;
	const double expected = (double)audit->delivered + (double)audit->lost + (double)audit->excused;
	const double hold_s = seconds_between(&record->hold, &record->held);

	PUT(duration_s, hold_s);
	PUT(sent, (double)end->sent);
	PUT(acked, record->has_ack ? (double)end->acked : NAN);
	PUT(refused, (double)end->refused);
	if (record->scenario.traffic == TRAFFIC_ACK)
		PUT(unanswered, fmax(0, (double)end->sent - (double)end->acked - (double)end->refused));
	PUT(expected, expected);
	PUT(received, (double)end->received);
	if (expected > 0)
		PUT(delivered_percent, (double)audit->delivered / expected * 100);
	PUT(lost, (double)audit->lost);
	PUT(duplicated, (double)audit->duplicated);
	PUT(reordered, (double)audit->reordered);
	PUT(corrupted, (double)audit->corrupted);
	PUT(foreign, (double)audit->foreign);
	PUT(excused, (double)audit->excused);
	PUT(sent_per_s, (double)end->sent_measured / hold_s);
	PUT(deliveries_per_s, (double)end->received_measured / hold_s);
	PUT(acks_per_s, record->has_ack ? (double)end->acked_measured / hold_s : NAN);
	PUT(bytes_sent, (double)end->bytes_sent);
	PUT(bytes_received, (double)end->bytes_received);
	if (record->compress) {
		PUT(compressed_connections, (double)end->deflate_agreed);
		PUT(compressed_messages, (double)end->compressed);
		PUT(compressed_bytes, (double)end->compressed_bytes);
		PUT(inflated_bytes, (double)end->inflated_bytes);
	}
	PUT(audit_bytes, (double)end->audit_bytes);
	if (record->scenario.storm)
		PUT(not_recovered, (double)end->not_recovered);
	if (end->recovered_ns > 0)
		PUT(recovered_s, (double)end->recovered_ns / 1e9);
}

static void put_use(const struct record *record, struct summary *summary)
{
	const double hold_s = seconds_between(&record->hold, &record->held);
	const double cpu_s = server_cpu(&record->hold, &record->held);
	const uint64_t deliveries = record->end.totals.received_measured;
	const uint64_t acks = record->end.totals.acked_measured;
	double generator_ns = 0;

	PUT(server_cpu_s, cpu_s);
	PUT(server_cpu_percent, cpu_s / hold_s * 100);
	if (deliveries > 0)
		PUT(server_cpu_ns_per_delivery, cpu_s * 1e9 / (double)deliveries);
	if (acks > 0)
		PUT(server_cpu_ns_per_ack, cpu_s * 1e9 / (double)acks);
	PUT(server_rss_bytes_before, known(record->start.server.rss_bytes));
	PUT(server_rss_bytes_peak, known(record->server_rss_peak));
	PUT(server_rss_bytes_end, known(record->end.server.rss_bytes));
	PUT(kernel_memory_bytes_before, known(record->kernel_before));
	PUT(kernel_memory_bytes_peak, known(record->kernel_peak));
	PUT(server_fds_peak, known(record->server_fds_peak));
	for (uint32_t i = 0; i < record->scenario.workers; i++)
		generator_ns += used_ns(record->hold.worker_cpu_ns, record->held.worker_cpu_ns, i);
	if (!isnan(hold_s))
		PUT(generator_cpu_s, generator_ns / 1e9);
	PUT(generator_cpu_percent_max_worker, record_worker_percent(record, true, false));
	PUT(generator_wait_percent_max_worker, record_worker_percent(record, false, true));
	PUT(generator_rss_bytes, known(record->generator_rss));
}

void record_summary(const struct record *record, struct summary *summary)
{
	summary_clear(summary);
	put_connections(record, summary);
	put_traffic(record, summary);
	put_use(record, summary);
	summary_times(summary, SUMMARY_latency_mean_ms, &record->latency);
	summary_times(summary, SUMMARY_ack_mean_ms, &record->ack);
	summary_times(summary, SUMMARY_connect_mean_ms, &record->connect);
	summary_times(summary, SUMMARY_join_mean_ms, &record->join);
	if (record->lag.count == 0)
		return;
	PUT(lag_p50_ms, (double)hist_at(&record->lag, 0.5) / 1e6);
	PUT(lag_p99_ms, (double)hist_at(&record->lag, 0.99) / 1e6);
	PUT(lag_max_ms, (double)record->lag.max / 1e6);
}
