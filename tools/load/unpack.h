/* unpack.h - messages that come compressed, inflated: one inflate and one place for the text a worker.
 */
#ifndef LOAD_UNPACK_H
#define LOAD_UNPACK_H

#include "proto/deflate/inflate.h"
#include "proto/ws/ws_assembly.h"
#include "proto/ws/ws_extension.h"

#define UNPACK_SIZE_MAX (16 << 20) /* of a message, inflated */

/* Zero is fresh: memory comes with the first message. */
struct unpack {
	struct inflate *inflate;
	uint8_t *text; /* of UNPACK_SIZE_MAX, of which the kernel gives what is touched */
	uint32_t packed, inflated; /* bytes of the message at hand, before and after; 0: it came plain */
};

/* What a client offers: each message stands alone, so that the same message has the same bytes for all. */
extern const struct ws_deflate_terms unpack_offer;

/* Inflates a message if it came compressed, and sees whether it is UTF-8 when it is to be. Returns 1, and has
 * changed bytes and size, which then borrow until the next; or -(close code). */
int unpack_message(struct unpack *unpack, struct ws_message *message);

#endif
