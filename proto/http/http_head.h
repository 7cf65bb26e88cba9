/* http_head.h - read the head of an HTTP/1.x request, strictly (RFC 9112).
 *
 * Pure and bounded. All spans borrow the bytes of the head. Nothing is repaired: what
 * two readers might understand differently is refused, so that nobody
 * smuggles a request past a proxy in front of us.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include "proto/base/span.h"
#include "proto/http/http_text.h"

#define HTTP_HEAD_SIZE_MAX 8192   /* from the first byte to the empty line's last */
#define HTTP_TARGET_SIZE_MAX 2048
#define HTTP_FIELDS_MAX 100

/* Why a head is refused: rows of tbl/http_refusals.h. */
enum http_refusal {
	HTTP_REFUSED_NOT = 0,
#define HTTP_REFUSAL(name, status, text) HTTP_REFUSED_##name,
#include "proto/http/tbl/http_refusals.h"
#undef HTTP_REFUSAL
	HTTP_REFUSED_COUNT,
};

struct http_field {
	struct span name;
	struct span value; /* trimmed; may be empty */
};

struct http_head {
	struct span method; /* any token; case counts */
	struct span target; /* as sent */
	struct span path;   /* begins with '/'; or "*" of OPTIONS; empty for CONNECT. Not decoded. */
	struct span query;  /* behind the '?', absent without one */
	struct span host;   /* of the target if that names one, else of Host; absent in an HTTP/1.0 head without */
	int minor;          /* of the version: HTTP/1.minor, 0 or 1 */
	bool keep_alive;
	bool has_body;      /* content_length > 0 */
	uint8_t refusal;    /* enum http_refusal, written also when the head is refused */
	uint64_t content_length;
	uint32_t field_count;
	struct http_field fields[HTTP_FIELDS_MAX]; /* in the order sent; those behind field_count are not written */
};

/* Reads the head at the start of bytes[0..size). scanned is the size of the
 * last call that returned 0 for these bytes (0: none did), so that a head
 * that comes in drops is not looked over again and again.
 * Returns the head's size, 0 when more bytes are needed, or -(status): 400,
 * 414, 431, 501 (a transfer coding), 505. Only on a positive return is *head
 * to be used, but for head->refusal, which a negative one explains, and method
 * and path where that is HTTP_REFUSED_coding. A single
 * empty line before the head is let pass and counted. */
int http_head_parse(struct http_head *head, const uint8_t *bytes, size_t size, size_t scanned);

/* True when a request to a server itself may ask for it: a path that begins with '/', with or without a query
 * (RFC 9112, 3.2.1; RFC 3986, 3.3). For those who write requests; of any size. */
bool http_target_is_valid(struct span target);

/* Whether the answer is as that to GET, but without its content (RFC 9110, 9.3.2). */
static inline bool http_head_only(const struct http_head *head)
{
	return span_equal(head->method, SPAN("HEAD"));
}

/* A few words for people, and the row's name. */
const char *http_refusal_text(enum http_refusal refusal);
const char *http_refusal_name(enum http_refusal refusal);

/* The plain twin: the oracle of tests and the floor of benches. */
int http_head_parse_scalar(struct http_head *head, const uint8_t *bytes, size_t size, size_t scanned);

/* The value of the first field of that name (in any case), SPAN_NONE without one. */
struct span http_head_field(const struct http_head *head, const char *name);

/* How many fields have that name. */
size_t http_head_field_count(const struct http_head *head, const char *name);

/* True when any field of that name has the token in its list. */
bool http_head_has_token(const struct http_head *head, const char *name, const char *token);

#endif
