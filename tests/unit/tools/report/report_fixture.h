/* report_fixture.h - results written to a file of their own, and a stream that is read back.
 */
#ifndef TEST_REPORT_FIXTURE_H
#define TEST_REPORT_FIXTURE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/report/input.h"

#define RESULTS(label, summary, more)                                                                                  \
	"{\"schema\":1,\"name\":\"fanout\",\"label\":\"" label "\",\"verdict\":{\"valid\":true,\"passed\":true},"      \
	"\"summary\":{" summary "}" more "}"

/* Reads `json` as a file. The name of the file stays valid for the test. */
static inline bool fixture_read(struct run *run, const char *json, char why[INPUT_WHY_SIZE])
{
	static char paths[INPUT_RUNS_MAX][40];
	static size_t used;
	char *path = paths[used++ % INPUT_RUNS_MAX];
	bool done;

	snprintf(path, sizeof(*paths), "/tmp/test-report-XXXXXX");
	const int fd = mkstemp(path);

	cr_assert(fd >= 0);
	cr_assert_eq(write(fd, json, strlen(json)), (ssize_t)strlen(json));
	close(fd);
	done = input_load(run, path, why);
	unlink(path);
	return done;
}

static inline void fixture_must_read(struct run *run, const char *json)
{
	char why[INPUT_WHY_SIZE] = "";

	cr_assert(fixture_read(run, json, why), "%s", why);
}

#endif
