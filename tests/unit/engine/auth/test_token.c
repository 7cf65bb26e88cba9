/* Tokens of every algorithm, genuine and not: each attack that is known, each edge of each claim. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "engine/auth/auth.h"
#include "engine/auth/verified.h"
#include "engine/core/slab.h"
#include "proto/chat/rights.h"
#include "tests/identity/signer.h"

#define NOW_MS 1800000000000ull
#define LEEWAY_MS 30000

static struct signer signers[JWT_ALGORITHM_COUNT];
static struct auth *policy;
static char why[AUTH_WHY_MAX];
static char token[SIGNER_TEXT_MAX], text[SIGNER_TEXT_MAX];
static struct counters counters;
static struct verified verified;

static struct auth *policy_of(const char *keys, const char *algorithm, const char *issuers, const char *audiences)
{
	const struct auth_source source = {
		.name = SPAN("keys"),
		.text = span_of(keys, strlen(keys)),
		.algorithm = algorithm ? span_of(algorithm, strlen(algorithm)) : SPAN_NONE,
	};
	const struct auth_config config = {
		.rights = SPAN("*: member; @mod *: member moderate"),
		.issuers = span_of(issuers, strlen(issuers)),
		.audiences = span_of(audiences, strlen(audiences)),
		.leeway_ms = LEEWAY_MS,
		.sources = &source,
		.source_count = 1,
	};

	return auth_make(&config, NULL, why);
}

/* With the JWK of one signer, whose algorithm it names. */
static void policy_for(enum jwt_algorithm algorithm, const char *more)
{
	char members[256];

	if (signers[algorithm].secret_size == 0 && !signers[algorithm].pkey)
		signer_make(&signers[algorithm], algorithm);
	snprintf(members, sizeof(members), ",\"alg\":\"%s\"%s", jwt_algorithm_name(algorithm), more);
	signer_jwk(&signers[algorithm], members, text);
	auth_release(policy);
	policy = policy_of(text, NULL, "", "");
	cr_assert_not_null(policy, "%s", why);
}

static void same_identity(const struct identity *a, const struct identity *b)
{
	cr_assert_eq(a->size, b->size);
	cr_assert(span_equal(a->user, b->user) && a->expires_ms == b->expires_ms && a->roles == b->roles);
	cr_assert(a->own_rules == b->own_rules && a->rule_count == b->rule_count);
	for (uint32_t i = 0; i < a->rule_count; i++) {
		cr_assert(span_equal(a->rules[i].pattern, b->rules[i].pattern));
		cr_assert_eq(a->rules[i].rights, b->rules[i].rights);
	}
}

/* Whatever is known of tokens, what is said to one is the same: when it comes for the first time, and again. */
static void same_where_known(struct span jwt, uint64_t wall_ms, enum auth_refusal refusal,
			     const struct identity *identity)
{
	for (int time = 0; time < 2; time++) {
		struct identity *again;

		cr_assert_eq(auth_token(policy, &verified, jwt, wall_ms, &again), refusal);
		if (refusal != AUTH_OK)
			continue;
		same_identity(again, identity);
		block_give(again, again->size);
	}
}

static enum auth_refusal judge_at(const char *jwt, size_t size, uint64_t wall_ms, struct identity **identity)
{
	uint8_t *exact = malloc(size + !size);

	memcpy(exact, jwt, size);
	const enum auth_refusal refusal = auth_token(policy, NULL, span_of(exact, size), wall_ms, identity);

	same_where_known(span_of(exact, size), wall_ms, refusal, *identity);
	free(exact); /* what the identity holds is its own */
	cr_assert_eq(refusal == AUTH_OK, *identity != NULL);
	return refusal;
}

static enum auth_refusal judge(const char *jwt, size_t size)
{
	struct identity *identity;
	const enum auth_refusal refusal = judge_at(jwt, size, NOW_MS, &identity);

	if (identity)
		block_give(identity, identity->size);
	return refusal;
}

/* Of a payload signed by HS256's signer. */
static enum auth_refusal payload(const char *json)
{
	return judge(token, signer_token(&signers[JWT_HS256], json, token));
}

