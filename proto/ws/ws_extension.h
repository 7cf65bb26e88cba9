/* ws_extension.h - agree on permessage-deflate in the handshake, on either side (RFC 7692, 5 and 7.1; RFC 6455, 9.1).
 *
 * Pure. A server reads the offers of a request, in their order, and takes the
 * first that it can keep; a client writes one offer and judges the answer. What
 * is written comes from terms, never from the other side's bytes.
 *
 * An offer that breaks RFC 7692 (a parameter that is unknown, comes twice, has a
 * value that it may not have or lacks one that it needs) is declined and the
 * next is tried (5.1, 7.1). A header that breaks the grammar itself is no
 * handshake: RFC 6455, 9.1 has us fail the connection, which for a server that has
 * not answered yet is a 400 (4.2.1). So it is with any policy, also none.
 */
#ifndef WS_EXTENSION_H
#define WS_EXTENSION_H

#include "proto/http/http_head.h"

#define WS_DEFLATE_BITS_MIN 9 /* of what we compress with: zlib has no raw deflate of 8 */
#define WS_DEFLATE_BITS_MAX 15 /* RFC 7692: where nothing is said */
#define WS_EXTENSION_SIZE_MAX 128

/* What a server may agree to. */
struct ws_deflate_policy {
	bool on;
	bool server_takeover; /* may be granted: then we keep a context from message to message */
	bool client_takeover; /* likewise the client, and we the last bytes it sent */
	uint8_t server_bits; /* 9 to 15: of the window that we compress with; less when an offer says so */
	uint8_t client_bits; /* 9 to 15: asked of clients that can be asked; the others have 15 */
};

/* What was offered, or is agreed. All zero is nothing. */
struct ws_deflate_terms {
	bool agreed;
	bool server_takeover;
	bool client_takeover;
	bool server_bits_named; /* the offer had them: then the answer must, also at 15 */
	uint8_t server_bits; /* 9 to 15 */
	uint8_t client_bits; /* 8 to 15: whoever inflates need not care; less than 15 only if the client can be asked */
};

/* Server: judges what a request offers. Returns 1 when there is an agreement, 0
 * when there is none (nothing offered, or all declined), -400 when the header is
 * broken. Writes *terms in every case, all zero without an agreement. The caller may yet take a
 * takeover back, by setting it to false, before the answer is written. */
int ws_extension_accept(struct ws_deflate_terms *terms, const struct http_head *request,
			const struct ws_deflate_policy *policy);

/* Writes terms as the value of Sec-WebSocket-Extensions: a server's answer, and likewise
 * a client's offer. Returns its size. */
size_t ws_extension_write(uint8_t out[WS_EXTENSION_SIZE_MAX], const struct ws_deflate_terms *terms);

/* Client: judges the value that answers an offer. Returns 1 and writes *terms (offer itself, maybe), or -1 when it
 * is no answer to that: the client then leaves (RFC 7692, 5.1 and 7.1). */
int ws_extension_check(struct ws_deflate_terms *terms, struct span value, const struct ws_deflate_terms *offer);

#endif
