#include <criterion/criterion.h>

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
