#include "tools/load/say.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *with_commas(char out[SAY_SIZE], double value)
{
	char digits[32];
	size_t size = 0;

	const int count = snprintf(digits, sizeof(digits), "%.0f", value);

	for (int i = 0; i < count && i < 21; i++) {
		out[size++] = digits[i];
		if ((count - i) % 3 == 1 && i + 1 < count && digits[i] != '-')
			out[size++] = ',';
	}
	out[size] = '\0';
	return out;
}

static const char *with_digits(char out[SAY_SIZE], double value, int digits)
{
	if (isnan(value))
		return memcpy(out, "none", 5);
	if (fabs(value) >= 999.5 || value == floor(value))
		return with_commas(out, value);
	snprintf(out, SAY_SIZE, "%.*g", digits, value);
	return out;
}

const char *say_number(char out[SAY_SIZE], double value)
{
	return with_digits(out, value, 3);
}

const char *say_limit(char out[SAY_SIZE], double value)
{
	return with_digits(out, value, 6);
}

const char *say_bytes(char out[SAY_SIZE], double bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;

	if (isnan(bytes))
		return memcpy(out, "none", 5);
	for (; bytes >= 1024 && unit < 4; unit++)
		bytes /= 1024;
	snprintf(out, SAY_SIZE, "%.*f %s", unit == 0 || bytes >= 100 ? 0 : 1, bytes, units[unit]);
	return out;
}

const char *say_time(char out[SAY_SIZE], double seconds)
{
	const unsigned whole = seconds > 0 ? (unsigned)ceil(seconds) : 0;

	if (whole < 60)
		snprintf(out, SAY_SIZE, "%u s", whole);
	else if (whole < 3600)
		snprintf(out, SAY_SIZE, "%u:%02u", whole / 60, whole % 60);
	else
		snprintf(out, SAY_SIZE, "%u:%02u:%02u", whole / 3600, whole / 60 % 60, whole % 60);
	return out;
}
