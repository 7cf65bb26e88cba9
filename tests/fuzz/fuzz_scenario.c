/* A scenario's file: refused with the reason, or taken, and then each of its numbers written out is read as the same
 * again. Input: the file; or, behind a zero, a key, =, and its value. */
#include <stdio.h>

#include "tests/fuzz/leaks.h"
#include "tests/fuzz/one_file.h"
#include "tools/load/scenario.h"

/* Twice: what was rounded once stays. */
static void check_again(const struct scenario *scenario)
{
	static struct scenario again;
	char first[SCENARIO_TEXT_MAX], second[SCENARIO_TEXT_MAX], why[160];

	for (size_t i = 0; scenario_key_at(i); i++) {
		const struct scenario_key *const key = scenario_key_at(i);

		scenario_text(scenario, i, first);
		check(strlen(first) < SCENARIO_TEXT_MAX - 1);
		if (!first[0])
			continue;
		again = *scenario;
		again.given = 0;
		if (!scenario_set(&again, key->name, first, why))
			abort();
		scenario_text(&again, i, second);
		check(strcmp(first, second) == 0);
	}
	for (uint32_t i = 0; i < scenario->threshold_count; i++)
		scenario_threshold_text(&scenario->thresholds[i], first);
	if (scenario_check(scenario, why))
		check(shape_at(&scenario->ramp, shape_duration(&scenario->ramp)) <= shape_peak(&scenario->ramp));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct scenario scenario;
	static char text[8192];
	char why[320] = "";

	if (size < 1 || size > sizeof(text) - 1)
		return 0;
	if (data[0] != 0) {
		file_bytes = data;
		file_size = size;
		if (scenario_read(&scenario, PATH, why))
			check_again(&scenario);
		else
			check(strncmp(why, PATH, strlen(PATH)) == 0 && strlen(why) < sizeof(why));
		return 0;
	}
	memcpy(text, data + 1, size - 1);
	text[size - 1] = 0;
	char *const equals = strchr(text, '=');

	if (!equals)
		return 0;
	*equals = 0;
	scenario = *scenario_builtin("stress");
	if (scenario_set(&scenario, text, equals + 1, why))
		check_again(&scenario);
	else
		check(why[0] && strlen(why) < 160);
	return 0;
}
