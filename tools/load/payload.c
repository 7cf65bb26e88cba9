#include "tools/load/payload.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

#include "engine/core/check.h"
#include "tools/load/filler.h"

#define CHECKSUM_AT 41
#define CHECKSUM_SIZE 8

_Static_assert(CHECKSUM_AT + CHECKSUM_SIZE == PAYLOAD_SIZE_MIN, "the head ends with the checksum");

#define CASTAGNOLI 0x82f63b78 /* reversed */

/* What a remainder becomes by one bit, and by four: sixteen places, no start-up. */
#define BIT(crc) ((crc) >> 1 ^ ((crc)&1 ? CASTAGNOLI : 0))
#define NIBBLE(crc) BIT(BIT(BIT(BIT((uint32_t)(crc)))))

static const uint32_t crc_of_nibble[16] = {
	NIBBLE(0), NIBBLE(1), NIBBLE(2),  NIBBLE(3),  NIBBLE(4),  NIBBLE(5),  NIBBLE(6),  NIBBLE(7),
	NIBBLE(8), NIBBLE(9), NIBBLE(10), NIBBLE(11), NIBBLE(12), NIBBLE(13), NIBBLE(14), NIBBLE(15),
};

uint32_t payload_crc_plain(uint32_t crc, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		crc = crc >> 4 ^ crc_of_nibble[crc & 15];
		crc = crc >> 4 ^ crc_of_nibble[crc & 15];
	}
	return crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t crc_sse(uint32_t crc, const uint8_t *bytes, size_t size)
{
	uint64_t wide = crc, word;
	uint32_t half;

	for (; size >= sizeof(word); bytes += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		wide = __builtin_ia32_crc32di(wide, word);
	}
	crc = (uint32_t)wide;
	if (size >= sizeof(half)) {
		memcpy(&half, bytes, sizeof(half));
		crc = __builtin_ia32_crc32si(crc, half);
		bytes += sizeof(half);
		size -= sizeof(half);
	}
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
	return payload_crc_plain(begin, bytes, size);
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

#define EACH(byte) (0x0101010101010101 * (uint64_t)(byte))

/* Eight digits at once, the first in the highest byte. Adding sets a byte's highest bit where it is at or above a
 * bound; a byte above 127 passes both bounds or wraps past both, with a carry from below or without. */
static bool get_hex8(uint32_t *value, const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	word = be64toh(word);

	const uint64_t digits = (word + EACH(0x80 - '0')) & ~(word + EACH(0x80 - '9' - 1));
	const uint64_t letters = (word + EACH(0x80 - 'a')) & ~(word + EACH(0x80 - 'f' - 1));

	if (((digits | letters) & EACH(0x80)) != EACH(0x80))
		return false;
	word = (word & EACH(0x0f)) + 9 * (word >> 6 & EACH(1));
	word = (word | word >> 4) & 0x00ff00ff00ff00ff;
	word = (word | word >> 8) & 0x0000ffff0000ffff;
	*value = (uint32_t)(word | word >> 16);
	return true;
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
	filler_write(out + PAYLOAD_SIZE_MIN, size - PAYLOAD_SIZE_MIN,
		     (uint64_t)payload->producer << 32 | payload->number);
	put_hex(at, checksum(out, size), CHECKSUM_SIZE);
}

int payload_read(struct payload *payload, const uint8_t *bytes, size_t size)
{
	uint32_t producer, number, room, high, low, sum;

	if (size < PAYLOAD_SIZE_MIN || bytes[0] != 'U')
		return 0;
	if (!get_hex8(&producer, bytes + 1) || !get_hex8(&number, bytes + 9) || !get_hex8(&room, bytes + 17) ||
	    !get_hex8(&high, bytes + 25) || !get_hex8(&low, bytes + 33) || !get_hex8(&sum, bytes + CHECKSUM_AT))
		return 0;
	if (sum != checksum(bytes, size))
		return 0;
	*payload = (struct payload){
		.producer = producer, .number = number, .room = room, .intended_ns = (uint64_t)high << 32 | low
	};
	return 1;
}
