#include "tools/load/scenario.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/check.h"
#include "tools/load/crowd.h"
#include "tools/load/payload.h"
#include "tools/load/summary.h"

#define WHY_MAX 160

static const struct scenario_key keys[] = {
#define KEY(field, name, kind, least, most, help)                                                                      \
	{ name, SCENARIO_##kind, least, most, help, offsetof(struct scenario, field) },
#include "tools/load/tbl/scenario_keys.h"
#undef KEY
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

_Static_assert(KEYS <= 32, "struct scenario's `given` has a bit for each");

static const char *const traffics[] = { "none", "closed", "open", "echo", "ack" };

const struct scenario_key *scenario_key_at(size_t index)
{
	return index < KEYS ? &keys[index] : NULL;
}

const char *scenario_takes(enum scenario_kind kind)
{
	static const char *const takes[] = {
#define KIND(name, what) [SCENARIO_##name] = what,
#include "tools/load/tbl/scenario_kinds.h"
#undef KIND
	};

	return takes[kind];
}

__attribute__((format(printf, 2, 3))) static bool refuse(char why[WHY_MAX], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, WHY_MAX, format, arguments);
	va_end(arguments);
	return false;
}

static uint32_t bit_of(const char *name)
{
	for (size_t i = 0; i < KEYS; i++)
		if (strcmp(keys[i].name, name) == 0)
			return 1u << i;
	return 0;
}

/* Decimal, finite, without a sign or blanks: strtod takes more than people mean. */
static bool number_of(double *number, const char *text, size_t size)
{
	char copy[40];
	char *end;
	double value;

	if (size == 0 || size >= sizeof(copy) || strspn(text, "0123456789.eE+") < size || text[0] == '+')
		return false;
	memcpy(copy, text, size);
	copy[size] = '\0';
	value = strtod(copy, &end);
	if (*end != '\0' || !isfinite(value))
		return false;
	*number = value;
	return true;
}

static bool whole_of(double *number, const char *text)
{
	const size_t size = strlen(text);

	return size > 0 && size < 17 && strspn(text, "0123456789") == size && number_of(number, text, size);
}

static bool set_count(struct scenario *scenario, const struct scenario_key *key, const char *text, char why[WHY_MAX])
{
	void *const field = (char *)scenario + key->offset;
	double number;

	if (!whole_of(&number, text) || number < key->least || number > key->most)
		return refuse(why, "%s takes a whole number, %.0f to %.0f, not \"%.40s\"", key->name, key->least,
			      key->most, text);
	if (key->kind == SCENARIO_COUNT64)
		*(uint64_t *)field = (uint64_t)number;
	else
		*(uint32_t *)field = (uint32_t)number;
	return true;
}

static bool set_real(struct scenario *scenario, const struct scenario_key *key, const char *text, char why[WHY_MAX])
{
	double number;

	if (!number_of(&number, text, strlen(text)) || number < key->least || number > key->most)
		return refuse(why, "%s takes a number, %g to %.0f, not \"%.40s\"", key->name, key->least, key->most,
			      text);
	*(double *)(void *)((char *)scenario + key->offset) = number;
	return true;
}

static const struct unit {
	const char *name;
	double seconds;
} units[] = { { "ms", 0.001 }, { "s", 1 }, { "m", 60 }, { "h", 3600 } };

static bool set_time(struct scenario *scenario, const struct scenario_key *key, const char *text, char why[WHY_MAX])
{
	const size_t size = strspn(text, "0123456789.");
	double number = -1;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(text + size, units[i].name) == 0 && number_of(&number, text, size))
			number *= units[i].seconds;
	if (number < key->least || number > key->most)
		return refuse(why, "%s takes a time, %gs to %gs, as in 500ms, 30s, 2m or 1h, not \"%.40s\"", key->name,
			      key->least, key->most, text);
	*(uint64_t *)(void *)((char *)scenario + key->offset) = (uint64_t)llround(number * 1e9);
	return true;
}

