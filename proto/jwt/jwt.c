#include "proto/jwt/jwt.h"

#include <assert.h>

#include "proto/json/json_scan.h"
#include "proto/json/json_string.h"
#include "proto/utf8/utf8.h"

static const struct {
	const char *name;
	enum jwt_kind kind;
	uint32_t bits;
} algorithms[JWT_ALGORITHM_COUNT] = {
#define JWT_ALGORITHM(name, kind, bits) { #name, JWT_KIND_##kind, bits },
#include "proto/jwt/tbl/jwt_algorithms.h"
#undef JWT_ALGORITHM
};

const char *jwt_algorithm_name(enum jwt_algorithm algorithm)
{
	assert((unsigned)algorithm < JWT_ALGORITHM_COUNT);
	return algorithms[algorithm].name;
}

enum jwt_kind jwt_algorithm_kind(enum jwt_algorithm algorithm)
{
	assert((unsigned)algorithm < JWT_ALGORITHM_COUNT);
	return algorithms[algorithm].kind;
}

uint32_t jwt_algorithm_bits(enum jwt_algorithm algorithm)
{
	assert((unsigned)algorithm < JWT_ALGORITHM_COUNT);
	return algorithms[algorithm].bits;
}

enum jwt_algorithm jwt_algorithm_find(struct span name)
{
	unsigned at = 0;

	while (at < JWT_ALGORITHM_COUNT && !span_equal(name, span_of(algorithms[at].name, strlen(algorithms[at].name))))
		at++;
	return (enum jwt_algorithm)at;
}

bool jwt_cut(struct jwt_parts *parts, struct span token)
{
	if (token.size > JWT_SIZE_MAX)
		return false;
	const uint8_t *const end = token.bytes + token.size;
	const uint8_t *const first = token.size > 0 ? memchr(token.bytes, '.', token.size) : NULL;
	const uint8_t *const second = first ? memchr(first + 1, '.', (size_t)(end - first) - 1) : NULL;

	/* A third one is no letter of base64url. */
	if (!second || first == token.bytes || second + 1 == end)
		return false;
	parts->token = token;
	parts->header = span_of(token.bytes, (size_t)(first - token.bytes));
	parts->payload = span_of(first + 1, (size_t)(second - first) - 1);
	parts->signature = span_of(second + 1, (size_t)(end - second) - 1);
	parts->signed_text = span_of(token.bytes, (size_t)(second - token.bytes));
	return parts->header.size <= JWT_HEADER_SIZE_MAX;
}

enum key { KEY_ALG, KEY_KID, KEY_TYP, KEY_CRIT, KEY_B64, KEY_ZIP, KEYS };

static const struct json_name names[KEYS] = { { "alg" }, { "kid" }, { "typ" }, { "crit" }, { "b64" }, { "zip" } };

static enum jwt_algorithm algorithm_of(const struct json_value *value)
{
	uint8_t room[16];
	struct span name;

	if (value->type != JSON_STRING || json_string(&name, value->token, room, sizeof(room)) < 0)
		return JWT_ALGORITHM_COUNT;
	return jwt_algorithm_find(name);
}

/* A kid is looked up among those we have, and for nothing else. */
static bool take_kid(struct jwt_header *header, const struct json_value *value)
{
	header->kid = SPAN_NONE;
	if (value->type == JSON_ABSENT)
		return true;
	return value->type == JSON_STRING &&
	       json_string(&header->kid, value->token, header->room, sizeof(header->room)) > 0 &&
	       header->kid.size <= JWT_KID_SIZE_MAX;
}

static bool is_typ(struct span word, struct span typ)
{
	if (word.size != typ.size)
		return false;
	for (size_t i = 0; i < word.size; i++) {
		const uint8_t byte = word.bytes[i];

		if ((byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte) != typ.bytes[i])
			return false;
	}
	return true;
}

/* What says that it is something else is not taken for a token (RFC 8725, 3.11). */
static bool typ_fits(const struct json_value *value)
{
	uint8_t room[32];
	struct span word;

	if (value->type == JSON_ABSENT)
		return true;
	if (value->type != JSON_STRING || json_string(&word, value->token, room, sizeof(room)) < 0)
		return false;
	return is_typ(word, SPAN("jwt")) || is_typ(word, SPAN("at+jwt")) || is_typ(word, SPAN("application/jwt")) ||
	       is_typ(word, SPAN("application/at+jwt"));
}

int jwt_header_read(struct jwt_header *header, const uint8_t *text, size_t size)
{
	struct json_value values[KEYS];

	if (!utf8_valid(text, size) || json_scan_object(values, names, KEYS, text, size) < 0)
		return -JWT_MALFORMED;
	if (values[KEY_CRIT].type != JSON_ABSENT || values[KEY_ZIP].type != JSON_ABSENT)
		return -JWT_CRITICAL;
	if (values[KEY_B64].type != JSON_ABSENT && values[KEY_B64].type != JSON_TRUE)
		return -JWT_CRITICAL;
	header->algorithm = algorithm_of(&values[KEY_ALG]);
	if (header->algorithm == JWT_ALGORITHM_COUNT)
		return -JWT_UNKNOWN;
	if (!take_kid(header, &values[KEY_KID]) || !typ_fits(&values[KEY_TYP]))
		return -JWT_MALFORMED;
	return 1;
}
