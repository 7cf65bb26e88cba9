/* A judge that decodes and compares numbers must agree with both twins, however
 * the text is cut; and no sooner and no later than at the byte that tells. */
#include "proto/utf8/utf8.h"
#include "tests/fuzz/fuzz.h"

/* The size of the character at the start, 0 when there is no whole and right one. */
static size_t character(const uint8_t *bytes, size_t size)
{
	static const uint32_t smallest[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t lead = bytes[0];
	const size_t length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
	uint32_t point = lead & (0xff >> (length + 1));

	if (length < 2 || length > size)
		return length == 1;
	for (size_t i = 1; i < length; i++) {
		if (bytes[i] >> 6 != 2)
			return 0;
		point = point << 6 | (bytes[i] & 0x3f);
	}
	return point < smallest[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff) ? 0 : length;
}

static bool judge(const uint8_t *bytes, size_t size)
{
	size_t at = 0;

	while (at < size) {
		const size_t length = character(bytes + at, size - at);

		if (length == 0)
			return false;
		at += length;
	}
	return true;
}

/* True when some text begins so. */
static bool may_go_on(const uint8_t *bytes, size_t size)
{
	uint8_t longer[80];
	static const uint8_t tails[][3] = { { 0x80, 0x80, 0x80 }, { 0xa0, 0x80, 0x80 }, { 0x90, 0x80, 0x80 } };

	if (judge(bytes, size))
		return true;
	memcpy(longer, bytes, size);
	for (size_t tail = 0; tail < 3; tail++)
		for (size_t more = 1; more <= 3; more++) {
			memcpy(longer + size, tails[tail], more);
			if (judge(longer, size + more))
				return true;
		}
	return false;
}

static int feed(const uint8_t *bytes, size_t size, size_t cut, struct utf8_state *state)
{
	*state = (struct utf8_state){ 0 };
	const int result = utf8_feed(state, bytes, cut);

	return result < 0 ? result : utf8_feed(state, bytes + cut, size - cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct utf8_state fast, plain = { 0 };

	if (size > 2048)
		return 0;
	const int expected = utf8_feed_scalar(&plain, data, size);
	const bool valid = judge(data, size);

	check(valid == (expected > 0 && utf8_complete(&plain)));
	check(valid == utf8_valid(data, size));
	/* At every byte of a short text, at some of a long one. */
	const size_t step = 1 + size / 24;

	for (size_t cut = size > 0 ? data[0] % step : 0; cut <= size; cut += step) {
		check(feed(data, size, cut, &fast) == expected);
		check(expected < 0 || fast.needed == plain.needed);
	}
	for (size_t end = 0; end <= size && end <= 20; end++)
		check((feed(data, end, end / 2, &fast) > 0) == may_go_on(data, end));
	return 0;
}
