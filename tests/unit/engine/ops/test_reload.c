/* What a reload takes, tells and refuses, without a server: the command line stands for the file that changed. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ops/reload.h"

static struct files files;
static struct reload_report report;
static struct policy *running;
static char error[OPTION_ERROR_MAX];

#define WORDS_MAX 16

static struct config config_of(char **words)
{
	struct config config = { 0 };
	int count = 0;

	while (words[count])
		count++;
	cr_assert_eq(config_command(&config, count, words, error), 0, "%s", error);
	return config;
}

/* The server runs with these. */
static void run_with(char **words)
{
	const struct config config = config_of(words);
	struct options *options = malloc(sizeof(*options));

	cr_assert_eq(config_read(&config, &files, options, error), 0, "%s", error);
	running = policy_make(options, NULL, &files, error);
	cr_assert(running, "%s", error);
	free(options);
}

/* And these are read. */
static struct policy *judge(char **words)
{
	const struct config config = config_of(words);
	struct policy *next;
	const int result = reload_judge(running, &config, &files, &next, &report);

	cr_assert_eq(result, next ? 1 : -1);
	cr_assert_eq(next == NULL, *report.error != 0, "%s", report.error);
	return next;
}

#define WORDS(...) ((char *[WORDS_MAX]){ "uproar", __VA_ARGS__ })

static void close_all(struct policy *next)
{
	policy_free(next);
	policy_free(running);
}

Test(reload, what_can_change_does)
{
	run_with(WORDS("--send-rate", "20", "--origins", "same"));
	struct policy *next = judge(WORDS("--send-rate", "30", "--origins", "*", "--address-exempt", "10.0.0.0/8"));

	cr_assert_eq(report.count, 3);
	cr_assert_eq(report.changes[0].option, OPTION_origins);
	cr_assert_str_eq(report.changes[0].from, "same");
	cr_assert_str_eq(report.changes[0].to, "*");
	cr_assert_not(report.changes[0].needs_restart);

	const struct ring_features features = { .peer_address = true };
	const struct shard_limits limits = policy_limits(next, &features, 0, 1);

	cr_assert_eq(limits.session.sends_per_s, 30);
	cr_assert_str_eq(limits.session.origins, "*");
	cr_assert_eq(limits.net.address.exempt->count, 1);
	close_all(next);
}

Test(reload, nothing_changed_is_told_so)
{
	run_with(WORDS("--send-rate", "20"));
	struct policy *next = judge(WORDS("--send-rate", "20"));

	cr_assert(next);
	cr_assert_eq(report.count, 0);
	close_all(next);
}

Test(reload, what_needs_a_restart_is_told_and_not_taken)
{
	run_with(WORDS("--connections", "500"));
	struct policy *next = judge(WORDS("--connections", "700", "--pong", "9s"));

	cr_assert(next);
	cr_assert_eq(report.count, 2);
	cr_assert_eq(report.changes[0].option, OPTION_connections);
	cr_assert(report.changes[0].needs_restart);
	cr_assert_str_eq(report.changes[0].to, "700");
	cr_assert_not(report.changes[1].needs_restart);
	cr_assert_eq(option_number(&next->options, OPTION_connections), 500);
	cr_assert_eq(option_number(&next->options, OPTION_pong), 9000);
	close_all(next);
}

