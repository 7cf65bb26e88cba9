/* scenario_text.c - a scenario's numbers as text, so that they could be given again. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tools/load/scenario.h"

static const void *field_of(const struct scenario *scenario, const struct scenario_key *key)
{
	return (const char *)scenario + key->offset;
}

static void part_text(uint64_t ns, char out[32])
{
	uint64_t part = ns % 1000000000;
	int digits = 9;

	for (; part % 10 == 0; digits--)
		part /= 10;
	snprintf(out, 32, "%llu.%0*llus", (unsigned long long)(ns / 1000000000), digits, (unsigned long long)part);
}

/* To the nanosecond, in the largest unit that keeps it whole. */
static void time_text(uint64_t ns, char out[32])
{
	const uint64_t ms = ns / 1000000;

	if (ns % 1000000 != 0)
		part_text(ns, out);
	else if (ms % 1000 != 0)
		snprintf(out, 32, "%llums", (unsigned long long)ms);
	else if (ms == 0 || ms % 60000 != 0)
		snprintf(out, 32, "%llus", (unsigned long long)(ms / 1000));
	else
		snprintf(out, 32, "%llum", (unsigned long long)(ms / 60000));
}

static void ramp_text(const struct shape *shape, char out[SCENARIO_TEXT_MAX])
{
	size_t size = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < shape->count && size < SCENARIO_TEXT_MAX; i++) {
		const struct shape_stage *const stage = &shape->stages[i];
		char kind[24] = "", time[32];

		if (stage->kind == SHAPE_EXPONENTIAL)
			snprintf(kind, sizeof(kind), "exp ");
		else if (stage->kind == SHAPE_BURST)
			snprintf(kind, sizeof(kind), "burst ");
		else if (stage->kind == SHAPE_STEPPED)
			snprintf(kind, sizeof(kind), "step/%u ", stage->steps);
		time_text(stage->duration_ns, time);
		size += (size_t)snprintf(out + size, SCENARIO_TEXT_MAX - size, "%s%s%s:%u", i > 0 ? "," : "", kind,
					 time, stage->target);
	}
}

static void sizes_text(const struct sizes *sizes, char out[SCENARIO_TEXT_MAX])
{
	size_t size = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < sizes->count && size < SCENARIO_TEXT_MAX; i++) {
		const uint32_t weight = sizes->up_to[i] - (i > 0 ? sizes->up_to[i - 1] : 0);
		char star[16] = "";

		if (weight != 1 && sizes->count > 1)
			snprintf(star, sizeof(star), "*%u", weight);
		size += (size_t)snprintf(out + size, SCENARIO_TEXT_MAX - size, "%s%u%s", i > 0 ? "," : "",
					 sizes->size[i], star);
	}
}

void scenario_text(const struct scenario *scenario, size_t index, char out[SCENARIO_TEXT_MAX])
{
	static const char *const traffics[] = { "none", "closed", "open", "echo", "ack" };
	const struct scenario_key *const key = scenario_key_at(index);
	const void *const field = field_of(scenario, key);

	out[0] = '\0';
	switch (key->kind) {
	case SCENARIO_COUNT:
	case SCENARIO_CONNECTIONS:
		snprintf(out, SCENARIO_TEXT_MAX, "%u", *(const uint32_t *)field);
		break;
	case SCENARIO_COUNT64:
		snprintf(out, SCENARIO_TEXT_MAX, "%llu", (unsigned long long)*(const uint64_t *)field);
		break;
	case SCENARIO_REAL:
		snprintf(out, SCENARIO_TEXT_MAX, "%.12g", *(const double *)field);
		break;
	case SCENARIO_TIME:
		time_text(*(const uint64_t *)field, out);
		break;
	case SCENARIO_FLAG:
		snprintf(out, SCENARIO_TEXT_MAX, "%s", *(const bool *)field ? "true" : "false");
		break;
	case SCENARIO_RAMP:
		ramp_text(&scenario->ramp, out);
		break;
	case SCENARIO_SIZES:
		sizes_text(&scenario->sizes, out);
		break;
	case SCENARIO_TRAFFIC:
		snprintf(out, SCENARIO_TEXT_MAX, "%s", traffics[scenario->traffic]);
		break;
	case SCENARIO_THRESHOLD:
		break;
	}
}

void scenario_threshold_text(const struct threshold *threshold, char out[SCENARIO_TEXT_MAX])
{
	snprintf(out, SCENARIO_TEXT_MAX, "%s %c %.12g%s%s", threshold->metric, threshold->op, threshold->value,
		 threshold->reference ? " reference: " : "", threshold->source);
}
