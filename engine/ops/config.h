/* config.h - where the options of this run come from: the words of the command line, a file, the environment.
 *
 * All of it can be read again at any time, with the same result as at the start but for what the file says by then.
 */
#ifndef OPS_CONFIG_H
#define OPS_CONFIG_H

#include "engine/ops/files.h"
#include "engine/ops/options.h"

/* What the command line asks for instead of serving. */
enum config_wish { CONFIG_SERVE, CONFIG_CHECK, CONFIG_HELP, CONFIG_VERSION, CONFIG_DOCUMENT, CONFIG_METRICS };

struct config {
	int argc;
	char **argv; /* keeps */
	const char *file; /* -c; or NULL */
	enum config_wish wish;
};

/* Looks at the words, but not at what options they set. Returns 0, or the exit status with one line in error. */
int config_command(struct config *config, int argc, char **argv, char error[OPTION_ERROR_MAX]);

/* Defaults, then the file, then the environment, then the command line. Returns 0, or the exit status with one line in
 * error: where, which option, what it takes. */
int config_read(const struct config *config, struct files *files, struct options *options,
		char error[OPTION_ERROR_MAX]);

/* The exit status of an error that begins with where its option was set. */
int config_status(const char *error);

#endif
