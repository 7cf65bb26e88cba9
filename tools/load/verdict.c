#include "tools/load/verdict.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "engine/core/check.h"

#define LAG_MS_MAX 10.0 /* p99 */
#define LAG_MS_NOTED 5.0 /* or a quarter of the latency, where that is more */
#define BUSY_PERCENT 95.0 /* a worker that has no time left */
#define SATURATED 0.85 /* a server that has none */
#define WAIT_PERCENT 20.0

static double figure(const struct summary *summary, enum summary_figure which)
{
	return summary->figure[which];
}

__attribute__((format(printf, 2, 3))) static void refuse(struct verdict *verdict, const char *format, ...)
{
	va_list arguments;

	verdict->valid = false;
	if (verdict->reason_count == VERDICT_TEXTS_MAX)
		return;
	va_start(arguments, format);
	vsnprintf(verdict->reasons[verdict->reason_count++], VERDICT_TEXT_MAX, format, arguments);
	va_end(arguments);
}

__attribute__((format(printf, 2, 3))) static void note(struct verdict *verdict, const char *format, ...)
{
	va_list arguments;

	if (verdict->note_count == VERDICT_TEXTS_MAX)
		return;
	va_start(arguments, format);
	vsnprintf(verdict->notes[verdict->note_count++], VERDICT_TEXT_MAX, format, arguments);
	va_end(arguments);
}

static bool holds(const struct threshold *threshold, double value)
{
	if (isnan(value))
		return false;
	return threshold->op == '<'   ? value <= threshold->value
	       : threshold->op == '>' ? value >= threshold->value
				      : value == threshold->value;
}

static void add_row(struct verdict *verdict, const struct summary *summary, const struct threshold *threshold)
{
	const int which = summary_find(threshold->metric);
	const double value = which >= 0 ? summary->figure[which] : NAN;

	CHECK(verdict->row_count < VERDICT_ROWS_MAX);
	verdict->rows[verdict->row_count++] = (struct verdict_row){ *threshold, value, holds(threshold, value) };
	verdict->passed = verdict->passed && holds(threshold, value);
}

static void add_own(struct verdict *verdict, const struct summary *summary, enum summary_figure which, char op,
		    double value)
{
	struct threshold threshold = { .op = op, .value = value };

	snprintf(threshold.metric, sizeof(threshold.metric), "%s", summary_name(which));
	add_row(verdict, summary, &threshold);
}

static bool has_threshold(const struct scenario *scenario, enum summary_figure which)
{
	for (uint32_t i = 0; i < scenario->threshold_count; i++)
		if (strcmp(scenario->thresholds[i].metric, summary_name(which)) == 0)
			return true;
	return false;
}

static const enum summary_figure audit[] = { SUMMARY_lost, SUMMARY_duplicated, SUMMARY_reordered, SUMMARY_corrupted,
					     SUMMARY_foreign };

static void judge_thresholds(struct verdict *verdict, const struct record *record, const struct summary *summary)
{
	const struct scenario *const scenario = &record->scenario;

	for (uint32_t i = 0; i < scenario->threshold_count; i++)
		add_row(verdict, summary, &scenario->thresholds[i]);
	for (size_t i = 0; i < sizeof(audit) / sizeof(audit[0]); i++) {
		const bool allowed = audit[i] == SUMMARY_lost && has_threshold(scenario, SUMMARY_delivered_percent);

		if (!allowed && !has_threshold(scenario, audit[i]))
			add_own(verdict, summary, audit[i], '=', 0);
	}
	if (record->stuck)
		add_own(verdict, summary, SUMMARY_connected, '>', scenario->connections);
	if (scenario->traffic == TRAFFIC_ACK && !has_threshold(scenario, SUMMARY_unanswered))
		add_own(verdict, summary, SUMMARY_unanswered, '=', 0);
	if (scenario->traffic == TRAFFIC_ACK && record->hold.ns > 0)
		add_own(verdict, summary, SUMMARY_acked, '>', 1);
	else if (scenario->traffic != TRAFFIC_NONE && record->hold.ns > 0)
		add_own(verdict, summary, SUMMARY_received, '>', 1);
}

static bool is_of(const struct verdict_row *row, enum summary_figure which)
{
	return strcmp(row->threshold.metric, summary_name(which)) == 0;
}

/* By thresholds of the scenario's or our own. */
static void judge_audit(struct verdict *verdict, const struct record *record)
{
	for (size_t i = 0; i < verdict->row_count; i++) {
		const struct verdict_row *const row = &verdict->rows[i];
		bool bad = is_of(row, SUMMARY_delivered_percent) && record->end.totals.audit.lost > 0;

		for (size_t j = 0; j < sizeof(audit) / sizeof(audit[0]); j++)
			bad |= is_of(row, audit[j]);
		if (bad && !row->passed)
			verdict->audit_failed = !record->interrupted && !record->death[0];
	}
}

