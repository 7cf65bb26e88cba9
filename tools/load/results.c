#include "tools/load/results.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/utf8/utf8.h"

#define SCHEMA 1
#define PATH_SIZE 4096

/* In between two values of one object or array. */
struct json {
	FILE *file;
	bool first;
};

static void text(FILE *file, const char *value)
{
	if (!value) {
		fputs("null", file);
		return;
	}
	const bool utf8 = utf8_valid((const uint8_t *)value, strlen(value));

	fputc('"', file);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			fprintf(file, "\\%c", *value);
		else if ((unsigned char)*value < 0x20)
			fprintf(file, "\\u%04x", (unsigned char)*value);
		else if (!utf8 && (unsigned char)*value >= 0x80)
			fputc('?', file);
		else
			fputc(*value, file);
	}
	fputc('"', file);
}

/* 15 digits give every count and every time back. What was not measured is null. */
static void number(FILE *file, double value)
{
	if (isfinite(value))
		fprintf(file, "%.15g", value);
	else
		fputs("null", file);
}

static void key(struct json *json, const char *name)
{
	fputs(json->first ? "" : ", ", json->file);
	json->first = false;
	if (!name)
		return;
	text(json->file, name);
	fputs(": ", json->file);
}

static void put_text(struct json *json, const char *name, const char *value)
{
	key(json, name);
	text(json->file, value);
}

static void put_number(struct json *json, const char *name, double value)
{
	key(json, name);
	number(json->file, value);
}

static void put_bool(struct json *json, const char *name, bool value)
{
	key(json, name);
	fputs(value ? "true" : "false", json->file);
}

static struct json begin(FILE *file, const char *name, char bracket)
{
	fputs(",\n ", file);
	text(file, name);
	fprintf(file, ": %c", bracket);
	return (struct json){ file, true };
}

static void write_machine(FILE *file, const struct machine *machine)
{
	struct json json = begin(file, "machine", '{');

	put_text(&json, "cpu", machine->cpu);
	put_number(&json, "cores", machine->cores);
	put_number(&json, "memory_bytes", machine->memory_bytes >= 0 ? machine->memory_bytes : NAN);
	put_text(&json, "kernel", machine->kernel);
	put_bool(&json, "hostname_omitted", true);
	fputc('}', file);
}

static void write_target(FILE *file, const struct options *options, const struct record *record)
{
	struct json json = begin(file, "target", '{');

	put_text(&json, "url", options->target.url);
	put_text(&json, "dialect", options->target.dialect->name);
	put_bool(&json, "compress", options->target.compress);
	put_number(&json, "server_pid", record->server_known ? record->server.pid : NAN);
	put_text(&json, "server_name", record->server_known ? record->server.name : NULL);
	fputc('}', file);
}

static void write_scenario(FILE *file, const struct scenario *scenario)
{
	struct json json = begin(file, "scenario", '{');
	const struct scenario_key *of;
	char value[SCENARIO_TEXT_MAX];

	for (size_t i = 0; (of = scenario_key_at(i)); i++) {
		if (of->kind == SCENARIO_THRESHOLD)
			continue;
		scenario_text(scenario, i, value);
		if (of->kind == SCENARIO_COUNT || of->kind == SCENARIO_COUNT64 || of->kind == SCENARIO_REAL ||
		    of->kind == SCENARIO_CONNECTIONS || of->kind == SCENARIO_FLAG) {
			key(&json, of->name);
			fputs(value, file);
		} else {
			put_text(&json, of->name, value);
		}
	}
	fputc('}', file);
}

static void write_row(FILE *file, const struct verdict_row *row)
{
	const char op[2] = { row->threshold.op, '\0' };
	struct json json = { file, true };

	fputc('{', file);
	put_text(&json, "metric", row->threshold.metric);
	put_text(&json, "op", op);
	put_number(&json, "limit", row->threshold.value);
	put_number(&json, "value", row->value);
	put_bool(&json, "passed", row->passed);
	put_bool(&json, "reference", row->threshold.reference);
	put_text(&json, "source", row->threshold.source);
	fputc('}', file);
}

static void write_verdict(FILE *file, const struct verdict *verdict)
{
	struct json json = begin(file, "verdict", '{');

	put_bool(&json, "valid", verdict->valid);
	put_bool(&json, "passed", verdict->passed && verdict->valid);
	key(&json, "invalid_reasons");
	fputc('[', file);
	for (size_t i = 0; i < verdict->reason_count; i++) {
		fputs(i > 0 ? ", " : "", file);
		text(file, verdict->reasons[i]);
	}
	fputc(']', file);
	key(&json, "notes");
	fputc('[', file);
	for (size_t i = 0; i < verdict->note_count; i++) {
		fputs(i > 0 ? ", " : "", file);
		text(file, verdict->notes[i]);
	}
	fputs("],\n  \"thresholds\": [", file);
	for (size_t i = 0; i < verdict->row_count; i++) {
		fputs(i > 0 ? ",\n   " : "\n   ", file);
		write_row(file, &verdict->rows[i]);
	}
	fputs("]}", file);
}