static void setup(void)
{
	cr_assert_eq(verified_open(&verified, 64, 7, &counters), 0);
	policy_for(JWT_HS256, "");
}

static void teardown(void)
{
	auth_release(policy);
	policy = NULL;
	verified_close(&verified);
	cr_assert_eq(block_bytes_out(), 0);
	for (int i = 0; i < JWT_ALGORITHM_COUNT; i++)
		signer_end(&signers[i]);
}

TestSuite(token, .init = setup, .fini = teardown);

#define GOOD "{\"sub\":\"bob\",\"exp\":1800000060}"

Test(token, of_every_algorithm)
{
	for (unsigned i = 0; i < JWT_ALGORITHM_COUNT; i++) {
		policy_for((enum jwt_algorithm)i, "");
		const size_t size = signer_token(&signers[i], GOOD, token);

		cr_assert_eq(judge(token, size), AUTH_OK, "%s", jwt_algorithm_name((enum jwt_algorithm)i));
		for (size_t at = 0; at < size; at += 1 + size / 61) {
			token[at] ^= 1;
			cr_assert_neq(judge(token, size), AUTH_OK, "%s: letter %zu", token, at);
			token[at] ^= 1;
			cr_assert_neq(judge(token, at), AUTH_OK, "%s: cut at %zu", token, at);
		}
		cr_assert_eq(judge(token, size), AUTH_OK);
	}
}

/* That it is known speaks for all its letters, not for what they sign. */
Test(token, a_known_one_with_another_signature)
{
	policy_for(JWT_ES256, "");
	const size_t size = signer_token(&signers[JWT_ES256], GOOD, token);

	cr_assert_eq(judge(token, size), AUTH_OK);
	cr_assert_gt(counter_read(&counters, COUNTER_token_cache_hits), 0, "it is known");
	for (size_t at = size - 1; token[at] != '.'; at--) {
		token[at] ^= 1;
		cr_assert_neq(judge(token, size), AUTH_OK, "letter %zu", at);
		token[at] ^= 1;
	}
}

/* Each key with the tokens of each other algorithm, made with that key where it can be. */
Test(token, the_algorithm_belongs_to_the_key)
{
	for (unsigned i = 0; i < JWT_ALGORITHM_COUNT; i++)
		signer_make(&signers[i], (enum jwt_algorithm)i);
	for (unsigned key = 0; key < JWT_ALGORITHM_COUNT; key++) {
		policy_for((enum jwt_algorithm)key, "");
		for (unsigned i = 0; i < JWT_ALGORITHM_COUNT; i++) {
			struct signer mixed = signers[i];

			if (jwt_algorithm_kind((enum jwt_algorithm)i) == jwt_algorithm_kind((enum jwt_algorithm)key) ||
			    (mixed.pkey && signers[key].pkey && EVP_PKEY_is_a(mixed.pkey, "RSA") &&
			     EVP_PKEY_is_a(signers[key].pkey, "RSA"))) {
				if (jwt_algorithm_kind((enum jwt_algorithm)i) != JWT_KIND_EC)
					mixed = signers[key];
				mixed.algorithm = (enum jwt_algorithm)i;
			}
			const enum auth_refusal refusal = judge(token, signer_token(&mixed, GOOD, token));

			cr_assert_eq(refusal, i == key ? AUTH_OK : AUTH_algorithm, "%u with the key of %u", i, key);
		}
	}
}

/* The oldest of all: what is public of an RSA or EC key, as a secret. */
Test(token, what_is_public_is_no_secret)
{
	for (unsigned i = 0; i < JWT_ALGORITHM_COUNT; i++) {
		uint8_t made[1024];
		char forged[SIGNER_TEXT_MAX];
		unsigned made_size;

		if (jwt_algorithm_kind((enum jwt_algorithm)i) == JWT_KIND_HMAC)
			continue;
		policy_for((enum jwt_algorithm)i, "");
		size_t size = signer_base64(forged, "{\"alg\":\"HS256\"}", 15);

		forged[size++] = '.';
		size += signer_base64(forged + size, GOOD, strlen(GOOD));
		for (int pem = 0; pem < 2; pem++) {
			const size_t key_size = pem ? signer_pem(&signers[i], text) : strlen(text);
			size_t at = size;

			HMAC(EVP_sha256(), text, (int)key_size, (uint8_t *)forged, size, made, &made_size);
			forged[at++] = '.';
			at += signer_base64(forged + at, made, made_size);
			cr_assert_eq(judge(forged, at), AUTH_algorithm);
		}
	}
}

