/* Files: what they may hold, and every mistake in one line that says file, line, option and what is wanted. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/load/scenario.h"

static struct scenario scenario;
static char why[320], path[64];

static void setup(void)
{
	snprintf(path, sizeof(path), "/tmp/test-scenario-XXXXXX");
	close(mkstemp(path));
}

static void teardown(void)
{
	unlink(path);
}

TestSuite(load_scenario_file, .init = setup, .fini = teardown);

static bool read_text(const char *text)
{
	FILE *const file = fopen(path, "w");

	cr_assert(file);
	fputs(text, file);
	fclose(file);
	memset(why, 0, sizeof(why));
	return scenario_read(&scenario, path, why);
}

static void refused(const char *text, unsigned line, const char *about)
{
	char where[80];

	cr_assert(!read_text(text), "%s", text);
	snprintf(where, sizeof(where), line > 0 ? "%s:%u: " : "%s: ", path, line);
	cr_assert(strncmp(why, where, strlen(where)) == 0, "%s is not at %s", why, where);
	cr_assert(strstr(why, about), "%s says nothing of %s", why, about);
}

Test(load_scenario_file, a_whole_one)
{
	cr_assert(read_text("# mine\nbase = \"fanout\"; summary = \"of mine\";\nconnections = 500; /* few */\n"
			    "hold = \"20s\"\nrate = 12.5; storm = true;\nmessages = \"5000000000\";\n"
			    "threshold = [ \"none\", \"latency_p99_ms < 7\", \"lost = 0\" ];\n"),
		  "%s", why);
	cr_assert_eq(scenario.connections, 500);
	cr_assert_eq(shape_peak(&scenario.ramp), 500);
	cr_assert(scenario.outside_publisher, "of the base");
	cr_assert_eq(scenario.hold_ns, 20000000000);
	cr_assert_eq(scenario.rate, 12.5);
	cr_assert(scenario.storm);
	cr_assert_eq(scenario.messages, 5000000000);
	cr_assert_eq(scenario.threshold_count, 2);
	cr_assert_str_eq(scenario.summary, "of mine");
	cr_assert(strncmp(scenario.name, "test-scenario-", 14) == 0, "%s", scenario.name);
	cr_assert_eq(scenario.given, 0, "flags may change what the file gave");
}

Test(load_scenario_file, without_a_base_it_is_stress)
{
	cr_assert(read_text("threshold = \"lost < 5\";"), "%s", why);
	cr_assert_eq(scenario.traffic, TRAFFIC_OPEN);
}

Test(load_scenario_file, mistakes)
{
	refused("connections = 0;", 1, "connections takes a whole number, 1 to 2000000");
	refused("\n\nhold = \"5\";", 3, "hold takes a time");
	refused("\nholt = \"5s\";", 2, "there is no \"holt\"");
	refused("base = \"fanuot\";", 1, "base: the name of a built-in scenario");
	refused("base = 5;", 1, "base: the name of a built-in scenario");
	refused("rooms = 1;\nrooms 2;", 2, "name = value;");
	refused("\nhold = { a = 1; };", 2, "hold: one value is wanted");
	refused("\nsizes = [ \"100\" ];", 2, "sizes: one value is wanted, not a list");
	refused("\nthreshold = [ \"lost = 0\", \"lots = 0\" ];", 2, "lots");
	refused("\nrate = 1;\nramp = \"5s:500\"; connections = 400;", 3, "give one of them");
	refused("messages = 5000000000;", 1, "a large number in quotes");
	refused("rooms = 0x10;", 1, "decimal");
}

Test(load_scenario_file, what_is_no_file)
{
	cr_assert(!scenario_read(&scenario, "/nowhere/at.all", why));
	cr_assert(strstr(why, "/nowhere/at.all: cannot be read: No such file"), "%s", why);
	cr_assert(!scenario_read(&scenario, "/tmp", why));
	cr_assert(strstr(why, "/tmp: cannot be read"), "%s", why);
}

Test(load_scenario_file, its_size_at_the_limit_and_past)
{
	static char text[65536 + 2];

	memset(text, ' ', sizeof(text) - 1);
	text[65536] = '\0';
	cr_assert(read_text(text), "%s", why);
	text[65536] = ' ';
	refused(text, 0, "larger than 64 KiB");
}
