/* inflate.h - read payloads of permessage-deflate in steps, up to a limit (RFC 7692, 7.2.2; RFC 1951).
 *
 * zlib's raw inflate in the caller's memory: there is nothing to close. One
 * serves any number of connections in turn, for nothing passes from a message to the next
 * but what the caller hands over: what a message may refer to, when its sender agreed on
 * context takeover, is the history that inflate_begin is given. The same bytes
 * give the same message or refusal however they were cut.
 *
 * A message that ends within a block is refused: one without the last byte that
 * 7.2.3.4 asks for, or whose tail was not cut off, or no byte at all.
 */
#ifndef INFLATE_H
#define INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The memory that inflate_make needs, aligned as malloc does: a window of 15 bits and zlib's tables. */
#define INFLATE_SIZE (48 * 1024)

struct inflate; /* lies in the caller's memory */

/* Where a message goes: the caller's memory. capacity is the limit, size the message so far. */
struct inflate_out {
	uint8_t *bytes;
	size_t size;
	size_t capacity;
};

/* Keeps memory[0..size). Returns NULL when this zlib wants more memory than that. */
struct inflate *inflate_make(void *memory, size_t size);

/* Begins a message, whatever became of the last. It may refer to history[0..size), of
 * which 32,768 bytes count at most: those its sender sent before, or none. Borrows. */
void inflate_begin(struct inflate *self, const uint8_t *history, size_t size);

/* Adds what bytes[0..size) hold to out; last: the message ends with them. Returns 1 when it is whole,
 * 0 when more is to come, or -(close code): -1007 the data is bad, -1009 the message is larger than
 * out->capacity (out then holds its beginning). After 1 or a refusal only inflate_begin may follow. */
int inflate_feed(struct inflate *self, struct inflate_out *out, const uint8_t *bytes, size_t size, bool last);

/* Keeps a history up: the last bytes of history[0..held) and the message behind, at most capacity, go to
 * history[0..capacity). Returns how many there are now. capacity is 1 << client_bits. */
size_t inflate_remember(uint8_t *history, size_t held, size_t capacity, const uint8_t *message, size_t size);

#endif
