#include "engine/auth/auth.h"

#include <stdatomic.h>
#include <stdio.h>

#include "engine/auth/policy.h"
#include "engine/core/check.h"
#include "engine/core/slab.h"
#include "proto/base/word.h"
#include "proto/chat/limits.h"
#include "proto/chat/rights.h"

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
	keys_close(&auth->keys);
	block_give(auth, sizeof(*auth) + auth->text_size);
}

/* Keeps a copy of the text behind the policy. */
static struct span keep(struct auth *auth, struct span text)
{
	uint8_t *to = auth->text + auth->text_size;

	if (!text.bytes)
		return SPAN_NONE;
	memcpy(to, text.bytes, text.size);
	auth->text_size += text.size;
	return span_of(to, text.size);
}

/* The words of a list. what: for why. */
static int list_read(struct auth_list *list, struct span text, const char *what, char why[AUTH_WHY_MAX])
{
	for (struct span word = word_take(&text); word.size > 0; word = word_take(&text)) {
		if (list->count == AUTH_LIST_MAX || word.size > AUTH_WORD_MAX) {
			snprintf(why, AUTH_WHY_MAX, "%s: more than %d, or one of more than %d bytes", what,
				 AUTH_LIST_MAX, AUTH_WORD_MAX);
			return -1;
		}
		list->words[list->count++] = word;
	}
	return 0;
}

static int sources_read(struct auth *auth, const struct auth_config *config, char why[AUTH_WHY_MAX])
{
	for (size_t i = 0; i < config->source_count; i++) {
		struct auth_source source = config->sources[i];

		source.issuer = keep(auth, source.issuer);
		if (keys_read(&auth->keys, &source, why) != 0)
			return -1;
	}
	return 0;
}

static size_t text_size(const struct auth_config *config)
{
	size_t size = config->issuers.size + config->audiences.size;

	for (size_t i = 0; i < config->source_count; i++)
		size += config->sources[i].issuer.size;
	return size;
}

static int fill(struct auth *auth, const struct auth_config *config, const struct auth *before, char why[AUTH_WHY_MAX])
{
	auth->tokens = config->tokens || config->source_count > 0;
	auth->leeway_ms = config->leeway_ms;
	auth->guests = config->guests;
	if (auth->guests == AUTH_GUESTS_AUTO)
		auth->guests = auth->tokens ? AUTH_GUESTS_NONE : AUTH_GUESTS_NAMED;
	if (rules_parse(&auth->rules, before ? &before->rules : NULL, config->rights, why, AUTH_WHY_MAX) != 0)
		return -1;
	if (list_read(&auth->issuers, keep(auth, config->issuers), "issuers", why) != 0 ||
	    list_read(&auth->audiences, keep(auth, config->audiences), "audiences", why) != 0)
		return -1;
	return sources_read(auth, config, why);
}

/* No two policies of a process have the same. */
static uint64_t next_serial(void)
{
	static _Atomic uint64_t last;

	return atomic_fetch_add(&last, 1) + 1;
}

struct auth *auth_make(const struct auth_config *config, const struct auth *before, char why[AUTH_WHY_MAX])
{
	const size_t size = text_size(config);
	struct auth *auth = block_take(sizeof(*auth) + size);

	if (!auth) {
		snprintf(why, AUTH_WHY_MAX, "no memory");
		return NULL;
	}
	memset(auth, 0, sizeof(*auth));
	atomic_init(&auth->holders, 1);
	auth->keys.serial = next_serial();
	if (fill(auth, config, before, why) == 0) {
		CHECK(auth->text_size == size);
		return auth;
	}
	auth->text_size = size;
	auth_free(auth);
	return NULL;
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

bool auth_expects_tokens(const struct auth *auth)
{
	return auth && auth->tokens;
}

bool auth_rules_equal(const struct auth *a, const struct auth *b)
{
	return a && b && rules_equal(&a->rules, &b->rules);
}

enum auth_refusal auth_guest(const struct auth *auth, struct span asked, uint64_t random, uint8_t name[64],
			     size_t *size)
{
	const enum auth_guests guests = auth ? auth->guests : AUTH_GUESTS_NAMED;
	uint8_t made[CHAT_GIVEN_SIZE];

	_Static_assert(CHAT_NAME_SIZE_MAX == 64, "a name's size is written out in the header");
	if (guests == AUTH_GUESTS_NONE)
		return AUTH_no_token;
	if (guests == AUTH_GUESTS_ANONYMOUS)
		asked = chat_name_give(made, random);
	if (!asked.bytes || !chat_name_valid(asked) || asked.bytes[0] == CHAT_NAME_MARK_KEY)
		return AUTH_name;
	/* A name that has the mark already may be one that was given before. */
	const size_t mark = auth && auth->tokens && asked.bytes[0] != CHAT_NAME_MARK_GUEST;

	if (asked.size + mark > CHAT_NAME_SIZE_MAX)
		return AUTH_name;
	name[0] = CHAT_NAME_MARK_GUEST;
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
