/* charts.h - which pictures the runs give.
 */
#ifndef REPORT_CHARTS_H
#define REPORT_CHARTS_H

#include "tools/report/chart.h"
#include "tools/report/input.h"

#define CHARTS_MAX 24
#define CHARTS_TITLE_SIZE 80

struct charts {
	struct chart chart[CHARTS_MAX];
	char title[CHARTS_MAX][CHARTS_TITLE_SIZE];
	size_t count;
};

/* Borrows the runs for as long as the charts are used. What nobody measured gives no picture. */
void charts_of(struct charts *charts, const struct runs *runs);

#endif
