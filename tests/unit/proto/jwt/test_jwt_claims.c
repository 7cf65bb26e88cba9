#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/jwt/jwt_claims.h"

static struct jwt_claims claims;
static uint8_t *kept[2]; /* what the claims borrow */

static bool take(const char *text)
{
	for (int i = 0; i < 2; i++) {
		free(kept[i]);
		kept[i] = malloc(strlen(text));
	}
	memcpy(kept[0], text, strlen(text));
	return jwt_claims_read(&claims, kept[0], strlen(text), kept[1]);
}

static void teardown(void)
{
	for (int i = 0; i < 2; i++) {
		free(kept[i]);
		kept[i] = NULL;
	}
}

TestSuite(jwt_claims, .fini = teardown);

Test(jwt_claims, all_of_them)
{
	cr_assert(take("{\"sub\":\"bob\",\"iss\":\"a\\u002fb\",\"aud\":[\"x\",\"y\"],\"exp\":12,\"nbf\":1.5,\"iat\":0,"
		       "\"roles\":[\"mod\"],\"rooms\":{\"*\":\"member\"},\"other\":[1,{}]}"));
	cr_assert(span_equal(claims.subject, SPAN("bob")) && span_equal(claims.issuer, SPAN("a/b")));
	cr_assert(claims.has_expiry && claims.expiry_ms == 12000 && claims.has_not_before &&
		  claims.not_before_ms == 1500 && claims.has_issued && claims.issued_ms == 0);
	cr_assert(claims.roles.type == JSON_ARRAY && claims.rooms.type == JSON_OBJECT);
}

Test(jwt_claims, none_of_them)
{
	cr_assert(take("{}"));
	cr_assert(!claims.subject.bytes && !claims.issuer.bytes && !claims.has_expiry && !claims.has_not_before &&
		  !claims.has_issued);
	cr_assert(claims.audience.type == JSON_ABSENT && claims.roles.type == JSON_ABSENT &&
		  claims.rooms.type == JSON_ABSENT);
	cr_assert_not(jwt_claims_meant_for(&claims, SPAN("x")));
}

Test(jwt_claims, times)
{
	static const struct {
		const char *text;
		uint64_t ms; /* UINT64_MAX: refused */
	} cases[] = {
		{ "0", 0 },
		{ "1", 1000 },
		{ "1.0", 1000 },
		{ "1.0009999999999999999999999", 1000 },
		{ "1.2345", 1234 },
		{ "9007199254740991", 9007199254740991000 },
		{ "9007199254740991.999", 9007199254740991999 },
		{ "9007199254740992", UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX },
		{ "99999999999999999999999999999999999999999", UINT64_MAX },
		{ "1e3", UINT64_MAX },
		{ "1.5e3", UINT64_MAX },
		{ "1E400", UINT64_MAX },
		{ "-1", UINT64_MAX },
		{ "-0", UINT64_MAX },
		{ "\"1\"", UINT64_MAX },
		{ "null", UINT64_MAX },
		{ "true", UINT64_MAX },
		{ "[1]", UINT64_MAX },
		{ "01", UINT64_MAX },
		{ "1.", UINT64_MAX },
		{ "NaN", UINT64_MAX },
		{ "Infinity", UINT64_MAX },
	};
	static const char *const names[] = { "exp", "nbf", "iat" };
	char text[100];

	for (size_t name = 0; name < 3; name++)
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			snprintf(text, sizeof(text), "{\"%s\":%s}", names[name], cases[i].text);
			cr_assert_eq(take(text), cases[i].ms != UINT64_MAX, "%s", text);
			const uint64_t ms[] = { claims.expiry_ms, claims.not_before_ms, claims.issued_ms };

			cr_assert(cases[i].ms == UINT64_MAX || ms[name] == cases[i].ms, "%s", text);
		}
}

Test(jwt_claims, what_is_refused)
{
	static const char *const wrong[] = {
		"",
		"x",
		"[]",
		"{} {}",
		"{\"sub\":1}",
		"{\"sub\":null}",
		"{\"sub\":\"a\",\"sub\":\"a\"}",
		"{\"sub\":\"a\",\"\\u0073ub\":\"b\"}",
		"{\"exp\":1,\"exp\":2}",
		"{\"sub\":\"a\\u0000b\"}",
		"{\"sub\":\"\\ud800\"}",
		"{\"sub\":\"\xff\"}",
		"{\"iss\":[\"a\"]}",
		"{\"aud\":1}",
		"{\"aud\":{}}",
		"{\"aud\":[1]}",
		"{\"aud\":[\"a\",null]}",
		"{\"aud\":null}",
		"{\"roles\":\"admin\"}",
		"{\"roles\":[[\"admin\"]]}",
		"{\"rooms\":[]}",
		"{\"rooms\":\"*\"}",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert_not(take(wrong[i]), "%s", wrong[i]);
}

Test(jwt_claims, whom_it_is_meant_for)
{
	cr_assert(take("{\"aud\":\"chat\"}"));
	cr_assert(jwt_claims_meant_for(&claims, SPAN("chat")));
	cr_assert_not(jwt_claims_meant_for(&claims, SPAN("cha")) || jwt_claims_meant_for(&claims, SPAN("chats")));
	cr_assert(take("{\"aud\":[ \"x\" , \"c\\u0068at\" ]}"));
	cr_assert(jwt_claims_meant_for(&claims, SPAN("chat")));
	cr_assert_not(jwt_claims_meant_for(&claims, SPAN("y")));
	cr_assert(take("{\"aud\":[]}"));
	cr_assert_not(jwt_claims_meant_for(&claims, SPAN("")));
}
