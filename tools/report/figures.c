#include "tools/report/figures.h"

#include <math.h>
#include <string.h>

static const struct figure figures[] = {
#define GROUP(title) { NULL, BETTER_NEITHER, title, NULL },
#define FIGURE(key, better, title, meaning) { key, BETTER_##better, title, meaning },
#include "tools/report/tbl/figures.h"
#undef FIGURE
#undef GROUP
};

#define FIGURES (sizeof(figures) / sizeof(*figures))

const struct figure *figures_at(size_t index)
{
	return index < FIGURES ? &figures[index] : NULL;
}

const struct figure *figures_find(const char *key)
{
	for (size_t i = 0; i < FIGURES; i++)
		if (figures[i].key && strcmp(figures[i].key, key) == 0)
			return &figures[i];
	return NULL;
}

const char *figures_title(const char *key)
{
	const struct figure *figure = figures_find(key);

	return figure ? figure->title : key;
}

bool figures_measured(const struct runs *runs, const char *key)
{
	for (size_t i = 0; i < runs->count; i++)
		if (!isnan(input_figure(&runs->run[i], key)))
			return true;
	return false;
}

static bool as_good(const struct figure *figure, double value, double best)
{
	const enum unit unit = number_unit(figure->key);
	const bool exact = unit == UNIT_COUNT || (unit == UNIT_PERCENT && figure->better == BETTER_MORE);

	return fabs(value - best) <= (exact ? 0 : 0.02 * fabs(best));
}

static double judged(const struct run *run, const struct figure *figure)
{
	return run->valid ? input_figure(run, figure->key) : NAN;
}

int figures_best(const struct runs *runs, const struct figure *figure)
{
	bool differ = false;
	double best = NAN;
	int who = -1;

	if (figure->better == BETTER_NEITHER)
		return -1;
	for (size_t i = 0; i < runs->count; i++) {
		const double value = judged(&runs->run[i], figure);

		if (isnan(value) || (who >= 0 && (figure->better == BETTER_LESS ? value >= best : value <= best)))
			continue;
		best = value;
		who = (int)i;
	}
	for (size_t i = 0; i < runs->count; i++) {
		const double value = judged(&runs->run[i], figure);

		differ = differ || (!isnan(value) && !as_good(figure, value, best));
	}
	return differ ? who : -1;
}

bool figures_is_best(const struct runs *runs, const struct figure *figure, size_t run)
{
	const int best = figures_best(runs, figure);

	return best >= 0 && as_good(figure, judged(&runs->run[run], figure), judged(&runs->run[best], figure));
}
