/* A token's way to an identity: whose signature, whom it is from and for, when, and what it says its user may do. */
#include "engine/auth/policy.h"
#include "engine/core/check.h"
#include "engine/core/slab.h"
#include "proto/chat/limits.h"
#include "proto/chat/rights.h"
#include "proto/json/json_string.h"
#include "proto/json/json_walk.h"
#include "proto/jwt/jwt_base64.h"
#include "proto/jwt/jwt_claims.h"

#define RULES_OF_TOKEN_MAX 256

static bool lists(const struct auth_list *list, struct span word)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (span_equal(list->words[i], word))
			return true;
	return false;
}

/* Whom it is from, by what it says and by its key. */
static bool issuer_fits(const struct auth *auth, const struct jwt_claims *claims, const struct key *key)
{
	if (key->issuer.bytes && (!claims->issuer.bytes || !span_equal(claims->issuer, key->issuer)))
		return false;
	return auth->issuers.count == 0 || (claims->issuer.bytes && lists(&auth->issuers, claims->issuer));
}

/* A token that names audiences is for nobody else (RFC 7519, 4.1.3), and who has no name is not among them. */
static bool audience_fits(const struct auth *auth, const struct jwt_claims *claims)
{
	if (auth->audiences.count == 0)
		return claims->audience.type == JSON_ABSENT;
	for (uint32_t i = 0; i < auth->audiences.count; i++)
		if (jwt_claims_meant_for(claims, auth->audiences.words[i]))
			return true;
	return false;
}

static enum auth_refusal time_fits(const struct auth *auth, const struct jwt_claims *claims, uint64_t wall_ms)
{
	const uint64_t latest_ms = wall_ms + auth->leeway_ms;

	if (!claims->has_expiry)
		return AUTH_claims;
	if (wall_ms >= claims->expiry_ms + auth->leeway_ms)
		return AUTH_expired;
	if (claims->has_not_before && latest_ms < claims->not_before_ms)
		return AUTH_early;
	return claims->has_issued && latest_ms < claims->issued_ms ? AUTH_early : AUTH_OK;
}

/* The marks are of guests, and of keys. */
static enum auth_refusal name_fits(const struct jwt_claims *claims)
{
	if (!claims->subject.bytes)
		return AUTH_claims;
	if (!chat_name_valid(claims->subject))
		return AUTH_name;
	const uint8_t first = claims->subject.bytes[0];

	return first == CHAT_NAME_MARK_GUEST || first == CHAT_NAME_MARK_KEY ? AUTH_name : AUTH_OK;
}

/* Those that the policy does not speak of mean nothing here. */
static uint64_t roles_of(const struct auth *auth, const struct jwt_claims *claims)
{
	struct json_walk walk;
	struct json_value value;
	struct span key, name;
	uint8_t room[ROLE_SIZE_MAX];
	uint64_t roles = 0;

	if (claims->roles.type == JSON_ABSENT)
		return 0;
	walk = json_walk_begin(&claims->roles);
	while (json_walk_next(&walk, &key, &value)) {
		if (json_string(&name, value.token, room, sizeof(room)) < 0)
			continue; /* too long for a role */
		const uint32_t role = rules_role(&auth->rules, name);

		if (role < ROLES_MAX)
			roles |= 1ull << role;
	}
	return roles;
}

static bool add_right(uint8_t *rights, struct span token)
{
	uint8_t room[16];
	struct span word;

	return json_string(&word, token, room, sizeof(room)) > 0 && chat_rights_add(rights, word);
}

/* A word, or an array of words. */
static bool rights_of(uint8_t *rights, const struct json_value *value)
{
	struct json_walk walk;
	struct json_value word;
	struct span key;

	if (value->type == JSON_STRING)
		return add_right(rights, value->token);
	if (value->type != JSON_ARRAY)
		return false;
	walk = json_walk_begin(value);
	while (json_walk_next(&walk, &key, &word))
		if (word.type != JSON_STRING || !add_right(rights, word.token))
			return false;
	return true;
}

