/* The command line: what it takes, what it refuses. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <string.h>

#include "tools/load/options.h"

static struct options options;

static void quiet(void)
{
	cr_redirect_stderr();
	cr_redirect_stdout();
}

TestSuite(load_options, .init = quiet);

static int parse(const char *line)
{
	static char copy[1024];
	char *arguments[64] = { "uproar-load" };
	int count = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *at = copy; *at && count < 63;) {
		arguments[count++] = at;
		at += strcspn(at, " ");
		if (*at)
			*at++ = '\0';
	}
	arguments[count] = NULL;
	return options_parse(&options, count, arguments);
}

Test(load_options, the_least)
{
	cr_assert_eq(parse("run fanout --url ws://127.0.0.1:8080/ws"), 1);
	cr_assert_eq(options.mode, MODE_RUN);
	cr_assert_str_eq(options.scenario.name, "fanout");
	cr_assert_eq(options.target.port, 8080);
	cr_assert_str_eq(options.target.path, "/ws");
	cr_assert_str_eq(options.target.dialect->name, "native");
	cr_assert_str_eq(options.label, "127.0.0.1:8080");
	cr_assert_str_eq(options.command, "uproar-load run fanout --url ws://127.0.0.1:8080/ws");
	cr_assert_eq(options.server_pid, OPTIONS_PID_AUTO);
	cr_assert_null(options.out);
	cr_assert_null(options.commit);
	cr_assert(options.progress && !options.quiet);
}

Test(load_options, all_of_them)
{
	cr_assert_eq(
		parse("--url ws://127.0.0.1:9000 run echo --dialect raw --connections 50 --hold 3s --server-pid 77 "
		      "--server-cores 2 --cpu 1,3-4 --out there --label mine --commit abc --no-progress --quiet "
		      "--workers 2"),
		1);
	cr_assert_eq(options.scenario.connections, 50);
	cr_assert_eq(options.scenario.rooms, 50);
	cr_assert_eq(options.scenario.workers, 2);
	cr_assert_eq(options.server_pid, 77);
	cr_assert_eq(options.server_cores, 2);
	cr_assert_eq(options.cpu_count, 3);
	cr_assert_eq(options.cpus[0], 1);
	cr_assert_eq(options.cpus[2], 4);
	cr_assert_str_eq(options.out, "there");
	cr_assert_str_eq(options.label, "mine");
	cr_assert_str_eq(options.commit, "abc");
	cr_assert_str_eq(options.target.path, "/", "the dialect's own");
	cr_assert(!options.progress && options.quiet);
	cr_assert_not(options.target.compress);
}

Test(load_options, compression_is_of_websocket)
{
	cr_assert_eq(parse("run fanout --url ws://127.0.0.1:8080/ws --compress"), 1);
	cr_assert(options.target.compress);
	cr_assert_eq(parse("run chatter --compress --url tcp://127.0.0.1:4222 --dialect nats-tcp"), -1);
}

Test(load_options, both_ways_of_a_threshold)
{
	char *arguments[] = {
		"uproar-load",          "run", "stress", "--url=ws://127.0.0.1/ws", "--threshold", "latency_p99_ms < 5",
		"--threshold=lost < 2", NULL
	};

	cr_assert_eq(options_parse(&options, 7, arguments), 1);
	cr_assert_str_eq(options.command, "uproar-load run stress --url=ws://127.0.0.1/ws --threshold "
					  "'latency_p99_ms < 5' '--threshold=lost < 2'");
	cr_assert_eq(options.target.port, 80);
}

Test(load_options, publishers_from_elsewhere)
{
	cr_assert_eq(
		parse("run fanout --url ws://127.0.0.1:80/sub/ --dialect nchan --publish-url ws://127.0.0.1:80/pub/"),
		1);
	cr_assert_str_eq(options.target.publisher->name, "nchan");
	cr_assert_str_eq(options.target.publisher_path, "/pub/");
	cr_assert_eq(parse("run fanout --url ws://127.0.0.1:80/sub/ --publish-url ws://127.0.0.1:81/pub/"), -1);
	cr_assert_eq(parse("run fanout --url ws://127.0.0.1:80/sub/ --publish-url ws://127.0.0.2:80/pub/"), -1);
	cr_assert_eq(parse("run fanout --url ws://127.0.0.1:80/sub/ --publish-dialect none"), -1);
}

Test(load_options, a_loop_needs_what_it_waits_for)
{
	cr_assert_eq(parse("run durable --url tcp://127.0.0.1:1 --dialect redis"), 1);
	cr_assert_eq(parse("run durable --url tcp://127.0.0.1:1 --dialect nats-tcp"), -1, "it has no answers");
	cr_assert_eq(parse("run fanout --url tcp://127.0.0.1:1 --dialect redis"), -1, "it has no deliveries");
	cr_assert_eq(parse("run idle --url tcp://127.0.0.1:1 --dialect redis"), 1);
}

Test(load_options, other_commands)
{
	cr_assert_eq(parse("list"), 1);
	cr_assert_eq(options.mode, MODE_LIST);
	cr_assert_null(options.topic);
	cr_assert_eq(parse("list fanout"), 1);
	cr_assert_str_eq(options.topic, "fanout");
	cr_assert_eq(parse("report a.json --html"), 1);
	cr_assert_eq(options.mode, MODE_REPORT);
	cr_assert_str_eq(options.report[1], "a.json");
	cr_assert_str_eq(options.report[2], "--html", "these are not ours");
	cr_assert_eq(parse("--help"), 0);
	cr_assert_eq(parse("--version"), 0);
	cr_assert(options_list("figures") && options_list("k6") && options_list(NULL) && !options_list("k7"));
}

Test(load_options, mistakes)
{
	static const char *const lines[] = {
		"",
		"run",
		"walk",
		"list a b",
		"run fanout",
		"run nothing --url ws://127.0.0.1/",
		"run ./nothing.conf --url ws://127.0.0.1/",
		"run fanout echo --url ws://127.0.0.1/",
		"run fanout --url http://127.0.0.1/",
		"run fanout --url",
		"run fanout --url ws://127.0.0.1/ --what 5",
		"run fanout --url ws://127.0.0.1/ --dialect what",
		"run fanout --url tcp://127.0.0.1:4222",
		"run fanout --url ws://127.0.0.1/ --dialect nats-tcp",
		"run fanout --url ws://127.0.0.1/ --connections 0",
		"run fanout --url ws://127.0.0.1/ --workers 2",
		"run fanout --url ws://127.0.0.1/ --server-pid 0",
		"run fanout --url ws://127.0.0.1/ --server-pid x",
		"run fanout --url ws://127.0.0.1/ --server-cores 0",
		"run fanout --url ws://127.0.0.1/ --server-cores 4097",
		"run fanout --url ws://127.0.0.1/ --cpu x",
		"run fanout --url ws://127.0.0.1/ --room-prefix a.b",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_assert_eq(parse(lines[i]), -1, "%s", lines[i]);
	cr_assert_eq(parse("run fanout --url ws://127.0.0.1/ --server-cores 4096 --server-pid none"), 1);
}

Test(load_options, processors)
{
	static const char *const wrong[] = { "", ",", "1,", "1,,2", "-1", "1-", "2-1", "1-2-3", "a", "1024", "0-128" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert(!options_cpus(&options, wrong[i]), "%s", wrong[i]);
	cr_assert(options_cpus(&options, "1023"));
	cr_assert(options_cpus(&options, "0-127"));
	cr_assert_eq(options.cpu_count, OPTIONS_CPUS_MAX);
	cr_assert(!options_cpus(&options, "0-127,128"));
}
