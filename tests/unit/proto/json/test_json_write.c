#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/json/json_scan.h"
#include "proto/json/json_string.h"
#include "proto/json/json_write.h"

Test(json_write, integers_as_printf_writes_them)
{
	char expected[24];
	uint8_t out[JSON_U64_SIZE_MAX];
	uint64_t power = 1;

	for (int digits = 0; digits < 20; digits++, power *= 10) {
		const uint64_t values[] = { power - 1, power, power + 1, power * 7 + power / 3,
					    UINT64_MAX - power + 1 };

		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			const size_t size = (size_t)snprintf(expected, sizeof(expected), "%" PRIu64, values[i]);

			cr_assert_eq(json_write_u64(out, values[i]), out + size, "%s", expected);
			cr_assert_arr_eq(out, expected, size, "%s", expected);
		}
	}
}

Test(json_write, integers_of_every_length_drawn_at_random)
{
	char expected[24];
	uint8_t out[JSON_U64_SIZE_MAX];
	uint64_t state = 88172645463325252ull;

	for (int i = 0; i < 200000; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		const uint64_t value = state >> (state & 63);
		const size_t size = (size_t)snprintf(expected, sizeof(expected), "%" PRIu64, value);

		cr_assert_eq(json_write_u64(out, value), out + size, "%s", expected);
		cr_assert_eq(memcmp(out, expected, size), 0, "%s", expected);
	}
}

Test(json_write, raw_bytes_of_every_size_about_its_steps)
{
	uint8_t from[130];

	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = (uint8_t)i;
	for (size_t size = 0; size <= sizeof(from); size++) {
		uint8_t *exact = malloc(size ? size : 1);

		cr_assert_eq(json_write_raw(exact, span_of(from, size)), exact + size);
		cr_assert_eq(memcmp(exact, from, size), 0, "%zu", size);
		free(exact);
	}
	cr_assert_eq(json_write_raw(from, SPAN_NONE), from);
}

static void writes(struct span text, const char *expected)
{
	uint8_t *out = malloc(json_string_bound(text.size));
	const size_t size = (size_t)(json_write_string(out, text) - out);

	cr_assert(span_equal(span_of(out, size), span_of(expected, strlen(expected))), "%.*s", (int)size,
		  (const char *)out);
	free(out);
}

Test(json_write, strings)
{
	writes(SPAN_NONE, "\"\"");
	writes(SPAN(""), "\"\"");
	writes(SPAN("Ann"), "\"Ann\"");
	writes(SPAN("\"\\/\b\f\n\r\t"), "\"\\\"\\\\/\\b\\f\\n\\r\\t\"");
	writes(SPAN("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\x7f\"");
	writes(SPAN("\xf0\x9f\x91\x8d\xe2\x80\xa8"), "\"\xf0\x9f\x91\x8d\xe2\x80\xa8\"");
	writes(SPAN("a name of more than thirty-two bytes, with a \" in it"),
	       "\"a name of more than thirty-two bytes, with a \\\" in it\"");
}

/* Each byte at each place: what was written is valid, and reads back as what it was. */
Test(json_write, every_string_reads_back)
{
	uint8_t text[20], out[2 + 6 * 20], room[20];
	struct span back;

	for (size_t place = 0; place < sizeof(text); place++) {
		for (int byte = 1; byte < 256; byte++) {
			memset(text, 'x', sizeof(text));
			text[place] = (uint8_t)byte;
			const size_t size = (size_t)(json_write_string(out, span_of(text, sizeof(text))) - out);

			cr_assert_eq(json_scan(out, size), 1, "%#x", byte);
			cr_assert_eq(json_string(&back, span_of(out, size), room, sizeof(room)), 1);
			cr_assert(span_equal(back, span_of(text, sizeof(text))), "%#x", byte);
		}
	}
}

Test(json_write, the_bound_is_reached)
{
	uint8_t text[64], out[2 + 6 * 64];

	memset(text, 1, sizeof(text));
	cr_assert_eq(json_write_string(out, span_of(text, sizeof(text))), out + json_string_bound(sizeof(text)));
}
