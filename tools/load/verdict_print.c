/* verdict_print.c - the verdict for a person at a terminal. */
#include <math.h>
#include <string.h>

#include "tools/load/verdict.h"
#include "tools/load/say.h"

static double figure(const struct summary *summary, enum summary_figure which)
{
	return summary->figure[which];
}

static void print_traffic(FILE *file, const struct record *record, const struct summary *summary)
{
	char a[SAY_SIZE], b[SAY_SIZE], c[SAY_SIZE];

	fprintf(file, "  %s connections stood", say_number(a, figure(summary, SUMMARY_connected)));
	if (!isnan(figure(summary, SUMMARY_connects_per_s)))
		fprintf(file, " after %s s (%s a second)", say_number(a, figure(summary, SUMMARY_ramp_s)),
			say_number(b, figure(summary, SUMMARY_connects_per_s)));
	fputs(".\n", file);
	if (record->scenario.traffic == TRAFFIC_NONE)
		return;
	fprintf(file, "  %s messages were sent, %s of %s deliveries arrived",
		say_number(a, figure(summary, SUMMARY_sent)), say_number(b, figure(summary, SUMMARY_received)),
		say_number(c, figure(summary, SUMMARY_expected)));
	if (!isnan(figure(summary, SUMMARY_deliveries_per_s)))
		fprintf(file, "; %s sent and %s delivered a second", say_number(a, figure(summary, SUMMARY_sent_per_s)),
			say_number(b, figure(summary, SUMMARY_deliveries_per_s)));
	fputs(".\n", file);
}

static void print_audit(FILE *file, const struct summary *summary)
{
	static const struct {
		enum summary_figure which;
		const char *text;
	} kinds[] = { { SUMMARY_lost, "lost" },
		      { SUMMARY_duplicated, "duplicated" },
		      { SUMMARY_reordered, "out of order" },
		      { SUMMARY_corrupted, "damaged" },
		      { SUMMARY_foreign, "misdirected" },
		      { SUMMARY_excused, "given up by the server, which said so" } };
	const char *before = "  Of these: ";
	char number[SAY_SIZE];

	if (!(figure(summary, SUMMARY_received) > 0))
		return;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!(figure(summary, kinds[i].which) > 0))
			continue;
		fprintf(file, "%s%s %s", before, say_number(number, figure(summary, kinds[i].which)), kinds[i].text);
		before = ", ";
	}
	fputs(before[0] == ' ' ? "  None was lost, duplicated, out of order, damaged or misdirected.\n" : ".\n", file);
}

static void print_speed(FILE *file, const struct record *record, const struct summary *summary)
{
	char a[SAY_SIZE], b[SAY_SIZE], c[SAY_SIZE];

	if (!isnan(figure(summary, SUMMARY_latency_p50_ms)))
		fprintf(file, "  A delivery took %s ms for half, %s ms for 99 of 100, %s ms at most.\n",
			say_number(a, figure(summary, SUMMARY_latency_p50_ms)),
			say_number(b, figure(summary, SUMMARY_latency_p99_ms)),
			say_number(c, figure(summary, SUMMARY_latency_max_ms)));
	if (record->scenario.traffic == TRAFFIC_ACK && !isnan(figure(summary, SUMMARY_ack_p50_ms)))
		fprintf(file, "  %s were acknowledged a second; it took %s ms for half, %s ms for 99 of 100.\n",
			say_number(a, figure(summary, SUMMARY_acks_per_s)),
			say_number(b, figure(summary, SUMMARY_ack_p50_ms)),
			say_number(c, figure(summary, SUMMARY_ack_p99_ms)));
	if (!isnan(figure(summary, SUMMARY_recovered_s)))
		fprintf(file, "  All were back %s s after they were dropped.\n",
			say_number(a, figure(summary, SUMMARY_recovered_s)));
	if (figure(summary, SUMMARY_not_recovered) > 0)
		fprintf(file, "  %s times somebody who came back to a room was not given what it had missed.\n",
			say_number(a, figure(summary, SUMMARY_not_recovered)));
}

