#include "engine/ops/metrics.h"

#include <stddef.h>
#include <stdio.h>

#include "engine/auth/auth.h"
#include "engine/core/check.h"
#include "engine/core/log.h"
#include "engine/gate/offence.h"
#include "engine/ops/exposition.h"

#define MICROSECONDS 6 /* digits behind the point, where the unit is a second */
#define PERMILLE 3

/* A line has a name, labels and a number; a head the name twice and a sentence. */
#define LINE_MAX_SIZE 320
#define HEAD_MAX_SIZE 400
#define OTHERS_MAX 40 /* metrics that are in no table */

struct writer {
	const struct figures *figures;
	struct exposition out;
	char cores[CORES_MAX][4]; /* as labels */
};

static struct span text_of(const char *text)
{
	return span_of(text, strlen(text));
}

/* What a row's kind means for its name and number. */
struct shape {
	const char *suffix, *kind;
	uint32_t places;
};

static struct shape shape_of(const char *kind)
{
	if (strcmp(kind, "us") == 0)
		return (struct shape){ "_seconds_total", "counter", MICROSECONDS };
	if (strcmp(kind, "permille") == 0)
		return (struct shape){ "_ratio", "gauge", PERMILLE };
	return (struct shape){ strcmp(kind, "counter") == 0 ? "_total" : "", kind, 0 };
}

static struct exposition_label core_label(const struct writer *writer, uint32_t core)
{
	return (struct exposition_label){ "core", text_of(writer->cores[core]) };
}

static void write_counters(struct writer *writer)
{
	for (int i = 0; i < COUNTER_COUNT; i++) {
		const struct shape shape = shape_of(counter_kind((enum counter)i));
		const struct exposition_name name = { "uproar_", counter_name((enum counter)i), shape.suffix };

		exposition_head(&writer->out, &name, shape.kind, counter_help((enum counter)i));
		for (uint32_t core = 0; core < writer->figures->cores; core++) {
			const struct exposition_label label = core_label(writer, core);

			exposition_line(&writer->out, &name, &label, 1,
					counter_read(writer->figures->counters[core], (enum counter)i), shape.places);
		}
	}
}

/* The values of a family's labels, each its own; NULL: there is no further one. */
static const char *label_of_messages(const struct figures *figures, uint32_t i)
{
	const struct room_classes *classes = __atomic_load_n(&figures->classes, __ATOMIC_ACQUIRE);

	if (!classes)
		return i == 0 ? "*" : NULL;
	if (i >= classes->count)
		return NULL;
	return i == 0 ? "*" : classes->classes[i].prefix;
}

static const char *label_of_closes(const struct figures *figures, uint32_t i)
{
	(void)figures;
	if (i == 0)
		return "lost";
	return i <= CHAT_CLOSE_COUNT ? chat_close_text((enum chat_close)(i - 1)) : NULL;
}

static const char *label_of_command_errors(const struct figures *figures, uint32_t i)
{
	(void)figures;
	return i + 1 < CHAT_ERROR_COUNT ? chat_error_name((enum chat_error)(i + 1)) : NULL;
}

static const char *label_of_refusals(const struct figures *figures, uint32_t i)
{
	(void)figures;
	return i < OFFENCE_COUNT ? offence_name((enum offence_rule)i) : NULL;
}

static const char *label_of_auth(const struct figures *figures, uint32_t i)
{
	static const char *const names[] = {
		"accepted",
#define AUTH_REFUSAL(name, text) #name,
#include "engine/auth/tbl/auth_refusals.h"
#undef AUTH_REFUSAL
		"guest",
	};

	(void)figures;
	return i < sizeof(names) / sizeof(names[0]) ? names[i] : NULL;
}

static const struct {
	const char *name, *label, *help;
	size_t offset;
	uint32_t size;
	const char *(*label_of)(const struct figures *figures, uint32_t i);
} families[] = {
#define FAMILY(name, size, label, help) { #name, #label, help, offsetof(struct counters, name), size, label_of_##name },
#include "engine/core/tbl/families.h"
#undef FAMILY
};

