/* Every input is copied to an exact allocation: ASan then sees a read past its end. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/hash.h"

static uint64_t hash_exact(const uint8_t *bytes, size_t size, uint64_t key)
{
	uint8_t *exact = malloc(size ? size : 1);

	memcpy(exact, bytes, size);
	const uint64_t hash = hash_bytes(exact, size, key);
	free(exact);
	return hash;
}

Test(hash, depends_on_bytes_size_and_key_alone)
{
	uint8_t bytes[300];

	memset(bytes, 'x', sizeof(bytes));
	for (size_t size = 0; size < sizeof(bytes); size++) {
		const uint64_t hash = hash_exact(bytes, size, 1);

		cr_assert_eq(hash, hash_exact(bytes, size, 1));
		cr_assert_neq(hash, hash_exact(bytes, size, 2), "another key, %zu bytes", size);
		cr_assert_neq(hash, hash_exact(bytes, size + 1, 1), "%zu and one more", size);
	}
}

/* A changed input bit must change half of the output bits, at every size and every place. */
Test(hash, every_bit_reaches_about_half_of_the_result)
{
	for (size_t size = 1; size <= 200; size++) {
		uint8_t bytes[200] = { 0 };
		uint64_t flipped = 0;

		for (size_t i = 0; i < size; i++)
			bytes[i] = (uint8_t)(i * 37 + size);
		const uint64_t hash = hash_exact(bytes, size, 9);

		for (size_t bit = 0; bit < size * 8; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			const uint64_t other = hash ^ hash_exact(bytes, size, 9);

			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			cr_assert_geq(__builtin_popcountll(other), 8, "bit %zu of %zu bytes", bit, size);
			flipped += (uint64_t)__builtin_popcountll(other);
		}
		cr_assert(flipped / (size * 8) >= 28 && flipped / (size * 8) <= 36, "size %zu", size);
	}
}

Test(hash, the_low_bits_spread_names_that_differ_in_a_number)
{
	static uint32_t buckets[1024];
	uint32_t most = 0;

	for (uint32_t i = 0; i < 102400; i++) {
		char name[16];
		const int size = snprintf(name, sizeof(name), "room-%u", i);
		uint32_t *bucket = &buckets[hash_exact((const uint8_t *)name, (size_t)size, 77) & 1023];

		if (++*bucket > most)
			most = *bucket;
	}
	cr_assert_lt(most, 160, "100 on average, %u in the fullest", most);
}
