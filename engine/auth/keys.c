#include "engine/auth/keys.h"

#include <stdio.h>

#include "engine/core/check.h"
#include "proto/json/json_scan.h"
#include "proto/jwt/jwt_base64.h"
#include "proto/utf8/utf8.h"

/* Without blanks and ends of lines around it, nor the byte order mark that some editors begin with. */
static struct span trimmed(struct span text)
{
	if (span_begins(text, SPAN("\xef\xbb\xbf")))
		text = span_of(text.bytes + 3, text.size - 3);
	while (text.size > 0 && strchr(" \t\r\n", text.bytes[0]) && text.bytes[0] != 0)
		text = span_of(text.bytes + 1, text.size - 1);
	while (text.size > 0 && strchr(" \t\r\n", text.bytes[text.size - 1]) && text.bytes[text.size - 1] != 0)
		text.size--;
	return text;
}

static bool has(struct span text, const char *word)
{
	return memmem(text.bytes, text.size, word, strlen(word)) != NULL;
}

static bool is_for_secrets(enum jwt_algorithm algorithm)
{
	return algorithm != JWT_ALGORITHM_COUNT && jwt_algorithm_kind(algorithm) == JWT_KIND_HMAC;
}

/* A secret may begin with any byte, so where one may stand it takes an object whole, or what names a kty: a key that
 * was cut, or is behind something else, is no secret. */
static bool is_jwks(struct span text, enum jwt_algorithm algorithm)
{
	if (!is_for_secrets(algorithm))
		return span_begins(text, SPAN("{"));
	return has(text, "\"kty\"") || (span_begins(text, SPAN("{")) && utf8_valid(text.bytes, text.size) &&
					json_scan(text.bytes, text.size) > 0);
}

/* A secret is what the file holds, but for the end of line that an editor or a shell puts behind it. */
static int read_secret(struct keys *keys, const struct auth_source *source, enum jwt_algorithm algorithm,
		       char why[AUTH_WHY_MAX])
{
	struct span text = source->text;

	if (text.size > 0 && text.bytes[text.size - 1] == '\n')
		text.size--;
	if (text.size > 0 && text.bytes[text.size - 1] == '\r')
		text.size--;
	if (keys->count == KEYS_MAX) {
		snprintf(why, AUTH_WHY_MAX, "%.*s: more than %d keys", (int)source->name.size, source->name.bytes,
			 KEYS_MAX);
		return -1;
	}
	const char *wrong = key_secret(&keys->keys[keys->count], algorithm, text);

	if (!wrong) {
		keys->keys[keys->count++].issuer = source->issuer;
		return 0;
	}
	snprintf(why, AUTH_WHY_MAX, "%.*s: %s", (int)source->name.size, source->name.bytes, wrong);
	return -1;
}

int keys_read(struct keys *keys, const struct auth_source *source, char why[AUTH_WHY_MAX])
{
	struct auth_source bare = *source;
	enum jwt_algorithm algorithm = JWT_ALGORITHM_COUNT;

	bare.text = trimmed(source->text);
	if (source->algorithm.bytes) {
		algorithm = jwt_algorithm_find(source->algorithm);
		if (algorithm == JWT_ALGORITHM_COUNT) {
			snprintf(why, AUTH_WHY_MAX,
				 "%.*s: '%.*s' is no algorithm; they are HS256, HS384, HS512, and likewise RS, PS, "
				 "ES, and EdDSA",
				 (int)source->name.size, source->name.bytes, (int)source->algorithm.size,
				 source->algorithm.bytes);
			return -1;
		}
	}
	if (is_jwks(bare.text, algorithm))
		return keys_read_jwks(keys, &bare, algorithm, why);
	/* Whatever stands before it; and what is public is no secret. */
	if (has(bare.text, "-----BEGIN "))
		return keys_read_pem(keys, &bare, algorithm, why);
	if (is_for_secrets(algorithm))
		return read_secret(keys, source, algorithm, why);
	snprintf(why, AUTH_WHY_MAX, "%.*s: neither a JWKS nor PEM; a secret needs its algorithm, as HS256:FILE",
		 (int)source->name.size, source->name.bytes);
	return -1;
}

