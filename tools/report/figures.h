/* figures.h - the key figures of a run: what each is called, and what it says.
 */
#ifndef REPORT_FIGURES_H
#define REPORT_FIGURES_H

#include "tools/report/input.h"
#include "tools/report/number.h"

enum figure_better {
	BETTER_NEITHER,
	BETTER_LESS,
	BETTER_MORE,
};

struct figure {
	const char *key; /* NULL: a heading over those that follow */
	enum figure_better better;
	const char *title;
	const char *meaning;
};

/* In the order of the report; NULL past the last. */
const struct figure *figures_at(size_t index);

/* NULL when there is none of that name. */
const struct figure *figures_find(const char *key);

/* The title, or the key itself when it is no key figure. */
const char *figures_title(const char *key);

/* Whether any run has measured it. */
bool figures_measured(const struct runs *runs, const char *key);

/* The run that did best, among the valid ones; -1 when fewer than two measured it or all are as good. Of speeds, times
 * and sizes 2 % are no difference: the next run of the same would differ by as much. */
int figures_best(const struct runs *runs, const struct figure *figure);

/* Whether this run did best, or as well as that. */
bool figures_is_best(const struct runs *runs, const struct figure *figure, size_t run);

#endif
