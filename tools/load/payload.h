/* payload.h - what every message of a run carries, so that its receiver can judge it.
 *
 * Printable ASCII without a quote or a backslash, so that every dialect carries it untouched:
 * a 'U', then in lower-case hex producer (8), number (8), room (8), intended time (16), checksum (8),
 * then filler (filler.h) up to the size. The checksum is CRC-32C over all other bytes.
 */
#ifndef LOAD_PAYLOAD_H
#define LOAD_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

#define PAYLOAD_SIZE_MIN 49

struct payload {
	uint32_t producer; /* of the whole run */
	uint32_t number; /* 1, 2, 3 .. of this producer in this room */
	uint32_t room;
	uint64_t intended_ns; /* CLOCK_MONOTONIC, when it should have been sent */
};

/* Writes size (>= PAYLOAD_SIZE_MIN, checked) bytes. */
void payload_write(uint8_t *out, size_t size, const struct payload *payload);

/* Returns 1, or 0 when it is none of ours or damaged. */
int payload_read(struct payload *payload, const uint8_t *bytes, size_t size);

/* CRC-32C without the processor's own instruction: for those that have none, and what tests compare with.
 * Begins at 0xffffffff, and the result is to be inverted. */
uint32_t payload_crc_plain(uint32_t crc, const uint8_t *bytes, size_t size);

#endif
