#include "engine/auth/auth.h"

#include <stdatomic.h>
#include <stdio.h>

#include "engine/auth/rules.h"
#include "engine/core/check.h"
#include "engine/core/slab.h"
#include "proto/chat/limits.h"
#include "proto/chat/rights.h"

struct auth {
	_Atomic uint32_t holders;
	enum auth_guests guests;
	bool tokens;
	struct rules rules;
};

static const struct {
	const char *name, *text;
} refusals[AUTH_REFUSAL_COUNT] = {
	[AUTH_OK] = { "ok", "let in" },
#define AUTH_REFUSAL(name, text) [AUTH_##name] = { #name, text },
#include "engine/auth/tbl/auth_refusals.h"
#undef AUTH_REFUSAL
};

const char *auth_refusal_name(enum auth_refusal refusal)
{
	CHECK((unsigned)refusal < AUTH_REFUSAL_COUNT);
	return refusals[refusal].name;
}

const char *auth_refusal_text(enum auth_refusal refusal)
{
	CHECK((unsigned)refusal < AUTH_REFUSAL_COUNT);
	return refusals[refusal].text;
}

static void auth_free(struct auth *auth)
{
	block_give(auth, sizeof(*auth));
}

struct auth *auth_make(const struct auth_config *config, const struct auth *before, char why[AUTH_WHY_MAX])
{
	struct auth *auth = block_take(sizeof(*auth));

	if (!auth) {
		snprintf(why, AUTH_WHY_MAX, "no memory");
		return NULL;
	}
	memset(auth, 0, sizeof(*auth));
	atomic_init(&auth->holders, 1);
	auth->tokens = config->tokens;
	auth->guests = config->guests;
	if (auth->guests == AUTH_GUESTS_AUTO)
		auth->guests = auth->tokens ? AUTH_GUESTS_NONE : AUTH_GUESTS_NAMED;
	if (rules_parse(&auth->rules, before ? &before->rules : NULL, config->rights, why, AUTH_WHY_MAX) != 0) {
		auth_free(auth);
		return NULL;
	}
	return auth;
}

struct auth *auth_hold(struct auth *auth)
{
	if (auth)
		CHECK(atomic_fetch_add(&auth->holders, 1) > 0);
	return auth;
}

void auth_release(struct auth *auth)
{
	if (auth && atomic_fetch_sub(&auth->holders, 1) == 1)
		auth_free(auth);
}

bool auth_rules_equal(const struct auth *a, const struct auth *b)
{
	return a && b && rules_equal(&a->rules, &b->rules);
}

enum auth_refusal auth_token(const struct auth *auth, struct span token, uint64_t wall_ms, struct identity **identity)
{
	(void)auth;
	(void)token;
	(void)wall_ms;
	*identity = NULL;
	return AUTH_key_unknown;
}

/* A name nobody else is likely to have: 50 bits, as letters that are not taken for each other. */
static struct span name_made(uint8_t name[CHAT_NAME_SIZE_MAX], uint64_t random)
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	size_t size = 0;

	memcpy(name, "guest-", 6);
	for (size = 6; size < 16; size++, random >>= 5)
		name[size] = (uint8_t)letters[random & 31];
	return span_of(name, size);
}

enum auth_refusal auth_guest(const struct auth *auth, struct span asked, uint64_t random, uint8_t name[64],
			     size_t *size)
{
	const enum auth_guests guests = auth ? auth->guests : AUTH_GUESTS_NAMED;
	uint8_t made[CHAT_NAME_SIZE_MAX];

	_Static_assert(CHAT_NAME_SIZE_MAX == 64, "a name's size is written out in the header");
	if (guests == AUTH_GUESTS_NONE)
		return AUTH_no_token;
	if (guests == AUTH_GUESTS_ANONYMOUS)
		asked = name_made(made, random);
	if (!asked.bytes || !chat_name_valid(asked))
		return AUTH_name;
	/* A name that has the mark already may be one that was given before. */
	const size_t mark = auth && auth->tokens && asked.bytes[0] != AUTH_GUEST_MARK;

	if (asked.size + mark > CHAT_NAME_SIZE_MAX)
		return AUTH_name;
	name[0] = AUTH_GUEST_MARK;
	memcpy(name + mark, asked.bytes, asked.size);
	*size = asked.size + mark;
	return AUTH_OK;
}

/* Of the rules that a token names. */
static uint8_t own_rights(const struct identity *identity, struct span room)
{
	uint8_t rights = CHAT_RIGHTS_NONE;
	int most = -1;

	for (uint32_t i = 0; i < identity->rule_count; i++) {
		const int letters = pattern_fits(identity->rules[i].pattern, SPAN_NONE, room);

		if (letters <= most)
			continue;
		most = letters;
		rights = identity->rules[i].rights;
	}
	return rights;
}

uint8_t auth_rights(const struct auth *auth, const struct identity *identity, struct span user, struct span room)
{
	uint8_t rights;

	if (!auth)
		return CHAT_RIGHTS_MEMBER;
	if (identity && identity->own_rules)
		rights = own_rights(identity, room);
	else
		rights = rules_rights(&auth->rules, RULE_OF_ALL, user, room);
	for (uint64_t roles = identity ? identity->roles : 0; roles != 0; roles &= roles - 1)
		rights |= rules_rights(&auth->rules, (uint32_t)__builtin_ctzll(roles), user, room);
	return rights;
}
