/* auth.h - the policy of who is let in and what they may do: keys, rules, roles. Made whole, then only read.
 *
 * One policy serves all cores at once: nothing in it changes after auth_make(). Another one takes its place by
 * gate/adopt: each core takes the new one in a turn of its own, and the old one is freed when all have.
 *
 * Rights in a room are those of the most exact rule that fits its name: of the rules for everybody, or, where the token
 * names rooms, of the token's; and to them those of each of the user's roles are added, by the most exact rule of
 * that role. Of two patterns the one with more letters besides `*` is more exact. `{user}` in a pattern of the policy
 * stands for the user's name.
 */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "engine/auth/identity.h"

struct auth;

/* Why a token, or who has none, is not let in: rows of tbl/auth_refusals.h. */
enum auth_refusal {
	AUTH_OK = 0,
#define AUTH_REFUSAL(name, text) AUTH_##name,
#include "engine/auth/tbl/auth_refusals.h"
#undef AUTH_REFUSAL
	AUTH_REFUSAL_COUNT,
};

enum auth_guests {
	AUTH_GUESTS_NAMED,     /* who has no token is who they say */
	AUTH_GUESTS_ANONYMOUS, /* ... is given a name */
	AUTH_GUESTS_NONE,      /* ... is not let in */
};

/* Judges a compact JWS (RFC 7515, 7519) at that time. On AUTH_OK *identity is a block of the caller's (block_give() of
 * identity->size). Nothing that the token says is believed, or asked of anybody, before its signature was verified. */
enum auth_refusal auth_token(const struct auth *auth, struct span token, uint64_t wall_ms, struct identity **identity);

/* Whether somebody without a token may come; writes the name they get to name[64] and its size. */
enum auth_refusal auth_guest(const struct auth *auth, struct span asked, uint64_t random, uint8_t name[64],
			     size_t *size);

/* What the user may do in the room: bits of enum chat_right. identity NULL: a guest. */
uint8_t auth_rights(const struct auth *auth, const struct identity *identity, struct span user, struct span room);

/* Static: the name of a refusal for metrics, and words for the log. */
const char *auth_refusal_name(enum auth_refusal refusal);
const char *auth_refusal_text(enum auth_refusal refusal);

#endif
