/* signer.h - makes keys, what is public of them as JWK and PEM, and tokens: the other side of engine/auth.
 *
 * For tests and benches; what fails ends the program. Every key is new each time.
 */
#ifndef IDENTITY_SIGNER_H
#define IDENTITY_SIGNER_H

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/jwt/jwt.h"

#define SIGNER_TEXT_MAX 16384

struct signer {
	enum jwt_algorithm algorithm;
	EVP_PKEY *pkey; /* NULL: a secret */
	uint8_t secret[64];
	size_t secret_size;
};

static inline void signer_must(bool done)
{
	if (!done)
		abort();
}

static inline const EVP_MD *signer_hash(enum jwt_algorithm algorithm)
{
	const uint32_t bits = jwt_algorithm_bits(algorithm);

	return bits == 256 ? EVP_sha256() : bits == 384 ? EVP_sha384() : EVP_sha512();
}

static inline void signer_make(struct signer *signer, enum jwt_algorithm algorithm)
{
	*signer = (struct signer){ .algorithm = algorithm };
	switch (jwt_algorithm_kind(algorithm)) {
	case JWT_KIND_HMAC:
		signer->secret_size = jwt_algorithm_bits(algorithm) / 8;
		signer_must(RAND_bytes(signer->secret, (int)signer->secret_size) == 1);
		return;
	case JWT_KIND_RSA:
	case JWT_KIND_PSS:
		signer->pkey = EVP_RSA_gen(2048);
		break;
	case JWT_KIND_EC:
		signer->pkey = EVP_EC_gen(algorithm == JWT_ES256   ? "P-256"
					  : algorithm == JWT_ES384 ? "P-384"
								   : "P-521");
		break;
	case JWT_KIND_ED:
		signer->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		break;
	}
	signer_must(signer->pkey != NULL);
}

static inline void signer_end(struct signer *signer)
{
	EVP_PKEY_free(signer->pkey);
	signer->pkey = NULL;
}

/* Returns how many letters were written; a NUL is put behind them. */
static inline size_t signer_base64(char *out, const void *from, size_t size)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const uint8_t *bytes = from;
	size_t to = 0;

	for (size_t i = 0; i < size; i += 3) {
		const size_t left = size - i < 3 ? size - i : 3;
		const uint32_t word = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
				      (left > 2 ? bytes[i + 2] : 0);

		for (size_t letter = 0; letter <= left; letter++)
			out[to++] = letters[word >> (18 - 6 * letter) & 63];
	}
	out[to] = 0;
	return to;
}

/* The DER of ECDSA as r and s in full size. */
static inline size_t signer_flat(uint8_t *out, const uint8_t *der, size_t size, size_t coordinate)
{
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)size);

	signer_must(pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, (int)coordinate) > 0 &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + coordinate, (int)coordinate) > 0);
	ECDSA_SIG_free(pair);
	return 2 * coordinate;
}

static inline size_t signer_coordinate(enum jwt_algorithm algorithm)
{
	return algorithm == JWT_ES256 ? 32 : algorithm == JWT_ES384 ? 48 : 66;
}

/* The signature over the text, as OpenSSL makes it: of EC in DER. */
static inline size_t signer_raw(const struct signer *signer, const char *text, size_t size, uint8_t out[1024])
{
	const enum jwt_kind kind = jwt_algorithm_kind(signer->algorithm);
	const EVP_MD *hash = kind == JWT_KIND_ED ? NULL : signer_hash(signer->algorithm);
	EVP_PKEY_CTX *parameters;
	unsigned hmac_size = 0;
	size_t made = 1024;

	if (kind == JWT_KIND_HMAC) {
		signer_must(HMAC(hash, signer->secret, (int)signer->secret_size, (const uint8_t *)text, size, out,
				 &hmac_size) != NULL);
		return hmac_size;
	}
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	signer_must(EVP_DigestSignInit(context, &parameters, hash, NULL, signer->pkey) == 1);
	if (kind == JWT_KIND_PSS)
		signer_must(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
			    EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1);
	signer_must(EVP_DigestSign(context, out, &made, (const uint8_t *)text, size) == 1);
	EVP_MD_CTX_free(context);
	return made;
}

