#include "proto/json/json_write.h"

#include <assert.h>

#include "proto/json/json_plain.h"

static const char pairs[201] = "00010203040506070809101112131415161718192021222324"
			       "25262728293031323334353637383940414243444546474849"
			       "50515253545556575859606162636465666768697071727374"
			       "75767778798081828384858687888990919293949596979899";

static uint8_t *write_escape(uint8_t *at, uint8_t byte)
{
	static const char shorts[0x20] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r' };
	static const char hex[16] = "0123456789abcdef";

	assert(!json_is_plain(byte));
	*at++ = '\\';
	if (byte >= 0x20 || shorts[byte]) {
		*at++ = byte >= 0x20 ? byte : (uint8_t)shorts[byte];
		return at;
	}
	at = json_write_raw(at, SPAN("u00"));
	*at++ = (uint8_t)hex[byte >> 4];
	*at++ = (uint8_t)hex[byte & 15];
	return at;
}

uint8_t *json_write_string(uint8_t *at, struct span text)
{
	*at++ = '"';
	for (size_t done = 0; done < text.size; done++) {
		const size_t plain = json_plain(text.bytes + done, text.size - done);

		at = json_write_raw(at, span_of(text.bytes + done, plain));
		done += plain;
		if (done == text.size)
			break;
		at = write_escape(at, text.bytes[done]);
	}
	*at++ = '"';
	return at;
}

static void write_pair(uint8_t *at, uint32_t value)
{
	memcpy(at, pairs + 2 * (size_t)value, 2);
}

/* Four and eight digits, zeros in front: no part waits for another. */
static uint8_t *write_four(uint8_t *at, uint32_t value)
{
	write_pair(at, value / 100);
	write_pair(at + 2, value % 100);
	return at + 4;
}

static uint8_t *write_eight(uint8_t *at, uint32_t value)
{
	return write_four(write_four(at, value / 10000), value % 10000);
}

/* Below 100, below 10^4 and below 10^8, without zeros in front. */
static uint8_t *write_two_at_most(uint8_t *at, uint32_t value)
{
	if (value >= 10) {
		write_pair(at, value);
		return at + 2;
	}
	*at = (uint8_t)('0' + value);
	return at + 1;
}

static uint8_t *write_four_at_most(uint8_t *at, uint32_t value)
{
	if (value < 100)
		return write_two_at_most(at, value);
	at = write_two_at_most(at, value / 100);
	write_pair(at, value % 100);
	return at + 2;
}

static uint8_t *write_eight_at_most(uint8_t *at, uint32_t value)
{
	if (value < 10000)
		return write_four_at_most(at, value);
	return write_four(write_four_at_most(at, value / 10000), value % 10000);
}

uint8_t *json_write_u64(uint8_t *at, uint64_t value)
{
	const uint64_t eight = 100000000;

	if (value < eight)
		return write_eight_at_most(at, (uint32_t)value);
	if (value < eight * eight) {
		at = write_eight_at_most(at, (uint32_t)(value / eight));
		return write_eight(at, (uint32_t)(value % eight));
	}
	at = write_eight_at_most(at, (uint32_t)(value / (eight * eight)));
	at = write_eight(at, (uint32_t)(value / eight % eight));
	return write_eight(at, (uint32_t)(value % eight));
}