_Static_assert(CHAT_CLOSE_COUNT < 64 && CHAT_ERROR_COUNT <= 64 && ROOM_CLASSES_MAX <= 32 && AUTH_REFUSAL_COUNT < 64,
	       "a cell each");

static void write_families(struct writer *writer)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		const struct exposition_name name = { "uproar_", families[i].name, "_total" };

		exposition_head(&writer->out, &name, "counter", families[i].help);
		for (uint32_t core = 0; core < writer->figures->cores; core++) {
			const uint8_t *counters = (const uint8_t *)writer->figures->counters[core];
			const uint64_t *cells = (const uint64_t *)(counters + families[i].offset);

			for (uint32_t cell = 0; cell < families[i].size; cell++) {
				const char *value = families[i].label_of(writer->figures, cell);

				if (!value)
					break;
				const struct exposition_label labels[] = { core_label(writer, core),
									   { families[i].label, text_of(value) } };

				exposition_line(&writer->out, &name, labels, 2, cell_read(&cells[cell]), 0);
			}
		}
	}
}

/* A histogram of buckets up to `least_us` << i; label: whose it is. */
struct timing {
	const uint64_t *buckets;
	uint32_t count;
	uint64_t least_us, sum_us;
};

static void write_timing(struct exposition *out, const struct exposition_name *base, struct exposition_label label,
			 const struct timing *timing)
{
	const struct exposition_name bucket = { base->prefix, base->name, "_seconds_bucket" };
	const struct exposition_name sum = { base->prefix, base->name, "_seconds_sum" };
	const struct exposition_name count = { base->prefix, base->name, "_seconds_count" };
	uint64_t all = 0;

	for (uint32_t i = 0; i < timing->count; i++) {
		char bound[24] = "+Inf";

		all += cell_read(&timing->buckets[i]);
		if (i + 1 < timing->count)
			snprintf(bound, sizeof(bound), "%.9g", (double)(timing->least_us << i) / 1e6);
		const struct exposition_label labels[] = { label, { "le", text_of(bound) } };

		exposition_line(out, &bucket, labels, 2, all, 0);
	}
	exposition_line(out, &sum, &label, 1, timing->sum_us, MICROSECONDS);
	exposition_line(out, &count, &label, 1, all, 0);
}

static void write_histograms(struct writer *writer)
{
	static const struct {
		const char *name, *help;
	} rows[] = {
#define HISTOGRAM(name, help) { #name, help },
#include "engine/core/tbl/histograms.h"
#undef HISTOGRAM
	};

	for (size_t i = 0; i < HISTOGRAM_COUNT; i++) {
		const struct exposition_name name = { "uproar_", rows[i].name, "_seconds" };

		exposition_head(&writer->out, &name, "histogram", rows[i].help);
		for (uint32_t core = 0; core < writer->figures->cores; core++) {
			const struct histogram *histogram = &writer->figures->counters[core]->histograms[i];
			const struct timing timing = { histogram->buckets, HISTOGRAM_BUCKETS, HISTOGRAM_BUCKET_US,
						       cell_read(&histogram->sum_us) };

			write_timing(&writer->out, &name, core_label(writer, core), &timing);
		}
	}
}

static void write_store(struct writer *writer)
{
	static const char *const workers[STORE_WORKERS] = { "writer", "reader", "searcher" };
	static const struct exposition_name batch = { "uproar_store_", "batch", "_seconds" };
	const struct store_counters *const *stores = writer->figures->stores;

	for (int i = 0; i < STORE_COUNTER_COUNT; i++) {
		const enum store_counter which = (enum store_counter)i;
		const struct shape shape = shape_of(store_counter_kind(which));
		const struct exposition_name name = { "uproar_store_", store_counter_name(which), shape.suffix };

		exposition_head(&writer->out, &name, shape.kind, store_counter_help(which));
		for (uint32_t worker = 0; worker < STORE_WORKERS; worker++)
			exposition_line(&writer->out, &name,
					&(struct exposition_label){ "worker", text_of(workers[worker]) }, 1,
					store_counter_read(stores[worker], which), shape.places);
	}
	exposition_head(&writer->out, &batch, "histogram", "Time that a batch took in the backend.");
	for (uint32_t worker = 0; worker < STORE_WORKERS; worker++)
		write_timing(&writer->out, &batch, (struct exposition_label){ "worker", text_of(workers[worker]) },
			     &(struct timing){ stores[worker]->took, STORE_BUCKETS, STORE_BUCKET_US,
					       store_counter_read(stores[worker], STORE_COUNTER_busy) });
}

