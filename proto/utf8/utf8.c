#include "proto/utf8/utf8.h"

#include <assert.h>

#define WS_CLOSE_BAD_PAYLOAD 1007

/* What may follow the first byte of a character: RFC 3629, section 4, its ABNF
 * row by row. Only the first of the following bytes is ever restricted. */
static const struct lead {
	uint8_t first, last;
	uint8_t needed;
	uint8_t low, high;
} leads[] = {
	{ 0xc2, 0xdf, 1, 0x80, 0xbf },
	{ 0xe0, 0xe0, 2, 0xa0, 0xbf }, /* below: overlong */
	{ 0xe1, 0xec, 2, 0x80, 0xbf },
	{ 0xed, 0xed, 2, 0x80, 0x9f }, /* above: surrogates */
	{ 0xee, 0xef, 2, 0x80, 0xbf },
	{ 0xf0, 0xf0, 3, 0x90, 0xbf }, /* below: overlong */
	{ 0xf1, 0xf3, 3, 0x80, 0xbf },
	{ 0xf4, 0xf4, 3, 0x80, 0x8f }, /* above: beyond U+10FFFF */
};

static bool take_lead(struct utf8_state *state, uint8_t byte)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
		const struct lead *lead = &leads[i];

		if (byte >= lead->first && byte <= lead->last) {
			*state = (struct utf8_state){ lead->needed, lead->low, lead->high };
			return true;
		}
	}
	return false;
}

int utf8_feed_scalar(struct utf8_state *state, const uint8_t *bytes, size_t size)
{
	assert(state->needed <= 3);
	for (size_t i = 0; i < size; i++) {
		const uint8_t byte = bytes[i];

		if (state->needed > 0) {
			if (byte < state->low || byte > state->high)
				return -WS_CLOSE_BAD_PAYLOAD;
			*state = (struct utf8_state){ state->needed - 1, 0x80, 0xbf };
		} else if (byte >= 0x80 && !take_lead(state, byte)) {
			return -WS_CLOSE_BAD_PAYLOAD;
		}
	}
	return 1;
}

int utf8_feed(struct utf8_state *state, const uint8_t *bytes, size_t size)
{
	return utf8_feed_scalar(state, bytes, size);
}

bool utf8_valid(const uint8_t *bytes, size_t size)
{
	struct utf8_state state = { 0 };

	return utf8_feed(&state, bytes, size) > 0 && utf8_complete(&state);
}
