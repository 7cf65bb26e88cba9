/* main.c - the command line of uproar.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ops/boot.h"
#include "engine/ops/metrics.h"
#include "engine/ops/plan.h"

static void help(void)
{
	printf("Usage: uproar [-c FILE] [--OPTION VALUE ...]\n\n"
	       "The chat engine: rooms over WebSocket at /ws, a page to chat on at /.\n\n"
	       "  -c, --config FILE                  read options from a file of `name = value;` lines\n"
	       "      --check-config                 say whether the options are right, and end\n"
	       "      --print-options-doc            print docs/operate/options.md, and end\n"
	       "      --print-metrics-doc            print docs/operate/metrics.md, and end\n"
	       "  -V, --version                      print the version, and end\n"
	       "  -h, --help                         print this, and end\n");
	options_help(stdout);
	printf("\nEvery option is also an environment variable (UPROAR_SEND_RATE for --send-rate) and a key of the "
	       "file.\n"
	       "Numbers of bytes may end in K, M, G; times end in ms, s, m, h or d.\n");
}

struct command {
	const char *file;
	bool check;
};

/* The words that are not options of the table. Returns how many words were taken, 0: none of these. */
static int own_word(int left, char **words, struct command *command)
{
	const char *word = words[0];

	if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
		help();
		exit(0);
	}
	if (strcmp(word, "-V") == 0 || strcmp(word, "--version") == 0) {
		printf("uproar " UPROAR_VERSION "\n");
		exit(0);
	}
	if (strcmp(word, "--print-options-doc") == 0) {
		options_document(stdout);
		exit(0);
	}
	if (strcmp(word, "--print-metrics-doc") == 0) {
		metrics_doc();
		exit(0);
	}
	if (strcmp(word, "--check-config") == 0) {
		command->check = true;
		return 1;
	}
	if (strncmp(word, "--config=", 9) == 0) {
		command->file = word + 9;
		return 1;
	}
	if (strcmp(word, "-c") != 0 && strcmp(word, "--config") != 0)
		return 0;
	if (left < 2) {
		fprintf(stderr, "uproar: command line: %s needs a file\n", word);
		exit(EXIT_USAGE);
	}
	command->file = words[1];
	return 2;
}

/* --name VALUE or --name=VALUE. Returns how many words were taken. */
static int table_word(struct options *options, int left, char **words, char *error)
{
	char name[80];
	const char *value = strchr(words[0], '=');
	const size_t size = value ? (size_t)(value - words[0]) - 2 : strlen(words[0]) - 2;

	if (strncmp(words[0], "--", 2) != 0 || size == 0 || size >= sizeof(name)) {
		fprintf(stderr, "uproar: command line: '%s' is not an option; --help lists them all\n", words[0]);
		exit(EXIT_USAGE);
	}
	memcpy(name, words[0] + 2, size);
	name[size] = 0;
	if (!value && left < 2)
		value = ""; /* so that an unknown option is called unknown first */
	else if (!value)
		value = words[1];
	else
		value++;
	if (options_set(options, name, value, "command line", error) != 0) {
		fprintf(stderr, "uproar: %s\n", error);
		exit(EXIT_USAGE);
	}
	return strchr(words[0], '=') || left < 2 ? 1 : 2;
}

static void command_line(struct options *options, int argc, char **argv, struct command *command, bool own)
{
	char error[OPTION_ERROR_MAX];
	struct options thrown_away;

	for (int at = 1; at < argc;) {
		int taken = own_word(argc - at, argv + at, command);

		if (taken == 0) {
			options_default(&thrown_away);
			taken = table_word(own ? &thrown_away : options, argc - at, argv + at, error);
		}
		at += taken;
	}
}

/* Options that are right each, but not together. Returns 0, or the exit status, having said why. */
static int check_together(const struct options *options, const char *file)
{
	static struct room_classes classes;
	char error[OPTION_ERROR_MAX];

	if (plan_classes(options, &classes, error) == 0)
		return 0;
	fprintf(stderr, "uproar: %s\n", error);
	const char *where = option_where(options, OPTION_room_classes);

	return file && strncmp(where, file, strlen(file)) == 0 ? EXIT_CONFIG : EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static struct options options;
	char error[OPTION_ERROR_MAX];
	struct command command = { 0 };

	options_default(&options);
	command_line(&options, argc, argv, &command, true);
	if ((command.file && options_file(&options, command.file, error) != 0)) {
		fprintf(stderr, "uproar: %s\n", error);
		return EXIT_CONFIG;
	}
	if (options_environment(&options, error) != 0) {
		fprintf(stderr, "uproar: %s\n", error);
		return EXIT_USAGE;
	}
	command_line(&options, argc, argv, &command, false);
	const int status = check_together(&options, command.file);

	if (status != 0)
		return status;
	if (command.check) {
		printf("uproar: the options are right%s%s\n", command.file ? ": " : "",
		       command.file ? command.file : "");
		return 0;
	}
	return boot(&options);
}
