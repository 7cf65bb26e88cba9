#include "tools/load/shape.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define STAGE_NS_MAX (1000 * 3600e9) /* a thousand hours, in whatever unit */

static double between(const struct shape_stage *stage, double from, double part)
{
	const double to = stage->target;

	switch (stage->kind) {
	case SHAPE_BURST:
		return to;
	case SHAPE_STEPPED:
		return from + (to - from) * floor(part * stage->steps + 1) / stage->steps;
	case SHAPE_EXPONENTIAL: /* from at least one: nothing doubles into nothing */
		from = from < 1 ? 1 : from;
		return to < 1 ? from * (1 - part) : from * pow(to / from, part);
	default:
		return from + (to - from) * part;
	}
}

uint32_t shape_at(const struct shape *shape, uint64_t elapsed_ns)
{
	double from = 0;

	for (uint32_t i = 0; i < shape->count; i++) {
		const struct shape_stage *stage = &shape->stages[i];

		if (elapsed_ns < stage->duration_ns) {
			const double part = (double)elapsed_ns / (double)stage->duration_ns;
			const double value = between(stage, from, part);

			return (uint32_t)(stage->kind == SHAPE_STEPPED && part >= 1 ? stage->target : value);
		}
		elapsed_ns -= stage->duration_ns;
		from = stage->target;
	}
	return (uint32_t)from;
}

uint64_t shape_duration(const struct shape *shape)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < shape->count; i++)
		sum += shape->stages[i].duration_ns;
	return sum;
}

uint32_t shape_peak(const struct shape *shape)
{
	uint32_t peak = 0;

	for (uint32_t i = 0; i < shape->count; i++)
		if (shape->stages[i].target > peak)
			peak = shape->stages[i].target;
	return peak;
}

static bool read_kind(struct shape_stage *stage, const char **at)
{
	char *end;

	stage->kind = SHAPE_LINEAR;
	if (strncmp(*at, "linear ", 7) == 0) {
		*at += 7;
	} else if (strncmp(*at, "exp ", 4) == 0) {
		stage->kind = SHAPE_EXPONENTIAL;
		*at += 4;
	} else if (strncmp(*at, "burst ", 6) == 0) {
		stage->kind = SHAPE_BURST;
		*at += 6;
	} else if (strncmp(*at, "step/", 5) == 0) {
		stage->kind = SHAPE_STEPPED;
		*at += 5;

		const unsigned long steps = strtoul(*at, &end, 10);

		if (steps == 0 || steps > 100000 || *end != ' ')
			return false;
		stage->steps = (uint32_t)steps;
		*at = end + 1;
	}
	return true;
}

static bool read_duration(struct shape_stage *stage, const char **at)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = {
		{ "ms", 1e6 },
		{ "s", 1e9 },
		{ "m", 60e9 },
		{ "h", 3600e9 },
	};
	char *end;
	const double value = **at >= '0' && **at <= '9' ? strtod(*at, &end) : -1;

	if (value < 0)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		const size_t size = strlen(units[i].unit);

		if (strncmp(end, units[i].unit, size) == 0 && end[size] == ':' && value * units[i].ns <= STAGE_NS_MAX) {
			stage->duration_ns = (uint64_t)llround(value * units[i].ns);
			*at = end + size + 1;
			return true;
		}
	}
	*at = end;
	return false;
}

static bool read_target(struct shape_stage *stage, const char **at)
{
	char *end;
	const unsigned long target = strtoul(*at, &end, 10);

	if (end == *at || **at < '0' || **at > '9' || target > 10000000 || (*end != ',' && *end != '\0'))
		return false;
	stage->target = (uint32_t)target;
	*at = end;
	return true;
}

int shape_parse(struct shape *shape, const char *text)
{
	struct shape read = { .count = 0 };
	const char *at = text;

	for (;;) {
		struct shape_stage *stage = &read.stages[read.count];

		if (read.count == SHAPE_STAGES_MAX || !read_kind(stage, &at) || !read_duration(stage, &at) ||
		    !read_target(stage, &at))
			return (int)(at - text) + 1;
		read.count++;
		if (*at == '\0')
			break;
		at++;
	}
	*shape = read;
	return 0;
}
