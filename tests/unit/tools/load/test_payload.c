#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/load/payload.h"

static const struct payload one = { .producer = 0xfedcba98, .number = 1, .room = 4294967295, .intended_ns = ~0ull };

static int read_copy(struct payload *read, const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	memcpy(copy, bytes, size);

	const int result = payload_read(read, copy, size);

	free(copy);
	return result;
}

Test(load_payload, what_is_written_is_read_again)
{
	for (size_t size = PAYLOAD_SIZE_MIN; size < 300; size++) {
		uint8_t bytes[300];
		struct payload read;

		payload_write(bytes, size, &one);
		cr_assert_eq(read_copy(&read, bytes, size), 1);
		cr_assert_eq(read.producer, one.producer);
		cr_assert_eq(read.number, one.number);
		cr_assert_eq(read.room, one.room);
		cr_assert_eq(read.intended_ns, one.intended_ns);
	}
}

Test(load_payload, the_form_is_as_the_header_says)
{
	uint8_t bytes[52];

	payload_write(bytes, sizeof(bytes), &one);
	cr_assert_eq(memcmp(bytes, "Ufedcba9800000001ffffffffffffffffffffffff", 41), 0);
	cr_assert_eq(memcmp(bytes + 49, "xxx", 3), 0);
}

Test(load_payload, every_changed_bit_is_noticed)
{
	uint8_t bytes[100];
	struct payload read;

	payload_write(bytes, sizeof(bytes), &one);
	for (size_t bit = 0; bit < sizeof(bytes) * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		cr_assert_eq(read_copy(&read, bytes, sizeof(bytes)), 0, "bit %zu", bit);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

Test(load_payload, what_is_shorter_is_none)
{
	uint8_t bytes[PAYLOAD_SIZE_MIN];
	struct payload read;

	payload_write(bytes, sizeof(bytes), &one);
	for (size_t size = 0; size < PAYLOAD_SIZE_MIN; size++)
		cr_assert_eq(read_copy(&read, bytes, size), 0);
}

/* The checksum that bytes should carry, by the plain twin; written by another road than payload_write's. */
static void sign(uint8_t *bytes, size_t size)
{
	const uint32_t head = payload_crc_plain(0xffffffff, bytes, 41);
	char text[9];

	snprintf(text, sizeof(text), "%08x", ~payload_crc_plain(head, bytes + 49, size - 49));
	memcpy(bytes + 41, text, 8);
}

Test(load_payload, the_checksum_is_crc_32c)
{
	cr_assert_eq(~payload_crc_plain(0xffffffff, (const uint8_t *)"123456789", 9), 0xe3069283);
}

/* Whichever road this processor takes. */
Test(load_payload, the_checksum_is_the_plain_twins)
{
	for (size_t size = PAYLOAD_SIZE_MIN; size < 300; size++) {
		const struct payload other = { .producer = (uint32_t)size, .number = 7, .intended_ns = size << 40 };
		uint8_t bytes[300], signed_again[300];

		payload_write(bytes, size, &other);
		memcpy(signed_again, bytes, size);
		memset(signed_again + 41, '?', 8);
		sign(signed_again, size);
		cr_assert_eq(memcmp(bytes, signed_again, size), 0, "size %zu", size);
	}
}

/* With a checksum that is right: what refuses is the reading of digits. */
Test(load_payload, a_digit_is_lower_case_hex_and_nothing_else)
{
	for (size_t at = 1; at < 41; at++) {
		for (int byte = 0; byte < 256; byte++) {
			const int is_digit = byte != 0 && strchr("0123456789abcdef", byte) != NULL;
			uint8_t bytes[60];
			struct payload read;

			payload_write(bytes, sizeof(bytes), &one);
			bytes[at] = (uint8_t)byte;
			sign(bytes, sizeof(bytes));
			cr_assert_eq(read_copy(&read, bytes, sizeof(bytes)), is_digit, "byte %d at %zu", byte, at);
		}
	}
}

Test(load_payload, the_checksum_itself_has_one_spelling)
{
	for (uint32_t number = 1; number < 40; number++) {
		const struct payload other = { .number = number };
		uint8_t bytes[PAYLOAD_SIZE_MIN];
		struct payload read;

		payload_write(bytes, sizeof(bytes), &other);
		for (size_t at = 41; at < 49; at++) {
			const uint8_t right = bytes[at];

			for (int byte = 0; byte < 256; byte++) {
				bytes[at] = (uint8_t)byte;
				cr_assert_eq(read_copy(&read, bytes, sizeof(bytes)), byte == right);
			}
			bytes[at] = right;
		}
	}
}