/* The header's alg in other spellings, and without a signature. */
Test(token, none_in_any_case)
{
	static const char *const words[] = { "none", "None", "NONE", "nOnE", "NoNe", "\\u006eone", "none ", "" };
	char header[100];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		snprintf(header, sizeof(header), "{\"alg\":\"%s\"}", words[i]);
		const size_t size = signer_token_of(&signers[JWT_HS256], header, GOOD, token);
		const size_t dot = (size_t)(strrchr(token, '.') - token);

		cr_assert_eq(judge(token, size), AUTH_algorithm);
		cr_assert_eq(judge(token, dot + 1), AUTH_malformed, "an empty signature");
		cr_assert_eq(judge(token, dot), AUTH_malformed, "none at all");
		cr_assert_eq(judge(token, dot + 2), AUTH_malformed);
	}
}

/* A header that says where its key is to be had, and is signed by that. */
Test(token, keys_that_it_brings_along)
{
	struct signer attacker;
	char header[SIGNER_TEXT_MAX];
	static const char *const ways[] = {
		"{\"alg\":\"ES256\",\"jwk\":%s}",
		"{\"alg\":\"ES256\",\"kid\":\"../../../dev/null\",\"jwk\":%s}",
		"{\"alg\":\"ES256\",\"jku\":\"https://attacker.example/jwks.json\",\"x5c\":[%s]}",
		"{\"alg\":\"ES256\",\"x5u\":\"https://attacker.example/\",\"key\":%s}",
	};

	signer_make(&attacker, JWT_ES256);
	policy_for(JWT_ES256, "");
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		signer_jwk(&attacker, "", text);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(header, sizeof(header), ways[i], text);
#pragma GCC diagnostic pop
		cr_assert_eq(judge(token, signer_token_of(&attacker, header, GOOD, token)),
			     strstr(header, "\"kid\"") ? AUTH_key_unknown : AUTH_signature);
		if (strlen(header) * 4 / 3 < JWT_HEADER_SIZE_MAX)
			cr_assert_eq(judge(token, signer_token_of(&signers[JWT_ES256], header, GOOD, token)), AUTH_OK);
	}
	signer_end(&attacker);
}

Test(token, a_kid_is_looked_up_and_nothing_else)
{
	static const char *const kids[] = {
		"../../../../dev/null", "' OR 1=1 --", "|id", "one ", "On", "", "one\\u0020"
	};
	char header[200];

	policy_for(JWT_HS256, ",\"kid\":\"one\"");
	cr_assert_eq(payload(GOOD), AUTH_OK, "a token without kid may be of any key");
	for (size_t i = 0; i < sizeof(kids) / sizeof(kids[0]); i++) {
		snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"kid\":\"%s\"}", kids[i]);
		cr_assert_eq(judge(token, signer_token_of(&signers[JWT_HS256], header, GOOD, token)), AUTH_key_unknown,
			     "%s", kids[i]);
	}
	cr_assert_eq(
		judge(token, signer_token_of(&signers[JWT_HS256], "{\"alg\":\"HS256\",\"kid\":\"one\"}", GOOD, token)),
		AUTH_OK);
	cr_assert_eq(judge(token, signer_token_of(&signers[JWT_HS256],
						  "{\"alg\":\"HS256\",\"crit\":[\"b64\"],"
						  "\"b64\":false}",
						  GOOD, token)),
		     AUTH_critical);
}

