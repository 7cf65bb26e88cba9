/* ws_handshake.h - turn an HTTP connection into a WebSocket, on either side (RFC 6455, 4).
 *
 * Pure; SHA-1 is the caller's. The server checks a request, then writes the
 * 101; the client writes the request, then reads the response.
 */
#ifndef WS_HANDSHAKE_H
#define WS_HANDSHAKE_H

#include "proto/http/http_head.h"
#include "proto/ws/ws_extension.h"

#define WS_KEY_SIZE 24    /* base64 of 16 bytes */
#define WS_ACCEPT_SIZE 28 /* base64 of SHA-1's 20 */

typedef void ws_sha1(const void *bytes, size_t size, uint8_t out[20]);

/* What of a request the response needs. */
struct ws_handshake {
	uint8_t key[WS_KEY_SIZE];
	struct ws_deflate_terms deflate; /* none: for ws_extension_accept to write, which comes after the check */
};

/* Judges a request as 4.2.1 does. Returns 101 and writes *handshake, or the status to
 * refuse with: 426 for another version than 13 (the answer then names 13), else 400. */
int ws_handshake_check(const struct http_head *request, struct ws_handshake *handshake);

/* True when the client offers this subprotocol; case counts. */
bool ws_handshake_offers(const struct http_head *request, const char *subprotocol);

/* Writes the whole 101 response, at most 640 bytes with a subprotocol (or
 * NULL) of up to 256. Returns its size, 0 when it does not fit. */
size_t ws_handshake_write(uint8_t *out, size_t capacity, const struct ws_handshake *handshake, const char *subprotocol,
			  ws_sha1 *sha1);

/* Sec-WebSocket-Accept of a key. */
void ws_handshake_accept(uint8_t out[WS_ACCEPT_SIZE], const uint8_t key[WS_KEY_SIZE], ws_sha1 *sha1);

/* Client: writes a request for path at host, subprotocol or NULL, and deflate offered or
 * NULL. nonce is random. Returns its size, 0 when it does not fit. */
size_t ws_handshake_request(uint8_t *out, size_t capacity, struct span host, struct span path, const char *subprotocol,
			    const struct ws_deflate_terms *deflate, const uint8_t nonce[16]);

/* Client: reads the answer to a request made with that nonce. Returns the size
 * of its head (frames may follow), 0 when more bytes are needed, -(status) when
 * the server answers with another than 101, and -1 when it is no agreement all
 * the same or larger than HTTP_HEAD_SIZE_MAX. *deflate is what the request offered, and
 * becomes on a positive return what is agreed (maybe nothing); NULL: it offered none. */
int ws_handshake_response(const uint8_t *bytes, size_t size, const uint8_t nonce[16], ws_sha1 *sha1,
			  struct ws_deflate_terms *deflate);

/* Client: the subprotocol that such an answer names, SPAN_NONE without one. head_size
 * is what ws_handshake_response returned. A client that did not ask for it leaves (4.1). */
struct span ws_handshake_chosen(const uint8_t *bytes, size_t head_size);

#endif
