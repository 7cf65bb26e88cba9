/* Every key at its limits and one past them, thresholds, what follows what, and the built-in ones. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/load/scenario.h"

static struct scenario scenario;
static char why[160];

static void setup(void)
{
	scenario = *scenario_builtin("stress");
}

TestSuite(load_scenario, .init = setup);

/* From a copy of exactly its size, so that reading past it is seen. */
static bool set(const char *key, const char *value)
{
	char *const exact = strdup(value);
	const bool done = scenario_set(&scenario, key, exact, why);

	free(exact);
	return done;
}

static void refused(const char *key, const char *value)
{
	const struct scenario before = scenario;

	cr_assert(!set(key, value), "%s = %s", key, value);
	cr_assert(strstr(why, key), "%s: %s", key, why);
	cr_assert(memcmp(&before, &scenario, sizeof(before)) == 0, "a refusal of %s changes nothing", key);
}

Test(load_scenario, numbers_at_their_limits_and_past)
{
	const struct scenario_key *key;
	size_t numbers = 0;
	char text[64];

	for (size_t i = 0; (key = scenario_key_at(i)); i++) {
		const bool time = key->kind == SCENARIO_TIME, real = key->kind == SCENARIO_REAL;

		if (key->most == 0)
			continue;
		numbers++;
		const double step = real || time ? key->least / 10 : 1;
		const double values[] = { key->least, key->most, key->least - step,
					  real ? key->most * 1.01 : key->most + 1 };

		for (size_t j = 0; j < 4; j++) {
			snprintf(text, sizeof(text), "%.9g%s", values[j], time ? "s" : "");
			if (!real && !time)
				snprintf(text, sizeof(text), "%.0f", values[j]);
			if (j < 2)
				cr_assert(set(key->name, text), "%s = %s: %s", key->name, text, why);
			else if (values[j] != key->least)
				refused(key->name, text);
		}
	}
	cr_assert_eq(numbers, 16);
}

Test(load_scenario, what_is_no_number)
{
	static const char *const texts[] = { "", " 1", "1 ", "+1", "-1", "0x10", "1k", "nan", "inf", "1..2", "ten" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		refused("connections", texts[i]);
		refused("messages", texts[i]);
		refused("rate", texts[i]);
		refused("hold", texts[i]);
	}
	refused("connections", "1.5");
	refused("hold", "30");
	refused("hold", "30x");
	refused("hold", "s");
	refused("hold", "1.5.2s");
	refused("hold", "1.5.2m");
	refused("storm", "yes");
	refused("traffic", "opened");
	cr_assert(!set("conections", "1"));
	cr_assert(strstr(why, "conections"));
}

Test(load_scenario, times_have_units)
{
	cr_assert(set("hold", "1500ms") && scenario.hold_ns == 1500000000);
	cr_assert(set("hold", "1.5s") && scenario.hold_ns == 1500000000);
	cr_assert(set("hold", "2m") && scenario.hold_ns == 120000000000);
	cr_assert(set("hold", "1h") && scenario.hold_ns == 3600000000000);
	cr_assert(set("warmup", "0s") && scenario.warmup_ns == 0);
}

Test(load_scenario, the_ramp_is_scaled_to_the_connections)
{
	scenario = *scenario_builtin("k6");
	cr_assert(set("connections", "500"));
	cr_assert_eq(scenario.ramp.stages[0].target, 50);
	cr_assert_eq(shape_peak(&scenario.ramp), 500);
	refused("ramp", "5s:400");
	cr_assert(set("ramp", "5s:500"));
}

Test(load_scenario, connections_follow_the_ramp)
{
	cr_assert(set("ramp", "10s:20,10s:70,10s:70"));
	cr_assert_eq(scenario.connections, 70);
	refused("connections", "71");
	cr_assert(set("connections", "70"));
	refused("ramp", "");
	refused("ramp", "5s");
	refused("ramp", "5s:0");
	refused("ramp", "5s:2000001");
	refused("ramp", "10s:70,10s:69");
	cr_assert(strstr(why, "69 after 70"), "%s", why);
}

Test(load_scenario, an_echo_has_a_room_for_each)
{
	scenario = *scenario_builtin("echo");
	cr_assert(set("connections", "20"));
	cr_assert_eq(scenario.rooms, 20);
	cr_assert(set("rooms", "1"));
	cr_assert(!scenario_check(&scenario, why));
	cr_assert(strstr(why, "echo"));
	cr_assert(set("connections", "1"));
	cr_assert_eq(scenario.rooms, 1, "given, it stays");
	cr_assert(scenario_check(&scenario, why), "%s", why);
}

Test(load_scenario, who_awaits_acks_is_one_connection)
{
	scenario = *scenario_builtin("durable");
	cr_assert_eq(scenario.traffic, TRAFFIC_ACK);
	cr_assert_eq(scenario.rooms * scenario.publishers_per_room, scenario.connections);
	cr_assert(set("rooms-per-connection", "2"));
	cr_assert(!scenario_check(&scenario, why));
	cr_assert(strstr(why, "ack"));
	cr_assert(set("outside-publisher", "true"));
	cr_assert(scenario_check(&scenario, why), "%s", why);
}

Test(load_scenario, a_message_holds_what_is_audited)
{
	cr_assert(set("sizes", "49"));
	refused("sizes", "48");
	refused("sizes", "100,48");
	refused("sizes", "");
}