/* r and s of zero (CVE-2022-21449), in DER, cut, too long, and the other s that OpenSSL takes as well. */
Test(token, signatures_of_ecdsa)
{
	char forged[SIGNER_TEXT_MAX];
	uint8_t bytes[200] = { 0 }, der[1024];

	policy_for(JWT_ES256, "");
	signer_token(&signers[JWT_ES256], GOOD, token);
	const size_t dot = (size_t)(strrchr(token, '.') - token) + 1;

	memcpy(forged, token, dot);
	for (size_t size = 1; size <= 132; size++)
		cr_assert_neq(judge(forged, dot + signer_base64(forged + dot, bytes, size)), AUTH_OK, "%zu zeros",
			      size);
	bytes[31] = 1;
	cr_assert_eq(judge(forged, dot + signer_base64(forged + dot, bytes, 64)), AUTH_signature, "r 1, s 0");
	bytes[63] = 1;
	cr_assert_eq(judge(forged, dot + signer_base64(forged + dot, bytes, 64)), AUTH_signature, "r 1, s 1");
	memset(bytes, 0xff, sizeof(bytes));
	cr_assert_eq(judge(forged, dot + signer_base64(forged + dot, bytes, 64)), AUTH_signature);
	const size_t der_size = signer_raw(&signers[JWT_ES256], token, dot - 1, der);

	cr_assert_eq(judge(forged, dot + signer_base64(forged + dot, der, der_size)), AUTH_signature, "DER");
	signer_flat(bytes, der, der_size, 32);
	bytes[64] = 0;
	cr_assert_eq(judge(forged, dot + signer_base64(forged + dot, bytes, 64)), AUTH_OK);
	cr_assert_eq(judge(forged, dot + signer_base64(forged + dot, bytes, 65)), AUTH_signature);
	cr_assert_eq(judge(forged, dot + signer_base64(forged + dot, bytes, 63)), AUTH_signature);
}

/* One text for each signature, and nothing around the token. */
Test(token, other_spellings_of_the_same)
{
	const size_t size = signer_token(&signers[JWT_HS256], GOOD, token);
	static const char *const behind[] = { "=", "A", "AA", "AAAA", ".", " ", "\n", "\\0", "%3D", ".e30" };
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char last = token[size - 1];

	/* 32 bytes are 43 letters, the last of which has two bits that must be zero. */
	for (size_t i = 0; i < 64; i++) {
		token[size - 1] = letters[i];
		cr_assert_eq(judge(token, size) == AUTH_OK, letters[i] == last);
	}
	token[size - 1] = last;
	for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
		memcpy(token + size, behind[i], strlen(behind[i]) + 1);
		cr_assert_neq(judge(token, size + strlen(behind[i])), AUTH_OK, "%s behind it", behind[i]);
	}
	memmove(token + 1, token, size);
	token[0] = ' ';
	cr_assert_neq(judge(token, size + 1), AUTH_OK);
	cr_assert_eq(judge("", 0), AUTH_malformed);
}

Test(token, clocks_at_the_edge_and_one_past_it)
{
	static const struct {
		const char *claims;
		enum auth_refusal why;
	} cases[] = {
		{ "\"exp\":1800000000", AUTH_OK }, /* now, within the leeway */
		{ "\"exp\":1799999970", AUTH_expired },
		{ "\"exp\":1799999970.001", AUTH_OK },
		{ "\"exp\":1799999971", AUTH_OK },
		{ "\"exp\":0", AUTH_expired },
		{ "\"exp\":9007199254740991", AUTH_OK },
		{ "\"exp\":9007199254740992", AUTH_claims },
		{ "\"exp\":1e99", AUTH_claims },
		{ "\"exp\":-1", AUTH_claims },
		{ "\"exp\":null", AUTH_claims },
		{ "\"exp\":\"1800000060\"", AUTH_claims },
		{ "\"x\":1", AUTH_claims }, /* no exp */
		{ "\"exp\":1800000060,\"nbf\":1800000030", AUTH_OK },
		{ "\"exp\":1800000060,\"nbf\":1800000030.001", AUTH_early },
		{ "\"exp\":1800000060,\"nbf\":1800000031", AUTH_early },
		{ "\"exp\":1800000060,\"iat\":1800000030", AUTH_OK },
		{ "\"exp\":1800000060,\"iat\":1800000031", AUTH_early },
		{ "\"exp\":1800000060,\"iat\":0,\"nbf\":0", AUTH_OK },
		{ "\"exp\":1800000060,\"exp\":1800000060", AUTH_claims },
		{ "\"exp\":1799000000,\"\\u0065xp\":1800000060", AUTH_claims },
	};
	char json[200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(json, sizeof(json), "{\"sub\":\"bob\",%s}", cases[i].claims);
		cr_assert_eq(payload(json), cases[i].why, "%s", json);
	}
}

