/* Numbers as people read them, at the values where the writing changes. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "tools/report/number.h"

/* Plain blanks in the tables here stand for U+00A0. */
static void expect(const char *wanted, double value, enum unit unit)
{
	char text[NUMBER_SIZE], plain[NUMBER_SIZE];
	size_t size = 0;

	number_text(text, value, unit);
	for (const char *at = text; *at; at++) {
		if (at[0] == '\302' && at[1] == '\240')
			at++;
		plain[size++] = *at == '\240' ? ' ' : *at;
	}
	plain[size] = 0;
	cr_expect_str_eq(plain, wanted, "%g is \"%s\", wanted \"%s\"", value, plain, wanted);
}

Test(report_number, null_is_not_measured_and_never_zero)
{
	for (int unit = UNIT_COUNT; unit <= UNIT_PERCENT; unit++)
		expect("not measured", NAN, unit);
	expect("0", 0, UNIT_COUNT);
	expect("0 ms", 0, UNIT_MS);
}

Test(report_number, thousands_are_grouped)
{
	expect("999", 999, UNIT_COUNT);
	expect("1,000", 1000, UNIT_COUNT);
	expect("1,234,567", 1234567, UNIT_COUNT);
	expect("-1,000", -1000, UNIT_COUNT);
	expect("-100", -100, UNIT_COUNT);
	expect("1.50", 1.5, UNIT_COUNT);
	expect("9,007,199,254,740,992", 9007199254740992, UNIT_COUNT);
	expect("1e+300", 1e300, UNIT_COUNT);
}

Test(report_number, three_digits_count)
{
	expect("0.123 ms", 0.12345, UNIT_MS);
	expect("1.23 ms", 1.2345, UNIT_MS);
	expect("12.3 ms", 12.345, UNIT_MS);
	expect("123 ms", 123.45, UNIT_MS);
	expect("12,345 ms", 12345, UNIT_MS);
	expect("205,000 /s", 205000, UNIT_RATE);
	expect("3,483 ns", 3482.9, UNIT_NS);
}

Test(report_number, bytes_go_by_1024)
{
	expect("0 B", 0, UNIT_BYTES);
	expect("1,023 B", 1023, UNIT_BYTES);
	expect("1.00 KiB", 1024, UNIT_BYTES);
	expect("21.0 MiB", 21 * 1048576.0, UNIT_BYTES);
	expect("8.00 GiB", 8 * 1073741824.0, UNIT_BYTES);
	expect("-1.00 KiB", -1024, UNIT_BYTES);
}

Test(report_number, long_times_in_minutes_and_hours)
{
	expect("60.0 s", 60, UNIT_S);
	expect("2 min 0 s", 120, UNIT_S);
	expect("5 min 30 s", 330, UNIT_S);
	expect("3 min 0 s", 179.7, UNIT_S);
	expect("2 h 0 min", 7199.7, UNIT_S);
	expect("-3 min 0 s", -179.7, UNIT_S);
	expect("2 h 0 min", 7200, UNIT_S);
	expect("72 h 30 min", 72.5 * 3600, UNIT_S);
}

Test(report_number, nearly_all_is_not_all)
{
	expect("100 %", 100, UNIT_PERCENT);
	expect("99.2 %", 99.2, UNIT_PERCENT);
	expect("99.99 %", 99.99, UNIT_PERCENT);
	expect("99.9999 %", 99.9999, UNIT_PERCENT);
	expect("71.4 %", 71.4, UNIT_PERCENT);
	expect("252 %", 252, UNIT_PERCENT);
	expect("2.10 %", 2.1, UNIT_PERCENT);
}

Test(report_number, units_by_name)
{
	static const struct {
		const char *key;
		enum unit unit;
	} rows[] = {
		{ "latency_p99_9_ms", UNIT_MS },
		{ "duration_s", UNIT_S },
		{ "recovered_s", UNIT_S },
		{ "connects_per_s", UNIT_RATE },
		{ "deliveries_per_s", UNIT_RATE },
		{ "server_cpu_ns_per_delivery", UNIT_NS },
		{ "server_cpu_us_per_connect", UNIT_US },
		{ "server_cpu_percent", UNIT_PERCENT },
		{ "generator_cpu_percent_max_worker", UNIT_PERCENT },
		{ "server_rss_bytes_peak", UNIT_BYTES },
		{ "server_bytes_per_connection", UNIT_BYTES },
		{ "bytes_sent", UNIT_BYTES },
		{ "audit_bytes", UNIT_BYTES },
		{ "connections", UNIT_COUNT },
		{ "lost", UNIT_COUNT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(number_unit(rows[i].key), rows[i].unit, "%s", rows[i].key);
}

Test(report_number, short_ones_for_an_axis)
{
	static const struct {
		double value;
		enum unit unit;
		const char *wanted;
	} rows[] = {
		{ 250000, UNIT_RATE, "250 k" }, { 1500000, UNIT_COUNT, "1.5 M" }, { 999, UNIT_COUNT, "999" },
		{ 0.5, UNIT_MS, "0.5 ms" },     { 2000, UNIT_MS, "2 s" },         { 120, UNIT_S, "2 min" },
		{ 90, UNIT_S, "90 s" },         { 14400, UNIT_S, "4 h" },         { 8388608, UNIT_BYTES, "8 MiB" },
		{ 80, UNIT_PERCENT, "80 %" },
	};
	char text[NUMBER_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		number_short(text, rows[i].value, rows[i].unit);
		cr_expect_str_eq(text, rows[i].wanted);
	}
}
