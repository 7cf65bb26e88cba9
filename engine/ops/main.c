/* main.c - the command line of uproar.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/ops/boot.h"
#include "engine/ops/metrics.h"

static void help(void)
{
	printf("Usage: uproar [-c FILE] [--OPTION VALUE ...]\n\n"
	       "The chat engine: rooms over WebSocket at /ws, a page to chat on at /.\n\n"
	       "  -c, --config FILE                  read options from a file of `name = value;` lines\n"
	       "      --check-config                 say whether the options are right, and end; data, store, port, "
	       "and\n"
	       "                                     the files of hook-key, outbound-ca, audit-log are not looked at\n"
	       "      --print-options-doc            print docs/operate/options.md, and end\n"
	       "      --print-metrics-doc            print docs/operate/metrics.md, and end\n"
	       "  -V, --version                      print the version, and end\n"
	       "  -h, --help                         print this, and end\n");
	options_help(stdout);
	printf("\nEvery option is also an environment variable (UPROAR_SEND_RATE for --send-rate) and a key of the "
	       "file.\n"
	       "Numbers of bytes may end in K, M, G or T; times end in ms, s, m, h or d.\n");
}

static int refused(int status, const char *error)
{
	fprintf(stderr, "uproar: %s\n", error);
	return status;
}

/* What is asked for instead of serving. */
static void answer(enum config_wish wish)
{
	if (wish == CONFIG_HELP)
		help();
	else if (wish == CONFIG_VERSION)
		printf("uproar " UPROAR_VERSION "\n");
	else if (wish == CONFIG_METRICS)
		metrics_doc();
	else
		options_document(stdout);
}

/* A descriptor that is closed would be given to what is opened next, which then had the log written into it. */
static bool fill_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	static struct config config;
	static struct options options;
	static struct files files;
	char error[OPTION_ERROR_MAX];

	if (!fill_standard())
		return refused(EXIT_MEMORY, "a standard descriptor is closed, and /dev/null cannot be opened for it");

	int status = config_command(&config, argc, argv, error);

	if (status != 0)
		return refused(status, error);
	if (config.wish != CONFIG_SERVE && config.wish != CONFIG_CHECK) {
		answer(config.wish);
		return 0;
	}
	status = config_read(&config, &files, &options, error);
	if (status != 0)
		return refused(status, error);

	struct policy *policy = policy_make(&options, NULL, &files, error);

	if (!policy)
		return refused(config_status(error), error);
	if (config.wish == CONFIG_CHECK) {
		printf("uproar: the options are right%s%s\n", config.file ? ": " : "", config.file ? config.file : "");
		policy_free(policy);
		return 0;
	}
	return boot(&config, &files, &options, policy);
}
