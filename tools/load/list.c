/* list.c - what there is: scenarios, dialects, one scenario's numbers, the summary's figures. */
#include <stdio.h>
#include <string.h>

#include "tools/load/options.h"
#include "tools/load/summary.h"

static void list_all(void)
{
	const struct scenario *scenario;
	const struct dialect *dialect;

	printf("Scenarios (uproar-load list NAME shows every number, as a file to begin one's own with):\n\n");
	for (uint32_t i = 0; (scenario = scenario_at(i)); i++)
		printf("  %-11s %s\n", scenario->name, scenario->summary);
	printf("\nDialects (--dialect), and where such servers listen if the URL has no path:\n\n");
	for (size_t i = 0; (dialect = dialect_at(i)); i++)
		printf("  %-11s %-22s %s\n", dialect->name, dialect->stream ? "tcp://HOST:PORT" : dialect->path,
		       dialect->summary);
	printf("\nA first test of a server that returns each message to its sender (raw WebSocket):\n\n"
	       "  uproar-load run echo --url ws://127.0.0.1:9000/ --dialect raw --connections 10 --hold 5s\n"
	       "  uproar-load run echo --url ws://127.0.0.1:9000/ --dialect raw --out results\n"
	       "  uproar-load report results/results.json\n");
}

static void list_one(const struct scenario *scenario)
{
	const struct scenario_key *key;
	char text[SCENARIO_TEXT_MAX];

	printf("# %s\nbase = \"%s\";\nsummary = \"%s\";\n", scenario->name, scenario->name, scenario->summary);
	for (size_t i = 0; (key = scenario_key_at(i)); i++) {
		const bool quoted = key->kind == SCENARIO_TIME || key->kind == SCENARIO_RAMP ||
				    key->kind == SCENARIO_SIZES || key->kind == SCENARIO_TRAFFIC;

		if (key->kind == SCENARIO_THRESHOLD)
			continue;
		scenario_text(scenario, i, text);
		printf("%s = %s%s%s; # %s\n", key->name, quoted ? "\"" : "", text, quoted ? "\"" : "", key->help);
	}
	printf("threshold = [ \"none\"");
	for (uint32_t i = 0; i < scenario->threshold_count; i++) {
		scenario_threshold_text(&scenario->thresholds[i], text);
		printf(",\n\t\"%s\"", text);
	}
	printf(" ];\n");
}

bool options_list(const char *topic)
{
	const struct scenario *const scenario = topic ? scenario_builtin(topic) : NULL;

	if (!topic)
		list_all();
	else if (scenario)
		list_one(scenario);
	else if (strcmp(topic, "figures") == 0)
		for (int i = 0; i < SUMMARY_COUNT; i++)
			printf("%s\n", summary_name((enum summary_figure)i));
	else
		return false;
	return true;
}
