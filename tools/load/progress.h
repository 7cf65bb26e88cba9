/* progress.h - what is going on, while it is: redrawn in place on a terminal, a plain line a second elsewhere.
 */
#ifndef LOAD_PROGRESS_H
#define LOAD_PROGRESS_H

#include <stdio.h>

#include "tools/load/record.h"

struct progress {
	FILE *file; /* NULL: nothing is shown */
	bool terminal;
	unsigned lines; /* on the screen, to be drawn over */
	const char *name, *label;
	uint32_t connections;
};

struct progress_state {
	const struct record_row *row;
	const struct totals *totals;
	double left_s; /* of the whole run, at least */
	const char *trouble;
};

void progress_open(struct progress *progress, FILE *file, bool terminal, const struct scenario *scenario,
		   const char *label);
void progress_show(struct progress *progress, const struct progress_state *state);
void progress_close(struct progress *progress);

#endif
