/* wire.h - the little of TCP and WebSocket that the programs of tests/attack share, apart from the engine's own.
 *
 * A mask of zeros is a mask: it leaves the text readable, and the server undoes it like any other.
 */
#ifndef ATTACK_WIRE_H
#define ATTACK_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_TEXT_MAX 512      /* bytes kept of a frame from the server */
#define WIRE_FRAME_HEAD_MAX 14 /* of a frame from us */

enum { WIRE_CONTINUATION = 0, WIRE_TEXT = 1, WIRE_CLOSE = 8, WIRE_PING = 9, WIRE_PONG = 10 };

struct wire_peer {
	const char *host; /* IPv4 */
	uint16_t port;
};

/* What has come of the frame that is being read; all zero before the first. */
struct wire_reader {
	uint8_t head[10];
	uint8_t head_size;
	uint8_t opcode;
	uint64_t left;
	uint32_t kept;
	char text[WIRE_TEXT_MAX + 1]; /* the first bytes of the payload, and a NUL */
};

uint64_t wire_now_ns(void);

/* A socket that is connecting, not blocking, from 127.0.0.2 + source (0: the kernel chooses; a receive buffer of 0 is
 * the kernel's choice too). -1: errno. */
int wire_connect(const struct wire_peer *peer, uint32_t source, int receive_buffer);

/* Writes a frame with FIN and mask; returns its size, at most size + WIRE_FRAME_HEAD_MAX. */
size_t wire_frame(uint8_t *out, int opcode, const void *payload, size_t size);

/* The next whole frame of a server's bytes; moves *at and *size past what it read. False: more bytes are needed. The
 * frame is in opcode, kept and text until the next call. */
bool wire_read(struct wire_reader *reader, const uint8_t **at, size_t *size);

/* The code of a Close that was read; 1005: it has none. */
int wire_close_code(const struct wire_reader *reader);

/* The digits after key in text as a number; 0 when it is not there. */
uint64_t wire_number(const char *text, const char *key);

#endif
