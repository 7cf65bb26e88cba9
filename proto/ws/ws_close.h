/* ws_close.h - the payload of a close frame: a code and a reason (RFC 6455, 5.5.1 and 7.4).
 *
 * Pure. The reason borrows the payload it was read from.
 */
#ifndef WS_CLOSE_H
#define WS_CLOSE_H

#include "proto/base/span.h"

#define WS_CLOSE_PAYLOAD_MAX 125
#define WS_CLOSE_NONE 1005 /* never on the wire: the frame named no code */

struct ws_close {
	uint16_t code; /* WS_CLOSE_NONE for an empty payload */
	struct span reason;
};

/* Reads payload[0..size). Returns 1, or -1002 (half a code, or one that may not
 * be sent), or -1007 (the reason is not UTF-8); then *close is not written. */
int ws_close_parse(struct ws_close *close, const uint8_t *payload, size_t size);

/* Writes a payload of at most WS_CLOSE_PAYLOAD_MAX bytes and returns its size.
 * code is one that ws_close_parse takes; a reason (UTF-8) that is too long is
 * cut before a character. */
size_t ws_close_write(uint8_t *out, uint16_t code, const char *reason, size_t reason_size);

#endif
