#include "tools/report/number.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SPACE "\302\240" /* U+00A0: no line ends between a number and its unit */

static bool ends_with(const char *text, const char *end)
{
	const size_t size = strlen(text), end_size = strlen(end);

	return size >= end_size && memcmp(text + size - end_size, end, end_size) == 0;
}

enum unit number_unit(const char *key)
{
	if (strstr(key, "_percent"))
		return UNIT_PERCENT;
	if (strstr(key, "bytes_") || ends_with(key, "_bytes"))
		return UNIT_BYTES;
	if (ends_with(key, "_per_s"))
		return UNIT_RATE;
	if (strstr(key, "_ns_per_") || ends_with(key, "_ns"))
		return UNIT_NS;
	if (strstr(key, "_us_per_") || ends_with(key, "_us"))
		return UNIT_US;
	if (ends_with(key, "_ms"))
		return UNIT_MS;
	return ends_with(key, "_s") ? UNIT_S : UNIT_COUNT;
}

/* The number with so many decimals and a comma between thousands. */
static void grouped(char out[NUMBER_SIZE], double value, int decimals)
{
	char plain[NUMBER_SIZE];
	const int size = snprintf(plain, sizeof(plain), "%.*f", decimals, fabs(value));
	const int whole = (int)strcspn(plain, ".");
	int at = 0;

	if (size >= NUMBER_SIZE * 3 / 4 - 2) { /* the commas would not fit; nobody reads 33 digits */
		snprintf(out, NUMBER_SIZE, "%.3g", value);
		return;
	}
	if (value < 0 && strpbrk(plain, "123456789"))
		out[at++] = '-';
	for (int i = 0; i < size; i++) {
		if (i > 0 && i < whole && (whole - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = plain[i];
	}
	out[at] = 0;
}

/* Three digits that count, or all before the point. */
static void three_digits(char out[NUMBER_SIZE], double value)
{
	const double size = fabs(value);
	int decimals = 2;

	if (size == 0 || size >= 100)
		decimals = 0;
	else if (size >= 10)
		decimals = 1;
	else if (size < 1)
		decimals = (int)fmin(9, 2 - floor(log10(size)));
	grouped(out, value, decimals);
}

static void with_unit(char out[NUMBER_SIZE], double value, const char *unit)
{
	char number[NUMBER_SIZE];

	three_digits(number, value);
	snprintf(out, NUMBER_SIZE, "%.36s" SPACE "%.8s", number, unit);
}

static void bytes(char out[NUMBER_SIZE], double value)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	size_t unit = 0;

	while (fabs(value) >= 1023.5 && unit + 1 < sizeof(units) / sizeof(*units)) {
		value /= 1024;
		unit++;
	}
	if (unit == 0)
		value = round(value); /* there is no half a byte, only an average of them */
	with_unit(out, value, units[unit]);
}

static void seconds(char out[NUMBER_SIZE], double value)
{
	const double whole = round(value); /* before it is parted: no minute has 60 s */

	if (fabs(value) < 120)
		with_unit(out, value, "s");
	else if (fabs(whole) < 7200)
		snprintf(out, NUMBER_SIZE, "%.0f" SPACE "min %.0f" SPACE "s", trunc(whole / 60), fmod(fabs(whole), 60));
	else
		snprintf(out, NUMBER_SIZE, "%.0f" SPACE "h %.0f" SPACE "min", trunc(whole / 3600),
			 floor(fmod(fabs(whole), 3600) / 60));
}

/* 99.9996 percent is not 100: the digits go on until it can be seen. */
static void percent(char out[NUMBER_SIZE], double value)
{
	char number[NUMBER_SIZE];
	int decimals = value == round(value) ? 0 : fabs(value) < 10 ? 2 : 1;

	while (value < 100 && decimals < 9 && round(value * pow(10, decimals)) >= 100 * pow(10, decimals))
		decimals++;
	grouped(number, value, decimals);
	snprintf(out, NUMBER_SIZE, "%.42s" SPACE "%%", number);
}

static void count(char out[NUMBER_SIZE], double value)
{
	if (value == round(value))
		grouped(out, value, 0);
	else
		three_digits(out, value);
}

void number_text(char out[NUMBER_SIZE], double value, enum unit unit)
{
	if (isnan(value)) {
		snprintf(out, NUMBER_SIZE, "not measured");
		return;
	}
	switch (unit) {
	case UNIT_COUNT:
		count(out, value);
		return;
	case UNIT_RATE:
		with_unit(out, value, "/s");
		return;
	case UNIT_S:
		seconds(out, value);
		return;
	case UNIT_MS:
		with_unit(out, value, "ms");
		return;
	case UNIT_US:
		with_unit(out, value, "µs");
		return;
	case UNIT_NS:
		with_unit(out, value, "ns");
		return;
	case UNIT_BYTES:
		bytes(out, value);
		return;
	case UNIT_PERCENT:
		percent(out, value);
		return;
	}
}

static void short_count(char out[NUMBER_SIZE], double value)
{
	static const char *const units[] = { "", " k", " M", " G", " T" };
	size_t unit = 0;

	while (fabs(value) >= 999.5 && unit + 1 < sizeof(units) / sizeof(*units)) {
		value /= 1000;
		unit++;
	}
	snprintf(out, NUMBER_SIZE, "%.4g%s", value, units[unit]);
}

void number_short(char out[NUMBER_SIZE], double value, enum unit unit)
{
	static const char *const byte_units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	size_t power = 0;

	switch (unit) {
	case UNIT_COUNT:
	case UNIT_RATE:
		short_count(out, value);
		return;
	case UNIT_S:
		if (value >= 7200 && fmod(value, 1800) == 0)
			snprintf(out, NUMBER_SIZE, "%.4g h", value / 3600);
		else if (value >= 120 && fmod(value, 30) == 0)
			snprintf(out, NUMBER_SIZE, "%.4g min", value / 60);
		else
			snprintf(out, NUMBER_SIZE, "%.4g s", value);
		return;
	case UNIT_MS:
		if (fabs(value) >= 1000)
			snprintf(out, NUMBER_SIZE, "%.4g s", value / 1000);
		else
			snprintf(out, NUMBER_SIZE, value == 0 ? "0" : "%.4g ms", value);
		return;
	case UNIT_US:
		snprintf(out, NUMBER_SIZE, "%.4g µs", value);
		return;
	case UNIT_NS:
		snprintf(out, NUMBER_SIZE, "%.4g ns", value);
		return;
	case UNIT_BYTES:
		while (fabs(value) >= 1024 && power + 1 < sizeof(byte_units) / sizeof(*byte_units)) {
			value /= 1024;
			power++;
		}
		snprintf(out, NUMBER_SIZE, value == 0 ? "0" : "%.4g %s", value, byte_units[power]);
		return;
	case UNIT_PERCENT:
		snprintf(out, NUMBER_SIZE, "%.4g %%", value);
		return;
	}
}
