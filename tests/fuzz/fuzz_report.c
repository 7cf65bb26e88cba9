/* A results.json: refused with the reason, or taken, and then the report can be made of it, twice beside itself.
 * Input: the file. */
#include <jansson.h>
#include <stdio.h>
#include <stdio_ext.h>

#include "tests/fuzz/fuzz.h"
#include "tools/report/charts.h"
#include "tools/report/details.h"
#include "tools/report/page_html.h"
#include "tools/report/page_md.h"

/* The file is the input's: linked with --wrap. */
json_t *__wrap_json_load_file(const char *path, size_t flags, json_error_t *error);

static const uint8_t *file_bytes;
static size_t file_size;

json_t *__wrap_json_load_file(const char *path, size_t flags, json_error_t *error)
{
	(void)path;
	return json_loadb((const char *)file_bytes, file_size, flags, error);
}

static bool load(struct runs *runs)
{
	char why[INPUT_WHY_SIZE] = "";

	if (!input_load(&runs->run[runs->count], "results.json", why)) {
		check(strncmp(why, "results.json", 12) == 0 && strlen(why) < sizeof(why));
		return false;
	}
	runs->count++;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct charts charts;
	static struct runs runs;
	static FILE *out;

	if (size > 16384)
		return 0;
	if (!out) {
		check((out = fopen("/dev/null", "w")) != NULL && setvbuf(out, NULL, _IOFBF, 1 << 20) == 0);
		__fsetlocking(out, FSETLOCKING_BYCALLER);
	}
	file_bytes = data;
	file_size = size;
	runs.count = 0;
	if (!load(&runs) || !load(&runs)) {
		check(runs.count == 0);
		return 0;
	}
	page_md(out, &runs);
	charts_of(&charts, &runs);
	check(page_html(out, &runs, &charts));
	for (size_t i = 0; i < runs.count; i++)
		input_free(&runs.run[i]);
	return 0;
}