static void write_fetch(struct writer *writer)
{
	static const struct {
		const char *name, *kind, *help;
	} rows[] = {
#define FETCH_COUNTER(name, kind, help) { #name, #kind, help },
#include "engine/ops/tbl/fetch_counters.h"
#undef FETCH_COUNTER
	};

	for (int i = 0; i < FETCH_COUNTER_COUNT; i++) {
		const struct shape shape = shape_of(rows[i].kind);
		const struct exposition_name name = { "uproar_fetch_", rows[i].name, shape.suffix };

		exposition_head(&writer->out, &name, shape.kind, rows[i].help);
		exposition_line(&writer->out, &name, NULL, 0,
				fetch_counter_read(writer->figures->fetch, (enum fetch_counter)i), shape.places);
	}
}

static void write_one(struct writer *writer, const struct exposition_name *name, const char *kind, const char *help,
		      uint64_t value, uint32_t places)
{
	exposition_head(&writer->out, name, kind, help);
	exposition_line(&writer->out, name, NULL, 0, value, places);
}

static void write_process(struct writer *writer)
{
	static const struct exposition_name cpu = { "uproar_", "core_cpu", "_seconds_total" };
	struct figures_process process;

	figures_process(writer->figures, &process);
	write_one(writer, &(struct exposition_name){ "process_", "start_time", "_seconds" }, "gauge",
		  "When the process started, in seconds since 1970.", writer->figures->started_ms, 3);
	write_one(writer, &(struct exposition_name){ "process_", "cpu", "_seconds_total" }, "counter",
		  "CPU that all threads of the process have used.", process.cpu_us, MICROSECONDS);
	write_one(writer, &(struct exposition_name){ "process_", "resident_memory", "_bytes" }, "gauge",
		  "Memory of the process that is there.", process.resident_bytes, 0);
	write_one(writer, &(struct exposition_name){ "process_", "virtual_memory", "_bytes" }, "gauge",
		  "Addresses that the process has reserved.", process.virtual_bytes, 0);
	write_one(writer, &(struct exposition_name){ "uproar_", "log_lines_lost", "_total" }, "counter",
		  "Lines that standard error or the audit log did not take whole: nobody reads, or a disk is full.",
		  log_lost(), 0);
	exposition_head(&writer->out, &cpu, "counter", "CPU that the core's thread has used, the kernel's part too.");
	for (uint32_t core = 0; core < writer->figures->cores; core++) {
		const struct exposition_label label = core_label(writer, core);

		exposition_line(&writer->out, &cpu, &label, 1, figures_core_cpu_us(writer->figures, core),
				MICROSECONDS);
	}
}

static void write_info(struct writer *writer)
{
	static const struct exposition_name name = { "uproar_", "build_info", "" };
	const struct exposition_label label = { "version", text_of(UPROAR_VERSION) };

	exposition_head(&writer->out, &name, "gauge", "Always 1; the label says which program this is.");
	exposition_line(&writer->out, &name, &label, 1, 1, 0);
}

