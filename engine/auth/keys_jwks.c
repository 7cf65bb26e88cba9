/* Keys of a JWKS (RFC 7517, 7518, 8037). A key that is for something else, or of a kind that is not known, is passed
 * over; a set that contradicts itself is refused whole. */
#include "engine/auth/keys.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdio.h>

#include "engine/core/log.h"
#include "proto/json/json_string.h"
#include "proto/json/json_walk.h"
#include "proto/jwt/jwt_base64.h"
#include "proto/utf8/utf8.h"

#define NUMBER_MAX (KEY_RSA_BITS_MOST / 8 + 1)
#define LETTERS_MAX ((NUMBER_MAX > KEY_SECRET_MAX ? NUMBER_MAX : KEY_SECRET_MAX) * 4 / 3 + 4)
#define POINT_MAX (1 + 2 * 66)

enum member { KTY, KID, ALG, USE, KEY_OPS, N, E, CRV, X, Y, K, D, MEMBERS };

static const struct json_name names[MEMBERS] = {
	{ "kty" }, { "kid" }, { "alg" }, { "use" }, { "key_ops" }, { "n" },
	{ "e" },   { "crv" }, { "x" },   { "y" },   { "k" },       { "d" },
};

struct jwk {
	struct json_value values[MEMBERS];
};

/* Bytes of a member in base64url. */
struct octets {
	uint8_t bytes[LETTERS_MAX];
	size_t size;
};

static bool is(const struct jwk *jwk, enum member member, const char *word)
{
	uint8_t room[32];
	struct span text;

	return jwk->values[member].type == JSON_STRING &&
	       json_string(&text, jwk->values[member].token, room, sizeof(room)) > 0 &&
	       span_equal(text, span_of(word, strlen(word)));
}

static bool octets(struct octets *octets, const struct jwk *jwk, enum member member)
{
	uint8_t room[LETTERS_MAX];
	struct span text;

	if (jwk->values[member].type != JSON_STRING ||
	    json_string(&text, jwk->values[member].token, room, sizeof(room)) < 0 || text.size > LETTERS_MAX)
		return false;
	octets->size = jwt_base64_bytes(text.size);
	return jwt_base64_decode(octets->bytes, text);
}

static EVP_PKEY *made(const char *type, OSSL_PARAM_BLD *builder)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY *pkey = NULL;

	if (context && parameters && EVP_PKEY_fromdata_init(context) == 1 &&
	    EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
		pkey = NULL;
	OSSL_PARAM_free(parameters);
	EVP_PKEY_CTX_free(context);
	return pkey;
}

static EVP_PKEY *rsa_of(const struct jwk *jwk)
{
	struct octets octets_n, octets_e;
	EVP_PKEY *pkey = NULL;

	if (!octets(&octets_n, jwk, N) || !octets(&octets_e, jwk, E) || octets_n.size > NUMBER_MAX || octets_e.size > 8)
		return NULL;
	BIGNUM *n = BN_bin2bn(octets_n.bytes, (int)octets_n.size, NULL);
	BIGNUM *e = BN_bin2bn(octets_e.bytes, (int)octets_e.size, NULL);
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();

	if (n && e && builder && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		pkey = made("RSA", builder);
	OSSL_PARAM_BLD_free(builder);
	BN_free(n);
	BN_free(e);
	return pkey;
}

static size_t curve_of(const struct jwk *jwk)
{
	size_t at = 0;

	while (at < KEY_CURVES && !is(jwk, CRV, key_curves[at].crv))
		at++;
	return at;
}

/* Coordinates in their full size (RFC 7518, 6.2.1.2). */
static EVP_PKEY *ec_of(const struct jwk *jwk)
{
	const size_t at = curve_of(jwk);
	struct octets x, y;
	uint8_t point[POINT_MAX];
	EVP_PKEY *pkey = NULL;

	if (at == KEY_CURVES || !octets(&x, jwk, X) || !octets(&y, jwk, Y) || x.size != key_curves[at].coordinate ||
	    y.size != key_curves[at].coordinate)
		return NULL;
	point[0] = 4; /* not compressed */
	memcpy(point + 1, x.bytes, x.size);
	memcpy(point + 1 + x.size, y.bytes, y.size);
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();

	if (builder &&
	    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, key_curves[at].group, 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * x.size) == 1)
		pkey = made("EC", builder);
	OSSL_PARAM_BLD_free(builder);
	return pkey;
}

static EVP_PKEY *okp_of(const struct jwk *jwk)
{
	struct octets x;

	if (!is(jwk, CRV, "Ed25519") || !octets(&x, jwk, X) || x.size != 32)
		return NULL;
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x.bytes, x.size);
}

