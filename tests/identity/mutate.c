/* mutate - changes genuine tokens, and sees that none of what comes of it is let in.
 *
 *	mutate COUNT [SEED [ALGORITHM]]
 *
 * A letter is changed, put in, taken out or doubled, parts are exchanged between tokens, the header is written anew
 * with another alg, and bytes below base64url are changed. What is again the very token it was is not counted. Ends
 * with the sum; 1 if one was let in, with the token. HS256 alone takes a seventh of the time of the mix. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/auth/auth.h"
#include "engine/auth/verified.h"
#include "engine/core/log.h"
#include "engine/core/random.h"
#include "engine/core/slab.h"
#include "tests/identity/signer.h"

#define NOW_MS 1800000000000ull
#define TOKENS 64

static const enum jwt_algorithm algorithms[] = { JWT_HS256, JWT_HS512, JWT_ES256, JWT_EdDSA, JWT_RS256 };

#define ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n";

struct genuine {
	char text[SIGNER_TEXT_MAX];
	size_t size, dots[2];
};

static struct genuine tokens[TOKENS];
static char changed[SIGNER_TEXT_MAX];
static struct random chance;

static uint32_t below(size_t most)
{
	return (uint32_t)random_below(&chance, most);
}

static size_t chosen(enum jwt_algorithm only)
{
	size_t at = 0;

	while (at < ALGORITHMS && algorithms[at] != only)
		at++;
	signer_must(at < ALGORITHMS);
	return at;
}

/* only: of this algorithm, or JWT_ALGORITHM_COUNT. */
static struct auth *prepare(enum jwt_algorithm only)
{
	static char jwks[ALGORITHMS][SIGNER_TEXT_MAX], more[64], why[AUTH_WHY_MAX];
	static struct auth_source sources[ALGORITHMS];
	struct signer signers[ALGORITHMS];
	char payload[256];

	for (size_t i = 0; i < ALGORITHMS; i++) {
		signer_make(&signers[i], algorithms[i]);
		snprintf(more, sizeof(more), ",\"alg\":\"%s\",\"kid\":\"k%zu\"", jwt_algorithm_name(algorithms[i]), i);
		sources[i] = (struct auth_source){ .name = SPAN("key") };
		sources[i].text = span_of(jwks[i], signer_jwk(&signers[i], more, jwks[i]));
	}
	for (size_t i = 0; i < TOKENS; i++) {
		struct genuine *token = &tokens[i];
		const size_t of = only == JWT_ALGORITHM_COUNT ? i % ALGORITHMS : chosen(only);

		snprintf(payload, sizeof(payload),
			 "{\"sub\":\"user%zu\",\"exp\":1800000600,\"iat\":1799999990,\"roles\":[]}", i);
		if (i / ALGORITHMS % 2 == 0)
			token->size = signer_token(&signers[of], payload, token->text);
		else
			token->size = signer_token_of(&signers[of], "{}", payload, token->text);
		snprintf(more, sizeof(more), "{\"alg\":\"%s\",\"kid\":\"k%zu\"}", jwt_algorithm_name(algorithms[of]),
			 of);
		if (i / ALGORITHMS % 2 == 1)
			token->size = signer_token_of(&signers[of], more, payload, token->text);
		token->dots[0] = (size_t)(strchr(token->text, '.') - token->text);
		token->dots[1] = (size_t)(strrchr(token->text, '.') - token->text);
	}
	for (size_t i = 0; i < ALGORITHMS; i++)
		signer_end(&signers[i]);
	const struct auth_config config = {
		.rights = SPAN("*: member"),
		.leeway_ms = 30000,
		.sources = sources,
		.source_count = ALGORITHMS,
	};
	struct auth *auth = auth_make(&config, NULL, why);

	signer_must(auth != NULL);
	return auth;
}

static size_t insert(size_t size, size_t at, const char *text, size_t count)
{
	memmove(changed + at + count, changed + at, size - at);
	memcpy(changed + at, text, count);
	return size + count;
}

static size_t cut(size_t size, size_t at, size_t count)
{
	count = count < size - at ? count : size - at;
	memmove(changed + at, changed + at + count, size - at - count);
	return size - count;
}