static void judge_lag(struct verdict *verdict, const struct summary *summary)
{
	const double lag = figure(summary, SUMMARY_lag_p99_ms);
	const double quarter = figure(summary, SUMMARY_latency_p50_ms) / 4;

	if (lag > LAG_MS_MAX)
		refuse(verdict,
		       "the generator was the bottleneck: one of 100 messages was handed over %.1f ms late or more "
		       "(%.0f ms at most); give it more workers or processors, or lower the rate",
		       lag, LAG_MS_MAX);
	else if (lag > fmax(LAG_MS_NOTED, isnan(quarter) ? 0 : quarter))
		note(verdict, "one of 100 messages was handed over %.1f ms late or more, which is in the latencies",
		     lag);
}

/* NAN: nobody knows. */
static double server_load(const struct record *record, const struct summary *summary, unsigned server_cores)
{
	const double cores = figure(summary, SUMMARY_server_cpu_percent) / 100;
	const double duration = figure(summary, SUMMARY_duration_s);
	const double thread = record->busiest_thread_s >= 0 ? record->busiest_thread_s / duration : NAN;

	if (isnan(cores))
		return NAN;
	if (server_cores > 0)
		return cores / server_cores;
	return fmax(thread, cores / (record->server_cpus > 0 ? record->server_cpus : 1));
}

/* Where both may run on one processor, what the server ran there is no fault of anybody; beyond that it was others. */
static double excused_percent(const struct record *record, const struct summary *summary)
{
	const double server = figure(summary, SUMMARY_server_cpu_percent);

	return record->shares_cores && !isnan(server) ? server : 0;
}

/* How much of the time the busiest worker had none left: it ran, or waited while others than the server did. */
static double busy_percent(const struct record *record, const struct summary *summary)
{
	const double ran = record_worker_percent(record, true, false);

	return fmax(ran, record_worker_percent(record, true, true) - excused_percent(record, summary));
}

/* Of the clock too: messages may go out in time while those that came wait to be read. */
static void judge_busy(struct verdict *verdict, const struct record *record, const struct summary *summary,
		       unsigned server_cores)
{
	const double busy = busy_percent(record, summary);
	const double load = server_load(record, summary, server_cores);

	if (!(busy >= BUSY_PERCENT) || load >= SATURATED)
		return;
	if (isnan(load))
		refuse(verdict,
		       "the generator may have been the bottleneck: a worker had no time left (%.0f %%), and whether "
		       "the server had is not known; give --server-pid, or more --workers",
		       busy);
	else
		refuse(verdict,
		       "the generator was the bottleneck: a worker had no time left (%.0f %%) while the server used "
		       "%.0f %% of what it may; give it more workers or processors",
		       busy, load * 100);
}

static void judge_wait(struct verdict *verdict, const struct record *record, const struct summary *summary)
{
	const double wait = record_worker_percent(record, false, true);

	if (wait - excused_percent(record, summary) > WAIT_PERCENT)
		refuse(verdict,
		       "the generator was starved: a worker waited %.0f %% of the time for a processor, and not "
		       "because of the server; something else runs on this machine",
		       wait);
	else if (wait > WAIT_PERCENT)
		note(verdict, "a worker waited %.0f %% of the time for a processor that it shares with the server",
		     wait);
}

static void judge_ending(struct verdict *verdict, const struct record *record)
{
	const double hold_s = record->held.ns > 0 ? (double)(record->held.ns - record->hold.ns) / 1e9 : 0;

	if (record->death[0])
		refuse(verdict, "%s", record->death);
	if (record->interrupted)
		refuse(verdict, "ended early by a signal, after %.1f s of %.1f s of measuring", hold_s,
		       (double)record->scenario.hold_ns / 1e9);
	if (record->stuck)
		note(verdict, "connections and joins came to a halt before all were there");
	if (record->compress && record->end.totals.deflate_agreed == 0)
		note(verdict, "compression was offered, and the server agreed on none");
	if (!record->server_known)
		note(verdict,
		     "the server's process is not known here: its CPU and memory were not measured (--server-pid)");
	if (record->trouble[0])
		note(verdict, "the last thing that went wrong: %s", record->trouble);
}

void verdict_judge(struct verdict *verdict, const struct record *record, const struct summary *summary,
		   unsigned server_cores)
{
	const enum traffic traffic = record->scenario.traffic;

	*verdict = (struct verdict){ .valid = true, .passed = true };
	judge_thresholds(verdict, record, summary);
	judge_audit(verdict, record);
	judge_ending(verdict, record);
	if (record->hold.ns == 0)
		return;
	if (traffic == TRAFFIC_OPEN)
		judge_lag(verdict, summary);
	if (traffic != TRAFFIC_NONE)
		judge_busy(verdict, record, summary, server_cores);
	judge_wait(verdict, record, summary);
}
