/* Sources of keys: what is taken from them, what is passed over, and what is refused. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "engine/auth/keys.h"
#include "engine/core/log.h"
#include "engine/core/slab.h"
#include "tests/identity/signer.h"

static struct keys keys;
static char why[AUTH_WHY_MAX], text[4 * SIGNER_TEXT_MAX], one[SIGNER_TEXT_MAX];
static struct signer signer;

static void setup(void)
{
	log_setup(LOG_OFF, false);
}

static void teardown(void)
{
	keys_close(&keys);
	signer_end(&signer);
	cr_assert_eq(block_bytes_out(), 0);
}

TestSuite(keys, .init = setup, .fini = teardown);

static int take(const char *from, size_t size, const char *algorithm)
{
	uint8_t *exact = malloc(size + !size);
	struct auth_source source = { .name = SPAN("FILE"), .text = span_of(exact, size) };

	memcpy(exact, from, size);
	if (algorithm)
		source.algorithm = span_of(algorithm, strlen(algorithm));
	keys_close(&keys);
	why[0] = 0;
	const int result = keys_read(&keys, &source, why);

	free(exact);
	return result;
}

static int take_text(const char *from, const char *algorithm)
{
	return take(from, strlen(from), algorithm);
}

/* What is said where it is refused. */
static bool says(const char *from, const char *algorithm, const char *said)
{
	return take_text(from, algorithm) == -1 && strncmp(why, "FILE: ", 6) == 0 && strstr(why, said) != NULL &&
	       keys.count == 0;
}

Test(keys, a_jwk_of_each_kind_is_for_its_own_algorithm)
{
	for (unsigned i = 0; i < JWT_ALGORITHM_COUNT; i++) {
		const enum jwt_algorithm algorithm = (enum jwt_algorithm)i;
		const enum jwt_kind kind = jwt_algorithm_kind(algorithm);

		signer_make(&signer, algorithm);
		char more[200];

		snprintf(more, sizeof(more), ",\"alg\":\"%s\",\"kid\":\"k\\u0031\",\"use\":\"sig\"",
			 jwt_algorithm_name(algorithm));
		signer_jwk(&signer, more, text);
		cr_assert_eq(take_text(text, NULL), 0, "%s", why);
		cr_assert(keys.count == 1 && keys.keys[0].algorithm == algorithm && keys.keys[0].has_kid);
		cr_assert(span_equal(span_of(keys.keys[0].kid, keys.keys[0].kid_size), SPAN("k1")));
		signer_jwk(&signer, "", text);
		if (kind == JWT_KIND_HMAC) {
			cr_assert(says(text, NULL, "for which"));
		} else {
			cr_assert_eq(take_text(text, NULL), 0, "%s", why);
			cr_assert(keys.keys[0].algorithm ==
					  (kind == JWT_KIND_RSA || kind == JWT_KIND_PSS ? JWT_RS256 : algorithm) &&
				  !keys.keys[0].has_kid);
			cr_assert_eq(take_text(text, jwt_algorithm_name(algorithm)), 0, "%s", why);
			cr_assert_eq(keys.keys[0].algorithm, algorithm);
		}
		signer_end(&signer);
	}
}

Test(keys, pem)
{
	size_t size = 0;

	signer_make(&signer, JWT_RS256);
	size = signer_pem(&signer, text);
	cr_assert_eq(take_text(text, NULL), 0, "%s", why);
	cr_assert(keys.count == 1 && keys.keys[0].algorithm == JWT_RS256);
	cr_assert_eq(take_text(text, "PS512"), 0);
	cr_assert_eq(keys.keys[0].algorithm, JWT_PS512);
	cr_assert_eq(take_text(text, "ES256"), -1);
	cr_assert(says(text, "HS256", "an RSA key for another algorithm"));
	signer_end(&signer);
	signer_make(&signer, JWT_EdDSA);
	signer_pem(&signer, text + size);
	cr_assert_eq(take_text(text, NULL), 0);
	cr_assert(keys.count == 2 && keys.keys[1].algorithm == JWT_EdDSA);
	size = strlen(text);
	snprintf(text + size, sizeof(text) - size, "what is behind it\n");
	cr_assert_eq(take_text(text, NULL), 0);
	cr_assert_eq(take(text, size - 10, NULL), -1, "the second one is cut");
	cr_assert_eq(take_text("-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n", NULL), -1);
	cr_assert_eq(take_text("-----BEGIN X-----\nMAA=\n-----END X-----\n", NULL), -1);
	cr_assert_not_null(strstr(why, "block 1: a block that is neither"));
}