static bool set_flag(struct scenario *scenario, const struct scenario_key *key, const char *text, char why[WHY_MAX])
{
	const bool yes = strcmp(text, "true") == 0;

	if (!yes && strcmp(text, "false") != 0)
		return refuse(why, "%s takes true or false, not \"%.40s\"", key->name, text);
	*((bool *)scenario + key->offset) = yes;
	return true;
}

static bool set_traffic(struct scenario *scenario, const char *text, char why[WHY_MAX])
{
	for (size_t i = 0; i < sizeof(traffics) / sizeof(traffics[0]); i++) {
		if (strcmp(text, traffics[i]) != 0)
			continue;
		scenario->traffic = (enum traffic)i;
		return true;
	}
	return refuse(why, "traffic takes none, closed, open, echo or ack, not \"%.40s\"", text);
}

static bool set_sizes(struct scenario *scenario, const char *text, char why[WHY_MAX])
{
	struct sizes sizes;
	const int column = sizes_parse(&sizes, text);

	if (column != 0)
		return refuse(why,
			      "sizes takes bytes, as in 128 or 100*5,1KiB*3,5000; column %d of \"%.40s\" is not "
			      "understood",
			      column, text);
	for (uint32_t i = 0; i < sizes.count; i++)
		if (sizes.size[i] < PAYLOAD_SIZE_MIN)
			return refuse(why, "sizes takes %d bytes at least (what is audited needs them), not %u",
				      PAYLOAD_SIZE_MIN, sizes.size[i]);
	scenario->sizes = sizes;
	return true;
}

/* The same shape to another peak. */
static void scale_ramp(struct shape *shape, uint32_t from, uint32_t to)
{
	for (uint32_t i = 0; from > 0 && i < shape->count; i++) {
		const double scaled = (double)shape->stages[i].target * to / from;

		shape->stages[i].target = (uint32_t)llround(scaled);
	}
}

static bool set_connections(struct scenario *scenario, const struct scenario_key *key, const char *text,
			    char why[WHY_MAX])
{
	const uint32_t before = scenario->connections;
	const uint32_t peak = shape_peak(&scenario->ramp);

	if (!set_count(scenario, key, text, why))
		return false;
	if (scenario->given & bit_of("ramp") && peak != scenario->connections)
		return refuse(why, "connections is %u, but the ramp goes to %u: give one of them",
			      scenario->connections, peak);
	scale_ramp(&scenario->ramp, peak, scenario->connections);
	if (scenario->traffic == TRAFFIC_ECHO && scenario->rooms == before && !(scenario->given & bit_of("rooms")))
		scenario->rooms = scenario->connections; /* everyone has one alone */
	return true;
}

static bool set_ramp(struct scenario *scenario, const char *text, char why[WHY_MAX])
{
	struct shape shape;
	const int column = shape_parse(&shape, text);
	const uint32_t peak = column == 0 ? shape_peak(&shape) : 0;

	if (column != 0)
		return refuse(why,
			      "ramp takes stages, as in 30s:1000,2m:5000; column %d of \"%.60s\" is not understood",
			      column, text);
	for (uint32_t i = 1; i < shape.count; i++)
		if (shape.stages[i].target < shape.stages[i - 1].target)
			return refuse(why,
				      "ramp: %u after %u: no stage may end below the one before; with churn some leave",
				      shape.stages[i].target, shape.stages[i - 1].target);
	if (peak == 0 || peak > 2000000)
		return refuse(why, "ramp takes 1 to 2000000 connections at its peak, not %u", peak);
	if (scenario->given & bit_of("connections") && peak != scenario->connections)
		return refuse(why, "the ramp goes to %u, but connections is %u: give one of them", peak,
			      scenario->connections);
	scenario->ramp = shape;
	scenario->connections = peak;
	return true;
}

