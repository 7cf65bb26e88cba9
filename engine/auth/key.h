/* key.h - a key that tokens are judged by: what is public of a pair, or a secret, and the one algorithm it is for.
 *
 * The algorithm belongs to the key (RFC 8725, 3.1): what a token says of it is only compared.
 */
#ifndef AUTH_KEY_H
#define AUTH_KEY_H

#include "proto/jwt/jwt.h"

#define KEY_SECRET_MAX 1024
#define KEY_RSA_BITS_LEAST 2048 /* RFC 7518, 3.3 */
#define KEY_RSA_BITS_MOST 8192 /* what is larger takes milliseconds to verify */

struct evp_pkey_st;

/* Curves of RFC 7518, 3.4, and each the algorithm that it is for. */
#define KEY_CURVES 3

extern const struct key_curve {
	const char *crv, *group; /* in a JWK; OpenSSL's */
	enum jwt_algorithm algorithm;
	size_t coordinate; /* bytes */
} key_curves[KEY_CURVES];

struct key {
	enum jwt_algorithm algorithm;
	struct evp_pkey_st *pkey; /* NULL: a secret */
	uint8_t *secret; /* block */
	size_t secret_size;
	bool has_kid;
	uint8_t kid_size;
	uint8_t kid[JWT_KID_SIZE_MAX];
	struct span issuer; /* who it signs for, absent: anybody; borrows from whoever has the key */
};

/* A secret is to be as long as the algorithm's hash at least (RFC 7518, 3.2). Gives a key without kid and issuer.
 * Returns NULL, or static words for why not. */
const char *key_secret(struct key *key, enum jwt_algorithm algorithm, struct span secret);

/* Takes pkey, also when it is refused. algorithm JWT_ALGORITHM_COUNT: what its kind stands for, which is RS256 for RSA,
 * by curve for EC, EdDSA for Ed25519. Likewise. */
const char *key_public(struct key *key, enum jwt_algorithm algorithm, struct evp_pkey_st *pkey);

void key_close(struct key *key);

/* Whether the signature over the message is the key's. From any thread. */
bool key_verifies(const struct key *key, struct span message, struct span signature);

#endif