Test(load_scenario, thresholds)
{
	cr_assert(set("threshold", "none"));
	cr_assert_eq(scenario.threshold_count, 0);
	cr_assert(set("threshold", "latency_p99_ms<12.5"));
	cr_assert_str_eq(scenario.thresholds[0].metric, "latency_p99_ms");
	cr_assert_eq(scenario.thresholds[0].op, '<');
	cr_assert_eq(scenario.thresholds[0].value, 12.5);
	cr_assert(!scenario.thresholds[0].reference);
	cr_assert(set("threshold", "latency_p99_ms < 20"));
	cr_assert_eq(scenario.threshold_count, 1, "the same test again takes its place");
	cr_assert_eq(scenario.thresholds[0].value, 20);
	cr_assert(set("threshold", "sent_per_s > 7 reference: somebody's"));
	cr_assert(scenario.thresholds[1].reference);
	cr_assert_str_eq(scenario.thresholds[1].source, "somebody's");
	refused("threshold", "latency < 5");
	refused("threshold", "latency_p99_ms");
	refused("threshold", "latency_p99_ms < ");
	refused("threshold", "latency_p99_ms ! 5");
	refused("threshold", "latency_p99_ms < 5 or so");
	refused("threshold", "latency_p99_ms < 5 reference:");
}

Test(load_scenario, sixteen_thresholds_and_one_more)
{
	static const char *const metrics[] = { "lost",   "sent",    "acked",   "rooms",
					       "joined", "refused", "dropped", "foreign" };
	char text[40];

	cr_assert(set("threshold", "none"));
	for (size_t i = 0; i < THRESHOLDS_MAX; i++) {
		snprintf(text, sizeof(text), "%s %c 1", metrics[i / 2], "<>"[i % 2]);
		cr_assert(set("threshold", text), "%s", why);
	}
	refused("threshold", "lost = 1");
	cr_assert(set("threshold", "lost < 2"), "what is there already may change");
}

Test(load_scenario, built_in_ones_fit_together)
{
	static const char *const names[] = { "echo",     "fanout",    "chatter",  "apocalypse", "tsunami",
					     "k6",       "realistic", "suite10k", "extreme",    "storm",
					     "storm20k", "durable",   "idle",     "stress" };
	const struct scenario *each;

	for (uint32_t i = 0; (each = scenario_at(i)); i++)
		cr_assert(scenario_check(each, why), "%s: %s", each->name, why);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_assert_not_null(scenario_builtin(names[i]), "%s", names[i]);
	cr_assert_null(scenario_builtin("every"), "this is no scenario but a beginning of all");
	cr_assert_eq(scenario_builtin("extreme")->rooms, 3000000);
	cr_assert_eq(scenario_builtin("extreme")->threshold_count, 5, "a hundred may fail: the others' 0 is not there");
	cr_assert_eq(scenario_builtin("realistic")->ramp.stages[0].target, 5000);
	cr_assert(scenario_builtin("fanout")->outside_publisher);
}

Test(load_scenario, a_time_is_shown_to_the_nanosecond)
{
	static const char *const times[] = { "3600.000000001s", "1.0005s", "0.100000001s", "1001ms", "59s", "60m" };

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		char text[SCENARIO_TEXT_MAX] = "";

		cr_assert(set("hold", times[i]), "%s", why);
		for (size_t j = 0; scenario_key_at(j); j++)
			if (strcmp(scenario_key_at(j)->name, "hold") == 0)
				scenario_text(&scenario, j, text);
		cr_assert_str_eq(text, times[i]);
	}
}

Test(load_scenario, what_is_shown_can_be_given_again)
{
	const struct scenario *each;
	char text[SCENARIO_TEXT_MAX];

	for (uint32_t i = 0; (each = scenario_at(i)); i++)
		for (size_t j = 0; scenario_key_at(j); j++) {
			struct scenario again = *each;

			if (scenario_key_at(j)->kind == SCENARIO_THRESHOLD)
				continue;
			scenario_text(each, j, text);
			cr_assert(scenario_set(&again, scenario_key_at(j)->name, text, why), "%s: %s", each->name, why);
			again.given = each->given;
			cr_assert(memcmp(&again, each, sizeof(again)) == 0, "%s: %s = %s", each->name,
				  scenario_key_at(j)->name, text);
		}
	cr_assert(set("ramp", "step/4 1500ms:10,exp 5s:100,burst 1m:1000"));
	scenario_text(&scenario, 1, text);
	cr_assert_str_eq(text, "step/4 1500ms:10,exp 5s:100,burst 1m:1000");
	cr_assert(set("sizes", "100*5,1024*3,5000"));
	scenario_text(&scenario, 10, text);
	cr_assert_str_eq(text, "100*5,1024*3,5000");
}

static void unfit(const char *key, const char *value, const char *about)
{
	setup();
	cr_assert(set(key, value), "%s", why);
	cr_assert(!scenario_check(&scenario, why), "%s = %s", key, value);
	cr_assert(strstr(why, about), "%s", why);
}

Test(load_scenario, numbers_that_do_not_fit_together)
{
	unfit("rooms", "0", "rooms");
	unfit("rooms-per-connection", "101", "rooms-per-connection");
	unfit("rooms-per-connection", "0", "rooms-per-connection");
	unfit("publishers-per-room", "0", "publishers-per-room");
	unfit("rooms", "1001", "1000 of them have members");
	setup();
	cr_assert(set("rooms", "1000") && scenario_check(&scenario, why), "%s", why);
	cr_assert(set("connections", "3") && set("rooms", "1") && set("workers", "4"));
	cr_assert(!scenario_check(&scenario, why) && strstr(why, "workers"));
	cr_assert(set("workers", "3") && scenario_check(&scenario, why), "%s", why);
	cr_assert(set("traffic", "closed") && !scenario_check(&scenario, why), "one room is one worker's");
	cr_assert(set("workers", "1") && scenario_check(&scenario, why), "%s", why);
	cr_assert(set("messages", "5") && set("traffic", "none") && !scenario_check(&scenario, why));
}
