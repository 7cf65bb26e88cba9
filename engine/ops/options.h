/* options.h - every option of the server: its row in tbl/options.h, and the values of one run.
 *
 * Defaults, then the file, then the environment, then the command line: the later wins.
 */
#ifndef OPS_OPTIONS_H
#define OPS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/base/span.h"

enum option_id {
#define OPTION(id, name, kind, standard, least, most, group, when, help) OPTION_##id,
#include "engine/ops/tbl/options.h"
#undef OPTION
	OPTION_COUNT,
};

#define OPTION_TEXT_MAX 256
#define OPTION_CLASSES_MAX 4096 /* of lists: classes of rooms, which may be 32, rules, origins, networks */
#define OPTION_WHERE_MAX 280
#define OPTION_ERROR_MAX 1024
#define OPTION_FILE_SIZE_MAX (64 * 1024)
#define OPTION_SHOWN_MAX 200

struct options {
	struct option_value {
		char text[OPTION_CLASSES_MAX]; /* as given */
		char where[OPTION_WHERE_MAX];  /* "FILE:LINE", "command line" or as options_set() was told; "default" */
		uint64_t number;            /* counts; bytes; milliseconds; which of the choices */
	} values[OPTION_COUNT];
};

static inline uint64_t option_number(const struct options *options, enum option_id id)
{
	return options->values[id].number;
}

static inline const char *option_text(const struct options *options, enum option_id id)
{
	return options->values[id].text;
}

static inline const char *option_where(const struct options *options, enum option_id id)
{
	return options->values[id].where;
}

const char *option_name(enum option_id id);

/* A reload can change it. */
bool option_is_live(enum option_id id);

/* For a line of the log: one line, its beginning where it is long, and of an address that may hold a password only what
 * kind it is. */
void option_shown(const struct options *options, enum option_id id, char out[OPTION_SHOWN_MAX]);

void options_default(struct options *options);

/* Sets one by its name. where: "FILE:LINE", "environment" or "command line", for the message. Returns 0, or -1 with
 * one line in error: where, the option, what was given and what it takes. */
int options_set(struct options *options, const char *name, const char *text, const char *where,
		char error[OPTION_ERROR_MAX]);

/* Whether that may be the option room-classes. Returns 0, or -1 with one line in error, as above. */
int options_classes(const char *text, const char *where, char error[OPTION_ERROR_MAX]);

/* UPROAR_* of the environment. */
int options_environment(struct options *options, char error[OPTION_ERROR_MAX]);

/* What was read of a file of `name = value;` lines (libconfig's syntax; values need no quotes). -1 with the line in
 * error. */
int options_file_text(struct options *options, const char *path, struct span text, char error[OPTION_ERROR_MAX]);

/* For --help, and docs/operate/options.md. */
void options_help(FILE *out);
void options_document(FILE *out);

#endif