Test(keys, pem_behind_something_else)
{
	static const char *const before[] = { "# of the issuer\n", "Bag Attributes\n    localKeyID: 54 69\n",
					      "\xef\xbb\xbf", "\xef\xbb\xbf\n\n", "a line without an end -----BEGIN" };

	signer_make(&signer, JWT_ES256);
	signer_pem(&signer, one);
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		snprintf(text, sizeof(text), "%s%s", before[i], one);
		cr_assert_eq(take_text(text, "HS256"), -1, "what is public is no secret: %s", before[i]);
		cr_assert_eq(take_text(text, NULL), i < 4 ? 0 : -1, "%s: %s", before[i], why);
	}
	cr_assert_not_null(strstr(why, "PEM that cannot be read"), "%s", why);
	signer_jwk(&signer, "", one);
	snprintf(text, sizeof(text), "\xef\xbb\xbf%s", one);
	cr_assert_eq(take_text(text, NULL), 0, "%s", why);
	cr_assert_eq(take_text(text, "HS256"), -1);
}

Test(keys, a_private_key_is_not_wanted)
{
	BIO *bio = BIO_new(BIO_s_mem());

	signer_make(&signer, JWT_ES256);
	cr_assert(PEM_write_bio_PrivateKey(bio, signer.pkey, NULL, NULL, 0, NULL, NULL));
	const int size = BIO_read(bio, text, sizeof(text));

	cr_assert_eq(take(text, (size_t)size, NULL), -1);
	cr_assert_not_null(strstr(why, "a private key"), "%s", why);
	BIO_free(bio);
	signer_jwk(&signer, ",\"d\":\"AA\"", text);
	cr_assert(says(text, NULL, "a private key"), "%s", why);
	signer_jwk(&signer, ",\"use\":\"enc\",\"d\":\"AA\"", one);
	snprintf(text, sizeof(text), "{\"keys\":[%s]}", one);
	cr_assert(says(text, NULL, "a private key"), "also one that is for something else: %s", why);
	signer_end(&signer);
	signer_make(&signer, JWT_HS256);
	signer_jwk(&signer, ",\"alg\":\"HS256\",\"d\":\"AA\"", text);
	cr_assert_eq(take_text(text, NULL), 0, "of a secret it says nothing: %s", why);
}

