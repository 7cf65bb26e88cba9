#include "tools/report/details.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/utf8/utf8.h"

static const struct part {
	const char *title;
	const char *object; /* of the file */
	bool alike; /* has to be, or else comparing is not fair */
} parts[DETAILS_PARTS] = {
	[DETAILS_RUN] = { "The run", NULL, false },
	[DETAILS_SCENARIO] = { "The scenario", "scenario", true },
	[DETAILS_TARGET] = { "The server", "target", false },
	[DETAILS_MACHINE] = { "The machine", "machine", true },
	[DETAILS_FIGURES] = { "All figures", "summary", false },
};

static struct details_row *row_named(struct details *details, const char *name)
{
	for (size_t i = 0; i < details->rows; i++)
		if (strcmp(details->row[i].name, name) == 0)
			return &details->row[i];
	if (details->rows == DETAILS_ROWS_MAX)
		return NULL;
	details->row[details->rows] = (struct details_row){ .name = name };
	return &details->row[details->rows++];
}

static void set(struct details *details, const char *name, size_t run, char *value)
{
	struct details_row *row = row_named(details, name);

	if (!row) {
		free(value);
		return;
	}
	row->value[run] = value;
}

/* A file's name may be of any bytes; for a page they must be UTF-8. */
static char *shown(const char *file)
{
	char *text = strdup(file);

	for (size_t at = 0, size; text && text[at]; at += size) {
		const size_t most = strnlen(text + at, 4);

		for (size = 1; size <= most && !utf8_valid((const uint8_t *)text + at, size);)
			size++;
		if (size > most) {
			text[at] = '?';
			size = 1;
		}
	}
	return text;
}

static void read_run(struct details *details, const struct run *run, size_t index)
{
	set(details, "scenario", index, strdup(run->name));
	set(details, "label", index, strdup(run->label));
	set(details, "started", index, run->started ? strdup(run->started) : NULL);
	set(details, "command", index, run->command ? strdup(run->command) : NULL);
	set(details, "commit", index, run->commit ? strdup(run->commit) : NULL);
	set(details, "tool", index, run->tool ? strdup(run->tool) : NULL);
	set(details, "file", index, shown(run->file));
}

static bool differs(const struct details_row *row, size_t runs)
{
	for (size_t i = 1; i < runs; i++) {
		if (!row->value[0] != !row->value[i])
			return true;
		if (row->value[0] && strcmp(row->value[0], row->value[i]) != 0)
			return true;
	}
	return false;
}

void details_read(struct details *details, const struct runs *runs, enum details_part part)
{
	const char *object = parts[part].object;
	const char *key;

	*details = (struct details){ .title = parts[part].title };
	for (size_t i = 0; i < runs->count; i++) {
		if (!object)
			read_run(details, &runs->run[i], i);
		for (size_t j = 0; object && (key = input_key(&runs->run[i], object, j)); j++) {
			char *value = input_words(&runs->run[i], object, key);

			if (part == DETAILS_FIGURES && value && strcmp(value, "none") == 0) {
				free(value);
				value = strdup("not measured");
			}
			set(details, key, i, value);
		}
	}
	for (size_t i = 0; i < details->rows; i++)
		details->row[i].differs = parts[part].alike && differs(&details->row[i], runs->count);
}

void details_free(struct details *details)
{
	for (size_t i = 0; i < details->rows; i++)
		for (size_t j = 0; j < INPUT_RUNS_MAX; j++)
			free(details->row[i].value[j]);
	details->rows = 0;
}

char *details_unlike(const struct runs *runs)
{
	size_t size, count = 0;
	char *text;
	FILE *out = open_memstream(&text, &size);

	if (!out) {
		perror("uproar-report");
		abort();
	}
	for (int part = 0; part < DETAILS_PARTS; part++) {
		struct details details;

		details_read(&details, runs, part);
		for (size_t j = 0; j < details.rows; j++)
			if (details.row[j].differs)
				fprintf(out, "%s%s", count++ ? ", " : "", details.row[j].name);
		details_free(&details);
	}
	fclose(out);
	if (count)
		return text;
	free(text);
	return NULL;
}