static void write_summary(FILE *file, const struct summary *summary)
{
	struct json json = begin(file, "summary", '{');

	for (int i = 0; i < SUMMARY_COUNT; i++)
		put_number(&json, summary_name((enum summary_figure)i), summary->figure[i]);
	fputc('}', file);
}

static void write_curve(struct json *json, const char *name, const struct hist *hist)
{
	struct summary_point points[SUMMARY_CURVE_MAX];
	const size_t count = summary_curve(hist, points);

	key(json, name);
	if (count == 0)
		fputs("null", json->file);
	for (size_t i = 0; i < count; i++) {
		fprintf(json->file, "%s[%.8g, ", i > 0 ? ", " : "[", points[i].quantile);
		number(json->file, points[i].ms);
		fputc(']', json->file);
	}
	fputs(count > 0 ? "]" : "", json->file);
}

static void write_percentiles(FILE *file, const struct record *record)
{
	struct json json = begin(file, "percentiles", '{');

	write_curve(&json, "latency", &record->latency);
	write_curve(&json, "ack", &record->ack);
	write_curve(&json, "connect", &record->connect);
	write_curve(&json, "join", &record->join);
	write_curve(&json, "lag", &record->lag);
	fputc('}', file);
}

static void write_series(FILE *file, const struct record *record)
{
	struct json json = begin(file, "series", '{');

	for (int column = 0; column < RECORD_COLUMNS; column++) {
		key(&json, record_column((enum record_column)column));
		fputc('[', file);
		for (size_t i = 0; i < record->count; i++) {
			fputs(i > 0 ? ", " : "", file);
			number(file, record->rows[i].column[column]);
		}
		fputs("]\n ", file);
	}
	key(&json, "phase");
	fputc('[', file);
	for (size_t i = 0; i < record->count; i++) {
		fputs(i > 0 ? ", " : "", file);
		text(file, record_phase(record->rows[i].phase));
	}
	fputs("]}", file);
}

void results_json(FILE *file, const struct options *options, const struct record *record, const struct summary *summary,
		  const struct verdict *verdict)
{
	struct json json = { file, true };

	fputc('{', file);
	put_number(&json, "schema", SCHEMA);
	put_text(&json, "tool", "uproar-load " UPROAR_VERSION);
	put_text(&json, "name", record->scenario.name);
	put_text(&json, "label", options->label);
	put_text(&json, "started", record->started);
	put_text(&json, "command", options->command);
	put_text(&json, "commit", options->commit);
	write_machine(file, &record->machine);
	write_target(file, options, record);
	write_scenario(file, &record->scenario);
	write_verdict(file, verdict);
	write_summary(file, summary);
	write_percentiles(file, record);
	write_series(file, record);
	fputs("}\n", file);
}

static void write_summary_csv(FILE *file, const struct summary *summary)
{
	fputs("metric,value\n", file);
	for (int i = 0; i < SUMMARY_COUNT; i++) {
		fprintf(file, "%s,", summary_name((enum summary_figure)i));
		if (isfinite(summary->figure[i]))
			number(file, summary->figure[i]);
		fputc('\n', file);
	}
}

static void write_timeline_csv(FILE *file, const struct record *record)
{
	for (int column = 0; column < RECORD_COLUMNS; column++)
		fprintf(file, "%s,", record_column((enum record_column)column));
	fputs("phase\n", file);
	for (size_t i = 0; i < record->count; i++) {
		for (int column = 0; column < RECORD_COLUMNS; column++) {
			if (isfinite(record->rows[i].column[column]))
				number(file, record->rows[i].column[column]);
			fputc(',', file);
		}
		fprintf(file, "%s\n", record_phase(record->rows[i].phase));
	}
}

static FILE *open_part(const char *folder, const char *name, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/.%s.part", folder, name);
	return fopen(path, "w");
}

static bool close_part(FILE *file, const char *folder, const char *name, const char *part, char why[200])
{
	const bool bad = ferror(file);
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (fclose(file) == 0 && !bad && rename(part, path) == 0)
		return true;
	snprintf(why, 200, "%.120s: %s", path, strerror(errno));
	unlink(part);
	return false;
}

bool results_prepare(const char *out, char why[200])
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s", out);
	for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		(void)mkdir(path, 0777);
		*at = '/';
	}
	if ((mkdir(path, 0777) == 0 || errno == EEXIST) && access(path, W_OK | X_OK) == 0)
		return true;
	snprintf(why, 200, "--out %.120s: %s", out, strerror(errno));
	return false;
}

bool results_write(const struct options *options, const struct record *record, const struct summary *summary,
		   const struct verdict *verdict, char why[200])
{
	static const char *const names[] = { "results.json", "summary.csv", "timeline.csv" };
	char part[PATH_SIZE];

	for (size_t i = 0; i < 3; i++) {
		FILE *const file = open_part(options->out, names[i], part);

		if (!file) {
			snprintf(why, 200, "%.120s: %s", part, strerror(errno));
			return false;
		}
		if (i == 0)
			results_json(file, options, record, summary, verdict);
		else if (i == 1)
			write_summary_csv(file, summary);
		else
			write_timeline_csv(file, record);
		if (!close_part(file, options->out, names[i], part, why))
			return false;
	}
	return true;
}
