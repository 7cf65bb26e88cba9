/* uproar-load: makes load on a chat server, checks every delivery, and judges. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/load/coordinator.h"
#include "tools/load/results.h"
#include "tools/load/verdict.h"

static int fail(enum options_exit status, const char *why)
{
	fprintf(stderr, "uproar-load: %s\n", why);
	return status;
}

/* uproar-report lies beside this program, or where programs lie. */
static int exec_report(char **arguments)
{
	char path[4096];
	const ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 16);
	char *slash;

	arguments[0] = "uproar-report";
	path[size > 0 ? size : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash) {
		memcpy(slash + 1, "uproar-report", 14);
		execv(path, arguments);
	}
	execvp("uproar-report", arguments);
	fprintf(stderr, "uproar-load: uproar-report cannot be started: %s\n", strerror(errno));
	return EXIT_NOT_RUN;
}

static int judge(const struct options *options, const struct record *record)
{
	static struct summary summary;
	static struct verdict verdict;
	char why[200];

	record_summary(record, &summary);
	verdict_judge(&verdict, record, &summary, options->server_cores);
	if (!options->quiet)
		verdict_print(stdout, &verdict, record, &summary, options->label);
	if (options->out && !results_write(options, record, &summary, &verdict, why))
		return fail(EXIT_NOT_RUN, why);
	if (!verdict.valid && !verdict.audit_failed)
		return EXIT_INVALID;
	return verdict.passed ? EXIT_PASSED : EXIT_MISSED;
}

static int run(const struct options *options)
{
	static struct record record;
	char why[200];
	int status;

	if (options->out && !results_prepare(options->out, why))
		return fail(EXIT_USAGE, why);
	if (coordinator_run(&record, options, why))
		status = judge(options, &record);
	else
		status = fail(EXIT_NOT_RUN, why);
	record_close(&record);
	return status;
}

int main(int argc, char **argv)
{
	static struct options options; /* too large for some stacks */
	const int parsed = options_parse(&options, argc, argv);

	if (parsed <= 0)
		return parsed == 0 ? EXIT_PASSED : EXIT_USAGE;
	if (options.mode == MODE_REPORT)
		return exec_report(options.report);
	if (options.mode == MODE_RUN)
		return run(&options);
	if (options_list(options.topic))
		return EXIT_PASSED;
	fprintf(stderr, "uproar-load: there is no scenario \"%s\" (uproar-load list has them)\n", options.topic);
	return EXIT_USAGE;
}
