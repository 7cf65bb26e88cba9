/* results.h - what is left of a run on the disk: results.json, summary.csv, timeline.csv.
 *
 * docs/operate/load-results.md describes them.
 */
#ifndef LOAD_RESULTS_H
#define LOAD_RESULTS_H

#include "tools/load/options.h"
#include "tools/load/verdict.h"

/* Makes the folder if it is not there, with those above it, and sees whether it can be written to. False with why[]. */
bool results_prepare(const char *out, char why[200]);

/* Writes the three into options->out; each appears whole or not at all. False with why[]. */
bool results_write(const struct options *options, const struct record *record, const struct summary *summary,
		   const struct verdict *verdict, char why[200]);

/* results.json alone. */
void results_json(FILE *file, const struct options *options, const struct record *record, const struct summary *summary,
		  const struct verdict *verdict);

#endif
