#include "engine/auth/key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "engine/core/check.h"
#include "engine/core/slab.h"

#define ED25519_SIGNATURE 64
#define COORDINATE_MAX 66 /* of P-521 */
#define DER_MAX (9 + 2 * COORDINATE_MAX)

const struct key_curve key_curves[KEY_CURVES] = {
	{ "P-256", "prime256v1", JWT_ES256, 32 },
	{ "P-384", "secp384r1", JWT_ES384, 48 },
	{ "P-521", "secp521r1", JWT_ES512, 66 },
};

static const EVP_MD *hash_of(enum jwt_algorithm algorithm)
{
	switch (jwt_algorithm_bits(algorithm)) {
	case 256:
		return EVP_sha256();
	case 384:
		return EVP_sha384();
	default:
		return EVP_sha512();
	}
}

const char *key_secret(struct key *key, enum jwt_algorithm algorithm, struct span secret)
{
	*key = (struct key){ .algorithm = algorithm };
	if (algorithm == JWT_ALGORITHM_COUNT || jwt_algorithm_kind(algorithm) != JWT_KIND_HMAC)
		return "a secret is for HS256, HS384 or HS512, and it must be said for which";
	if (secret.size < jwt_algorithm_bits(algorithm) / 8)
		return "a secret has 32 bytes at least for HS256, 48 for HS384, 64 for HS512";
	if (secret.size > KEY_SECRET_MAX)
		return "a secret has 1024 bytes at most";
	key->secret = block_take(secret.size);
	if (!key->secret)
		return "no memory";
	memcpy(key->secret, secret.bytes, secret.size);
	key->secret_size = secret.size;
	return NULL;
}

/* Keys made by certain smart cards can be factored (CVE-2017-15361). They show by their remainders: n is a power of
 * 65537 by each of these primes, which hardly one in 2^27 others is. */
static bool is_roca(const BIGNUM *n)
{
	static const uint8_t primes[] = { 3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,
					  47,  53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103,
					  107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167 };

	for (size_t i = 0; i < sizeof(primes); i++) {
		const uint32_t prime = primes[i], rest = (uint32_t)BN_mod_word(n, prime);
		uint32_t power = 1;
		bool found = rest == 1;

		do {
			power = power * (65537 % prime) % prime;
			found = found || power == rest;
		} while (power != 1);
		if (!found)
			return false;
	}
	return true;
}

/* Of an RSA key. NULL: all is well. */
static const char *judge_rsa(EVP_PKEY *pkey)
{
	BIGNUM *n = NULL, *e = NULL;
	const char *why = NULL;

	if (!EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) ||
	    !EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e))
		why = "an RSA key without modulus or exponent";
	else if (BN_num_bits(n) < KEY_RSA_BITS_LEAST || BN_num_bits(n) > KEY_RSA_BITS_MOST)
		why = "an RSA key has 2048 to 8192 bits";
	else if (!BN_is_odd(e) || BN_is_one(e) || BN_num_bits(e) > 32 || !BN_is_odd(n))
		why = "an RSA key whose exponent or modulus is none";
	else if (is_roca(n))
		why = "an RSA key that can be factored (CVE-2017-15361)";
	BN_free(n);
	BN_free(e);
	return why;
}

static size_t curve_of(EVP_PKEY *pkey)
{
	char group[64];
	size_t size, at = 0;

	if (!EVP_PKEY_get_group_name(pkey, group, sizeof(group), &size))
		return KEY_CURVES;
	while (at < KEY_CURVES && strcmp(key_curves[at].group, group) != 0)
		at++;
	return at;
}

static bool is_sound(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pkey, NULL);
	const bool sound = context && EVP_PKEY_public_check(context) == 1;

	EVP_PKEY_CTX_free(context);
	return sound;
}

/* What the key's kind stands for becomes *algorithm where that is not said. */
static const char *judge(EVP_PKEY *pkey, enum jwt_algorithm *algorithm)
{
	const bool said = *algorithm != JWT_ALGORITHM_COUNT;
	const enum jwt_kind kind = said ? jwt_algorithm_kind(*algorithm) : JWT_KIND_HMAC;

	if (EVP_PKEY_is_a(pkey, "RSA")) {
		*algorithm = said ? *algorithm : JWT_RS256;
		return !said || kind == JWT_KIND_RSA || kind == JWT_KIND_PSS ? judge_rsa(pkey)
									     : "an RSA key for another algorithm";
	}
	if (EVP_PKEY_is_a(pkey, "ED25519")) {
		*algorithm = JWT_EdDSA;
		return !said || kind == JWT_KIND_ED ? NULL : "an Ed25519 key for another algorithm than EdDSA";
	}
	const size_t curve = EVP_PKEY_is_a(pkey, "EC") ? curve_of(pkey) : KEY_CURVES;

	if (curve == KEY_CURVES)
		return "a key of a kind that is not known: RSA, EC of P-256, P-384, P-521, and Ed25519 are";
	if (said && *algorithm != key_curves[curve].algorithm)
		return "an EC key of another curve than its algorithm is for";
	*algorithm = key_curves[curve].algorithm;
	return is_sound(pkey) ? NULL : "an EC key that is no point of its curve";
}