/* Whether it is for verifying signatures, as far as it says what it is for. */
static bool is_for_signatures(const struct jwk *jwk)
{
	const struct json_value *uses = &jwk->values[KEY_OPS];
	struct json_walk walk;
	struct json_value use;
	struct span key;

	if (jwk->values[USE].type != JSON_ABSENT && !is(jwk, USE, "sig"))
		return false;
	if (uses->type == JSON_ABSENT)
		return true;
	if (uses->type != JSON_ARRAY)
		return false;
	walk = json_walk_begin(uses);
	while (json_walk_next(&walk, &key, &use))
		if (use.type == JSON_STRING && span_equal(use.token, SPAN("\"verify\"")))
			return true;
	return false;
}

/* algorithm: said for all of the set, or JWT_ALGORITHM_COUNT. False: its alg is none that we know, or another one. */
static bool algorithm_of(const struct jwk *jwk, enum jwt_algorithm *algorithm)
{
	uint8_t room[32];
	struct span text;

	if (jwk->values[ALG].type == JSON_ABSENT)
		return true;
	if (jwk->values[ALG].type != JSON_STRING || json_string(&text, jwk->values[ALG].token, room, sizeof(room)) < 0)
		return false;
	const enum jwt_algorithm own = jwt_algorithm_find(text);
	const bool fits = own != JWT_ALGORITHM_COUNT && (*algorithm == JWT_ALGORITHM_COUNT || *algorithm == own);

	*algorithm = own;
	return fits;
}

static bool take_kid(struct key *key, const struct jwk *jwk)
{
	uint8_t room[JWT_KID_SIZE_MAX];
	struct span kid;

	if (jwk->values[KID].type == JSON_ABSENT)
		return true;
	if (jwk->values[KID].type != JSON_STRING || json_string(&kid, jwk->values[KID].token, room, sizeof(room)) < 0 ||
	    kid.size > JWT_KID_SIZE_MAX)
		return false;
	memcpy(key->kid, kid.bytes, kid.size);
	key->kid_size = (uint8_t)kid.size;
	key->has_kid = true;
	return true;
}

/* NULL: *key is a key of its own. Else why it cannot be used. */
static const char *read_jwk(struct key *key, const struct jwk *jwk, enum jwt_algorithm algorithm)
{
	struct octets secret;
	EVP_PKEY *pkey;

	if (!is_for_signatures(jwk))
		return "not for verifying signatures";
	if (!algorithm_of(jwk, &algorithm))
		return "its alg is none that is known here";
	if (is(jwk, KTY, "oct"))
		return octets(&secret, jwk, K) ? key_secret(key, algorithm, span_of(secret.bytes, secret.size))
					       : "a secret that cannot be read";
	pkey = is(jwk, KTY, "RSA")   ? rsa_of(jwk)
	       : is(jwk, KTY, "EC")  ? ec_of(jwk)
	       : is(jwk, KTY, "OKP") ? okp_of(jwk)
				     : NULL;
	ERR_clear_error();
	return pkey ? key_public(key, algorithm, pkey) : "of a kind that is not known, or cannot be read";
}

static bool is_secret(const struct key *key)
{
	return key->pkey == NULL;
}

/* Whoever publishes a secret with public keys has published the secret. */
static bool has_both(const struct keys *keys, uint32_t first)
{
	for (uint32_t i = first; i < keys->count; i++)
		if (is_secret(&keys->keys[i]) != is_secret(&keys->keys[first]))
			return true;
	return false;
}

/* Whether both say the same of that member, or nothing. */
static bool is_same(const struct jwk *a, const struct jwk *b, enum member member)
{
	uint8_t rooms[2][JWT_KID_SIZE_MAX];
	struct span texts[2];

	if (a->values[member].type != JSON_STRING || b->values[member].type != JSON_STRING)
		return a->values[member].type == b->values[member].type;
	return json_string(&texts[0], a->values[member].token, rooms[0], sizeof(rooms[0])) > 0 &&
	       json_string(&texts[1], b->values[member].token, rooms[1], sizeof(rooms[1])) > 0 &&
	       span_equal(texts[0], texts[1]);
}

/* What it is for by all that it says, can its key be read or not. JWT_ALGORITHM_COUNT: nothing that is known. */
static enum jwt_algorithm meant_for(const struct jwk *jwk, enum jwt_algorithm algorithm)
{
	if (!algorithm_of(jwk, &algorithm))
		return JWT_ALGORITHM_COUNT;
	if (algorithm != JWT_ALGORITHM_COUNT)
		return algorithm;
	if (is(jwk, KTY, "EC") && curve_of(jwk) < KEY_CURVES)
		return key_curves[curve_of(jwk)].algorithm;
	if (is(jwk, KTY, "OKP") && is(jwk, CRV, "Ed25519"))
		return JWT_EdDSA;
	return is(jwk, KTY, "RSA") ? JWT_RS256 : JWT_ALGORITHM_COUNT;
}

