#include "tools/load/progress.h"

#include <math.h>

#include "tools/load/say.h"

#define BAR 40

void progress_open(struct progress *progress, FILE *file, bool terminal, const struct scenario *scenario,
		   const char *label)
{
	*progress = (struct progress){ .file = file,
				       .terminal = terminal,
				       .name = scenario->name,
				       .label = label,
				       .connections = scenario->connections };
}

static double column(const struct progress_state *state, enum record_column which)
{
	return state->row->column[which];
}

static void put(struct progress *progress, const char *title, const char *text)
{
	fprintf(progress->file, "  %-12s %s\x1b[K\n", title, text);
	progress->lines++;
}

static void put_bar(struct progress *progress, const struct progress_state *state)
{
	const double now_s = column(state, RECORD_t_s);
	const double whole = now_s + state->left_s;
	const int done = whole > 0 ? (int)(now_s / whole * BAR) : 0;
	char left[SAY_SIZE], bar[BAR + 1];

	for (int i = 0; i < BAR; i++)
		bar[i] = i < done ? '=' : i == done ? '>' : ' ';
	bar[BAR] = '\0';
	fprintf(progress->file, "%s against %s: %-6s [%s] %s left\x1b[K\n", progress->name, progress->label,
		record_phase(state->row->phase), bar, say_time(left, state->left_s));
	progress->lines++;
}

static void put_connections(struct progress *progress, const struct progress_state *state)
{
	char open[SAY_SIZE], all[SAY_SIZE], rate[SAY_SIZE], text[160];

	snprintf(text, sizeof(text), "%s of %s, %s/s new, %llu rooms joined",
		 say_number(open, column(state, RECORD_connections)), say_number(all, progress->connections),
		 say_number(rate, round(column(state, RECORD_connects_per_s))),
		 (unsigned long long)state->totals->joined);
	put(progress, "connections", text);
}

static void put_rates(struct progress *progress, const struct progress_state *state)
{
	char sent[SAY_SIZE], delivered[SAY_SIZE], text[120];

	snprintf(text, sizeof(text), "%s/s sent, %s/s delivered",
		 say_number(sent, round(column(state, RECORD_sent_per_s))),
		 say_number(delivered, round(column(state, RECORD_deliveries_per_s))));
	put(progress, "messages", text);
}

static void put_latency(struct progress *progress, const struct progress_state *state)
{
	char half[SAY_SIZE], most[SAY_SIZE], max[SAY_SIZE], text[160];

	if (isnan(column(state, RECORD_latency_p50_ms)))
		snprintf(text, sizeof(text), "not measured yet");
	else
		snprintf(text, sizeof(text), "p50 %s ms, p99 %s ms, max %s ms",
			 say_number(half, column(state, RECORD_latency_p50_ms)),
			 say_number(most, column(state, RECORD_latency_p99_ms)),
			 say_number(max, column(state, RECORD_latency_max_ms)));
	put(progress, "latency", text);
}

static void put_use(struct progress *progress, const struct progress_state *state)
{
	char cpu[SAY_SIZE], rss[SAY_SIZE], own[SAY_SIZE], text[160];

	snprintf(text, sizeof(text), "CPU %s %%, RSS %s; generator CPU %s %%",
		 say_number(cpu, round(column(state, RECORD_server_cpu_percent))),
		 say_bytes(rss, column(state, RECORD_server_rss_bytes)),
		 say_number(own, round(column(state, RECORD_generator_cpu_percent))));
	put(progress, "server", text);
}

static void put_errors(struct progress *progress, const struct progress_state *state)
{
	const struct totals *const totals = state->totals;
	char text[320];

	snprintf(text, sizeof(text), "%llu: failed %llu, dropped %llu, refused %llu, bad deliveries %llu%s%.100s",
		 (unsigned long long)totals_errors(totals),
		 (unsigned long long)(totals->connect_failed + totals->join_failed),
		 (unsigned long long)totals->dropped, (unsigned long long)totals->refused,
		 (unsigned long long)(totals->audit.duplicated + totals->audit.reordered + totals->audit.corrupted +
				      totals->audit.foreign),
		 *state->trouble ? "; " : "", state->trouble);
	put(progress, "errors", text);
}

static void draw(struct progress *progress, const struct progress_state *state)
{
	if (progress->lines > 0)
		fprintf(progress->file, "\x1b[%uA\r", progress->lines);
	progress->lines = 0;
	fputs("\x1b[?7l", progress->file); /* a line too long is cut, not broken: the count of lines holds */
	put_bar(progress, state);
	put_connections(progress, state);
	put_rates(progress, state);
	put_latency(progress, state);
	put_use(progress, state);
	put_errors(progress, state);
	fputs("\x1b[?7h", progress->file);
}

static void print(struct progress *progress, const struct progress_state *state)
{
	char open[SAY_SIZE], sent[SAY_SIZE], delivered[SAY_SIZE], half[SAY_SIZE], most[SAY_SIZE];
	char left[SAY_SIZE];

	fprintf(progress->file,
		"%4.0fs %-6s %s conns, %s/s sent, %s/s delivered, p50 %s ms, p99 %s ms, %llu errors, %s left\n",
		column(state, RECORD_t_s), record_phase(state->row->phase),
		say_number(open, column(state, RECORD_connections)),
		say_number(sent, round(column(state, RECORD_sent_per_s))),
		say_number(delivered, round(column(state, RECORD_deliveries_per_s))),
		say_number(half, column(state, RECORD_latency_p50_ms)),
		say_number(most, column(state, RECORD_latency_p99_ms)),
		(unsigned long long)totals_errors(state->totals), say_time(left, state->left_s));
}

void progress_show(struct progress *progress, const struct progress_state *state)
{
	if (!progress->file)
		return;
	if (progress->terminal)
		draw(progress, state);
	else
		print(progress, state);
	fflush(progress->file);
}

void progress_close(struct progress *progress)
{
	if (progress->file && progress->lines > 0)
		fputc('\n', progress->file);
	*progress = (struct progress){ 0 };
}
