/* jwt_claims.h - what a token's payload says: registered claims (RFC 7519, 4.1) and those of this engine.
 *
 * Pure. Claims that nobody here knows are ignored; those that are known and of a wrong form make the payload one that
 * is refused, and so does one that is there twice.
 */
#ifndef JWT_CLAIMS_H
#define JWT_CLAIMS_H

#include "proto/json/json_scan.h"

struct jwt_claims {
	struct span subject; /* unescaped; absent without one */
	struct span issuer; /* likewise */
	bool has_expiry, has_not_before, has_issued;
	/* Since 1970. */
	uint64_t expiry_ms, not_before_ms, issued_ms;
	struct json_value audience; /* JSON_STRING, JSON_ARRAY of strings, or JSON_ABSENT */
	struct json_value roles; /* JSON_ARRAY of strings, or JSON_ABSENT */
	struct json_value rooms; /* JSON_OBJECT, or JSON_ABSENT */
};

/* Reads the payload's bytes, which the claims borrow; room[0..size) is for what has escapes and must not overlap them.
 * Times are numbers of seconds, 0 to 2^53 - 1, which may have a fraction but no exponent. Returns whether all is
 * right. */
bool jwt_claims_read(struct jwt_claims *claims, const uint8_t *text, size_t size, uint8_t *room);

/* Whether the audience is, or has among it, that one. */
bool jwt_claims_meant_for(const struct jwt_claims *claims, struct span audience);

#endif
