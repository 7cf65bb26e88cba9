/* Which runs say nothing, which are good enough, each rule on both sides of its limit. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "tools/load/verdict.h"

#define SECOND 1000000000ull

static struct record record;
static struct summary summary;
static struct verdict verdict;

/* Ten seconds in which all went well: a worker that ran half of the time, a server of one core. */
static void setup(void)
{
	struct scenario scenario = *scenario_builtin("fanout");

	cr_assert(record_open(&record, &scenario));
	record.server_known = true;
	record.server_cpus = 1;
	record.start.ns = 1 * SECOND;
	record.ramped.ns = 4 * SECOND;
	record.hold.ns = 5 * SECOND;
	record.held.ns = 15 * SECOND;
	record.end.ns = 16 * SECOND;
	record.held.worker_cpu_ns[0] = 5 * SECOND;
	record.hold.server.cpu_s = 1;
	record.held.server.cpu_s = 6;
	record.ramped.totals.connected = 1001;
	record.end.totals =
		(struct totals){ .connected = 1001, .sent = 100, .received = 100000, .received_measured = 100000 };
	record.end.totals.audit.delivered = 100000;
	hist_add(&record.latency, 3000000, 100000);
}

static void teardown(void)
{
	record_close(&record);
}

TestSuite(load_verdict, .init = setup, .fini = teardown);

static void judge(unsigned cores)
{
	record_summary(&record, &summary);
	verdict_judge(&verdict, &record, &summary, cores);
}

static void valid(unsigned cores)
{
	judge(cores);
	cr_assert(verdict.valid, "%s", verdict.reasons[0]);
}

static void invalid(unsigned cores, const char *about)
{
	judge(cores);
	cr_assert(!verdict.valid);
	cr_assert_eq(verdict.reason_count, 1);
	cr_assert(strstr(verdict.reasons[0], about), "%s", verdict.reasons[0]);
}

Test(load_verdict, a_good_run)
{
	valid(0);
	cr_assert(verdict.passed);
	cr_assert_eq(verdict.note_count, 0);
	cr_assert_eq(summary.figure[SUMMARY_deliveries_per_s], 10000);
	cr_assert_eq(summary.figure[SUMMARY_server_cpu_percent], 50);
	cr_assert_eq(summary.figure[SUMMARY_server_cpu_ns_per_delivery], 50000);
	cr_assert_eq(summary.figure[SUMMARY_delivered_percent], 100);
	cr_assert_float_eq(summary.figure[SUMMARY_connects_per_s], 1001.0 / 3, 1e-9);
}

Test(load_verdict, each_kind_of_bad_delivery_fails_it)
{
	uint64_t *const kinds[] = { &record.end.totals.audit.lost, &record.end.totals.audit.duplicated,
				    &record.end.totals.audit.reordered, &record.end.totals.audit.corrupted,
				    &record.end.totals.audit.foreign };

	for (size_t i = 0; i < 5; i++) {
		*kinds[i] = 1;
		valid(0);
		cr_assert(!verdict.passed && verdict.audit_failed, "%zu", i);
		record.interrupted = true;
		judge(0);
		cr_assert(!verdict.audit_failed, "it may still have been under way");
		record.interrupted = false;
		*kinds[i] = 0;
	}
	record.end.totals.audit.excused = 1;
	valid(0);
	cr_assert(!verdict.passed && !verdict.audit_failed, "the server said that it could not");
	cr_assert(summary.figure[SUMMARY_delivered_percent] < 100, "and yet it did not come");
	record.end.totals.received = 0;
	valid(0);
	cr_assert(!verdict.passed, "nothing arrived");
}

Test(load_verdict, a_threshold_of_the_scenario_takes_the_audit_s_place)
{
	char why[160];

	record.end.totals.audit.delivered = 99900;
	record.end.totals.audit.lost = 100;
	cr_assert(scenario_set(&record.scenario, "threshold", "delivered_percent > 99.9", why));
	valid(0);
	cr_assert(verdict.passed, "exactly at it");
	record.end.totals.audit.lost = 101;
	valid(0);
	cr_assert(!verdict.passed);
	cr_assert(verdict.audit_failed, "so they were lost");
	record.end.totals.audit.lost = 0;
	record.end.totals.audit.excused = 101;
	valid(0);
	cr_assert(!verdict.passed && !verdict.audit_failed, "nothing was lost, but it is a threshold");
	record.end.totals.audit = (struct audit_counts){ .delivered = 99900, .lost = 101 };
	cr_assert(scenario_set(&record.scenario, "threshold", "none", why));
	cr_assert(scenario_set(&record.scenario, "threshold", "lost < 101", why));
	valid(0);
	cr_assert(verdict.passed);
}