/* One part in the place of that of another token. */
static size_t exchange(const struct genuine *token)
{
	const struct genuine *other = &tokens[below(TOKENS)];
	const size_t part = below(3);
	const size_t ends[2][4] = { { 0, token->dots[0] + 1, token->dots[1] + 1, token->size },
				    { 0, other->dots[0] + 1, other->dots[1] + 1, other->size } };
	const size_t taken = ends[1][part + 1] - ends[1][part];
	const size_t size = cut(token->size, ends[0][part], ends[0][part + 1] - ends[0][part]);

	return insert(size, ends[0][part], other->text + ends[1][part], taken);
}

static size_t other_header(const struct genuine *token)
{
	static const char *const words[] = { "none",  "None",  "HS256", "HS384", "HS512",  "RS256",
					     "PS256", "ES256", "ES384", "EdDSA", "ES256K", "" };
	char header[128], text[192];

	snprintf(header, sizeof(header), "{\"alg\":\"%s\"%s}", words[below(12)],
		 below(2)   ? ",\"typ\":\"JWT\""
		 : below(2) ? ",\"kid\":\"k0\""
			    : "");
	const size_t size = signer_base64(text, header, strlen(header));

	return insert(cut(token->size, 0, token->dots[0]), 0, text, size);
}

static size_t change(const struct genuine *token, size_t size)
{
	const size_t at = below(size);
	const char letter = letters[below(sizeof(letters) - 1)];

	switch (below(10)) {
	case 0:
		return exchange(token);
	case 1:
		return other_header(token);
	case 2:
		return insert(size, at, &letter, 1);
	case 3:
		return cut(size, at, 1 + below(4));
	case 4:
		return cut(size, size - 1 - below(size < 90 ? size : 90), size);
	case 5:
		return insert(size, at, changed + below(size), 1 + below(8));
	case 6:
		changed[at] = (char)below(256);
		return size;
	default:
		changed[at] = letter;
		return size;
	}
}

static bool is_genuine(size_t size)
{
	for (size_t i = 0; i < TOKENS; i++)
		if (tokens[i].size == size && memcmp(tokens[i].text, changed, size) == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	const uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
	const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	uint64_t why_not[AUTH_REFUSAL_COUNT] = { 0 }, same = 0;
	static struct counters counters;
	struct verified verified; /* knows the genuine ones, as a server does */
	struct identity *identity;
	struct auth *auth;

	log_setup(LOG_OFF, false);
	random_seed(&chance, seed);
	signer_must(verified_open(&verified, TOKENS, seed, &counters) == 0);
	auth = prepare(argc > 3 ? jwt_algorithm_find(span_of(argv[3], strlen(argv[3]))) : JWT_ALGORITHM_COUNT);
	for (size_t i = 0; i < TOKENS; i++) {
		signer_must(auth_token(auth, &verified, span_of(tokens[i].text, tokens[i].size), NOW_MS, &identity) ==
			    AUTH_OK);
		block_give(identity, identity->size);
	}
	for (uint64_t done = 0; done < count;) {
		const struct genuine *token = &tokens[below(TOKENS)];
		size_t size = token->size;

		memcpy(changed, token->text, size);
		size = change(token, size);
		while (size > 0 && below(3) == 0 && size < SIGNER_TEXT_MAX / 2)
			size = change(token, size < token->size ? size : token->size);
		if (is_genuine(size)) {
			same++;
			continue;
		}
		const enum auth_refusal why = auth_token(auth, &verified, span_of(changed, size), NOW_MS, &identity);

		if (why == AUTH_OK) {
			printf("let in: %.*s\n", (int)size, changed);
			return 1;
		}
		why_not[why]++;
		done++;
	}
	for (unsigned i = 1; i < AUTH_REFUSAL_COUNT; i++)
		if (why_not[i] != 0)
			printf("%12" PRIu64 "  %s\n", why_not[i], auth_refusal_name((enum auth_refusal)i));
	printf("%" PRIu64 " changed tokens, none let in; %" PRIu64 " were as before\n", count, same);
	auth_release(auth);
	verified_close(&verified);
	return 0;
}