void keys_close(struct keys *keys)
{
	for (uint32_t i = 0; i < keys->count; i++)
		key_close(&keys->keys[i]);
	keys->count = 0;
}

enum fit { FITS_EXACTLY, FITS, FITS_NOT };

/* A key without kid may be anybody's, and a token without one may be of any key. */
static enum fit fit_of(const struct key *key, const struct jwt_header *header)
{
	if (key->algorithm != header->algorithm)
		return FITS_NOT;
	if (!header->kid.bytes || !key->has_kid)
		return FITS;
	return span_equal(header->kid, span_of(key->kid, key->kid_size)) ? FITS_EXACTLY : FITS_NOT;
}

/* Of a kid that no key has the key is unknown, whichever others were tried: a newer set may have it. */
static enum auth_refusal find(const struct keys *keys, const struct jwt_header *header, struct span message,
			      struct span signature, const struct key **key)
{
	enum auth_refusal why = header->kid.bytes ? AUTH_key_unknown : AUTH_algorithm;
	uint32_t tried = 0;

	for (enum fit fit = FITS_EXACTLY; fit < FITS_NOT; fit++)
		for (uint32_t i = 0; i < keys->count && tried < KEYS_TRIED_MAX; i++) {
			const struct key *candidate = &keys->keys[i];

			if (fit_of(candidate, header) != fit)
				continue;
			tried++;
			if (fit == FITS_EXACTLY || !header->kid.bytes)
				why = AUTH_signature;
			*key = candidate;
			if (key_verifies(candidate, message, signature))
				return AUTH_OK;
		}
	return why;
}

static enum auth_refusal read_header(struct jwt_header *header, const uint8_t *text, size_t size)
{
	switch (-jwt_header_read(header, text, size)) {
	case JWT_MALFORMED:
		return AUTH_malformed;
	case JWT_CRITICAL:
		return AUTH_critical;
	case JWT_UNKNOWN:
		return AUTH_algorithm;
	}
	return AUTH_OK;
}

/* As find(), of algorithms that cost more than to look whether it is known. */
static enum auth_refusal find_known(const struct keys *keys, struct verified *verified, const struct jwt_header *header,
				    const struct jwt_parts *parts, struct span signature, const struct key **key)
{
	uint8_t digest[VERIFIED_DIGEST_SIZE];

	verified_digest(digest, parts->token);
	const int known = verified_find(verified, digest, keys->serial);

	if (known >= 0) {
		CHECK((uint32_t)known < keys->count);
		*key = &keys->keys[known];
		return AUTH_OK;
	}
	const enum auth_refusal why = find(keys, header, parts->signed_text, signature, key);

	if (why == AUTH_OK)
		verified_add(verified, digest, keys->serial, (uint32_t)(*key - keys->keys));
	return why;
}

enum auth_refusal keys_judge(const struct keys *keys, struct verified *verified, const struct jwt_parts *parts,
			     const struct key **key)
{
	uint8_t text[JWT_HEADER_SIZE_MAX], bytes[JWT_SIZE_MAX];
	const struct span signature = span_of(bytes, jwt_base64_bytes(parts->signature.size));
	struct jwt_header header;

	CHECK(parts->header.size <= sizeof(text) && parts->signature.size <= sizeof(bytes));
	if (!jwt_base64_decode(text, parts->header) || !jwt_base64_decode(bytes, parts->signature))
		return AUTH_malformed;
	const enum auth_refusal why = read_header(&header, text, jwt_base64_bytes(parts->header.size));

	if (why != AUTH_OK)
		return why;
	if (!verified_keeps(verified) || keys->serial == 0 || jwt_algorithm_kind(header.algorithm) == JWT_KIND_HMAC)
		return find(keys, &header, parts->signed_text, signature, key);
	return find_known(keys, verified, &header, parts, signature, key);
}
