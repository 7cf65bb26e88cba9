/* keys.h - all keys that tokens are judged by, of all sources; and which of them has signed a token.
 */
#ifndef AUTH_KEYS_H
#define AUTH_KEYS_H

#include "engine/auth/auth.h"
#include "engine/auth/key.h"
#include "engine/auth/verified.h"

#define KEYS_MAX 64
#define KEYS_LISTED_MAX 256 /* in one JWKS, with those that are passed over */
#define KEYS_TRIED_MAX 8 /* that fit a token equally well */

struct keys {
	struct key keys[KEYS_MAX];
	uint32_t count;
	uint64_t serial; /* of the policy they are of; 0: what they have signed is not to be remembered */
};

/* Adds the keys of a source; source->issuer is kept. Returns 0, or -1 with one line in why: then what was added before
 * is still there. Single keys of a JWKS that cannot be used are passed over, and told in the log (RFC 7517, 5). */
int keys_read(struct keys *keys, const struct auth_source *source, char why[AUTH_WHY_MAX]);
void keys_close(struct keys *keys);

/* Adds the keys of a JWKS, or of PEM blocks. For keys_read(). */
int keys_read_jwks(struct keys *keys, const struct auth_source *source, enum jwt_algorithm algorithm,
		   char why[AUTH_WHY_MAX]);
int keys_read_pem(struct keys *keys, const struct auth_source *source, enum jwt_algorithm algorithm,
		  char why[AUTH_WHY_MAX]);

/* Whose signature the token has: *key is the key's. Its payload was not looked at. verified: what is known already, and
 * takes what is found; or NULL. */
enum auth_refusal keys_judge(const struct keys *keys, struct verified *verified, const struct jwt_parts *parts,
			     const struct key **key);

#endif