/* METRIC, one of < > =, a number, and perhaps "reference: WHOSE". */
static bool parse_threshold(struct threshold *threshold, const char *text)
{
	static const char mark[] = "reference:";
	const size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
	const char *at = text + size + strspn(text + size, " ");

	*threshold = (struct threshold){ 0 };
	if (size == 0 || size >= sizeof(threshold->metric) || !*at || !strchr("<>=", *at))
		return false;
	memcpy(threshold->metric, text, size);
	threshold->op = *at++;
	at += strspn(at, " ");

	const size_t digits = strcspn(at, " ");

	if (!number_of(&threshold->value, at, digits))
		return false;
	at += digits + strspn(at + digits, " ");
	if (*at == '\0')
		return true;
	if (strncmp(at, mark, sizeof(mark) - 1) != 0)
		return false;
	at += sizeof(mark) - 1;
	at += strspn(at, " ");
	threshold->reference = true;
	if (*at == '\0' || strlen(at) >= sizeof(threshold->source))
		return false;
	memcpy(threshold->source, at, strlen(at) + 1);
	return true;
}

static bool set_threshold(struct scenario *scenario, const char *text, char why[WHY_MAX])
{
	struct threshold threshold;
	uint32_t i;

	if (strcmp(text, "none") == 0) {
		scenario->threshold_count = 0;
		return true;
	}
	if (!parse_threshold(&threshold, text))
		return refuse(why,
			      "threshold takes METRIC < NUMBER (or >, =) as in 'latency_p99_ms < 200', or none, not "
			      "\"%.40s\"",
			      text);
	if (summary_find(threshold.metric) < 0)
		return refuse(why, "threshold: \"%s\" is no figure of the summary (uproar-load list figures)",
			      threshold.metric);
	for (i = 0; i < scenario->threshold_count; i++)
		if (strcmp(scenario->thresholds[i].metric, threshold.metric) == 0 &&
		    scenario->thresholds[i].op == threshold.op &&
		    scenario->thresholds[i].reference == threshold.reference)
			break;
	if (i == THRESHOLDS_MAX)
		return refuse(why, "threshold: at most %d of them", THRESHOLDS_MAX);
	scenario->thresholds[i] = threshold;
	scenario->threshold_count += i == scenario->threshold_count;
	return true;
}

static bool set(struct scenario *scenario, const struct scenario_key *key, const char *value, char why[WHY_MAX])
{
	switch (key->kind) {
	case SCENARIO_COUNT:
	case SCENARIO_COUNT64:
		return set_count(scenario, key, value, why);
	case SCENARIO_REAL:
		return set_real(scenario, key, value, why);
	case SCENARIO_TIME:
		return set_time(scenario, key, value, why);
	case SCENARIO_FLAG:
		return set_flag(scenario, key, value, why);
	case SCENARIO_CONNECTIONS:
		return set_connections(scenario, key, value, why);
	case SCENARIO_RAMP:
		return set_ramp(scenario, value, why);
	case SCENARIO_SIZES:
		return set_sizes(scenario, value, why);
	case SCENARIO_TRAFFIC:
		return set_traffic(scenario, value, why);
	case SCENARIO_THRESHOLD:
		return set_threshold(scenario, value, why);
	}
	CHECK(false);
	return false;
}

bool scenario_set(struct scenario *scenario, const char *key, const char *value, char why[WHY_MAX])
{
	for (size_t i = 0; i < KEYS; i++) {
		struct scenario changed = *scenario;

		if (strcmp(keys[i].name, key) != 0)
			continue;
		if (!set(&changed, &keys[i], value, why))
			return false;
		*scenario = changed;
		scenario->given |= 1u << i;
		return true;
	}
	return refuse(why, "there is no \"%.40s\" (uproar-load --help has them all)", key);
}

/* Closed traffic keeps a room in one worker: there may be too many of these. */
static bool check_workers(const struct scenario *scenario, char why[WHY_MAX])
{
	struct crowd crowd;

	if (scenario->workers > scenario->connections)
		return refuse(why, "workers is %u, more than the connections", scenario->workers);
	crowd_open(&crowd, scenario, scenario->workers, scenario->workers - 1);
	if (crowd.members == 0)
		return refuse(why,
			      "workers is %u: with closed traffic a room is one worker's, and there are not so many "
			      "groups of rooms that share no connection",
			      scenario->workers);
	return true;
}