const char *key_public(struct key *key, enum jwt_algorithm algorithm, EVP_PKEY *pkey)
{
	const char *why = judge(pkey, &algorithm);

	*key = (struct key){ .algorithm = algorithm, .pkey = pkey };
	ERR_clear_error();
	if (why)
		key_close(key);
	return why;
}

void key_close(struct key *key)
{
	EVP_PKEY_free(key->pkey);
	if (key->secret) {
		OPENSSL_cleanse(key->secret, key->secret_size);
		block_give(key->secret, key->secret_size);
	}
	*key = (struct key){ 0 };
}

static bool hmac_verifies(const struct key *key, struct span message, struct span signature)
{
	uint8_t made[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (!HMAC(hash_of(key->algorithm), key->secret, (int)key->secret_size, message.bytes, message.size, made,
		  &size))
		return false;
	/* As long whatever the first byte is that differs. */
	return signature.size == size && CRYPTO_memcmp(made, signature.bytes, size) == 0;
}

/* An integer of DER: without zeros in front, but with one where it would be negative. */
static uint8_t *put_integer(uint8_t *at, const uint8_t *bytes, size_t size)
{
	while (size > 1 && *bytes == 0) {
		bytes++;
		size--;
	}
	const bool high = *bytes >= 0x80;

	*at++ = 0x02;
	*at++ = (uint8_t)(size + high);
	if (high)
		*at++ = 0;
	memcpy(at, bytes, size);
	return at + size;
}

/* r and s, each in its full size (RFC 7518, 3.4), as OpenSSL takes them. Returns the size of the DER. */
static size_t der_of(uint8_t der[DER_MAX], struct span signature)
{
	const size_t half = signature.size / 2;
	uint8_t body[DER_MAX];
	uint8_t *at = put_integer(body, signature.bytes, half);
	size_t head = 2;

	at = put_integer(at, signature.bytes + half, half);
	const size_t size = (size_t)(at - body);

	CHECK(size < 256);
	der[0] = 0x30;
	der[1] = (uint8_t)size;
	if (size >= 0x80) {
		der[1] = 0x81;
		der[2] = (uint8_t)size;
		head = 3;
	}
	CHECK(head + size <= DER_MAX);
	memcpy(der + head, body, size);
	return head + size;
}

static bool evp_verifies(const struct key *key, struct span message, struct span signature)
{
	const enum jwt_kind kind = jwt_algorithm_kind(key->algorithm);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *parameters;
	bool right = context &&
		     EVP_DigestVerifyInit(context, &parameters, kind == JWT_KIND_ED ? NULL : hash_of(key->algorithm),
					  NULL, key->pkey) == 1;

	if (right && kind == JWT_KIND_PSS)
		right = EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
			EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1;
	right = right && EVP_DigestVerify(context, signature.bytes, signature.size, message.bytes, message.size) == 1;
	EVP_MD_CTX_free(context);
	if (!right)
		ERR_clear_error();
	return right;
}

static bool ec_verifies(const struct key *key, struct span message, struct span signature)
{
	uint8_t der[DER_MAX];
	size_t curve = 0;

	while (key_curves[curve].algorithm != key->algorithm)
		curve++;
	if (signature.size != 2 * key_curves[curve].coordinate)
		return false;
	return evp_verifies(key, message, span_of(der, der_of(der, signature)));
}

bool key_verifies(const struct key *key, struct span message, struct span signature)
{
	switch (jwt_algorithm_kind(key->algorithm)) {
	case JWT_KIND_HMAC:
		return hmac_verifies(key, message, signature);
	case JWT_KIND_EC:
		return ec_verifies(key, message, signature);
	case JWT_KIND_ED:
		return signature.size == ED25519_SIGNATURE && evp_verifies(key, message, signature);
	case JWT_KIND_RSA:
	case JWT_KIND_PSS:
		return signature.size == (size_t)EVP_PKEY_get_size(key->pkey) && evp_verifies(key, message, signature);
	}
	CHECK(!"an algorithm of no kind");
	return false;
}