size_t metrics_text(const struct figures *figures, char *out, size_t size)
{
	struct writer writer = { .figures = figures, .out = { .at = out, .end = out + size } };

	CHECK(figures->cores <= CORES_MAX);
	for (uint32_t core = 0; core < figures->cores; core++)
		snprintf(writer.cores[core], sizeof(writer.cores[core]), "%u", core % 1000);
	write_info(&writer);
	if (figures->started_ms != 0)
		write_process(&writer);
	write_counters(&writer);
	write_families(&writer);
	write_histograms(&writer);
	if (figures->stores)
		write_store(&writer);
	if (figures->fetch)
		write_fetch(&writer);
	return writer.out.full ? 0 : (size_t)(writer.out.at - out);
}

size_t metrics_bound(uint32_t cores)
{
	const size_t heads = COUNTER_COUNT + HISTOGRAM_COUNT + STORE_COUNTER_COUNT + OTHERS_MAX;
	size_t lines = COUNTER_COUNT + HISTOGRAM_COUNT * (HISTOGRAM_BUCKETS + 2) + OTHERS_MAX;

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		lines += families[i].size;
	lines = lines * cores + STORE_WORKERS * (STORE_COUNTER_COUNT + STORE_BUCKETS + 2) + OTHERS_MAX;
	return heads * HEAD_MAX_SIZE + lines * LINE_MAX_SIZE;
}

static void doc_row(const char *at, const char *end, const char *help)
{
	const char *kind = memchr(at, ' ', (size_t)(end - at));
	const char *sample = end + 1, *labels = sample + strcspn(sample, "{\n"), *core = "";

	CHECK(kind);
	if (*labels == '{')
		core = strncmp(labels, "{core", 5) == 0     ? "core"
		       : strncmp(labels, "{worker", 7) == 0 ? "worker"
							    : "version";
	const char *further = *labels == '{' ? memchr(labels, ',', strcspn(labels, "\n")) : NULL;
	const int further_size = further ? (int)strcspn(further + 1, "=") : 0;

	printf("| `%.*s` | %.*s | %s%s%.*s | %.*s |\n", (int)(kind - at), at, (int)(end - kind - 1), kind + 1, core,
	       further ? ", " : "", further_size, further ? further + 1 : "", (int)strcspn(help, "\n"), help);
}

static const char doc_head[] =
	"# Metrics\n\n"
	"Made by `uproar --print-metrics-doc` from the tables that the figures are counted by; a test compares.\n\n"
	"`GET /metrics` answers in Prometheus' text format 0.0.4. Reading stops nobody: each core writes its own "
	"figures\n"
	"and whoever asks reads them as they are. The text grows with the cores, some 20 KiB each, and not with\n"
	"connections or rooms; `queue-size` must hold it. `docs/operate/prometheus/` has rules for alerts and a\n"
	"dashboard for Grafana, which `docs/operate/monitoring.md` explains.\n\n"
	"Every figure of a core has the label `core`; `sum without (core)` is the server's. Two histograms are about\n"
	"people: `uproar_publish_to_deliver_seconds`, one observation for each member that an event was given to, and\n"
	"`uproar_ack_seconds`. Both begin in the turn that read the command and end when the kernel has taken what "
	"the\n"
	"members' core sent: the network, what waited unread in a socket, and members that were behind are not in "
	"it.\n\n"
	"| metric | type | labels | what |\n|---|---|---|---|\n";

void metrics_doc(void)
{
	static struct counters counters;
	static struct store_counters store;
	static struct fetch_counters fetch;
	static char text[1 << 20];
	const struct counters *const cores[] = { &counters };
	const struct store_counters *const stores[] = { &store, &store, &store };
	const struct figures figures = {
		.cores = 1, .counters = cores, .stores = stores, .fetch = &fetch, .started_ms = 1, .statm = -1
	};
	const char *help = NULL;

	CHECK(metrics_text(&figures, text, sizeof(text) - 1) > 0);
	printf("%s", doc_head);
	for (const char *at = text; *at; at += strcspn(at, "\n") + 1) {
		if (strncmp(at, "# HELP ", 7) == 0)
			help = at + 7 + strcspn(at + 7, " ") + 1;
		if (strncmp(at, "# TYPE ", 7) == 0)
			doc_row(at + 7, at + strcspn(at, "\n"), help);
	}
}