/* header and payload as they are to stand there. Returns the token's size; a NUL is put behind it. */
static inline size_t signer_token_of(const struct signer *signer, const char *header, const char *payload,
				     char out[SIGNER_TEXT_MAX])
{
	uint8_t made[1024], flat[2 * 66];
	size_t size = signer_base64(out, header, strlen(header));

	out[size++] = '.';
	size += signer_base64(out + size, payload, strlen(payload));
	size_t signature = signer_raw(signer, out, size, made);

	out[size++] = '.';
	if (jwt_algorithm_kind(signer->algorithm) != JWT_KIND_EC)
		return size + signer_base64(out + size, made, signature);
	signature = signer_flat(flat, made, signature, signer_coordinate(signer->algorithm));
	return size + signer_base64(out + size, flat, signature);
}

/* With a header of nothing but alg. */
static inline size_t signer_token(const struct signer *signer, const char *payload, char out[SIGNER_TEXT_MAX])
{
	char header[64];

	snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"typ\":\"JWT\"}", jwt_algorithm_name(signer->algorithm));
	return signer_token_of(signer, header, payload, out);
}

static inline size_t signer_number(char *out, EVP_PKEY *pkey, const char *parameter, const char *name)
{
	BIGNUM *number = NULL;
	uint8_t bytes[1024];
	char letters[1400];

	signer_must(EVP_PKEY_get_bn_param(pkey, parameter, &number) == 1);
	signer_base64(letters, bytes, (size_t)BN_bn2bin(number, bytes));
	BN_free(number);
	return (size_t)snprintf(out, 2048, ",\"%s\":\"%s\"", name, letters);
}

static inline size_t signer_point(char *out, const struct signer *signer)
{
	const size_t size = signer_coordinate(signer->algorithm);
	BIGNUM *x = NULL, *y = NULL;
	uint8_t bytes[66];
	char letters[2][96];

	signer_must(EVP_PKEY_get_bn_param(signer->pkey, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
		    EVP_PKEY_get_bn_param(signer->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1);
	BN_bn2binpad(x, bytes, (int)size);
	signer_base64(letters[0], bytes, size);
	BN_bn2binpad(y, bytes, (int)size);
	signer_base64(letters[1], bytes, size);
	BN_free(x);
	BN_free(y);
	return (size_t)snprintf(out, 2048, ",\"crv\":\"P-%u\",\"x\":\"%s\",\"y\":\"%s\"",
				signer->algorithm == JWT_ES512 ? 521 : jwt_algorithm_bits(signer->algorithm),
				letters[0], letters[1]);
}

/* One key of a JWKS. more: further members, each with a comma before it. */
static inline size_t signer_jwk(const struct signer *signer, const char *more, char out[SIGNER_TEXT_MAX])
{
	const enum jwt_kind kind = jwt_algorithm_kind(signer->algorithm);
	uint8_t bytes[64];
	char letters[96];
	size_t size = sizeof(bytes);
	size_t at = (size_t)snprintf(out, SIGNER_TEXT_MAX, "{\"kty\":\"%s\"%s",
				     kind == JWT_KIND_HMAC ? "oct"
				     : kind == JWT_KIND_EC ? "EC"
				     : kind == JWT_KIND_ED ? "OKP"
							   : "RSA",
				     more);

	if (kind == JWT_KIND_HMAC) {
		signer_base64(letters, signer->secret, signer->secret_size);
		at += (size_t)snprintf(out + at, SIGNER_TEXT_MAX - at, ",\"k\":\"%s\"", letters);
	} else if (kind == JWT_KIND_EC) {
		at += signer_point(out + at, signer);
	} else if (kind == JWT_KIND_ED) {
		signer_must(EVP_PKEY_get_raw_public_key(signer->pkey, bytes, &size) == 1);
		signer_base64(letters, bytes, size);
		at += (size_t)snprintf(out + at, SIGNER_TEXT_MAX - at, ",\"crv\":\"Ed25519\",\"x\":\"%s\"", letters);
	} else {
		at += signer_number(out + at, signer->pkey, OSSL_PKEY_PARAM_RSA_N, "n");
		at += signer_number(out + at, signer->pkey, OSSL_PKEY_PARAM_RSA_E, "e");
	}
	out[at++] = '}';
	out[at] = 0;
	return at;
}

static inline size_t signer_pem(const struct signer *signer, char out[SIGNER_TEXT_MAX])
{
	BIO *bio = BIO_new(BIO_s_mem());

	signer_must(bio && PEM_write_bio_PUBKEY(bio, signer->pkey) == 1);
	const int size = BIO_read(bio, out, SIGNER_TEXT_MAX - 1);

	signer_must(size > 0);
	out[size] = 0;
	BIO_free(bio);
	return (size_t)size;
}

#endif