static bool names_twice(const struct identity *identity, struct span pattern)
{
	for (uint32_t i = 0; i < identity->rule_count; i++)
		if (span_equal(identity->rules[i].pattern, pattern))
			return true;
	return false;
}

/* Adds the token's rules. text: room for all its patterns. */
static bool take_rules(struct identity *identity, const struct json_value *rooms, uint8_t *text)
{
	struct json_walk walk = json_walk_begin(rooms);
	struct json_value value;
	struct span key, pattern;

	while (json_walk_next(&walk, &key, &value)) {
		struct identity_rule *rule = &identity->rules[identity->rule_count];

		*rule = (struct identity_rule){ 0 };
		if (json_string(&pattern, key, text, key.size) < 0 || !pattern_valid(pattern, false))
			return false;
		if (names_twice(identity, pattern) || !rights_of(&rule->rights, &value))
			return false;
		memmove(text, pattern.bytes, pattern.size);
		rule->pattern = span_of(text, pattern.size);
		text += pattern.size;
		identity->rule_count++;
	}
	return true;
}

static size_t rule_count(const struct json_value *rooms)
{
	struct json_walk walk;
	struct json_value value;
	struct span key;
	size_t count = 0;

	if (rooms->type == JSON_ABSENT)
		return 0;
	walk = json_walk_begin(rooms);
	while (json_walk_next(&walk, &key, &value))
		count++;
	return count;
}

static enum auth_refusal make(const struct auth *auth, const struct jwt_claims *claims, uint64_t wall_ms,
			      struct identity **made)
{
	const size_t rules = rule_count(&claims->rooms);
	const bool own = claims->rooms.type != JSON_ABSENT;
	const size_t head = sizeof(struct identity) + rules * sizeof(struct identity_rule);
	const size_t size = head + claims->subject.size + (own ? claims->rooms.token.size : 0);

	if (rules > RULES_OF_TOKEN_MAX)
		return AUTH_claims;
	struct identity *identity = block_take(size);

	if (!identity)
		return AUTH_memory;
	uint8_t *text = (uint8_t *)identity + head;

	memcpy(text, claims->subject.bytes, claims->subject.size);
	*identity = (struct identity){
		.size = size,
		.user = span_of(text, claims->subject.size),
		/* Who comes with the last of the leeway has what is left of it. */
		.expires_ms = wall_ms < claims->expiry_ms ? claims->expiry_ms : claims->expiry_ms + auth->leeway_ms,
		.roles = roles_of(auth, claims),
		.own_rules = own,
	};
	if (own && !take_rules(identity, &claims->rooms, text + claims->subject.size)) {
		block_give(identity, size);
		return AUTH_claims;
	}
	*made = identity;
	return AUTH_OK;
}

enum auth_refusal auth_token(const struct auth *auth, struct verified *verified, struct span token, uint64_t wall_ms,
			     struct identity **identity)
{
	uint8_t text[JWT_SIZE_MAX], room[JWT_SIZE_MAX];
	const struct key *key = NULL;
	struct jwt_parts parts;
	struct jwt_claims claims;

	*identity = NULL;
	if (!auth || auth->keys.count == 0)
		return AUTH_key_unknown;
	if (!jwt_cut(&parts, token))
		return AUTH_malformed;
	enum auth_refusal why = keys_judge(&auth->keys, verified, &parts, &key);

	if (why != AUTH_OK)
		return why;
	if (!jwt_base64_decode(text, parts.payload))
		return AUTH_malformed;
	if (!jwt_claims_read(&claims, text, jwt_base64_bytes(parts.payload.size), room))
		return AUTH_claims;
	if (!issuer_fits(auth, &claims, key))
		return AUTH_issuer;
	if (!audience_fits(auth, &claims))
		return AUTH_audience;
	why = time_fits(auth, &claims, wall_ms);
	if (why == AUTH_OK)
		why = name_fits(&claims);
	return why == AUTH_OK ? make(auth, &claims, wall_ms, identity) : why;
}
