#include "tools/load/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/load/tokens.h"

static const char usage[] =
	"Usage: uproar-load run SCENARIO|FILE --url URL [OPTION...]\n"
	"       uproar-load list [SCENARIO|figures]\n"
	"       uproar-load report RESULTS.JSON... [OPTION...]\n"
	"\n"
	"Loads a chat server, checks every single delivery, and says whether the server was good enough.\n"
	"\n"
	"  uproar-load run fanout --url ws://127.0.0.1:8080/ws                      an Uproar on this machine\n"
	"  uproar-load run echo --url ws://127.0.0.1:9000/ --dialect raw            a server that sends back\n"
	"  uproar-load run chatter --url tcp://127.0.0.1:4222 --dialect nats-tcp    one with rooms of its own kind\n"
	"  uproar-load run stress --url ws://10.0.0.7/ws --connections 5000 --rate 2000 --hold 1m --out out\n"
	"  uproar-load report out/results.json                                      a page with charts\n"
	"\n"
	"  --url URL            the server: ws://HOST[:PORT][/PATH], or tcp://HOST:PORT\n"
	"  --dialect NAME       how it wants to be spoken to [native]; `uproar-load list` has them all\n"
	"  --out DIR            write results.json, summary.csv and timeline.csv there\n"
	"  --label TEXT         what the server is called in reports [host:port]\n"
	"  --commit TEXT        what it was built from, for the report\n"
	"  --server-pid PID     its process on this machine, to measure it; auto: who listens; none [auto]\n"
	"  --server-cores N     how many processors it uses at most, to know when it is at its limit [found out]\n"
	"  --cpu LIST           pin the workers to these processors, in turn: 1 or 0,2-3\n"
	"  --room-prefix TEXT   before the names of rooms, r0, r1, ...: a second run finds none of the first's\n"
	"  --token-file FILE    a token a line: connection n is let in with the nth, and they go round; native alone\n"
	"  --compress           offer compression (permessage-deflate), and take what comes compressed\n"
	"  --publish-url URL    where publishers from outside connect, if elsewhere: same host and port\n"
	"  --publish-dialect D  and how they speak\n"
	"  --no-progress        show nothing while it runs\n"
	"  --quiet              nor the verdict: the exit status has it\n"
	"  -V, --version        print the version, and end\n"
	"  -h, --help           print this, and end\n"
	"\n"
	"Numbers of the scenario (`uproar-load list SCENARIO` has its own; a file sets the same names):\n\n";

static const char statuses[] =
	"\nExit status: 0 passed; 1 a threshold was missed, or a delivery was lost, doubled, out of order or damaged;\n"
	"2 the command line is wrong; 3 the run says nothing: the generator was the bottleneck, or was ended early;\n"
	"4 it could not be run.\n";

static void print_help(void)
{
	const struct scenario_key *key;
	char flag[64];

	fputs(usage, stdout);
	for (size_t i = 0; (key = scenario_key_at(i)); i++) {
		snprintf(flag, sizeof(flag), "--%s %s", key->name, scenario_takes(key->kind));
		printf("  %-28s %s%s\n", flag, strlen(flag) > 28 ? "\n                               " : "", key->help);
	}
	fputs(statuses, stdout);
}

