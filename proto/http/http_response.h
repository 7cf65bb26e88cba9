/* http_response.h - write the head of an HTTP/1.1 response (RFC 9112, 4).
 *
 * Pure.
 */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The phrase of tbl/statuses.h, NULL for a status that is not there. */
const char *http_status_text(int status);

/* Writes status line, fields and the empty line to out[0..capacity). status is
 * one of tbl/statuses.h; content_type may be NULL; extra_fields are whole lines, each
 * ended by CRLF, or NULL. Content-Length is left out where it would say something else
 * than intended: 1xx, 204 and 304. Those of 426 say Upgrade. Returns the size, 0 when it does not fit. */
size_t http_response_head(uint8_t *out, size_t capacity, int status, const char *content_type, uint64_t content_length,
			  bool keep_alive, const char *extra_fields);

#endif
