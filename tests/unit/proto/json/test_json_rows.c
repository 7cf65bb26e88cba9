/* The table of JSON texts, each read as a client's frame is: as UTF-8 first, then as JSON, by both twins. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/json/json_scan.h"
#include "proto/utf8/utf8.h"

enum verdict { TAKEN, REFUSED, FREE_TAKEN, FREE_REFUSED };

static const struct row {
	enum verdict verdict;
	const char *text;
	size_t size;
} rows[] = {
#define JSON_TAKEN(text) { TAKEN, text, sizeof(text) - 1 },
#define JSON_REFUSED(text) { REFUSED, text, sizeof(text) - 1 },
#define JSON_FREE_TAKEN(text) { FREE_TAKEN, text, sizeof(text) - 1 },
#define JSON_FREE_REFUSED(text) { FREE_REFUSED, text, sizeof(text) - 1 },
#include "tests/unit/proto/json/tbl/json_rows.h"
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static bool is_taken(const uint8_t *text, size_t size)
{
	uint8_t *const exact = malloc(size + !size);
	bool taken = false;

	memcpy(exact, text, size);
	if (utf8_valid(exact, size)) {
		taken = json_scan(exact, size) == 1;
		cr_expect_eq(json_scan_scalar(exact, size) == 1, taken, "the plain twin: %.*s", (int)size, exact);
	}
	free(exact);
	return taken;
}

Test(json_rows, each_is_read_as_the_table_says)
{
	for (size_t i = 0; i < ROWS; i++) {
		const bool expected = rows[i].verdict == TAKEN || rows[i].verdict == FREE_TAKEN;

		cr_expect_eq(is_taken((const uint8_t *)rows[i].text, rows[i].size), expected, "%s", rows[i].text);
	}
}

/* Inside of an object too, where a command's members are found and the rest is only walked over. */
Test(json_rows, each_is_the_same_as_a_member)
{
	static const struct json_name names[] = { { "a" } };
	uint8_t text[256];

	for (size_t i = 0; i < ROWS; i++) {
		const bool expected = rows[i].verdict == TAKEN || rows[i].verdict == FREE_TAKEN;
		const size_t size = rows[i].size;
		struct json_value value;

		if (!utf8_valid((const uint8_t *)rows[i].text, size))
			continue;
		memcpy(text, "{\"a\":", 5);
		memcpy(text + 5, rows[i].text, size);
		memcpy(text + 5 + size, "}", 1);
		cr_expect_eq(json_scan_object(&value, names, 1, text, size + 6) == 1, expected, "%s", rows[i].text);
	}
}

static bool is_nested_taken(const char *open, const char *close, size_t depth)
{
	const size_t open_size = strlen(open), close_size = strlen(close);
	uint8_t *const text = malloc(depth * (open_size + close_size));
	size_t size = 0;

	for (size_t i = 0; i < depth; i++, size += open_size)
		memcpy(text + size, open, open_size);
	for (size_t i = 0; i < depth; i++, size += close_size)
		memcpy(text + size, close, close_size);
	const bool taken = is_taken(text, size);

	free(text);
	return taken;
}

/* How deep is free; ours is JSON_DEPTH_MAX, and what is far deeper costs no stack. */
Test(json_rows, so_deep_and_no_deeper)
{
	cr_expect_eq(JSON_DEPTH_MAX, 32, "what docs/protocol says");
	cr_expect(is_nested_taken("[", "]", JSON_DEPTH_MAX));
	cr_expect_not(is_nested_taken("[", "]", JSON_DEPTH_MAX + 1));
	cr_expect(is_nested_taken("{\"k\":[", "]}", JSON_DEPTH_MAX / 2));
	cr_expect_not(is_nested_taken("[{\"k\":[", "]}]", JSON_DEPTH_MAX / 2));
	cr_expect_not(is_nested_taken("[", "]", 500));
	cr_expect_not(is_nested_taken("[", "", 100000));
	cr_expect_not(is_nested_taken("[{\"\":", "", 50000));
}

Test(json_rows, there_are_as_many_as_the_public_suites_have)
{
	size_t counts[4] = { 0 };

	for (size_t i = 0; i < ROWS; i++)
		counts[rows[i].verdict]++;
	cr_expect_geq(counts[TAKEN], 95);
	cr_expect_geq(counts[REFUSED], 188);
	/* And the depth above. */
	cr_expect_geq(counts[FREE_TAKEN] + counts[FREE_REFUSED] + 1, 35);
}