Test(load_verdict, thresholds_on_both_sides)
{
	static const struct {
		const char *text;
		bool passed;
	} rows[] = { { "sent < 100", true },
		     { "sent < 99", false },
		     { "sent > 100", true },
		     { "sent > 101", false },
		     { "sent = 100", true },
		     { "sent = 101", false },
		     { "sent > 99 reference: some", true },
		     { "sent > 101 reference: some", false },
		     { "recovered_s < 1000", false } };
	char why[160];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert(scenario_set(&record.scenario, "threshold", "none", why));
		cr_assert(scenario_set(&record.scenario, "threshold", rows[i].text, why));
		valid(0);
		cr_assert_eq(verdict.passed, rows[i].passed, "%s", rows[i].text);
		cr_assert_eq(verdict.rows[0].passed, rows[i].passed);
	}
	cr_assert(isnan(verdict.rows[0].value), "what was not measured is not passed");
}

Test(load_verdict, where_acks_are_awaited_they_must_come)
{
	char why[160];

	record.scenario.traffic = TRAFFIC_ACK;
	record.has_ack = true;
	record.end.totals.received = 0;
	record.end.totals.acked = 99;
	record.end.totals.acked_measured = 50;
	valid(0);
	cr_assert(!verdict.passed && summary.figure[SUMMARY_unanswered] == 1);
	record.end.totals.refused = 1;
	judge(0);
	cr_assert_eq(summary.figure[SUMMARY_unanswered], 0, "a refusal is an answer");
	record.end.totals.refused = 0;
	record.end.totals.acked = 100;
	valid(0);
	cr_assert(verdict.passed && summary.figure[SUMMARY_unanswered] == 0);
	cr_assert_eq(summary.figure[SUMMARY_acks_per_s], 5);
	cr_assert_eq(summary.figure[SUMMARY_server_cpu_ns_per_ack], 1e8);
	record.end.totals.acked = 0;
	cr_assert(scenario_set(&record.scenario, "threshold", "unanswered < 100", why));
	valid(0);
	cr_assert(!verdict.passed, "not one came");
	record.has_ack = false;
	judge(0);
	cr_assert(isnan(summary.figure[SUMMARY_acks_per_s]));
}

Test(load_verdict, open_loop_handed_over_late)
{
	record.scenario.traffic = TRAFFIC_OPEN;
	hist_add(&record.lag, 9800000, 1000);
	valid(0);
	cr_assert_eq(verdict.note_count, 1, "more than 5 ms is told");
	memset(&record.lag, 0, sizeof(record.lag));
	hist_add(&record.lag, 4900000, 1000);
	valid(0);
	cr_assert_eq(verdict.note_count, 0);
	hist_add(&record.lag, 10200000, 1000);
	invalid(0, "the generator was the bottleneck");
	record.end.totals.audit.lost = 1;
	invalid(0, "the generator was the bottleneck");
	cr_assert(verdict.audit_failed, "lost is lost, however late it was sent");
	record.end.totals.audit.lost = 0;
	record.scenario.traffic = TRAFFIC_CLOSED;
	valid(0);
}

Test(load_verdict, a_busy_worker_and_a_server_at_ease)
{
	record.held.worker_cpu_ns[0] = 9 * SECOND;
	record.held.worker_wait_ns[0] = SECOND / 2;
	invalid(1, "the generator was the bottleneck");
	record.held.worker_wait_ns[0] = SECOND / 2 - 1000;
	valid(1);
	record.held.worker_wait_ns[0] = SECOND / 2;
	record.held.server.cpu_s = 1 + 8.5;
	valid(1);
	invalid(2, "used 42 % of what it may");
	record.held.server.cpu_s = 1 + 8.4;
	invalid(1, "used 84 % of what it may");
	record.scenario.traffic = TRAFFIC_ECHO;
	invalid(1, "the generator was the bottleneck");
	record.scenario.traffic = TRAFFIC_ACK;
	invalid(1, "the generator was the bottleneck");
	record.scenario.traffic = TRAFFIC_OPEN;
	invalid(1, "the generator was the bottleneck");
	record.held.server.cpu_s = 1 + 8.5;
	valid(1);
	record.held.server.cpu_s = 1 + 8.4;
	record.held.worker_wait_ns[0] = SECOND / 2 - 1000;
	valid(1);
	record.held.worker_wait_ns[0] = SECOND / 2;
	record.scenario.traffic = TRAFFIC_NONE;
	valid(1);
}