__attribute__((format(printf, 1, 2))) static int wrong(const char *format, ...)
{
	va_list arguments;

	fputs("uproar-load: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputs("\nuproar-load --help says what there is.\n", stderr);
	return -1;
}

static bool whole(const char *text, long least, long most, long *number)
{
	char *end;

	*number = strtol(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && *number >= least && *number <= most;
}

bool options_cpus(struct options *options, const char *text)
{
	options->cpu_count = 0;
	for (;;) {
		char *end;
		long first, last;

		if (*text < '0' || *text > '9')
			return false;
		first = last = strtol(text, &end, 10);
		if (*end == '-') {
			text = end + 1;
			if (*text < '0' || *text > '9')
				return false;
			last = strtol(text, &end, 10);
		}
		if (last < first || last >= 1024 || options->cpu_count + (size_t)(last - first) >= OPTIONS_CPUS_MAX)
			return false;
		for (long cpu = first; cpu <= last; cpu++)
			options->cpus[options->cpu_count++] = (int)cpu;
		if (*end == '\0')
			return true;
		if (*end != ',')
			return false;
		text = end + 1;
	}
}

/* What is only known once all options were read. */
struct parsed {
	const char *url, *dialect, *publish_url, *publish_dialect, *token_file;
	const char *keys[256], *values[256]; /* of the scenario, in order */
	size_t count;
};

enum {
	URL = 256,
	DIALECT,
	OUT,
	LABEL,
	COMMIT,
	PID,
	CORES,
	CPU,
	PREFIX,
	TOKEN_FILE,
	COMPRESS,
	PUBLISH_URL,
	PUBLISH_DIALECT,
	NO_PROGRESS,
	QUIET,
	KEY
};

static int set_pid(struct options *options, const char *value)
{
	long number;

	if (strcmp(value, "auto") == 0)
		options->server_pid = OPTIONS_PID_AUTO;
	else if (strcmp(value, "none") == 0)
		options->server_pid = OPTIONS_PID_NONE;
	else if (whole(value, 1, 1 << 30, &number))
		options->server_pid = (pid_t)number;
	else
		return wrong("--server-pid takes the number of a process, auto or none: %s", value);
	return 1;
}

static int take(struct options *options, struct parsed *parsed, int option, const char *value)
{
	long number;

	switch (option) {
	case URL:
		parsed->url = value;
		return 1;
	case DIALECT:
		parsed->dialect = value;
		return 1;
	case TOKEN_FILE:
		parsed->token_file = value;
		return 1;
	case COMPRESS:
		options->target.compress = true;
		return 1;
	case PUBLISH_URL:
		parsed->publish_url = value;
		return 1;
	case PUBLISH_DIALECT:
		parsed->publish_dialect = value;
		return 1;
	case OUT:
		options->out = value;
		return 1;
	case LABEL:
		options->label = value;
		return 1;
	case COMMIT:
		options->commit = value;
		return 1;
	case PID:
		return set_pid(options, value);
	case CORES:
		if (!whole(value, 1, 4096, &number))
			return wrong("--server-cores takes 1 to 4096: %s", value);
		options->server_cores = (unsigned)number;
		return 1;
	case CPU:
		return options_cpus(options, value) ? 1 : wrong("--cpu takes a list such as 1 or 0,2-3: %s", value);
	case PREFIX:
		return dialect_set_room_prefix(value)
			       ? 1
			       : wrong("--room-prefix takes up to %d of A-Z a-z 0-9 _ - and :, not \"%s\"",
				       DIALECT_PREFIX_MAX, value);
	case NO_PROGRESS:
		options->progress = false;
		return 1;
	default:
		options->quiet = true;
		return 1;
	}
}

static int find_dialect(const struct dialect **dialect, const char *name)
{
	*dialect = dialect_find(name);
	return *dialect ? 1 : wrong("there is no dialect \"%s\" (uproar-load list has them)", name);
}

static int set_publisher(struct options *options, const struct parsed *parsed)
{
	struct target *const target = &options->target;
	struct target publisher = { 0 };
	char why[160];

	if (!parsed->publish_url && !parsed->publish_dialect)
		return 1;
	if (find_dialect(&target->publisher, parsed->publish_dialect ? parsed->publish_dialect : parsed->dialect) < 0)
		return -1;
	if (!target_parse(&publisher, parsed->publish_url ? parsed->publish_url : parsed->url, why))
		return wrong("--publish-url: %s", why);
	if (publisher.port != target->port || memcmp(publisher.address, target->address, sizeof(target->address)) != 0)
		return wrong("--publish-url: the host and port of --url are wanted: %s", parsed->publish_url);
	snprintf(target->publisher_path, sizeof(target->publisher_path), "%s",
		 publisher.path[0] ? publisher.path : target->publisher->path);
	return 1;
}

/* A loop needs what it waits for. */
static bool speaks_for(const struct scenario *scenario, const struct dialect *dialect)
{
	if (scenario->traffic == TRAFFIC_ACK)
		return dialect->has_ack;
	return !dialect->keeps_only || scenario->traffic == TRAFFIC_NONE;
}

static int set_target(struct options *options, const struct parsed *parsed)
{
	struct target *const target = &options->target;
	char why[160];

	if (!parsed->url)
		return wrong("which server? --url ws://127.0.0.1:8080/ws");
	if (find_dialect(&target->dialect, parsed->dialect) < 0)
		return -1;
	const struct dialect *const dialect = target->dialect;

	if (!target_parse(target, parsed->url, why))
		return wrong("--url: %s", why);
	target->dialect = dialect;
	if (dialect->stream != (strncmp(parsed->url, "tcp://", 6) == 0))
		return wrong("--url: %s is spoken over %s: %s", dialect->name, dialect->stream ? "tcp://" : "ws://",
			     parsed->url);
	if (dialect->stream && target->compress)
		return wrong("--compress: WebSocket has that, and %s is spoken over tcp://", dialect->name);
	if (!speaks_for(&options->scenario, dialect))
		return wrong("--dialect: %s has no %s, so it cannot be met with traffic %s", dialect->name,
			     dialect->has_ack ? "deliveries" : "acknowledgements",
			     options->scenario.traffic == TRAFFIC_ACK ? "ack" : "but ack or none");
	if (!target->path[0] && dialect->path)
		snprintf(target->path, sizeof(target->path), "%s", dialect->path);
	if (!options->label)
		options->label = target->host;
	return set_publisher(options, parsed);
}

static int set_scenario(struct options *options, const struct parsed *parsed, const char *name)
{
	const struct scenario *const builtin = scenario_builtin(name);
	char why[320];

	if (builtin)
		options->scenario = *builtin;
	else if (!strpbrk(name, "./"))
		return wrong(
			"there is no scenario \"%s\" (uproar-load list has them; a file's name has a dot or a slash)",
			name);
	else if (!scenario_read(&options->scenario, name, why))
		return wrong("%s", why);
	for (size_t i = 0; i < parsed->count; i++)
		if (!scenario_set(&options->scenario, parsed->keys[i], parsed->values[i], why))
			return wrong("--%s: %s", parsed->keys[i], why);
	if (!scenario_check(&options->scenario, why))
		return wrong("%s: %s", name, why);
	return 1;
}

/* As it was typed, for the report. */
static void note_command(struct options *options, int argc, char **argv)
{
	size_t size = 0;

	for (int i = 0; i < argc && size < sizeof(options->command); i++) {
		const bool quoted = i > 0 && strpbrk(argv[i], " <>*&;|$'\"\\") != NULL;

		size += (size_t)snprintf(options->command + size, sizeof(options->command) - size, "%s%s%s%s",
					 i > 0 ? " " : "", quoted ? "'" : "", i > 0 ? argv[i] : "uproar-load",
					 quoted ? "'" : "");
	}
}

static size_t fill_longs(struct option longs[64])
{
	static const struct option own[] = {
		{ "url", 1, NULL, URL },
		{ "dialect", 1, NULL, DIALECT },
		{ "out", 1, NULL, OUT },
		{ "label", 1, NULL, LABEL },
		{ "commit", 1, NULL, COMMIT },
		{ "server-pid", 1, NULL, PID },
		{ "server-cores", 1, NULL, CORES },
		{ "cpu", 1, NULL, CPU },
		{ "room-prefix", 1, NULL, PREFIX },
		{ "token-file", 1, NULL, TOKEN_FILE },
		{ "compress", 0, NULL, COMPRESS },
		{ "publish-url", 1, NULL, PUBLISH_URL },
		{ "publish-dialect", 1, NULL, PUBLISH_DIALECT },
		{ "no-progress", 0, NULL, NO_PROGRESS },
		{ "quiet", 0, NULL, QUIET },
		{ "help", 0, NULL, 'h' },
		{ "version", 0, NULL, 'V' },
	};
	const struct scenario_key *key;
	size_t count = sizeof(own) / sizeof(own[0]);

	memcpy(longs, own, sizeof(own));
	for (size_t i = 0; (key = scenario_key_at(i)); i++)
		longs[count++] = (struct option){ key->name, 1, NULL, KEY + (int)i };
	longs[count] = (struct option){ 0 };
	return count;
}

static int set_tokens(struct options *options, const struct parsed *parsed)
{
	char why[160];

	if (!parsed->token_file)
		return 1;
	if (strcmp(options->target.dialect->name, "native") != 0)
		return wrong("--token-file: %s has no place for a token; native has", options->target.dialect->name);
	return tokens_read(parsed->token_file, why) ? 1 : wrong("--token-file: %s", why);
}

static int parse_run(struct options *options, const struct parsed *parsed, int count, char **words)
{
	if (count == 0)
		return wrong("which scenario? `uproar-load list` has them");
	if (count > 1)
		return wrong("run takes one scenario, and \"%s\" is one too many", words[1]);
	if (set_scenario(options, parsed, words[0]) < 0 || set_target(options, parsed) < 0)
		return -1;
	return set_tokens(options, parsed);
}

static int parse_words(struct options *options, const struct parsed *parsed, int count, char **words)
{
	if (count == 0)
		return wrong("which command: run, list or report?");
	if (strcmp(words[0], "run") == 0)
		return parse_run(options, parsed, count - 1, words + 1);
	if (strcmp(words[0], "list") != 0)
		return wrong("there is no command \"%s\": run, list or report", words[0]);
	options->mode = MODE_LIST;
	options->topic = count > 1 ? words[1] : NULL;
	return count > 2 ? wrong("list takes one scenario at most") : 1;
}

int options_parse(struct options *options, int argc, char **argv)
{
	struct parsed parsed = { .dialect = "native" };
	struct option longs[64];
	int option;

	memset(options, 0, sizeof(*options));
	options->server_pid = OPTIONS_PID_AUTO;
	options->progress = true;
	if (argc > 1 && strcmp(argv[1], "report") == 0) {
		options->mode = MODE_REPORT;
		options->report = argv + 1;
		return 1;
	}
	fill_longs(longs);
	note_command(options, argc, argv);
	optind = 0;
	while ((option = getopt_long(argc, argv, "hV", longs, NULL)) != -1) {
		if (option == 'h') {
			print_help();
			return 0;
		}
		if (option == 'V') {
			puts("uproar-load " UPROAR_VERSION);
			return 0;
		}
		if (option == '?')
			return wrong("that is no option, or its value is missing");
		if (option >= KEY && parsed.count == 256)
			return wrong("too many options");
		if (option >= KEY) {
			parsed.keys[parsed.count] = scenario_key_at((size_t)(option - KEY))->name;
			parsed.values[parsed.count++] = optarg;
		} else if (take(options, &parsed, option, optarg) < 0) {
			return -1;
		}
	}
	return parse_words(options, &parsed, argc - optind, argv + optind);
}
