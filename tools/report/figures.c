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

int figures_best(const struct runs *runs, const struct figure *figure)
{
	size_t measured = 0;
	bool differ = false;
	double best = NAN;
	int who = -1;

	if (figure->better == BETTER_NEITHER)
		return -1;
	for (size_t i = 0; i < runs->count; i++) {
		const double value = input_figure(&runs->run[i], figure->key);

		if (!runs->run[i].valid || isnan(value))
			continue;
		differ = differ || (measured && value != best);
		measured++;
		if (who < 0 || (figure->better == BETTER_LESS ? value < best : value > best)) {
			best = value;
			who = (int)i;
		}
	}
	return measured > 1 && differ ? who : -1;
}
