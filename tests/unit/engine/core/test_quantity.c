/* Numbers with units: read whole or not at all. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "engine/core/quantity.h"

/* From memory of exactly its size, so that reading past it is seen. */
static bool read_of(enum quantity kind, const char *text, uint64_t *number)
{
	const size_t size = strlen(text);
	uint8_t *exact = malloc(size ? size : 1);

	memcpy(exact, text, size);
	const bool read = quantity_read(kind, span_of(exact, size), number);

	free(exact);
	return read;
}

Test(quantity, what_is_right)
{
	static const struct {
		enum quantity kind;
		const char *text;
		uint64_t number;
	} cases[] = {
		{ QUANTITY_COUNT, "0", 0 },           { QUANTITY_COUNT, "20", 20 },
		{ QUANTITY_COUNT, "007", 7 },         { QUANTITY_COUNT, "18446744073709551615", UINT64_MAX },
		{ QUANTITY_BYTES, "0", 0 },           { QUANTITY_BYTES, "1", 1 },
		{ QUANTITY_BYTES, "2K", 2048 },       { QUANTITY_BYTES, "3M", 3145728 },
		{ QUANTITY_BYTES, "2G", 2147483648 }, { QUANTITY_BYTES, "16777215T", 16777215ull << 40 },
		{ QUANTITY_BYTES, "0K", 0 },          { QUANTITY_TIME, "0", 0 },
		{ QUANTITY_TIME, "0s", 0 },           { QUANTITY_TIME, "5ms", 5 },
		{ QUANTITY_TIME, "90s", 90000 },      { QUANTITY_TIME, "2m", 120000 },
		{ QUANTITY_TIME, "1h", 3600000 },     { QUANTITY_TIME, "36500d", 3153600000000 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t number = 99;

		cr_assert(read_of(cases[i].kind, cases[i].text, &number), "%s", cases[i].text);
		cr_assert_eq(number, cases[i].number, "%s is %lu", cases[i].text, number);
	}
}

Test(quantity, what_is_wrong)
{
	static const struct {
		enum quantity kind;
		const char *text;
	} cases[] = {
		{ QUANTITY_COUNT, "" },
		{ QUANTITY_COUNT, "K" },
		{ QUANTITY_COUNT, "2K" },
		{ QUANTITY_COUNT, "0K" },
		{ QUANTITY_COUNT, " 2" },
		{ QUANTITY_COUNT, "2 " },
		{ QUANTITY_COUNT, "-1" },
		{ QUANTITY_COUNT, "18446744073709551616" },
		{ QUANTITY_COUNT, "184467440737095516150" },
		{ QUANTITY_BYTES, "1k" },
		{ QUANTITY_BYTES, "1KB" },
		{ QUANTITY_BYTES, "1.5M" },
		{ QUANTITY_BYTES, "M" },
		{ QUANTITY_BYTES, "16777216T" },
		{ QUANTITY_BYTES, "1s" },
		{ QUANTITY_TIME, "5" },
		{ QUANTITY_TIME, "5S" },
		{ QUANTITY_TIME, "1h30m" },
		{ QUANTITY_TIME, "s" },
		{ QUANTITY_TIME, "213503982335d" },
	};
	uint64_t number;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert_not(read_of(cases[i].kind, cases[i].text, &number), "'%s'", cases[i].text);
}