/* Two processors that both may use: where the server ran, a worker could not. */
Test(load_verdict, a_worker_that_the_server_kept_from_running_is_not_busy)
{
	record.server_cpus = 2;
	record.held.server.cpu_s = 1 + 5;
	record.held.worker_cpu_ns[0] = 5 * SECOND;
	record.held.worker_wait_ns[0] = 4.8 * SECOND;
	record.shares_cores = true;
	valid(0);
	record.scenario.traffic = TRAFFIC_OPEN;
	valid(0);
	record.held.worker_cpu_ns[0] = 9.5 * SECOND;
	record.held.worker_wait_ns[0] = 0;
	invalid(0, "the generator was the bottleneck");
	record.held.worker_cpu_ns[0] = 8 * SECOND;
	record.held.worker_wait_ns[0] = 6.6 * SECOND;
	invalid(0, "the generator was the bottleneck");
}

Test(load_verdict, a_server_is_at_its_limit_when_a_thread_of_it_is)
{
	record.held.worker_cpu_ns[0] = 10 * SECOND;
	record.server_cpus = 2;
	record.held.server.cpu_s = 1 + 9;
	invalid(0, "used 45 %");
	record.busiest_thread_s = 8.6;
	valid(0);
	record.busiest_thread_s = 8.4;
	invalid(0, "used 84 %");
	record.hold.server.cpu_s = record.held.server.cpu_s = -1;
	invalid(0, "is not known");
}

Test(load_verdict, a_starved_worker)
{
	record.held.worker_wait_ns[0] = 2 * SECOND + 1000;
	invalid(0, "starved");
	record.shares_cores = true;
	valid(0);
	cr_assert_eq(verdict.note_count, 1);
	record.held.worker_wait_ns[0] = 7 * SECOND;
	record.scenario.traffic = TRAFFIC_OPEN;
	valid(0);
	record.held.worker_wait_ns[0] = 7 * SECOND + 1000;
	invalid(0, "starved");
	record.shares_cores = false;
	record.held.worker_wait_ns[0] = 2 * SECOND;
	valid(0);
}

Test(load_verdict, ended_early)
{
	record.interrupted = true;
	invalid(0, "ended early");
	record.interrupted = false;
	memcpy(record.death, "worker 0 was ended by signal 9", 31);
	invalid(0, "worker 0");
}

Test(load_verdict, what_a_worker_used_that_died_in_the_hold_is_not_known)
{
	record.hold.worker_cpu_ns[0] = 1 * SECOND;
	record.hold.worker_wait_ns[0] = 1 * SECOND;
	record.held.worker_cpu_ns[0] = 0;
	memcpy(record.death, "worker 0 was ended by signal 9", 31);
	invalid(0, "worker 0");
	cr_assert(isnan(summary.figure[SUMMARY_generator_cpu_s]));
	cr_assert(isnan(summary.figure[SUMMARY_generator_cpu_percent_max_worker]));
	cr_assert(isnan(summary.figure[SUMMARY_generator_wait_percent_max_worker]));
}

Test(load_verdict, a_ramp_that_came_to_a_halt_fails)
{
	record.stuck = true;
	record.ramped.totals.connected = 999;
	valid(0);
	cr_assert(!verdict.passed);
}

Test(load_verdict, compression_that_nobody_agreed_on_is_told)
{
	record.compress = true;
	record.end.totals.deflate_agreed = 1;
	valid(0);
	cr_assert_eq(verdict.note_count, 0);
	record.end.totals.deflate_agreed = 0;
	valid(0);
	cr_assert_eq(verdict.note_count, 1);
	cr_assert(verdict.valid, "its figures are what they are");
}

Test(load_verdict, what_was_not_measured_is_none)
{
	record.start.server.cpu_s = record.hold.server.cpu_s = record.held.server.cpu_s = -1;
	record.server_known = false;
	valid(0);
	cr_assert(isnan(summary.figure[SUMMARY_server_cpu_percent]));
	cr_assert(isnan(summary.figure[SUMMARY_server_rss_bytes_peak]));
	cr_assert(isnan(summary.figure[SUMMARY_server_fds_peak]));
	cr_assert(isnan(summary.figure[SUMMARY_lag_p99_ms]));
	cr_assert(isnan(summary.figure[SUMMARY_acked]));
	cr_assert(isnan(summary.figure[SUMMARY_recovered_s]));
	cr_assert_eq(verdict.note_count, 1, "and it says so");
}