Test(keys, secrets)
{
	static const char longest[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

	cr_assert_eq(take(longest, 32, "HS256"), 0);
	cr_assert_eq(take(longest, 31, "HS256"), -1);
	cr_assert_eq(take(longest, 48, "HS384"), 0);
	cr_assert_eq(take(longest, 47, "HS384"), -1);
	cr_assert_eq(take(longest, 64, "HS512"), 0);
	cr_assert_eq(take(longest, 63, "HS512"), -1);
	cr_assert_eq(take("", 0, "HS256"), -1);
	snprintf(text, sizeof(text), "%s\r\n", longest);
	cr_assert_eq(take_text(text, "HS512"), 0);
	cr_assert_eq(keys.keys[0].secret_size, 64, "without the end of its line");
	memset(text, 'x', KEY_SECRET_MAX + 1);
	cr_assert_eq(take(text, KEY_SECRET_MAX, "HS512"), 0);
	cr_assert_eq(take(text, KEY_SECRET_MAX + 1, "HS512"), -1);
	cr_assert(says(longest, NULL, "needs its algorithm"));
	cr_assert(says(longest, "hs256", "is no algorithm"));
	cr_assert(says(longest, "none", "is no algorithm"));
}

/* A secret may begin as JSON does, but a JWKS is never taken for one. */
Test(keys, secrets_that_begin_with_a_brace)
{
	cr_assert_eq(take("{\xff\x00\x01 567890123456789012345678901", 32, "HS256"), 0, "%s", why);
	cr_assert_eq(take_text("{correct horse: battery staple!}\n", "HS256"), 0, "%s", why);
	cr_assert(keys.count == 1 && keys.keys[0].secret_size == 32);
	cr_assert(says("{correct horse: battery staple!}\n", NULL, "no JSON object"));
	cr_assert(says("{\"a\":\"0123456789abcdef0123456789\"}", "HS256", "no array `keys`"));
	signer_make(&signer, JWT_RS256);
	signer_jwk(&signer, "", one);
	cr_assert_eq(take(one, strlen(one) - 1, "HS256"), -1, "one that was cut");
	snprintf(text, sizeof(text), "# of the issuer\n%s", one);
	cr_assert(says(text, "HS256", "no JSON object"));
}

Test(keys, sets_that_are_refused)
{
	static const char *const es = "{\"kty\":\"EC\",\"crv\":\"P-256\"}",
				 *const secret = "{\"kty\":\"oct\",\"alg\":\"HS256\",\"kid\":\"a\",\"k\":"
						 "\"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE\"}";

	cr_assert(says("{", NULL, "no JSON object"));
	cr_assert(says("{}", NULL, "no array `keys`"));
	cr_assert(says("{\"keys\":{}}", NULL, "no array `keys`"));
	cr_assert(says("{\"keys\":[],\"keys\":[]}", NULL, "no JSON object"));
	cr_assert(says("{\"keys\":[]}", NULL, "none in it"));
	cr_assert(says("{\"keys\":[1]}", NULL, "no key"));
	cr_assert(says("{\"keys\":[{\"kty\":\"oct\",\"kty\":\"oct\"}]}", NULL, "twice"));
	cr_assert(says("{\"keys\":[{}]}", NULL, "cannot be read"));
	cr_assert(says("{\"keys\":[{\"kty\":\"EC\",\"use\":\"enc\"}]}", NULL, "not for verifying"));
	cr_assert(says("{\"keys\":[{\"kty\":\"EC\",\"key_ops\":[\"sign\"]}]}", NULL, "not for verifying"));
	cr_assert(says("{\"keys\":[{\"kty\":\"EC\",\"alg\":\"RSA-OAEP\"}]}", NULL, "alg"));
	snprintf(text, sizeof(text), "{\"keys\":[%s]}", es);
	cr_assert(says(text, NULL, "cannot be read"));
	snprintf(text, sizeof(text), "{\"keys\":[%s,%s]}", secret, secret);
	cr_assert(says(text, NULL, "two keys of one kid"));
	snprintf(text, sizeof(text),
		 "{\"keys\":[{\"kty\":\"oct\",\"k\":\"?\",\"alg\":\"HS256\",\"kid\":\"\\u0061\"},%s]}", secret);
	cr_assert(says(text, NULL, "two keys of one kid"), "also where one cannot be used");
	snprintf(text, sizeof(text), "{\"keys\":[%s,%s]}", es, secret);
	cr_assert_eq(take_text(text, NULL), 0, "one is passed over: %s", why);
	cr_assert_eq(keys.count, 1);
	signer_make(&signer, JWT_ES256);
	signer_jwk(&signer, "", one);
	snprintf(text, sizeof(text), "{\"keys\":[%s,%s]}", one, secret);
	cr_assert(says(text, NULL, "secrets and public keys"));
}

/* Two keys of the same kid: whether they are for one algorithm, which need not be said. */
Test(keys, one_kid_twice)
{
	static const struct {
		enum jwt_algorithm of[2];
		const char *more[2], *said;
		bool refused;
	} rows[] = {
		{ { JWT_ES256, JWT_ES256 }, { "", ",\"alg\":\"ES256\"" }, NULL, true },
		{ { JWT_ES256, JWT_ES384 }, { "", "" }, NULL, false },
		{ { JWT_ES256, JWT_ES384 }, { "", ",\"alg\":\"ES384\"" }, NULL, false },
		{ { JWT_EdDSA, JWT_EdDSA }, { ",\"alg\":\"EdDSA\"", "" }, NULL, true },
		{ { JWT_RS256, JWT_RS256 }, { "", ",\"alg\":\"RS256\"" }, NULL, true },
		{ { JWT_RS256, JWT_RS256 }, { "", ",\"alg\":\"PS256\"" }, NULL, false },
		{ { JWT_RS256, JWT_RS256 }, { "", ",\"alg\":\"PS256\"" }, "PS256", true },
		{ { JWT_RS256, JWT_ES256 }, { "", "" }, NULL, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t size = (size_t)snprintf(text, sizeof(text), "{\"keys\":[");

		for (int at = 0; at < 2; at++) {
			char more[64];

			snprintf(more, sizeof(more), ",\"kid\":\"a\"%s", rows[i].more[at]);
			signer_make(&signer, rows[i].of[at]);
			signer_jwk(&signer, more, one);
			signer_end(&signer);
			size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%s", at ? "," : "", one);
		}
		snprintf(text + size, sizeof(text) - size, "]}");
		if (rows[i].refused)
			cr_assert(says(text, rows[i].said, "two keys of one kid"), "%zu: %s", i, why);
		else
			cr_assert(take_text(text, rows[i].said) == 0 && keys.count == 2, "%zu: %s", i, why);
	}
}

Test(keys, rsa_keys_that_are_too_small_or_none)
{
	static const int bits[] = { 1024, 2040 };

	for (size_t i = 0; i < 2; i++) {
		signer = (struct signer){ .algorithm = JWT_RS256, .pkey = EVP_RSA_gen((unsigned)bits[i]) };
		signer_jwk(&signer, "", text);
		cr_assert(says(text, NULL, "2048 to 8192 bits"));
		signer_end(&signer);
	}
	signer_make(&signer, JWT_RS256);
	signer_jwk(&signer, "", text);
	char *e = strstr(text, "\"e\":\"AQAB\"");

	memcpy(e, "\"e\":\"AAAB\"", 10);
	cr_assert(says(text, NULL, "exponent"));
	memcpy(e, "\"e\":\"AQAA\"", 10);
	cr_assert(says(text, NULL, "exponent"));
}

Test(keys, a_point_that_is_not_on_the_curve)
{
	signer_make(&signer, JWT_ES256);
	signer_jwk(&signer, "", text);
	char *y = strstr(text, "\"y\":\"") + 5;

	*y = *y == 'A' ? 'B' : 'A';
	cr_assert_eq(take_text(text, NULL), -1);
	signer_jwk(&signer, ",\"alg\":\"ES384\"", text);
	cr_assert(says(text, NULL, "another curve"));
}

Test(keys, as_many_as_there_may_be_and_one_more)
{
	for (int count = KEYS_MAX; count <= KEYS_MAX + 1; count++) {
		size_t size = (size_t)snprintf(text, sizeof(text), "{\"keys\":[");

		for (int i = 0; i < count; i++)
			size += (size_t)snprintf(text + size, sizeof(text) - size,
						 "%s{\"kty\":\"oct\",\"alg\":\"HS256\",\"kid\":\"%d\",\"k\":"
						 "\"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE\"}",
						 i ? "," : "", i);
		snprintf(text + size, sizeof(text) - size, "]}");
		cr_assert_eq(take_text(text, NULL), count == KEYS_MAX ? 0 : -1, "%s", why);
	}
	cr_assert_not_null(strstr(why, "more than 64 keys"));
}

/* Those too that are passed over: each is compared with all before it. */
Test(keys, as_many_as_may_be_listed_and_one_more)
{
	for (int count = KEYS_LISTED_MAX; count <= KEYS_LISTED_MAX + 1; count++) {
		size_t size = (size_t)snprintf(text, sizeof(text),
					       "{\"keys\":[{\"kty\":\"oct\",\"alg\":\"HS256\",\"kid\":\"a\",\"k\":"
					       "\"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE\"}");

		for (int i = 1; i < count; i++)
			size += (size_t)snprintf(text + size, sizeof(text) - size, ",{\"kid\":\"%d\"}", i);
		snprintf(text + size, sizeof(text) - size, "]}");
		cr_assert_eq(take_text(text, NULL), count == KEYS_LISTED_MAX ? 0 : -1, "%d: %s", count, why);
	}
	cr_assert_not_null(strstr(why, "more than 256 keys"), "%s", why);
}

static enum auth_refusal judged(const char *header)
{
	char token[SIGNER_TEXT_MAX];
	const struct key *key;
	struct jwt_parts parts;

	cr_assert(jwt_cut(&parts, span_of(token, signer_token_of(&signer, header, "{}", token))));
	return keys_judge(&keys, NULL, &parts, &key);
}

/* However many there are that may be anybody's, the one of the token's kid is tried; and they still are, behind it. */
Test(keys, the_kid_comes_first)
{
	static const char *const secret = "\"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE\"";
	size_t size = (size_t)snprintf(text, sizeof(text), "{\"keys\":[");

	for (int i = 0; i < KEYS_TRIED_MAX; i++)
		size += (size_t)snprintf(text + size, sizeof(text) - size,
					 "{\"kty\":\"oct\",\"alg\":\"HS256\",\"k\":%s},", secret);
	signer_make(&signer, JWT_HS256);
	signer_jwk(&signer, ",\"alg\":\"HS256\",\"kid\":\"x\"", one);
	snprintf(text + size, sizeof(text) - size, "%s]}", one);
	cr_assert_eq(take_text(text, NULL), 0, "%s", why);
	cr_assert_eq(judged("{\"alg\":\"HS256\",\"kid\":\"x\"}"), AUTH_OK);
	cr_assert_eq(judged("{\"alg\":\"HS256\"}"), AUTH_signature, "no kid: any eight");
	memcpy(signer.secret, "01234567890123456789012345678901", 32);
	cr_assert_eq(judged("{\"alg\":\"HS256\",\"kid\":\"x\"}"), AUTH_OK);
	cr_assert_eq(judged("{\"alg\":\"HS256\",\"kid\":\"y\"}"), AUTH_OK);
}

/* So that it is looked for in a newer set: beside keys of its algorithm without kid, and where there is none of it. */
Test(keys, a_kid_that_is_not_there_is_an_unknown_key)
{
	size_t size = (size_t)snprintf(text, sizeof(text), "{\"keys\":[");
	struct signer other;

	signer_make(&signer, JWT_ES256);
	signer_make(&other, JWT_ES256);
	size += signer_jwk(&other, "", text + size);
	text[size++] = ',';
	size += signer_jwk(&other, ",\"kid\":\"k1\"", text + size);
	memcpy(text + size, "]}", 3);
	cr_assert_eq(take_text(text, NULL), 0, "%s", why);
	cr_assert_eq(judged("{\"alg\":\"ES256\",\"kid\":\"k2\"}"), AUTH_key_unknown);
	cr_assert_eq(judged("{\"alg\":\"ES256\",\"kid\":\"k1\"}"), AUTH_signature);
	cr_assert_eq(judged("{\"alg\":\"ES256\"}"), AUTH_signature);
	signer_end(&other);
	signer_make(&other, JWT_EdDSA);
	signer_jwk(&other, ",\"kid\":\"k1\"", text);
	cr_assert_eq(take_text(text, NULL), 0, "%s", why);
	cr_assert_eq(judged("{\"alg\":\"ES256\",\"kid\":\"k2\"}"), AUTH_key_unknown);
	cr_assert_eq(judged("{\"alg\":\"ES256\"}"), AUTH_algorithm);
	cr_assert_eq(judged("{\"alg\":\"ES256K\",\"kid\":\"k2\"}"), AUTH_algorithm, "one that nobody has");
	signer_end(&other);
}

/* Of keys that a token fits equally well so many are tried, and the next one is not. */
Test(keys, tried_in_turn)
{
	static const char *const parts_of = "{\"keys\":[";
	char token[SIGNER_TEXT_MAX];

	for (int at = KEYS_TRIED_MAX - 1; at <= KEYS_TRIED_MAX; at++) {
		size_t size = (size_t)snprintf(text, sizeof(text), "%s", parts_of);
		struct jwt_parts parts;
		const struct key *key;

		signer_make(&signer, JWT_HS256);
		signer_jwk(&signer, ",\"alg\":\"HS256\",\"kid\":\"x\"", one);
		for (int i = 0; i < at; i++)
			size += (size_t)snprintf(text + size, sizeof(text) - size,
						 "{\"kty\":\"oct\",\"alg\":\"HS256\",\"kid\":\"%d\",\"k\":"
						 "\"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE\"},",
						 i);
		snprintf(text + size, sizeof(text) - size, "%s]}", one);
		cr_assert_eq(take_text(text, NULL), 0, "%s", why);
		size = signer_token(&signer, "{}", token);
		cr_assert(jwt_cut(&parts, span_of(token, size)));
		cr_assert_eq(keys_judge(&keys, NULL, &parts, &key), at < KEYS_TRIED_MAX ? AUTH_OK : AUTH_signature);
		size = signer_token_of(&signer, "{\"alg\":\"HS256\",\"kid\":\"x\"}", "{}", token);
		cr_assert(jwt_cut(&parts, span_of(token, size)));
		cr_assert_eq(keys_judge(&keys, NULL, &parts, &key), AUTH_OK, "with its kid it is found");
	}
}
