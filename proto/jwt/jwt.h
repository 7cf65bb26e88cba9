/* jwt.h - a token as it is written: header.payload.signature (RFC 7515, 7.1), cut and read strictly.
 *
 * Pure. Nothing here says that a token is genuine, nor that it holds now: who has keys and a clock does. What of
 * the header could lead somebody to a key (jwk, jku, x5u, x5c) is not even read.
 */
#ifndef JWT_H
#define JWT_H

#include "proto/base/span.h"

#define JWT_SIZE_MAX 8192
#define JWT_HEADER_SIZE_MAX 1024 /* in letters of base64url */
#define JWT_KID_SIZE_MAX 128

enum jwt_algorithm {
#define JWT_ALGORITHM(name, kind, bits) JWT_##name,
#include "proto/jwt/tbl/jwt_algorithms.h"
#undef JWT_ALGORITHM
	JWT_ALGORITHM_COUNT, /* and: none that we know */
};

enum jwt_kind { JWT_KIND_HMAC, JWT_KIND_RSA, JWT_KIND_PSS, JWT_KIND_EC, JWT_KIND_ED };

/* Static. The table's row of an algorithm; and the algorithm of that name, case counts, else JWT_ALGORITHM_COUNT. */
const char *jwt_algorithm_name(enum jwt_algorithm algorithm);
enum jwt_kind jwt_algorithm_kind(enum jwt_algorithm algorithm);
uint32_t jwt_algorithm_bits(enum jwt_algorithm algorithm);
enum jwt_algorithm jwt_algorithm_find(struct span name);

/* The token's parts, in base64url. Borrows it. */
struct jwt_parts {
	struct span token; /* all of it */
	struct span header, payload, signature;
	struct span signed_text; /* header.payload: what the signature is over */
};

/* Whether the token has three parts, the first and the last not empty, and is not too large. The parts' letters are
 * not looked at yet. */
bool jwt_cut(struct jwt_parts *parts, struct span token);

enum jwt_refusal {
	JWT_MALFORMED = 1, /* no JSON object of UTF-8, or a member of the wrong form, or there twice */
	JWT_UNKNOWN, /* none that we know: `none` in any case among them */
	JWT_CRITICAL, /* something must be understood that we do not (RFC 7515, 4.1.11; RFC 7797) */
};

struct jwt_header {
	enum jwt_algorithm algorithm;
	struct span kid; /* absent without one */
	uint8_t room[JWT_KID_SIZE_MAX]; /* for a kid with escapes */
};

/* Reads the header's bytes, which it borrows. Returns 1 or -(enum jwt_refusal). */
int jwt_header_read(struct jwt_header *header, const uint8_t *text, size_t size);

#endif
