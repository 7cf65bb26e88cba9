/* auth.h - the policy of who is let in and what they may do: keys, rules, roles. Made whole, then only read.
 *
 * One policy serves all cores at once: nothing in it changes after auth_make(). Another one takes its place by
 * shard/adopt: each core takes the new one in a turn of its own, and the old one is freed when all have.
 *
 * Rights in a room are those of the most exact rule that fits its name: of the rules for everybody, or, where the token
 * names rooms, of the token's; and to them those of each of the user's roles are added, by the most exact rule of
 * that role. Of two patterns the one with more letters besides `*` is more exact. `{user}` in a pattern of the policy
 * stands for the user's name.
 */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "engine/auth/identity.h"
#include "proto/chat/author.h"

struct auth;
struct verified;

/* Why a token, or who has none, is not let in: rows of tbl/auth_refusals.h. */
enum auth_refusal {
	AUTH_OK = 0,
#define AUTH_REFUSAL(name, text) AUTH_##name,
#include "engine/auth/tbl/auth_refusals.h"
#undef AUTH_REFUSAL
	AUTH_REFUSAL_COUNT,
};

enum auth_guests {
	AUTH_GUESTS_AUTO, /* named where no tokens are expected, else none */
	AUTH_GUESTS_NAMED, /* who has no token is who they say */
	AUTH_GUESTS_ANONYMOUS, /* ... is given a name */
	AUTH_GUESTS_NONE, /* ... is not let in */
};

#define AUTH_LIST_MAX 16 /* issuers, or audiences */
#define AUTH_WHY_MAX 512

/* Text with keys in it: a JWKS (RFC 7517), PEM blocks of public keys or certificates, or else a secret. */
struct auth_source {
	struct span name; /* for messages: a file's, a URL */
	struct span text;
	struct span algorithm; /* of all its keys, as `RS512`; absent: each key's own, which a secret has not */
	struct span issuer; /* its keys sign for this one alone; absent: for any */
};

struct auth_config {
	enum auth_guests guests;
	bool tokens; /* keys are configured, though none may be known yet */
	struct span rights; /* text of auth/rules.h */
	struct span issuers; /* words with blanks between; empty: anybody's */
	struct span audiences; /* likewise; empty: tokens that name any are refused (RFC 7519, 4.1.3) */
	uint64_t leeway_ms; /* of others' clocks */
	const struct auth_source *sources;
	size_t source_count;
};

/* Borrows the config. before: the policy that this one takes the place of, or NULL. Gives a policy held once, or NULL
 * with one line in why. */
struct auth *auth_make(const struct auth_config *config, const struct auth *before, char why[AUTH_WHY_MAX]);

/* From any thread. The last release frees it. NULL is let pass. */
struct auth *auth_hold(struct auth *auth);
void auth_release(struct auth *auth);

/* What is asked of policy NULL is answered as without keys and rules: all are guests, and members everywhere. */

/* Whether there are keys, or will be. */
bool auth_expects_tokens(const struct auth *auth);

/* Whether what both allow in rooms is the same. */
bool auth_rules_equal(const struct auth *a, const struct auth *b);

/* Judges a compact JWS (RFC 7515, 7519) at that time. On AUTH_OK *identity is a block of the caller's (block_give() of
 * identity->size). Nothing that the token says is believed, or asked of anybody, before its signature was verified.
 * verified: the signatures this core knows (auth/verified.h), or NULL. */
enum auth_refusal auth_token(const struct auth *auth, struct verified *verified, struct span token, uint64_t wall_ms,
			     struct identity **identity);

/* Whether somebody without a token may come; writes the name they get to name[64] and its size. asked may be absent. */
enum auth_refusal auth_guest(const struct auth *auth, struct span asked, uint64_t random, uint8_t name[64],
			     size_t *size);

/* What the user may do in the room: bits of enum chat_right. identity NULL: a guest. */
uint8_t auth_rights(const struct auth *auth, const struct identity *identity, struct span user, struct span room);

/* Static: the name of a refusal for metrics, and words for the log. */
const char *auth_refusal_name(enum auth_refusal refusal);
const char *auth_refusal_text(enum auth_refusal refusal);

#endif
