/* words.h - what came of a run, in sentences.
 *
 * Plain text, not yet escaped for any page. Each gives a string to free().
 */
#ifndef REPORT_WORDS_H
#define REPORT_WORDS_H

#include "tools/report/figures.h"
#include "tools/report/input.h"

enum outcome {
	OUTCOME_PASSED,
	OUTCOME_FAILED,
	OUTCOME_INVALID,
};

enum outcome words_outcome(const struct run *run);

/* "Passed: 1,000 receivers got 1,234,000 messages, none lost ..." */
char *words_verdict(const struct run *run);

/* "at most 200 ms"; of a published figure the number alone. */
char *words_limit(const struct threshold *threshold);

/* "passed", "missed", "not measured", "beaten", "not beaten"; "does not count" where the run is not valid. */
const char *words_threshold(const struct run *run, const struct threshold *threshold);

/* Who did best: "Deliveries: most with uproar, 900 /s; other 450 /s (50 % of it)."
 * NULL: nothing to compare. */
char *words_comparison(const struct runs *runs, const struct figure *figure);

/* The few figures worth a sentence when runs are compared; NULL past the last. */
const struct figure *words_lead(size_t index);

/* "fanout: uproar", or "fanout: uproar, other, third". */
char *words_title(const struct runs *runs);

#endif
