/* The configuration file: refused with one line that names the file, or taken, and then every option that came of it
 * can be given again as text. Input: a byte (of three readings), the file; or an option, =, and its value. */
#include <stdio.h>

#include "engine/net/listener.h"
#include "engine/ops/options.h"
#include "tests/fuzz/leaks.h"

#define PATH "some/one.conf" /* which nobody opens */

static struct options standard, options, again;

static void check_error(const char *error, const char *begins)
{
	check(strlen(error) < OPTION_ERROR_MAX && strncmp(error, begins, strlen(begins)) == 0);
	check(!strchr(error, '\n') && !strchr(error, '\x1b'));
}

/* Only what was changed costs anything. */
static void check_values(void)
{
	char error[OPTION_ERROR_MAX];
	static const struct {
		const char *name;
	} rows[OPTION_COUNT] = {
#define OPTION(id, name, kind, standard, least, most, group, when, help) { name },
#include "engine/ops/tbl/options.h"
#undef OPTION
	};

	for (int id = 0; id < OPTION_COUNT; id++) {
		struct option_value *const value = &options.values[id];

		if (memcmp(value->where, "default", sizeof("default")) == 0)
			continue;
		check(options_set(&again, rows[id].name, value->text, "again", error) == 0);
		check(again.values[id].number == value->number && strcmp(again.values[id].text, value->text) == 0);
		*value = again.values[id] = standard.values[id];
	}
}

static void one_option(const uint8_t *bytes, size_t size)
{
	static char text[8192];
	char error[OPTION_ERROR_MAX] = "";

	memcpy(text, bytes, size);
	text[size] = 0;
	char *const equals = strchr(text, '=');

	if (!equals) {
		listener_check(text);
		return;
	}
	*equals = 0;
	if (options_set(&options, text, equals + 1, "command line", error) != 0)
		check_error(error, "command line: ");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[OPTION_ERROR_MAX] = "";

	if (size < 1 || size > 8000)
		return 0;
	if (standard.values[0].where[0] == 0) {
		options_default(&standard);
		options = again = standard;
	}
	if (data[0] % 3 == 0) {
		one_option(data + 1, size - 1);
	} else {
		if (options_file_text(&options, PATH, span_of(data + 1, size - 1), error) != 0)
			check_error(error, PATH ":");
	}
	check_values();
	return 0;
}
