#include "tools/load/payload.h"

#include <stdbool.h>
#include <string.h>

#include "engine/core/check.h"

#define CHECKSUM_AT 41
#define CHECKSUM_SIZE 8

_Static_assert(CHECKSUM_AT + CHECKSUM_SIZE == PAYLOAD_SIZE_MIN, "the head ends with the checksum");

#define CASTAGNOLI 0x82f63b78 /* reversed */

static uint32_t crc_bytes(uint32_t crc, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? CASTAGNOLI : 0);
	}
	return crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t crc_sse(uint32_t crc, const uint8_t *bytes, size_t size)
{
	uint64_t wide = crc, word;

	for (; size >= sizeof(word); bytes += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		wide = __builtin_ia32_crc32di(wide, word);
	}
	crc = (uint32_t)wide;
	for (; size > 0; bytes++, size--)
		crc = __builtin_ia32_crc32qi(crc, *bytes);
	return crc;
}
#endif

static uint32_t crc(uint32_t begin, const uint8_t *bytes, size_t size)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return crc_sse(begin, bytes, size);
#endif
	return crc_bytes(begin, bytes, size);
}

static uint32_t checksum(const uint8_t *bytes, size_t size)
{
	const uint32_t head = crc(0xffffffff, bytes, CHECKSUM_AT);

	return ~crc(head, bytes + PAYLOAD_SIZE_MIN, size - PAYLOAD_SIZE_MIN);
}

static uint8_t *put_hex(uint8_t *at, uint64_t value, int digits)
{
	for (int i = digits - 1; i >= 0; i--)
		*at++ = (uint8_t) "0123456789abcdef"[value >> 4 * i & 15];
	return at;
}

static int digit_of(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static bool get_hex(uint64_t *value, const uint8_t *bytes, int digits)
{
	int all = 0;

	*value = 0;
	for (int i = 0; i < digits; i++) {
		const int digit = digit_of(bytes[i]);

		all |= digit;
		*value = *value << 4 | (uint64_t)(digit & 15);
	}
	return all >= 0;
}

void payload_write(uint8_t *out, size_t size, const struct payload *payload)
{
	uint8_t *at = out;

	CHECK(size >= PAYLOAD_SIZE_MIN);
	*at++ = 'U';
	at = put_hex(at, payload->producer, 8);
	at = put_hex(at, payload->number, 8);
	at = put_hex(at, payload->room, 8);
	at = put_hex(at, payload->intended_ns, 16);
	CHECK(at == out + CHECKSUM_AT);
	memset(out + PAYLOAD_SIZE_MIN, 'x', size - PAYLOAD_SIZE_MIN);
	put_hex(at, checksum(out, size), CHECKSUM_SIZE);
}

int payload_read(struct payload *payload, const uint8_t *bytes, size_t size)
{
	uint64_t producer, number, room, intended, sum;

	if (size < PAYLOAD_SIZE_MIN || bytes[0] != 'U')
		return 0;
	if (!get_hex(&producer, bytes + 1, 8) || !get_hex(&number, bytes + 9, 8) || !get_hex(&room, bytes + 17, 8) ||
	    !get_hex(&intended, bytes + 25, 16) || !get_hex(&sum, bytes + CHECKSUM_AT, CHECKSUM_SIZE))
		return 0;
	if (sum != checksum(bytes, size))
		return 0;
	*payload = (struct payload){ .producer = (uint32_t)producer,
				     .number = (uint32_t)number,
				     .room = (uint32_t)room,
				     .intended_ns = intended };
	return 1;
}
