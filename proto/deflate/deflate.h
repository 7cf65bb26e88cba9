/* deflate.h - compress messages into payloads of permessage-deflate (RFC 7692, 7.2.1; RFC 1951).
 *
 * zlib's raw deflate in the caller's memory: there is nothing to close, the
 * caller gives the memory back when it wants to. One message after the other.
 */
#ifndef DEFLATE_H
#define DEFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEFLATE_BITS_MIN 9 /* zlib would turn a raw 8 into 9, and the peer could not read that */
#define DEFLATE_BITS_MAX 15
#define DEFLATE_LEVEL_MAX 9
#define DEFLATE_MEM_LEVEL_MAX 9

/* What chat messages were measured best with (perf/bench/bench_deflate.c): level 6 takes twice the
 * time of level 3 from 1 KiB on and saves 2% more; memory of level 8 has 64 KiB to clear for each message, and
 * that of level 1 ends a block every 128 symbols, each with a table or none. */
#define DEFLATE_LEVEL 3
#define DEFLATE_MEM_LEVEL 5

/* What must be free behind the limit of deflate_message: the flush's tail, which is cut off, and a
 * byte by which zlib says that it was done. */
#define DEFLATE_ROOM 5

struct deflate; /* lies in the caller's memory */

/* The memory that deflate_make needs, aligned as malloc does. Per window bits and level of memory:
 * (4 << bits) + (9 << (mem_level + 6)) and 8 KiB; 15 and 8: 280 KiB, 15 and 5: 154 KiB, 9 and 1: 11 KiB. */
size_t deflate_size(unsigned int bits, unsigned int mem_level);

/* Keeps memory[0..size). bits 9 to 15, level 0 to 9, mem_level 1 to 9. Returns NULL when this zlib
 * wants more memory than that, or cannot do it. */
struct deflate *deflate_make(void *memory, size_t size, unsigned int bits, unsigned int level, unsigned int mem_level);

/* Compresses one message into out[0..limit + DEFLATE_ROOM). keep: it may refer to the messages
 * before it, which the peer has then to remember; else it stands alone. Returns the
 * payload's size, 0 when that would be over limit (the next message then stands
 * alone in any case). An empty message is one byte (7.2.3.6). */
size_t deflate_message(struct deflate *self, uint8_t *out, size_t limit, const uint8_t *bytes, size_t size, bool keep);

#endif
