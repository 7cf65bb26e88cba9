/* pg_insert_results.c - what was found, as uproar-load writes it: those of its figures that there are. */
#include <math.h>
#include <stdio.h>

#include "perf/durable/pg_insert.h"
#include "tools/load/machine.h"
#include "tools/load/summary.h"

#define BUSY_PERCENT 95.0 /* as verdict.c has them */
#define SATURATED 85.0

static bool write_results(const struct load *load, const struct summary *summary, const char *reason)
{
	struct machine machine;
	char path[4096];

	machine_read(&machine);
	snprintf(path, sizeof(path), "%s/results.json", load->out);
	FILE *const file = fopen(path, "w");

	if (!file)
		return false;
	fprintf(file, "{\"schema\": 1, \"tool\": \"pg_insert\", \"name\": \"durable\", \"label\": \"%s\",\n",
		load->label);
	fprintf(file, " \"machine\": {\"cpu\": \"%s\", \"cores\": %u, \"kernel\": \"%s\"},\n", machine.cpu,
		machine.cores, machine.kernel);
	fprintf(file, " \"scenario\": {\"connections\": %u, \"rooms\": %u, \"backends\": %u, \"sizes\": \"%u\"},\n",
		load->publishers, load->rooms, load->backend_count, load->size);
	fprintf(file, " \"verdict\": {\"valid\": %s, \"passed\": %s, \"invalid_reasons\": [%s%s%s]},\n",
		reason ? "false" : "true", !reason && load->lost <= 0 ? "true" : "false", reason ? "\"" : "",
		reason ? reason : "", reason ? "\"" : "");
	fputs(" \"summary\": {", file);
	for (int i = 0; i < SUMMARY_COUNT; i++) {
		fprintf(file, "%s\"%s\": ", i > 0 ? ", " : "", summary_name((enum summary_figure)i));
		if (isfinite(summary->figure[i]))
			fprintf(file, "%.15g", summary->figure[i]);
		else
			fputs("null", file);
	}
	fputs("}}\n", file);
	return fclose(file) == 0;
}

#define PUT(name, value) (summary->figure[SUMMARY_##name] = (value))

static void summarize(const struct load *load, struct summary *summary)
{
	const double hold_s = (double)(load->held.ns - load->hold.ns) / 1e9;
	const double generator_s = load->held.generator_s - load->hold.generator_s;
	const double server_s = load->held.server.cpu_s - load->hold.server.cpu_s;

	summary_clear(summary);
	PUT(duration_s, hold_s);
	PUT(connections, load->publishers);
	PUT(connected, load->publishers);
	PUT(ramp_s, load->ramp_s);
	PUT(rooms, load->rooms);
	PUT(sent, (double)load->sent);
	PUT(acked, (double)load->acked);
	PUT(refused, 0);
	PUT(lost, load->lost > 0 ? load->lost : 0);
	PUT(acks_per_s, (double)load->acked_measured / hold_s);
	summary_times(summary, SUMMARY_ack_mean_ms, &load->ack);
	PUT(generator_cpu_s, generator_s);
	PUT(generator_cpu_percent_max_worker, generator_s / hold_s * 100);
	if (load->hold.server.cpu_s < 0 || load->held.server.cpu_s < 0)
		return;
	PUT(server_cpu_s, server_s);
	PUT(server_cpu_percent, server_s / hold_s * 100);
	PUT(server_cpu_ns_per_ack, server_s * 1e9 / (double)load->acked_measured);
	PUT(server_rss_bytes_end, load->held.server.rss_bytes);
}

int pg_insert_results(const struct load *load)
{
	struct summary found;

	summarize(load, &found);
	const double busy = found.figure[SUMMARY_generator_cpu_percent_max_worker];
	const double server = found.figure[SUMMARY_server_cpu_percent] / load->server_cores;
	const char *const reason =
		busy >= BUSY_PERCENT && !(server >= SATURATED) ? "the generator was the bottleneck" : NULL;

	printf("{\"acks_per_s\": %.0f, \"ack_p50_ms\": %.3g, \"ack_p99_ms\": %.3g, \"ack_p99_9_ms\": %.3g, "
	       "\"server_cpu_percent\": %.3g, \"generator_cpu_percent\": %.3g, \"lost\": %.0f}\n",
	       found.figure[SUMMARY_acks_per_s], found.figure[SUMMARY_ack_p50_ms], found.figure[SUMMARY_ack_p99_ms],
	       found.figure[SUMMARY_ack_p99_9_ms], found.figure[SUMMARY_server_cpu_percent], busy,
	       found.figure[SUMMARY_lost]);
	if (load->out && !write_results(load, &found, reason)) {
		perror(load->out);
		return 4;
	}
	if (load->lost > 0)
		return 1;
	return reason ? 3 : 0;
}