/* Whether another member before this one goes by its kid for the same algorithm, can it be used or not. */
static bool is_taken(const struct json_value *set, const struct jwk *jwk, enum jwt_algorithm algorithm)
{
	const enum jwt_algorithm meant = meant_for(jwk, algorithm);
	struct json_walk walk = json_walk_begin(set);
	struct json_value value;
	struct span key;
	struct jwk other;

	if (jwk->values[KID].type != JSON_STRING || meant == JWT_ALGORITHM_COUNT || !is_for_signatures(jwk))
		return false;
	while (json_walk_next(&walk, &key, &value) && value.token.bytes < jwk->values[KID].token.bytes) {
		const bool itself = value.token.bytes + value.token.size > jwk->values[KID].token.bytes;

		if (itself || value.type != JSON_OBJECT ||
		    json_scan_object(other.values, names, MEMBERS, value.token.bytes, value.token.size) < 0)
			continue;
		if (is_for_signatures(&other) && is_same(&other, jwk, KID) && is_same(&other, jwk, KTY) &&
		    meant_for(&other, algorithm) == meant)
			return true;
	}
	return false;
}

/* One member of the set, which counts or is passed over. NULL, or why the whole is refused. */
static const char *add(struct keys *keys, const struct auth_source *source, enum jwt_algorithm algorithm,
		       const struct json_value *set, const struct json_value *value, const char **passed_over)
{
	struct key key = { 0 };
	struct jwk jwk;

	if (value->type != JSON_OBJECT ||
	    json_scan_object(jwk.values, names, MEMBERS, value->token.bytes, value->token.size) < 0)
		return "what stands in it is no key, or has a member twice";
	if (jwk.values[D].type != JSON_ABSENT && !is(&jwk, KTY, "oct"))
		return "a private key; whoever judges tokens needs the public one alone: leave out d, p, q, dp, dq, qi";
	if (set && is_taken(set, &jwk, algorithm))
		return "two keys of one kid and algorithm";
	const char *why = read_jwk(&key, &jwk, algorithm);

	if (!why && !take_kid(&key, &jwk)) {
		key_close(&key);
		why = "its kid is no text of at most 128 bytes";
	}
	if (why) {
		*passed_over = why;
		LOG(LOG_WARN, "key_passed_over", LOG_SPAN("of", source->name), LOG_TEXT("reason", why));
		return NULL;
	}
	if (keys->count == KEYS_MAX) {
		key_close(&key);
		return "more than 64 keys";
	}
	key.issuer = source->issuer;
	keys->keys[keys->count++] = key;
	return NULL;
}

static size_t count_of(const struct json_value *set)
{
	struct json_walk walk = json_walk_begin(set);
	struct json_value value;
	struct span key;
	size_t count = 0;

	while (json_walk_next(&walk, &key, &value))
		count++;
	return count;
}

static const char *read_set(struct keys *keys, const struct auth_source *source, enum jwt_algorithm algorithm)
{
	static const struct json_name set_names[2] = { { "keys" }, { "kty" } };
	const uint32_t first = keys->count;
	const char *wrong = NULL, *passed_over = "there is none in it";
	struct json_value values[2], one;
	struct json_walk walk;
	struct span name;

	if (!utf8_valid(source->text.bytes, source->text.size) ||
	    json_scan_object(values, set_names, 2, source->text.bytes, source->text.size) < 0)
		return "no JSON object";
	if (values[0].type == JSON_ABSENT && values[1].type != JSON_ABSENT) {
		one = (struct json_value){ JSON_OBJECT, source->text }; /* a key alone */
		wrong = add(keys, source, algorithm, NULL, &one, &passed_over);
	} else if (values[0].type != JSON_ARRAY) {
		return "no JWKS: it has no array `keys`";
	} else if (count_of(&values[0]) > KEYS_LISTED_MAX) {
		return "more than 256 keys, with those that are passed over";
	} else {
		walk = json_walk_begin(&values[0]);
		while (!wrong && json_walk_next(&walk, &name, &one))
			wrong = add(keys, source, algorithm, &values[0], &one, &passed_over);
	}
	if (!wrong && keys->count == first)
		wrong = passed_over;
	else if (!wrong && has_both(keys, first))
		wrong = "secrets and public keys in one set";
	while (wrong && keys->count > first)
		key_close(&keys->keys[--keys->count]);
	return wrong;
}

int keys_read_jwks(struct keys *keys, const struct auth_source *source, enum jwt_algorithm algorithm,
		   char why[AUTH_WHY_MAX])
{
	const char *wrong = read_set(keys, source, algorithm);

	if (!wrong)
		return 0;
	snprintf(why, AUTH_WHY_MAX, "%.*s: %s", (int)source->name.size, source->name.bytes, wrong);
	return -1;
}