static bool check_rooms(const struct scenario *scenario, char why[WHY_MAX])
{
	const uint64_t memberships = (uint64_t)scenario->connections * scenario->rooms_per_connection;
	const uint64_t publishers = (uint64_t)scenario->rooms * scenario->publishers_per_room;

	if (scenario->rooms_per_connection > scenario->rooms)
		return refuse(why, "rooms-per-connection is %u, but there are %u rooms", scenario->rooms_per_connection,
			      scenario->rooms);
	if (memberships >= UINT32_MAX || publishers >= UINT32_MAX)
		return refuse(
			why, "connections x rooms-per-connection and rooms x publishers-per-room must stay below 2^32");
	if (scenario->traffic == TRAFFIC_NONE)
		return true;
	if (memberships == 0 || publishers == 0)
		return refuse(why, "traffic needs rooms, rooms-per-connection and publishers-per-room of 1 at least");
	if (scenario->traffic == TRAFFIC_ECHO && (publishers < memberships || scenario->outside_publisher))
		return refuse(
			why, "echo: each connection sends to itself; a room for each (rooms %u), no outside publishers",
			scenario->connections);
	if (scenario->traffic == TRAFFIC_ACK && scenario->rooms_per_connection > 1 && !scenario->outside_publisher)
		return refuse(why, "ack: a publisher is a connection; rooms-per-connection 1, or outside publishers");
	if (memberships < scenario->rooms && !scenario->outside_publisher)
		return refuse(why,
			      "rooms is %u, but only %u of them have members: fewer rooms or more rooms-per-connection",
			      scenario->rooms, (uint32_t)memberships);
	return true;
}

bool scenario_check(const struct scenario *scenario, char why[WHY_MAX])
{
	if (shape_peak(&scenario->ramp) != scenario->connections)
		return refuse(why, "the ramp goes to %u, but connections is %u", shape_peak(&scenario->ramp),
			      scenario->connections);
	if (scenario->traffic == TRAFFIC_OPEN && !(scenario->rate > 0))
		return refuse(why, "open traffic needs a rate: --rate 1000");
	if (scenario->messages > 0 && scenario->traffic == TRAFFIC_NONE)
		return refuse(why, "messages is given, but traffic is none");
	return check_rooms(scenario, why) && check_workers(scenario, why);
}

static const struct setting {
	const char *scenario, *key, *value;
} settings[] = {
#define SCENARIO(name, summary)
#define SET(scenario, key, value) { #scenario, key, value },
#include "tools/load/tbl/scenarios.h"
#undef SET
#undef SCENARIO
};

static const struct title {
	const char *name, *summary;
} titles[] = {
#define SCENARIO(name, summary) { #name, summary },
#define SET(scenario, key, value)
#include "tools/load/tbl/scenarios.h"
#undef SET
#undef SCENARIO
};

#define TITLES (sizeof(titles) / sizeof(titles[0]))

/* Rows of the table for this name; those of "every" come first for all. */
static void apply(struct scenario *scenario, const char *name)
{
	char why[WHY_MAX];

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (strcmp(settings[i].scenario, name) == 0 &&
		    !scenario_set(scenario, settings[i].key, settings[i].value, why)) {
			fprintf(stderr, "%s: %s\n", name, why);
			CHECK(!"tbl/scenarios.h");
		}
}

static const struct scenario *build(uint32_t index)
{
	static struct scenario built[TITLES];
	struct scenario *scenario = &built[index];

	if (scenario->name[0])
		return scenario;
	apply(scenario, "every");
	scenario->given = 0;
	apply(scenario, titles[index].name);
	scenario->given = 0;
	snprintf(scenario->name, sizeof(scenario->name), "%s", titles[index].name);
	snprintf(scenario->summary, sizeof(scenario->summary), "%s", titles[index].summary);
	return scenario;
}

const struct scenario *scenario_at(uint32_t index)
{
	return index < TITLES ? build(index) : NULL;
}

const struct scenario *scenario_builtin(const char *name)
{
	for (uint32_t i = 0; i < TITLES; i++)
		if (strcmp(titles[i].name, name) == 0)
			return build(i);
	return NULL;
}
