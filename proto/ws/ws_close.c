#include "proto/ws/ws_close.h"

#include <assert.h>

#include "proto/utf8/utf8.h"

#define PROTOCOL_ERROR 1002
#define BAD_PAYLOAD 1007

/* What may be sent: 7.4.1, the registry of IANA since then (1012 to 1014), and 7.4.2. */
static const struct range {
	uint16_t first, last;
} sendable[] = {
	{ 1000, 1003 },
	{ 1007, 1014 },
	{ 3000, 4999 },
};

static bool is_sendable(uint16_t code)
{
	for (size_t i = 0; i < sizeof(sendable) / sizeof(sendable[0]); i++)
		if (code >= sendable[i].first && code <= sendable[i].last)
			return true;
	return false;
}

int ws_close_parse(struct ws_close *close, const uint8_t *payload, size_t size)
{
	if (size == 0) {
		*close = (struct ws_close){ .code = WS_CLOSE_NONE, .reason = SPAN("") };
		return 1;
	}
	if (size < 2 || size > WS_CLOSE_PAYLOAD_MAX)
		return -PROTOCOL_ERROR;

	const uint16_t code = (uint16_t)(payload[0] << 8 | payload[1]);

	if (!is_sendable(code))
		return -PROTOCOL_ERROR;
	if (!utf8_valid(payload + 2, size - 2))
		return -BAD_PAYLOAD;
	*close = (struct ws_close){ .code = code, .reason = span_of(payload + 2, size - 2) };
	return 1;
}

size_t ws_close_write(uint8_t *out, uint16_t code, const char *reason, size_t reason_size)
{
	assert(is_sendable(code));

	if (reason_size > WS_CLOSE_PAYLOAD_MAX - 2) {
		reason_size = WS_CLOSE_PAYLOAD_MAX - 2;
		while (reason_size > 0 && ((uint8_t)reason[reason_size] & 0xc0) == 0x80)
			reason_size--;
	}
	out[0] = (uint8_t)(code >> 8);
	out[1] = (uint8_t)code;
	if (reason_size > 0)
		memcpy(out + 2, reason, reason_size);
	return 2 + reason_size;
}
