#include "engine/ops/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ops/boot.h"

static const struct {
	const char *word;
	enum config_wish wish;
} wishes[] = {
	{ "-h", CONFIG_HELP },
	{ "--help", CONFIG_HELP },
	{ "-V", CONFIG_VERSION },
	{ "--version", CONFIG_VERSION },
	{ "--print-options-doc", CONFIG_DOCUMENT },
	{ "--print-metrics-doc", CONFIG_METRICS },
	{ "--check-config", CONFIG_CHECK },
};

/* The words that are not options of the table. Returns how many words were taken, 0: none of these, -1: refused. */
static int own_word(struct config *config, int left, char **words, char *error)
{
	const char *word = words[0];

	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		if (strcmp(word, wishes[i].word) != 0)
			continue;
		/* The first of those that are answered at once counts. */
		if (config->wish == CONFIG_SERVE || config->wish == CONFIG_CHECK)
			config->wish = wishes[i].wish;
		return 1;
	}
	if (strncmp(word, "--config=", 9) == 0) {
		config->file = word + 9;
		return 1;
	}
	if (strcmp(word, "-c") != 0 && strcmp(word, "--config") != 0)
		return 0;
	if (left < 2) {
		snprintf(error, OPTION_ERROR_MAX, "command line: %s needs a file", word);
		return -1;
	}
	config->file = words[1];
	return 2;
}

/* --name VALUE or --name=VALUE. Returns how many words were taken, -1: refused. */
static int table_word(struct options *options, int left, char **words, char *error)
{
	char name[80];
	const char *value = strchr(words[0], '=');
	const bool joined = value != NULL;
	const size_t size = (joined ? (size_t)(value - words[0]) : strlen(words[0])) - 2;

	if (strncmp(words[0], "--", 2) != 0 || size == 0 || size >= sizeof(name)) {
		snprintf(error, OPTION_ERROR_MAX, "command line: '%.100s' is not an option; --help lists them all",
			 words[0]);
		return -1;
	}
	memcpy(name, words[0] + 2, size);
	name[size] = 0;
	if (joined)
		value++;
	else
		value = left < 2 ? "" : words[1]; /* "": so that an unknown option is called unknown first */
	if (options_set(options, name, value, "command line", error) != 0)
		return -1;
	return joined || left < 2 ? 1 : 2;
}

/* Sets what the words say. Returns 0 or -1. */
static int read_words(const struct config *config, struct options *options, char *error)
{
	struct config own = *config;

	for (int at = 1; at < config->argc;) {
		int taken = own_word(&own, config->argc - at, config->argv + at, error);

		if (taken == 0)
			taken = table_word(options, config->argc - at, config->argv + at, error);
		if (taken < 0)
			return -1;
		at += taken;
	}
	return 0;
}

int config_command(struct config *config, int argc, char **argv, char error[OPTION_ERROR_MAX])
{
	struct options *thrown_away = malloc(sizeof(*thrown_away));

	*config = (struct config){ .argc = argc, .argv = argv };
	if (!thrown_away) {
		snprintf(error, OPTION_ERROR_MAX, "there is no memory to read the command line");
		return EXIT_MEMORY;
	}
	options_default(thrown_away);
	for (int at = 1; at < argc && (config->wish == CONFIG_SERVE || config->wish == CONFIG_CHECK);) {
		int taken = own_word(config, argc - at, argv + at, error);

		if (taken == 0)
			taken = table_word(thrown_away, argc - at, argv + at, error);
		if (taken < 0) {
			free(thrown_away);
			return EXIT_USAGE;
		}
		at += taken;
	}
	free(thrown_away);
	return 0;
}

static int read_file(const struct config *config, struct files *files, struct options *options, char *error)
{
	static char text[OPTION_FILE_SIZE_MAX + 1];
	const ssize_t size = files_read(files, config->file, text, sizeof(text));

	if (size == -EFBIG)
		snprintf(error, OPTION_ERROR_MAX, "%.255s: the file is larger than 64K", config->file);
	else if (size < 0)
		snprintf(error, OPTION_ERROR_MAX, "%.255s: cannot be read: %s", config->file, files_error(size));
	else
		return options_file_text(options, config->file, span_of(text, (size_t)size), error);
	return -1;
}

int config_read(const struct config *config, struct files *files, struct options *options, char error[OPTION_ERROR_MAX])
{
	options_default(options);
	if (config->file && read_file(config, files, options, error) != 0)
		return EXIT_CONFIG;
	if (options_environment(options, error) != 0 || read_words(config, options, error) != 0)
		return EXIT_USAGE;
	return 0;
}

int config_status(const char *error)
{
	static const char *const places[] = { "command line", "environment" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strncmp(error, places[i], strlen(places[i])) == 0)
			return EXIT_USAGE;
	return EXIT_CONFIG;
}
