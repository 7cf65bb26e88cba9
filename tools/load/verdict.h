/* verdict.h - whether a run says anything about the server, and if so, whether that is good enough.
 */
#ifndef LOAD_VERDICT_H
#define LOAD_VERDICT_H

#include <stdio.h>

#include "tools/load/record.h"

#define VERDICT_ROWS_MAX (THRESHOLDS_MAX + 8)
#define VERDICT_TEXTS_MAX 8
#define VERDICT_TEXT_MAX 240

struct verdict_row {
	struct threshold threshold;
	double value; /* NAN: not measured, which is not passed */
	bool passed;
};

struct verdict {
	bool valid, passed;
	bool audit_failed; /* deliveries went wrong: so they did, valid or not, unless the run was cut off itself */
	struct verdict_row rows[VERDICT_ROWS_MAX]; /* the scenario's, then the audit's where the scenario has none */
	size_t row_count;
	char reasons[VERDICT_TEXTS_MAX][VERDICT_TEXT_MAX]; /* why it is not valid */
	size_t reason_count;
	char notes[VERDICT_TEXTS_MAX][VERDICT_TEXT_MAX]; /* what is to be known besides */
	size_t note_count;
};

/* server_cores: how many the server may use at most; 0: not told, then it is at its limit when one thread of it is,
 * or all processors that it may run on. */
void verdict_judge(struct verdict *verdict, const struct record *record, const struct summary *summary,
		   unsigned server_cores);

/* In plain words. */
void verdict_print(FILE *file, const struct verdict *verdict, const struct record *record,
		   const struct summary *summary, const char *label);

#endif
