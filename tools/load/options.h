/* options.h - what the command line asks for.
 */
#ifndef LOAD_OPTIONS_H
#define LOAD_OPTIONS_H

#include <sys/types.h>

#include "tools/load/scenario.h"
#include "tools/load/worker.h"

#define OPTIONS_CPUS_MAX 128
#define OPTIONS_COMMAND_MAX 1024

enum options_exit {
	EXIT_PASSED = 0,
	EXIT_MISSED = 1, /* thresholds or the audit */
	EXIT_USAGE = 2,
	EXIT_INVALID = 3, /* the run proves nothing */
	EXIT_NOT_RUN = 4, /* the server is not there */
};

enum options_mode { MODE_RUN, MODE_LIST, MODE_REPORT };

#define OPTIONS_PID_AUTO (-1)
#define OPTIONS_PID_NONE 0

struct options {
	enum options_mode mode;
	const char *topic; /* list: a scenario, or "figures"; NULL: all */
	char **report; /* report: its arguments, NULL behind them */
	struct scenario scenario;
	struct target target;
	pid_t server_pid; /* or one of the above */
	unsigned server_cores; /* 0: not told */
	int cpus[OPTIONS_CPUS_MAX]; /* workers are pinned to these in turn */
	size_t cpu_count;
	const char *out; /* NULL: no files */
	const char *label;
	const char *commit; /* NULL: not told */
	bool progress, quiet;
	char command[OPTIONS_COMMAND_MAX];
};

/* Reads the command line. Returns 1, 0 when help or the version was asked for and is printed, or -1 when something
 * is wrong, which is said on standard error. */
int options_parse(struct options *options, int argc, char **argv);

/* Reads "0,2-4". False when it is not that. */
bool options_cpus(struct options *options, const char *text);

/* Prints what `list` prints: scenarios and dialects, or one scenario as a file. False when there is no such topic. */
bool options_list(const char *topic);

#endif
