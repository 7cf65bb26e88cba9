#include "tools/load/sampler.h"

#include <math.h>

#include "engine/core/clock.h"

static void sample_server(struct sampler *sampler, struct process_usage *usage)
{
	struct record *const record = sampler->record;

	*usage = (struct process_usage){ -1, -1, -1 };
	if (!record->server_known)
		return;
	process_sample(&record->server, usage);
	record->server_rss_peak = fmax(record->server_rss_peak, usage->rss_bytes);
	record->server_fds_peak = fmax(record->server_fds_peak, usage->fds);
}

static void sample_kernel(struct record *record, double *bytes)
{
	*bytes = machine_kernel_memory();
	record->kernel_peak = fmax(record->kernel_peak, *bytes);
}

static double sample_generator(struct sampler *sampler)
{
	struct record *const record = sampler->record;
	double rss = 0, cpu = 0;

	for (uint32_t i = 0; i < record->scenario.workers; i++) {
		struct process worker = { .pid = sampler->workers[i], .tree = { sampler->workers[i] }, .count = 1 };
		struct process_usage usage;
		uint64_t cpu_ns = 0, wait_ns;

		if (sampler->workers[i] == 0)
			continue;
		process_sample_known(&worker, &usage);
		rss += fmax(usage.rss_bytes, 0);
		process_schedule(worker.pid, &cpu_ns, &wait_ns);
		cpu += (double)cpu_ns / 1e9;
	}
	record->generator_rss = fmax(record->generator_rss, rss);
	return cpu;
}

static void latency_row(struct sampler *sampler, struct record_row *row)
{
	struct hist all, now;

	totals_hist(&all, sampler->stats, offsetof(struct worker_stats, latency));
	hist_since(&now, &all, &sampler->latency);
	sampler->latency = all;
	if (now.count == 0)
		return;
	row->column[RECORD_latency_p50_ms] = (double)hist_at(&now, 0.5) / 1e6;
	row->column[RECORD_latency_p99_ms] = (double)hist_at(&now, 0.99) / 1e6;
	row->column[RECORD_latency_max_ms] = (double)now.max / 1e6;
}

static double rate(uint64_t now, uint64_t before, double seconds)
{
	return now > before ? (double)(now - before) / seconds : 0;
}

static void use_row(struct sampler *sampler, struct record_row *row, double seconds)
{
	struct process_usage server;
	double kernel;
	const double generator_s = sample_generator(sampler);

	sample_server(sampler, &server);
	sample_kernel(sampler->record, &kernel);
	if (server.cpu_s >= 0) {
		row->column[RECORD_server_cpu_percent] = fmax(0, server.cpu_s - sampler->server_s) / seconds * 100;
		row->column[RECORD_server_rss_bytes] = server.rss_bytes;
	}
	if (kernel >= 0)
		row->column[RECORD_kernel_memory_bytes] = kernel;
	row->column[RECORD_generator_cpu_percent] = fmax(0, generator_s - sampler->generator_s) / seconds * 100;
	sampler->server_s = fmax(server.cpu_s, 0);
	sampler->generator_s = generator_s;
}

const struct record_row *sampler_row(struct sampler *sampler, uint64_t now_ns)
{
	const double seconds = (double)(now_ns - sampler->ns) / 1e9;
	const struct totals before = sampler->totals;
	struct record_row *const row = record_push(sampler->record);
	struct totals *const totals = &sampler->totals;

	sampler->ns = now_ns;
	if (!row)
		return NULL;
	totals_read(totals, sampler->stats);
	row->phase = (enum phase)stat_get(sampler->stats->phase);
	row->column[RECORD_t_s] = (double)(now_ns - sampler->record->start.ns) / 1e9;
	row->column[RECORD_connections] = (double)totals->open;
	row->column[RECORD_connects_per_s] = rate(totals->connected, before.connected, seconds);
	row->column[RECORD_sent_per_s] = rate(totals->sent, before.sent, seconds);
	row->column[RECORD_deliveries_per_s] = rate(totals->received, before.received, seconds);
	row->column[RECORD_errors_per_s] = rate(totals_errors(totals), totals_errors(&before), seconds);
	latency_row(sampler, row);
	use_row(sampler, row, seconds);
	return row;
}

void sampler_moment(struct sampler *sampler, struct record_moment *moment)
{
	double ignored;

	moment->ns = clock_mono_ns();
	sample_server(sampler, &moment->server);
	totals_read(&moment->totals, sampler->stats);
	for (uint32_t i = 0; i < sampler->record->scenario.workers; i++)
		if (sampler->workers[i] != 0)
			process_schedule(sampler->workers[i], &moment->worker_cpu_ns[i], &moment->worker_wait_ns[i]);
	sample_kernel(sampler->record, &ignored);
	sample_generator(sampler);
}

void sampler_open(struct sampler *sampler, struct record *record, const struct run_stats *stats, const pid_t *workers)
{
	*sampler = (struct sampler){ .record = record, .stats = stats, .workers = workers };
	sampler->ns = clock_mono_ns();
	sampler_moment(sampler, &record->start);
	sampler->server_s = fmax(record->start.server.cpu_s, 0);
}
