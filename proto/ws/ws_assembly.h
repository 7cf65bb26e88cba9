/* ws_assembly.h - put WebSocket frames together into messages (RFC 6455, 5.4 to 5.6).
 *
 * Pure: bytes in, one step out, and no memory of its own. What does not depend
 * on luck: the same bytes give the same steps however they were cut (save for
 * WS_STEP_GROW). A message or control frame that lies whole in the received
 * bytes is unmasked in place and given as it lies there; only what comes in
 * pieces is copied, to the caller's buffer:
 *
 *     bytes  [ message so far | control frame so far ]  capacity
 *                                                      ^ size
 *
 * Text is checked as it arrives: bad UTF-8 is refused at its first byte, also
 * in the middle of a frame. A message that is too large is refused from the
 * header that says so. A peer that only claims to send much costs nothing: we
 * ask for room for what has arrived.
 */
#ifndef WS_ASSEMBLY_H
#define WS_ASSEMBLY_H

#include "proto/utf8/utf8.h"
#include "proto/ws/ws_header.h"

/* The caller's memory; zero while there is none. The caller may move it, grow
 * it, and give it back when ws_assembly_idle; size is the assembly's. */
struct ws_buffer {
	uint8_t *bytes;
	size_t size;
	size_t capacity;
};

struct ws_limits {
	size_t message_size_max; /* as sent: compressed, if it is */
	bool expect_mask;        /* servers true, clients false; the other kind is refused */
	bool allow_compressed;   /* deflate was agreed on: RSV1 may be set */
};

/* What a step gives. bytes[0..size) borrows the received bytes or the buffer:
 * until the next feed, or until either is given back. */
struct ws_message {
	uint8_t opcode;  /* enum ws_opcode; WS_TEXT or WS_BINARY for a message */
	bool compressed; /* still to be inflated, and text then to be checked, by the caller */
	uint8_t *bytes;
	size_t size;
	size_t want;     /* WS_STEP_GROW: the capacity that the buffer lacks */
};

/* Zero is fresh. Header bytes are held until they are a header; then payload_left counts down. */
struct ws_assembly {
	uint64_t payload_left;
	size_t message_size;    /* while a control frame's payload comes: where it begins in the buffer */
	uint8_t held[WS_HEADER_SIZE_MAX];
	uint8_t held_size;
	bool in_payload;
	uint8_t message_opcode; /* of the message under way; 0: none */
	bool message_compressed;
	uint8_t opcode;         /* of the frame under way, likewise: */
	bool fin;
	uint8_t mask[4];
	uint8_t mask_phase;
	struct utf8_state utf8;
	uint16_t refused;       /* the code, once there is one */
	uint16_t parts;         /* frames that were no whole message; the owner sets it back before it wraps */
};

_Static_assert(sizeof(struct ws_assembly) <= 64, "one for each of a million connections");

enum ws_step {
	WS_STEP_MORE = 0, /* all bytes are used; nothing to tell yet */
	WS_STEP_MESSAGE,
	WS_STEP_PING,
	WS_STEP_PONG,
	WS_STEP_CLOSE,    /* its payload as sent: see ws_close.h */
	WS_STEP_GROW,     /* bring the buffer's capacity to `want` and feed the rest */
};

/* Takes from bytes[0..size), which it may write to, up to the next step; *used
 * says how many, and the caller feeds the rest. Returns the step, or -(close
 * code): -1002 a rule is broken, -1007 text is not UTF-8, -1009 the message is
 * too large; then the stream has no further meaning, and every further feed
 * takes all and says the same. */
int ws_assembly_feed(struct ws_assembly *assembly, const struct ws_limits *limits, uint8_t *bytes, size_t size,
		     size_t *used, struct ws_buffer *buffer, struct ws_message *out);

/* Between messages, with nothing kept: the buffer may go. */
bool ws_assembly_idle(const struct ws_assembly *assembly);

#endif