Test(token, what_is_left_of_it)
{
	struct identity *identity;
	const size_t size = signer_token(&signers[JWT_HS256], GOOD, token);

	cr_assert_eq(judge_at(token, size, NOW_MS, &identity), AUTH_OK);
	cr_assert_eq(identity->expires_ms, NOW_MS + 60000);
	block_give(identity, identity->size);
	cr_assert_eq(judge_at(token, size, NOW_MS + 60000, &identity), AUTH_OK);
	cr_assert_eq(identity->expires_ms, NOW_MS + 60000 + LEEWAY_MS);
	block_give(identity, identity->size);
	cr_assert_eq(judge_at(token, size, NOW_MS + 60000 + LEEWAY_MS, &identity), AUTH_expired);
}

Test(token, whose_name)
{
	static const struct {
		const char *sub;
		enum auth_refusal why;
	} cases[] = {
		{ "\"sub\":\"\"", AUTH_name },
		{ "\"sub\":\" \"", AUTH_name },
		{ "\"sub\":\"~bob\"", AUTH_name },
		{ "\"sub\":\"@shop\"", AUTH_name },
		{ "\"sub\":\"\\u007ebob\"", AUTH_name },
		{ "\"sub\":\"b~ob\"", AUTH_OK },
		{ "\"sub\":\"a\\nb\"", AUTH_name },
		{ "\"sub\":\"\\u202ea\"", AUTH_name },
		{ "\"sub\":\"\xc3\xa4\"", AUTH_OK },
		{ "\"sub\":17", AUTH_claims },
		{ "\"name\":\"bob\"", AUTH_claims },
		{ "\"sub\":\"0123456789012345678901234567890123456789012345678901234567890123\"", AUTH_OK },
		{ "\"sub\":\"01234567890123456789012345678901234567890123456789012345678901234\"", AUTH_name },
	};
	char json[200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(json, sizeof(json), "{%s,\"exp\":1800000060}", cases[i].sub);
		cr_assert_eq(payload(json), cases[i].why, "%s", json);
	}
	cr_assert_eq(payload(""), AUTH_claims);
	cr_assert_eq(payload("foo"), AUTH_claims);
	cr_assert_eq(payload("[]"), AUTH_claims);
	cr_assert_eq(payload(GOOD "}"), AUTH_claims);
}

Test(token, issuers_and_audiences)
{
	static const struct {
		const char *issuers, *audiences, *claims;
		enum auth_refusal why;
	} cases[] = {
		{ "", "", "\"iss\":\"anybody\"", AUTH_OK },
		{ "", "", "\"aud\":\"chat\"", AUTH_audience },
		{ "", "", "\"aud\":[]", AUTH_audience },
		{ "a b", "", "\"iss\":\"b\"", AUTH_OK },
		{ "a b", "", "\"iss\":\"c\"", AUTH_issuer },
		{ "a b", "", "\"iss\":\"a b\"", AUTH_issuer },
		{ "a b", "", "\"iss\":\"\"", AUTH_issuer },
		{ "a b", "", "\"x\":0", AUTH_issuer },
		{ "a", "chat", "\"iss\":\"a\",\"aud\":\"chat\"", AUTH_OK },
		{ "a", "chat", "\"iss\":\"a\",\"aud\":[\"x\",\"chat\"]", AUTH_OK },
		{ "a", "chat", "\"iss\":\"a\",\"aud\":[\"x\"]", AUTH_audience },
		{ "a", "chat", "\"iss\":\"a\"", AUTH_audience },
		{ "a", "chat", "\"iss\":\"a\",\"aud\":\"Chat\"", AUTH_audience },
		{ "a", "chat talk", "\"iss\":\"a\",\"aud\":\"talk\"", AUTH_OK },
		{ "a", "chat", "\"iss\":\"a\",\"aud\":{\"chat\":1}", AUTH_claims },
	};
	char json[200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		signer_jwk(&signers[JWT_HS256], ",\"alg\":\"HS256\"", text);
		auth_release(policy);
		policy = policy_of(text, NULL, cases[i].issuers, cases[i].audiences);
		snprintf(json, sizeof(json), "{\"sub\":\"bob\",\"exp\":1800000060,%s}", cases[i].claims);
		cr_assert_eq(payload(json), cases[i].why, "%s | %s | %s", cases[i].issuers, cases[i].audiences, json);
	}
}

