#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/jwt/jwt.h"

static struct jwt_parts parts;
static struct jwt_header header;

static bool cut(const char *token)
{
	uint8_t *exact = malloc(strlen(token) + 1);

	memcpy(exact, token, strlen(token));
	const bool result = jwt_cut(&parts, span_of(exact, strlen(token)));

	free(exact);
	return result;
}

static int head(const char *text)
{
	uint8_t *exact = malloc(strlen(text));

	memcpy(exact, text, strlen(text));
	const int result = jwt_header_read(&header, exact, strlen(text));

	free(exact);
	return result;
}

Test(jwt, three_parts)
{
	static const char *const wrong[] = { "", ".", "..", "a", "a.b", "a.b.", ".b.c", ".b.", "a..", "..c", ".." };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert_not(cut(wrong[i]), "%s", wrong[i]);
	cr_assert(jwt_cut(&parts, SPAN("ab.cde.f")));
	cr_assert(span_equal(parts.header, SPAN("ab")) && span_equal(parts.payload, SPAN("cde")) &&
		  span_equal(parts.signature, SPAN("f")) && span_equal(parts.signed_text, SPAN("ab.cde")));
	cr_assert(jwt_cut(&parts, SPAN("ab..f")));
	cr_assert(parts.payload.size == 0 && parts.payload.bytes);
	cr_assert(jwt_cut(&parts, SPAN("a.b.c.d")));
	cr_assert(span_equal(parts.signature, SPAN("c.d")), "which is no base64url");
}

Test(jwt, the_largest_and_one_larger)
{
	char *token = malloc(JWT_SIZE_MAX + 2);

	memset(token, 'x', JWT_SIZE_MAX + 1);
	token[JWT_HEADER_SIZE_MAX] = '.';
	token[JWT_HEADER_SIZE_MAX + 9] = '.';
	token[JWT_SIZE_MAX] = 0;
	cr_assert(cut(token));
	token[JWT_SIZE_MAX] = 'x';
	token[JWT_SIZE_MAX + 1] = 0;
	cr_assert_not(cut(token));
	token[JWT_SIZE_MAX] = 0;
	token[JWT_HEADER_SIZE_MAX] = 'x';
	token[JWT_HEADER_SIZE_MAX + 1] = '.';
	cr_assert_not(cut(token));
	free(token);
}

Test(jwt, algorithms_by_their_names)
{
	for (unsigned i = 0; i < JWT_ALGORITHM_COUNT; i++) {
		const char *name = jwt_algorithm_name((enum jwt_algorithm)i);

		cr_assert_eq(jwt_algorithm_find(span_of(name, strlen(name))), i);
		cr_assert_eq(jwt_algorithm_find(span_of(name, strlen(name) - 1)), JWT_ALGORITHM_COUNT);
	}
	cr_assert_eq(jwt_algorithm_find(SPAN("hs256")), JWT_ALGORITHM_COUNT);
	cr_assert_eq(jwt_algorithm_kind(JWT_PS384), JWT_KIND_PSS);
	cr_assert_eq(jwt_algorithm_bits(JWT_ES512), 512);
}

Test(jwt, headers)
{
	cr_assert_eq(head("{\"alg\":\"ES256\"}"), 1);
	cr_assert(header.algorithm == JWT_ES256 && !header.kid.bytes);
	cr_assert_eq(head(" { \"typ\" : \"jWt\" , \"kid\":\"a\\u0062\" , \"alg\":\"\\u0048S256\"} "), 1);
	cr_assert(header.algorithm == JWT_HS256 && span_equal(header.kid, SPAN("ab")), "however it is spelled");
	cr_assert_eq(head("{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"jwk\":{\"kty\":\"oct\"},\"jku\":\"x\",\"x5u\":3}"),
		     1);
	cr_assert_eq(head("{\"alg\":\"HS256\",\"b64\":true,\"cty\":\"x\"}"), 1);
}

Test(jwt, headers_that_are_refused)
{
	static const struct {
		const char *text;
		enum jwt_refusal why;
	} cases[] = {
		{ "x", JWT_MALFORMED },
		{ "[]", JWT_MALFORMED },
		{ "{\"alg\":\"HS256\"} x", JWT_MALFORMED },
		{ "{\"alg\":\"HS256\",\"alg\":\"HS256\"}", JWT_MALFORMED },
		{ "{\"alg\":\"HS256\",\"\\u0061lg\":\"none\"}", JWT_MALFORMED },
		{ "{\"alg\":\"HS256\",\"x\":\"\xff\"}", JWT_MALFORMED },
		{ "{\"alg\":\"HS256\",\"kid\":1}", JWT_MALFORMED },
		{ "{\"alg\":\"HS256\",\"kid\":null}", JWT_MALFORMED },
		{ "{\"alg\":\"HS256\",\"kid\":\"a\\u0000\"}", JWT_MALFORMED },
		{ "{\"alg\":\"HS256\",\"typ\":\"JWE\"}", JWT_MALFORMED },
		{ "{\"alg\":\"HS256\",\"typ\":[\"JWT\"]}", JWT_MALFORMED },
		{ "{}", JWT_UNKNOWN },
		{ "{\"alg\":\"none\"}", JWT_UNKNOWN },
		{ "{\"alg\":\"None\"}", JWT_UNKNOWN },
		{ "{\"alg\":\"nOnE\"}", JWT_UNKNOWN },
		{ "{\"alg\":\"\"}", JWT_UNKNOWN },
		{ "{\"alg\":null}", JWT_UNKNOWN },
		{ "{\"alg\":[\"HS256\"]}", JWT_UNKNOWN },
		{ "{\"alg\":\"HS256 \"}", JWT_UNKNOWN },
		{ "{\"alg\":\"HS256HS256HS256HS256\"}", JWT_UNKNOWN },
		{ "{\"alg\":\"ES256K\"}", JWT_UNKNOWN },
		{ "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", JWT_CRITICAL },
		{ "{\"alg\":\"HS256\",\"crit\":[]}", JWT_CRITICAL },
		{ "{\"alg\":\"none\",\"crit\":null}", JWT_CRITICAL },
		{ "{\"alg\":\"HS256\",\"b64\":false}", JWT_CRITICAL },
		{ "{\"alg\":\"HS256\",\"zip\":\"DEF\"}", JWT_CRITICAL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert_eq(head(cases[i].text), -(int)cases[i].why, "%s", cases[i].text);
}

Test(jwt, the_longest_kid_and_one_longer)
{
	char text[200] = "{\"alg\":\"HS256\",\"kid\":\"";
	const size_t at = strlen(text);

	memset(text + at, 'k', JWT_KID_SIZE_MAX + 1);
	memcpy(text + at + JWT_KID_SIZE_MAX, "\"}", 3);
	cr_assert_eq(head(text), 1);
	memcpy(text + at + JWT_KID_SIZE_MAX + 1, "\"}", 3);
	text[at + JWT_KID_SIZE_MAX] = 'k';
	cr_assert_eq(head(text), -JWT_MALFORMED);
}
