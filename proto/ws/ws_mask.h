/* ws_mask.h - put a WebSocket masking key on a payload, or take it off (RFC 6455, 5.3).
 *
 * Pure, in place. The two are the same operation.
 */
#ifndef WS_MASK_H
#define WS_MASK_H

#include <stddef.h>
#include <stdint.h>

/* Masks bytes[0..size), of which the first is number `phase` of its frame's
 * payload; so a payload can be done in pieces. */
void ws_mask(uint8_t *bytes, size_t size, const uint8_t key[4], size_t phase);

/* The plain twin: the oracle of tests and the floor of benches. */
void ws_mask_scalar(uint8_t *bytes, size_t size, const uint8_t key[4], size_t phase);

#endif