/* Every option of the table: taken if the table says so, told to need a restart otherwise. */
Test(reload, each_option_as_the_table_says)
{
	int taken = 0, told = 0;

	run_with(WORDS(NULL));
	for (int i = 0; i < OPTION_COUNT; i++) {
		const enum option_id id = (enum option_id)i;
		struct options *asked = malloc(sizeof(*asked));
		char flag[80], value[80];
		bool found = false;
		/* Its least, another choice, or something else that it takes. */
		static const char *const tries[] = { "1",     "2",           "off",        "on", "json",
						     "error", "require",     "none",       "64", "128K",
						     "100M",  "5s",          "1K",         "1s", "2s",
						     "5m",    "127.0.0.1:1", "10.0.0.0/8", "*",  "* age=1d",
						     "named", "anonymous" };

		*asked = running->options;
		for (size_t at = 0; at < sizeof(tries) / sizeof(tries[0]); at++) {
			snprintf(value, sizeof(value), "%s", tries[at]);
			found = strcmp(value, option_text(&running->options, id)) != 0 &&
				options_set(asked, option_name(id), value, "here", error) == 0;
			if (found)
				break;
		}
		free(asked);
		snprintf(flag, sizeof(flag), "--%s", option_name(id));

		struct policy *next = found ? judge(WORDS(flag, value)) : NULL;

		if (!next) /* it makes no sense alone, and says so */
			continue;
		cr_assert_eq(report.count, 1, "%s=%s", flag, value);
		cr_assert_eq(report.changes[0].option, id);
		cr_assert_eq(report.changes[0].needs_restart, !option_is_live(id), "%s", flag);
		cr_assert_eq(strcmp(option_text(&next->options, id), value) == 0, option_is_live(id), "%s", flag);
		*(option_is_live(id) ? &taken : &told) += 1;
		policy_free(next);
	}
	cr_assert_gt(taken, 30);
	cr_assert_gt(told, 20);
	policy_free(running);
}

Test(reload, a_password_is_not_told)
{
	run_with(WORDS("--store", "postgres://me:secret@db/uproar"));
	struct policy *next = judge(WORDS("--store", "postgres://me:hidden@db/uproar"));

	cr_assert_eq(report.count, 1);
	cr_assert_str_eq(report.changes[0].from, "postgres://...");
	cr_assert_str_eq(report.changes[0].to, "postgres://...");
	close_all(next);
}

/* Each refusal names the option that it is about, and no address. */
Test(reload, what_was_fetched_is_not_of_the_files)
{
	char many[200];

	memset(many, 0, sizeof(many));
	for (size_t i = 0; i < AUTH_LIST_MAX + 1; i++)
		memcpy(many + 2 * i, "i ", 2);
	run_with(WORDS("--token-jwks", "https://id.example/s3cret", "--token-issuer", "i", "--token-audience", "a"));
	cr_assert_eq(policy_fetched(running, SPAN("{\"keys\":[]}"), error), -1);
	cr_assert_str_eq(error, "command line: option 'token-jwks': there is none in it");
	cr_assert_null(judge(WORDS("--token-issuer", many, "--token-audience", "a")));
	cr_assert_not_null(strstr(report.error, "option 'token-issuer': more than 16"), "%s", report.error);
	cr_assert_null(judge(WORDS("--token-issuer", "i", "--token-audience", many)));
	cr_assert_not_null(strstr(report.error, "option 'token-audience': more than 16"), "%s", report.error);
	close_all(NULL);
}