Test(token, roles_and_rooms)
{
	struct identity *identity;
	static const char *const json = "{\"sub\":\"bob\",\"exp\":1800000060,\"roles\":[\"x\",\"m\\u006fd\"],"
					"\"rooms\":{\"a*\":[\"read\",\"send\"],\"\\u0061b\":\"member\",\"c\":[]}}";

	cr_assert_eq(judge_at(token, signer_token(&signers[JWT_HS256], json, token), NOW_MS, &identity), AUTH_OK);
	cr_assert(span_equal(identity->user, SPAN("bob")));
	cr_assert_eq(identity->roles, 1);
	cr_assert(identity->own_rules && identity->rule_count == 3);
	const uint8_t mod = CHAT_RIGHTS_MEMBER | CHAT_RIGHT_moderate;

	cr_assert_eq(auth_rights(policy, identity, identity->user, SPAN("x")), mod);
	identity->roles = 0;
	cr_assert_eq(auth_rights(policy, identity, identity->user, SPAN("x")), 0);
	cr_assert_eq(auth_rights(policy, identity, identity->user, SPAN("ax")), CHAT_RIGHT_read | CHAT_RIGHT_send);
	cr_assert_eq(auth_rights(policy, identity, identity->user, SPAN("ab")), CHAT_RIGHTS_MEMBER);
	cr_assert_eq(auth_rights(policy, identity, identity->user, SPAN("c")), 0);
	block_give(identity, identity->size);
	cr_assert_eq(judge_at(token, signer_token(&signers[JWT_HS256], GOOD, token), NOW_MS, &identity), AUTH_OK);
	cr_assert_eq(auth_rights(policy, identity, identity->user, SPAN("x")), CHAT_RIGHTS_MEMBER);
	block_give(identity, identity->size);
}

Test(token, roles_and_rooms_of_the_wrong_form)
{
	static const char *const wrong[] = {
		"\"roles\":\"mod\"",
		"\"roles\":[1]",
		"\"roles\":{\"mod\":true}",
		"\"rooms\":[\"*\"]",
		"\"rooms\":{\"*\":\"reed\"}",
		"\"rooms\":{\"*\":[\"read\",1]}",
		"\"rooms\":{\"*\":[\"read\",\"\"]}",
		"\"rooms\":{\"*\":{}}",
		"\"rooms\":{\"*\":null}",
		"\"rooms\":{\"\":\"read\"}",
		"\"rooms\":{\"a b\":\"read\"}",
		"\"rooms\":{\"{user}\":\"read\"}",
		"\"rooms\":{\"a\":\"read\",\"\\u0061\":\"send\"}",
		"\"rooms\":{\"*\":\"read\"},\"rooms\":{\"*\":\"read\"}",
	};
	char json[200];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(json, sizeof(json), "{\"sub\":\"bob\",\"exp\":1800000060,%s}", wrong[i]);
		cr_assert_eq(payload(json), AUTH_claims, "%s", json);
	}
}