static void print_compression(FILE *file, const struct summary *summary)
{
	char a[SAY_SIZE], b[SAY_SIZE], c[SAY_SIZE], d[SAY_SIZE];

	if (!(figure(summary, SUMMARY_compressed_connections) > 0))
		return;
	fprintf(file, "  %s connections agreed on compression; %s messages came compressed, %s of payload in %s.\n",
		say_number(a, figure(summary, SUMMARY_compressed_connections)),
		say_number(b, figure(summary, SUMMARY_compressed_messages)),
		say_bytes(c, figure(summary, SUMMARY_inflated_bytes)),
		say_bytes(d, figure(summary, SUMMARY_compressed_bytes)));
}

static void print_use(FILE *file, const struct record *record, const struct summary *summary)
{
	char a[SAY_SIZE], b[SAY_SIZE];

	if (!isnan(figure(summary, SUMMARY_server_cpu_percent))) {
		fprintf(file, "  The server used %s %% of a core",
			say_number(a, figure(summary, SUMMARY_server_cpu_percent)));
		if (record->scenario.traffic == TRAFFIC_ACK && !isnan(figure(summary, SUMMARY_server_cpu_ns_per_ack)))
			fprintf(file, ", %s ns an acknowledgement",
				say_number(a, figure(summary, SUMMARY_server_cpu_ns_per_ack)));
		else if (!isnan(figure(summary, SUMMARY_server_cpu_ns_per_delivery)))
			fprintf(file, ", %s ns a delivery",
				say_number(a, figure(summary, SUMMARY_server_cpu_ns_per_delivery)));
		fprintf(file, ", and %s of memory", say_bytes(a, figure(summary, SUMMARY_server_rss_bytes_peak)));
		if (!isnan(figure(summary, SUMMARY_server_cpu_us_per_connect)))
			fprintf(file, "; %s us a connection made",
				say_number(b, figure(summary, SUMMARY_server_cpu_us_per_connect)));
		fputs(".\n", file);
	}
	if (!isnan(figure(summary, SUMMARY_generator_cpu_percent_max_worker)))
		fprintf(file,
			"  The generator's busiest worker used %s %% of a core, and waited %s %% of the time for "
			"one.\n",
			say_number(a, figure(summary, SUMMARY_generator_cpu_percent_max_worker)),
			say_number(b, figure(summary, SUMMARY_generator_wait_percent_max_worker)));
}

static void print_row(FILE *file, const struct verdict_row *row)
{
	const struct threshold *const threshold = &row->threshold;
	const char *const wanted = threshold->op == '<' ? "at most " : threshold->op == '>' ? "at least " : "";
	const char *const said = threshold->reference ? (row->passed ? "beaten" : "NOT BEATEN")
				 : row->passed        ? "ok"
						      : "MISSED";
	char value[SAY_SIZE], limit[SAY_SIZE];

	fprintf(file, "  %-10s  %-24s %12s   %s%s", isnan(row->value) ? "NO FIGURE" : said, threshold->metric,
		say_limit(value, row->value), wanted, say_limit(limit, threshold->value));
	if (threshold->reference)
		fprintf(file, "  (%s)", threshold->source);
	fputc('\n', file);
}

static const char *outcome(const struct verdict *verdict)
{
	if (!verdict->valid && verdict->audit_failed)
		return "FAILED, deliveries went wrong; its other figures are INVALID";
	if (!verdict->valid)
		return "INVALID, it says nothing about the server";
	return verdict->passed ? "PASSED" : "FAILED";
}

void verdict_print(FILE *file, const struct verdict *verdict, const struct record *record,
		   const struct summary *summary, const char *label)
{
	fprintf(file, "%s against %s: %s\n\n", record->scenario.name, label, outcome(verdict));
	for (size_t i = 0; i < verdict->reason_count; i++)
		fprintf(file, "  ! %s.\n", verdict->reasons[i]);
	print_traffic(file, record, summary);
	print_audit(file, summary);
	print_speed(file, record, summary);
	print_compression(file, summary);
	print_use(file, record, summary);
	for (size_t i = 0; i < verdict->note_count; i++)
		fprintf(file, "  Note: %s.\n", verdict->notes[i]);
	fputc('\n', file);
	for (size_t i = 0; i < verdict->row_count; i++)
		print_row(file, &verdict->rows[i]);
}