Test(reload, rooms_do_not_move_between_disk_and_memory)
{
	static const struct {
		const char *from, *to, *moves;
	} rows[] = {
		{ "mem: class=memory", "mem: class=memory age=1h", NULL },
		{ "mem: class=memory", "mem: class=disk", "mem:" },
		{ "mem: class=memory", "", "mem:" },
		{ "mem: class=memory", "* class=memory", "*" },
		{ "mem: class=memory", "mem: class=memory; mem:x class=memory; a age=1d", NULL },
		{ "mem: class=memory", "mem: class=memory; mem:x class=disk", "mem:x" },
		{ "mem: class=memory", "mem: class=memory; live: class=memory", "live:" },
		{ "a class=memory; ab class=disk", "a class=memory; abc class=disk", "ab" },
		{ "a class=memory; ab class=memory", "a class=memory", NULL },
		{ "* class=memory", "* class=memory; b presence=off", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		run_with(WORDS("--room-classes", (char *)rows[i].from));
		struct policy *next = judge(WORDS("--room-classes", (char *)rows[i].to));
		char said[64];

		snprintf(said, sizeof(said), "rooms of '%s' would move", rows[i].moves ? rows[i].moves : "");
		cr_assert_eq(next != NULL, rows[i].moves == NULL, "%zu: %s", i, report.error);
		if (!next)
			cr_assert_not_null(strstr(report.error, said), "%zu: %s", i, report.error);
		close_all(next);
	}
}

/* What only the next start would refuse is refused now. */
Test(reload, it_must_be_right_for_a_restart_too)
{
	run_with(WORDS("--room-classes", "a class=disk"));
	cr_assert_null(judge(WORDS("--room-classes", "a class=disk", "--data", "")));
	cr_assert_not_null(strstr(report.error, "there is no store"), "%s", report.error);
	cr_assert_null(judge(WORDS("--room-classes", "a class=disk", "--store", "mysql://db/uproar")));
	cr_assert_not_null(strstr(report.error, "command line: option 'store': takes"), "%s", report.error);
	close_all(NULL);
}

/* What the next start takes is not refused, but waits for it with what it needs. */
Test(reload, what_is_right_with_a_restart_alone_waits_for_it)
{
	static const struct {
		char *from[5], *to[7];
		enum option_id waits;
		uint32_t changes;
	} rows[] = {
		{ { NULL }, { "--metrics", "key", "--api-keys", "nowhere" }, OPTION_metrics, 2 },
		{ { "--token-cookie", "c" }, { "--origins", "*" }, OPTION_origins, 2 },
		{ { "--token-jwks", "https://id.example/", "--token-issuer=i", "--token-audience=a" },
		  { "--token-audience", "b" },
		  OPTION_token_issuer,
		  3 },
		{ { "--data", "" }, { "--data", "d", "--room-classes", "a class=disk" }, OPTION_room_classes, 2 },
		{ { "--store", "none" }, { "--room-classes", "a class=disk" }, OPTION_room_classes, 2 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *from[WORDS_MAX] = { "uproar" }, *to[WORDS_MAX] = { "uproar", "--pong", "9s" };

		memcpy(from + 1, rows[i].from, sizeof(rows[i].from));
		memcpy(to + 3, rows[i].to, sizeof(rows[i].to));
		run_with(from);
		struct policy *next = judge(to);

		cr_assert(next, "%zu: %s", i, report.error);
		cr_assert_eq(report.count, rows[i].changes + 1, "%zu", i);
		for (uint32_t at = 0; at < report.count; at++)
			cr_assert_eq(report.changes[at].needs_restart, report.changes[at].option != OPTION_pong, "%zu",
				     i);
		cr_assert_str_eq(option_text(&next->options, rows[i].waits),
				 option_text(&running->options, rows[i].waits), "%zu", i);
		cr_assert_eq(option_number(&next->options, OPTION_pong), 9000);
		close_all(next);
	}
}

/* Only then. */
Test(reload, what_is_right_without_a_restart_is_taken)
{
	run_with(WORDS("--origins", "same"));
	struct policy *next = judge(WORDS("--token-cookie", "c", "--origins", "https://a.example"));

	cr_assert(next, "%s", report.error);
	cr_assert_eq(report.count, 2);
	cr_assert_str_eq(option_text(&next->options, OPTION_origins), "https://a.example");
	close_all(next);
}

Test(reload, long_values_are_cut_and_lines_stay_lines)
{
	static char many[OPTION_CLASSES_MAX];
	struct options *options = malloc(sizeof(*options));
	char shown[OPTION_SHOWN_MAX];

	for (size_t i = 0; i < 60; i++)
		memcpy(many + 18 * i, "https://a.example ", 18);
	options_default(options);
	cr_assert_eq(options_set(options, "origins", many, "here", error), 0, "%s", error);
	option_shown(options, OPTION_origins, shown);
	cr_assert_eq(strlen(shown), OPTION_SHOWN_MAX - 1);
	cr_assert_not_null(strstr(shown, "..."));
	cr_assert_eq(options_set(options, "room-classes", "a age=1d;\nb age=1d", "here", error), 0, "%s", error);
	option_shown(options, OPTION_room_classes, shown);
	cr_assert_str_eq(shown, "a age=1d;?b age=1d");
	free(options);
}
