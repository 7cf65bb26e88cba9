/* Every figure is in the text, once a core, by its name and unit. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "engine/auth/auth.h"
#include "engine/ops/metrics.h"

static struct counters counters[CORES_MAX];
static const struct counters *of_cores[CORES_MAX];
static struct store_counters stores[STORE_WORKERS];
static const struct store_counters *const of_stores[STORE_WORKERS] = { &stores[0], &stores[1], &stores[2] };
static struct figures figures;
static char *text;
static size_t text_size;

static void setup(void)
{
	for (int i = 0; i < CORES_MAX; i++)
		of_cores[i] = &counters[i];
	figures = (struct figures){ .cores = 2, .counters = of_cores, .statm = -1 };
}

TestSuite(metrics, .init = setup);

static void ask(void)
{
	const size_t bound = metrics_bound(figures.cores);

	free(text);
	text = malloc(bound);
	text_size = metrics_text(&figures, text, bound);
	cr_assert_gt(text_size, 0);
	cr_assert_eq(text[text_size - 1], '\n');
}

static size_t lines_of(const char *what)
{
	const char *end = text + text_size;
	size_t count = 0;

	for (const char *at = text; at && at < end; at = memchr(at, '\n', (size_t)(end - at))) {
		at += *at == '\n';
		count += (size_t)(end - at) >= strlen(what) && memcmp(at, what, strlen(what)) == 0;
	}
	return count;
}

Test(metrics, every_counter_of_every_core)
{
	counter_add(&counters[1], COUNTER_accepted, 7);
	counter_add(&counters[0], COUNTER_connections, 3);
	counter_set(&counters[0], COUNTER_memory_used, 45);
	ask();
	cr_assert_eq(lines_of("# HELP "), lines_of("# TYPE "));
	cr_assert_eq(lines_of("uproar_accepted_total{core=\"1\"} 7\n"), 1);
	cr_assert_eq(lines_of("uproar_accepted_total{core=\"0\"} 0\n"), 1);
	cr_assert_eq(lines_of("uproar_connections{core=\"0\"} 3\n"), 1);
	cr_assert_eq(lines_of("# TYPE uproar_connections gauge\n"), 1);
	cr_assert_eq(lines_of("# TYPE uproar_accepted_total counter\n"), 1);
	cr_assert_eq(lines_of("uproar_memory_used_ratio{core=\"0\"} 0.045\n"), 1);
	cr_assert_eq(lines_of("uproar_build_info{version=\"" UPROAR_VERSION "\"} 1\n"), 1);
	cr_assert_eq(lines_of("process_"), 0, "of which nothing is known");
	cr_assert_eq(lines_of("uproar_store_batches"), 0, "no store, no figures");
}

Test(metrics, what_the_process_uses)
{
	figures.started_ms = 1700000000123;
	figures.clocks[0] = CLOCK_MONOTONIC; /* any that runs */
	figures.clock_count = 1;
	ask();
	cr_assert_eq(lines_of("process_start_time_seconds 1700000000.123\n"), 1);
	cr_assert_eq(lines_of("process_resident_memory_bytes 0\n"), 1, "it cannot be read");
	cr_assert_eq(lines_of("process_cpu_seconds_total "), 1);
	cr_assert_eq(lines_of("uproar_core_cpu_seconds_total{core=\"0\"} 0\n"), 0);
	cr_assert_eq(lines_of("uproar_core_cpu_seconds_total{core=\"1\"} 0\n"), 1, "the thread is not there yet");
}

Test(metrics, labels_of_each_table)
{
	static const struct room_classes classes = { .count = 2, .classes = { [1] = { .prefix = "mem:" } } };

	figures.classes = &classes;
	counters[1].messages[1] = 4;
	counters[0].closes[0] = 2;
	counters[0].closes[1 + CHAT_CLOSE_slow] = 3;
	counters[0].command_errors[CHAT_ERR_rate_limited - 1] = 5;
	counters[0].auth[AUTH_expired] = 6;
	ask();
	cr_assert_eq(lines_of("uproar_messages_total{core=\"1\",class=\"mem:\"} 4\n"), 1);
	cr_assert_eq(lines_of("uproar_messages_total{core=\"1\",class="), 2);
	cr_assert_eq(lines_of("uproar_closes_total{core=\"0\",reason=\"lost\"} 2\n"), 1);
	cr_assert_eq(lines_of("uproar_closes_total{core=\"0\",reason=\"slow\"} 3\n"), 1);
	cr_assert_eq(lines_of("uproar_closes_total{core=\"0\","), 1 + CHAT_CLOSE_COUNT);
	cr_assert_eq(lines_of("uproar_command_errors_total{core=\"0\",code=\"rate_limited\"} 5\n"), 1);
	cr_assert_eq(lines_of("uproar_command_errors_total{core=\"0\","), CHAT_ERROR_COUNT - 1);
	cr_assert_eq(lines_of("uproar_auth_total{core=\"0\",result=\"expired\"} 6\n"), 1);
	cr_assert_eq(lines_of("uproar_refusals_total{core=\"0\",rule=\"http_origin\"} 0\n"), 1);
	cr_assert_eq(lines_of("uproar_refusals_total{core=\"0\",rule=\"head_bare_lf\"} 0\n"), 1);
}

