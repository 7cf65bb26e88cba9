#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/ws/ws_mask.h"

static const uint8_t key[4] = { 0x37, 0xfa, 0x21, 0x3d };

Test(ws_mask, masks_the_example_of_the_rfc)
{
	static const uint8_t wire[5] = "\x7f\x9f\x4d\x51\x58";
	uint8_t text[5];

	memcpy(text, "Hello", 5);
	ws_mask(text, 5, key, 0);
	cr_assert_eq(memcmp(text, wire, 5), 0);
	ws_mask(text, 5, key, 0);
	cr_assert_eq(memcmp(text, "Hello", 5), 0, "twice is not at all");
}

/* The definition, of every byte's own number. */
static void check(size_t size, size_t skew, size_t phase)
{
	uint8_t *const block = malloc(size + skew + 1);
	uint8_t *const bytes = block + skew;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(i * 7 + 3);
	bytes[size] = 0x55;
	ws_mask(bytes, size, key, phase);
	cr_assert_eq(bytes[size], 0x55, "%zu bytes: one behind the end", size);
	for (size_t i = 0; i < size; i++)
		cr_assert_eq(bytes[i], (uint8_t)(i * 7 + 3) ^ key[(phase + i) % 4], "%zu bytes at %zu, phase %zu: %zu",
			     size, skew, phase, i);
	ws_mask_scalar(bytes, size, key, phase);
	for (size_t i = 0; i < size; i++)
		cr_assert_eq(bytes[i], (uint8_t)(i * 7 + 3), "the plain twin undoes it");
	free(block);
}

Test(ws_mask, masks_any_size_at_any_address_from_any_phase)
{
	for (size_t size = 0; size <= 200; size++)
		for (size_t skew = 0; skew < 3; skew++)
			for (size_t phase = 0; phase < 6; phase++)
				check(size, skew, phase);
	check(65537, 1, SIZE_MAX);
}

Test(ws_mask, a_payload_may_be_done_in_pieces)
{
	uint8_t whole[150], pieces[150];

	for (size_t cut = 0; cut <= sizeof(whole); cut++) {
		memset(whole, 'u', sizeof(whole));
		memset(pieces, 'u', sizeof(pieces));
		ws_mask(whole, sizeof(whole), key, 0);
		ws_mask(pieces, cut, key, 0);
		ws_mask(pieces + cut, sizeof(pieces) - cut, key, cut);
		cr_assert_eq(memcmp(whole, pieces, sizeof(whole)), 0, "cut at %zu", cut);
	}
}
