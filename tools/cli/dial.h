/* dial.h - the blocking half of a link: find the host, connect, agree on the protocol.
 */
#ifndef CLI_DIAL_H
#define CLI_DIAL_H

#include "tools/cli/text.h"
#include "tools/cli/url.h"

/* Connects to the first address of the host that takes us, until then; UINT64_MAX: as long as it takes. Returns
 * the descriptor (the caller owns it), or -(enum link_refusal) and why. */
int dial_connect(const struct url *url, uint64_t until_ns, char *why, size_t why_size);

/* Writes the request and reads the answer to bytes[0..capacity); what follows
 * the answer's head is moved to the front. Returns 1 and its size in *left, or
 * -(enum link_refusal) and why. */
int dial_upgrade(int fd, const struct url *url, uint64_t until_ns, uint8_t *bytes, size_t capacity, size_t *left,
		 char *why, size_t why_size);

/* Writes the request and reads until the other side closes. Returns 1, or -(enum link_refusal) and why. */
int dial_exchange(int fd, struct span request, uint64_t until_ns, struct text *answer, char *why, size_t why_size);

#endif