Test(metrics, histograms_add_up)
{
	histogram_add(&counters[1], HISTOGRAM_ack, 70, 2);
	histogram_add(&counters[1], HISTOGRAM_ack, 900, 1);
	ask();
	cr_assert_eq(lines_of("# TYPE uproar_ack_seconds histogram\n"), 1);
	cr_assert_eq(lines_of("uproar_ack_seconds_bucket{core=\"1\",le=\"5e-05\"} 0\n"), 1);
	cr_assert_eq(lines_of("uproar_ack_seconds_bucket{core=\"1\",le=\"0.0001\"} 2\n"), 1);
	cr_assert_eq(lines_of("uproar_ack_seconds_bucket{core=\"1\",le=\"0.0008\"} 2\n"), 1);
	cr_assert_eq(lines_of("uproar_ack_seconds_bucket{core=\"1\",le=\"0.0016\"} 3\n"), 1);
	cr_assert_eq(lines_of("uproar_ack_seconds_bucket{core=\"1\",le=\"+Inf\"} 3\n"), 1);
	cr_assert_eq(lines_of("uproar_ack_seconds_bucket{core=\"1\",le="), HISTOGRAM_BUCKETS);
	cr_assert_eq(lines_of("uproar_ack_seconds_sum{core=\"1\"} 0.001040\n"), 1);
	cr_assert_eq(lines_of("uproar_ack_seconds_count{core=\"1\"} 3\n"), 1);
}

Test(metrics, the_stores_threads)
{
	store_count_batch(&stores[0], 9, 200);
	store_count_batch(&stores[0], 2, 3000);
	figures.stores = of_stores;
	ask();
	cr_assert_eq(lines_of("uproar_store_batches_total{worker=\"writer\"} 2\n"), 1);
	cr_assert_eq(lines_of("uproar_store_batches_total{worker=\"reader\"} 0\n"), 1);
	cr_assert_eq(lines_of("uproar_store_batch_jobs_max{worker=\"writer\"} 9\n"), 1);
	cr_assert_eq(lines_of("uproar_store_busy_seconds_total{worker=\"writer\"} 0.003200\n"), 1);
	cr_assert_eq(lines_of("# TYPE uproar_store_batch_seconds histogram\n"), 1);
	cr_assert_eq(lines_of("uproar_store_batch_seconds_bucket{worker=\"writer\",le=\"0.00025\"} 1\n"), 1);
	cr_assert_eq(lines_of("uproar_store_batch_seconds_bucket{worker=\"writer\",le=\"0.002\"} 1\n"), 1);
	cr_assert_eq(lines_of("uproar_store_batch_seconds_bucket{worker=\"writer\",le=\"0.004\"} 2\n"), 1);
	cr_assert_eq(lines_of("uproar_store_batch_seconds_bucket{worker=\"writer\",le=\"+Inf\"} 2\n"), 1);
	cr_assert_eq(lines_of("uproar_store_batch_seconds_sum{worker=\"writer\"} 0.003200\n"), 1);
	cr_assert_eq(lines_of("uproar_store_batch_seconds_count{worker=\"writer\"} 2\n"), 1);
}

Test(metrics, the_most_cores_at_the_highest_numbers)
{
	static struct room_classes classes = { .count = ROOM_CLASSES_MAX };

	for (int i = 0; i < ROOM_CLASSES_MAX; i++)
		memset(classes.classes[i].prefix, 'x', CHAT_ROOM_SIZE_MAX);
	memset(counters, 0xff, sizeof(counters));
	memset(stores, 0xff, sizeof(stores));
	figures.cores = CORES_MAX;
	figures.stores = of_stores;
	figures.classes = &classes;
	figures.started_ms = UINT64_MAX;
	ask();
	cr_assert_eq(lines_of("uproar_turns_total{core=\"63\"} 18446744073709551615\n"), 1);
	cr_assert_eq(lines_of("uproar_turns_total{core="), CORES_MAX);
	cr_assert_eq(lines_of("uproar_store_turns_total{worker=\"searcher\"} 18446744073709551615\n"), 1);
	cr_assert_eq(metrics_text(&figures, text, text_size - 1), 0, "no room for the last byte");
}
