/* details.h - what was run and where, row by row, and which rows are not alike.
 */
#ifndef REPORT_DETAILS_H
#define REPORT_DETAILS_H

#include <stdbool.h>

#include "tools/report/input.h"

#define DETAILS_ROWS_MAX 96

struct details_row {
	const char *name;
	char *value[INPUT_RUNS_MAX]; /* plain text, NULL where the run does not say */
	bool differs; /* where all should be alike */
};

struct details {
	const char *title;
	struct details_row row[DETAILS_ROWS_MAX];
	size_t rows;
};

enum details_part {
	DETAILS_RUN,      /* label, command, when */
	DETAILS_SCENARIO,
	DETAILS_TARGET,
	DETAILS_MACHINE,
	DETAILS_FIGURES,  /* all of the summary, for those who know the names */
	DETAILS_PARTS,
};

/* Borrows names from the runs. */
void details_read(struct details *details, const struct runs *runs, enum details_part part);
void details_free(struct details *details);

/* Names what of the scenario and the machine is not the same in all runs, so that comparing them may be unfair:
 * "connections, cores". Gives a string to free(), or NULL when all is alike. */
char *details_unlike(const struct runs *runs);

#endif
