#include "engine/core/hash.h"

#include <string.h>

/* Odd constants with 32 bits set, as wyhash wants them. */
static const uint64_t secret[4] = {
	0x2d358dccaa6c78a5, 0x8bb84b93962eacc9, 0x4b33a62ed433d4a3, 0x4d5a2da51de1aa47,
};

static uint64_t mix(uint64_t a, uint64_t b)
{
	const __uint128_t product = (__uint128_t)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t read_8(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static uint64_t read_4(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

/* 1 to 3 bytes: first, middle, last. */
static uint64_t read_few(const uint8_t *bytes, size_t size)
{
	return (uint64_t)bytes[0] << 16 | (uint64_t)bytes[size >> 1] << 8 | bytes[size - 1];
}

/* 48 bytes a step in three independent lanes, so that the multiplications overlap. */
static const uint8_t *fold_48(const uint8_t *bytes, size_t *left, uint64_t *seed)
{
	uint64_t second = *seed, third = *seed;

	do {
		*seed = mix(read_8(bytes) ^ secret[1], read_8(bytes + 8) ^ *seed);
		second = mix(read_8(bytes + 16) ^ secret[2], read_8(bytes + 24) ^ second);
		third = mix(read_8(bytes + 32) ^ secret[3], read_8(bytes + 40) ^ third);
		bytes += 48;
		*left -= 48;
	} while (*left > 48);
	*seed ^= second ^ third;
	return bytes;
}

uint64_t hash_bytes(const void *start, size_t size, uint64_t key)
{
	const uint8_t *bytes = start;
	uint64_t seed = key ^ mix(key ^ secret[0], secret[1]);
	uint64_t a = 0, b = 0;
	size_t left = size;

	if (size > 16) {
		if (left > 48)
			bytes = fold_48(bytes, &left, &seed);
		for (; left > 16; left -= 16, bytes += 16)
			seed = mix(read_8(bytes) ^ secret[1], read_8(bytes + 8) ^ seed);
		/* The last 16 bytes, which overlap what was folded: no byte-wise tail. */
		a = read_8(bytes + left - 16);
		b = read_8(bytes + left - 8);
	} else if (size >= 4) {
		const size_t step = (size >> 3) << 2;

		a = read_4(bytes) << 32 | read_4(bytes + step);
		b = read_4(bytes + size - 4) << 32 | read_4(bytes + size - 4 - step);
	} else if (size > 0) {
		a = read_few(bytes, size);
	}

	const __uint128_t product = (__uint128_t)(a ^ secret[1]) * (b ^ seed);

	return mix((uint64_t)product ^ secret[0] ^ size, (uint64_t)(product >> 64) ^ secret[1]);
}