Test(token, as_many_rooms_as_there_may_be_and_one_more)
{
	char json[8192];

	for (int rooms = 256; rooms <= 257; rooms++) {
		size_t size =
			(size_t)snprintf(json, sizeof(json), "{\"sub\":\"b\",\"exp\":1800000060,\"rooms\":{\"*\":[]");

		for (int i = 1; i < rooms; i++)
			size += (size_t)snprintf(json + size, sizeof(json) - size, ",\"%x\":\"read\"", i);
		snprintf(json + size, sizeof(json) - size, "}}");
		cr_assert_eq(payload(json), rooms == 256 ? AUTH_OK : AUTH_claims);
	}
}

Test(token, without_keys_none_is_genuine)
{
	struct identity *identity;
	const size_t size = signer_token(&signers[JWT_HS256], GOOD, token);

	cr_assert_eq(auth_token(NULL, &verified, span_of(token, size), NOW_MS, &identity), AUTH_key_unknown);
	cr_assert_null(identity);
}

static uint64_t hits(void)
{
	return counter_read(&counters, COUNTER_token_cache_hits);
}

static uint64_t misses(void)
{
	return counter_read(&counters, COUNTER_token_cache_misses);
}

static enum auth_refusal once_more(size_t size, uint64_t wall_ms)
{
	struct identity *identity;
	const enum auth_refusal refusal = auth_token(policy, &verified, span_of(token, size), wall_ms, &identity);

	if (refusal == AUTH_OK)
		block_give(identity, identity->size);
	return refusal;
}

/* What is remembered is the signature alone. */
Test(token, that_is_known_is_still_judged_by_the_clock)
{
	policy_for(JWT_ES256, "");
	const size_t size =
		signer_token(&signers[JWT_ES256], "{\"sub\":\"bob\",\"exp\":1800000060,\"nbf\":1799999900}", token);

	cr_assert_eq(once_more(size, NOW_MS), AUTH_OK);
	cr_assert_eq(hits(), 0);
	cr_assert_eq(misses(), 1);
	cr_assert_eq(once_more(size, NOW_MS), AUTH_OK);
	cr_assert_eq(hits(), 1, "the second time it is known");
	cr_assert_eq(once_more(size, NOW_MS + 60000 + LEEWAY_MS - 1), AUTH_OK);
	cr_assert_eq(once_more(size, NOW_MS + 60000 + LEEWAY_MS), AUTH_expired);
	cr_assert_eq(once_more(size, NOW_MS - 100000 - LEEWAY_MS - 1), AUTH_early);
	cr_assert_eq(once_more(size, NOW_MS), AUTH_OK);
	cr_assert_eq(hits(), 5);
	cr_assert_eq(misses(), 1);
}

/* One that is refused for its claims is genuine all the same, and never becomes valid by being known. */
Test(token, that_is_refused_is_refused_again)
{
	policy_for(JWT_ES256, "");
	const size_t size =
		signer_token(&signers[JWT_ES256], "{\"sub\":\"bob\",\"exp\":1800000060,\"aud\":\"others\"}", token);

	for (int time = 0; time < 3; time++)
		cr_assert_eq(once_more(size, NOW_MS), AUTH_audience);
	cr_assert_eq(hits(), 2);
}

Test(token, is_known_under_one_policy_alone)
{
	policy_for(JWT_ES256, "");
	const size_t size = signer_token(&signers[JWT_ES256], GOOD, token);

	cr_assert_eq(once_more(size, NOW_MS), AUTH_OK);
	policy_for(JWT_ES256, "");
	cr_assert_eq(once_more(size, NOW_MS), AUTH_OK);
	cr_assert_eq(hits(), 0, "the same keys, but of another policy");
	cr_assert_eq(misses(), 2);
	signer_end(&signers[JWT_ES256]);
	policy_for(JWT_ES256, "");
	cr_assert_eq(once_more(size, NOW_MS), AUTH_signature, "its key is gone");
	cr_assert_eq(hits(), 0);
}

Test(token, of_a_secret_is_not_looked_for)
{
	const size_t size = signer_token(&signers[JWT_HS256], GOOD, token);

	cr_assert_eq(once_more(size, NOW_MS), AUTH_OK);
	cr_assert_eq(once_more(size, NOW_MS), AUTH_OK);
	cr_assert_eq(hits() + misses(), 0);
}
