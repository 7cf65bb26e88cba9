#include "tools/cli/admin_tell.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "proto/json/json_scan.h"
#include "proto/utf8/utf8.h"
#include "tools/cli/admin_show.h"
#include "tools/cli/element.h"
#include "tools/cli/escape.h"
#include "tools/cli/options.h"
#include "tools/cli/output.h"

/* Errors that are 429 or 5xx by engine/api/tbl/, which a test compares: it may be tried again. */
static const char *const passing[] = { "slow_mode",    "rate_limited", "limit",  "unavailable",
				       "storage_full", "internal",     "timeout" };

static bool may_pass(struct span error)
{
	static const struct json_name name = { "code" };
	struct json_value code;

	if (json_scan_object(&code, &name, 1, error.bytes, error.size) < 0 || code.type != JSON_STRING)
		return false;
	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (code.token.size == strlen(passing[i]) + 2 &&
		    memcmp(code.token.bytes + 1, passing[i], code.token.size - 2) == 0)
			return true;
	return false;
}

/* Of one command. A result that is null was too much for the server's memory: what became of it is not known. */
static int tell_result(struct span result, bool json, uint64_t line)
{
	static const struct json_name name = { "error" };
	struct json_value error;
	const bool object = json_scan_object_deep(&error, &name, 1, result.bytes, result.size) > 0;
	struct text out = { 0 };

	if (object && error.type == JSON_ABSENT)
		return EXIT_DONE;
	if (!admin_error(&out, result))
		text_puts(&out, "no answer to it; whether it was done is not known");
	if (!json)
		fprintf(stderr, "uproar-cli admin: line %" PRIu64 ": %.*s\n", line, (int)out.size,
			(const char *)out.bytes);
	text_free(&out);
	return !object || may_pass(error.token) ? EXIT_NOT_ALL : EXIT_REFUSED;
}

/* Of a batch, which is answered with 200 whatever became of its commands. */
static int tell_results(struct span body, bool json, struct span lines)
{
	static const struct json_name name = { "results" };
	struct json_value results = { .type = JSON_ABSENT };
	struct span rest = SPAN(""), result;
	int status = EXIT_DONE;

	if (json_scan_object_deep(&results, &name, 1, body.bytes, body.size) > 0 && results.type == JSON_ARRAY)
		rest = results.token;
	while (lines.size > 0) {
		uint64_t line;

		if (!element_next(&rest, &result))
			result = SPAN("null"); /* there are fewer than there were commands */
		memcpy(&line, lines.bytes, sizeof(line));
		lines = span_of(lines.bytes + sizeof(line), lines.size - sizeof(line));
		const int one = tell_result(result, json, line);

		if (one != EXIT_DONE && status != EXIT_REFUSED)
			status = one;
	}
	return status;
}

int admin_tell(const struct admin_answer *answer, bool json, struct span lines)
{
	const bool good = answer->status >= 200 && answer->status < 300;
	const struct span body = answer->body;
	const bool valid = utf8_valid(body.bytes, body.size) && json_scan_deep(body.bytes, body.size) > 0;
	const enum escape_kind kind = isatty(STDOUT_FILENO) ? ESCAPE_JSON : ESCAPE_LINES;
	struct text out = { 0 };

	if (!good && valid && !json && admin_error(&out, body))
		fprintf(stderr, "uproar-cli admin: %.*s\n", (int)out.size, (const char *)out.bytes);
	else if (!good && !(valid && json))
		fprintf(stderr, "uproar-cli admin: the server answers with HTTP status %d\n", answer->status);
	else if (!valid)
		fputs("uproar-cli admin: the answer is not JSON; is this Uproar's address?\n", stderr);
	if (valid && (good || json)) {
		text_clear(&out);
		if (json)
			escape_put(&out, body, kind), text_puts(&out, "\n");
		else
			admin_show(&out, body);
		fwrite(text_span(&out).bytes, 1, out.size, stdout);
		output_flush();
	}
	text_free(&out);
	if (good)
		return valid ? tell_results(body, json, lines) : EXIT_NO_SERVER;
	return answer->status == 429 || answer->status >= 500 ? EXIT_NOT_ALL : EXIT_REFUSED;
}
