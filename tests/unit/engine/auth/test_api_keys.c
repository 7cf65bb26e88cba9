/* The file of keys: what a line may say, which line is told of, and who is found. */
#include <criterion/criterion.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/auth/api_keys.h"
#include "proto/chat/rights.h"

/* Of "test" and "abc". */
#define TEST "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define ABC "sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"

static int parse(struct api_keys *keys, const char *text, const char **why)
{
	char *const copy = malloc(strlen(text) + 1);

	memcpy(copy, text, strlen(text));
	const int result = api_keys_parse(keys, span_of(copy, strlen(text)), why);

	free(copy);
	return result;
}

static void refused(const char *text, int line, const char *word)
{
	static struct api_keys keys;
	const char *why = "nothing";

	cr_assert_eq(parse(&keys, text, &why), line, "%s", text);
	cr_assert(strstr(why, word), "%s: %s", text, why);
}

Test(api_keys, finds_who_has_the_key)
{
	static struct api_keys keys;
	const char *why;

	cr_assert_eq(parse(&keys, "# keys\n\n shop\tpublish,read  " TEST "\r\nops admin " ABC, &why), 0);
	cr_assert_eq(keys.count, 2);
	const struct api_key *shop = api_keys_find(&keys, SPAN("test")), *ops = api_keys_find(&keys, SPAN("abc"));

	cr_assert(shop == &keys.keys[0] && ops == &keys.keys[1]);
	cr_assert(span_equal(span_of(shop->name, shop->name_size), SPAN("shop")));
	cr_assert_eq(shop->scopes, API_SCOPE_publish | API_SCOPE_read);
	cr_assert_eq(ops->scopes, (1 << API_SCOPE_COUNT) - 1);
	cr_assert_null(api_keys_find(&keys, SPAN("tes")));
	cr_assert_null(api_keys_find(&keys, SPAN("")));
	keys.count = 0;
	cr_assert_null(api_keys_find(&keys, SPAN("test")));
}

Test(api_keys, refuses_what_is_no_key)
{
	refused("\na b " TEST, 2, "scopes");
	refused("sh.op read " TEST, 1, "name");
	refused("a23456789012345678901234567890123 read " TEST, 1, "name");
	refused("a read", 1, "sha256");
	refused("a read sha256:9f86", 1, "sha256");
	refused("a read " TEST "0", 1, "sha256");
	refused("a read sha512:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", 1, "sha256");
	refused("a read sha256:zf86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", 1, "sha256");
	refused("a read " TEST " more", 1, "a line has");
	refused("a read " TEST "\na read " ABC, 2, "already");
	refused("a read " TEST "\nb read " TEST, 2, "already");
	refused("a , " TEST, 1, "scopes");
}

Test(api_keys, nothing_is_no_key)
{
	static struct api_keys keys = { .count = 1, .keys[0] = { .scopes = API_SCOPE_read } };

	refused("a read sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 1, "empty text");
	SHA256((const uint8_t *)"", 0, keys.keys[0].hash);
	cr_assert_null(api_keys_find(&keys, SPAN("")));
}

Test(api_keys, holds_as_many_as_it_may)
{
	static struct api_keys keys;
	static char text[(API_KEYS_MAX + 1) * 100];
	const char *why;
	size_t at = 0;

	for (int i = 0; i < API_KEYS_MAX; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "k%d read sha256:%064x\n", i, i);
	cr_assert_eq(parse(&keys, text, &why), 0, "%s", why);
	cr_assert_eq(keys.count, API_KEYS_MAX);
	snprintf(text + at, sizeof(text) - at, "more read " TEST);
	refused(text, API_KEYS_MAX + 1, "256");
}

Test(api_keys, gives_rights_by_scopes)
{
	cr_assert_eq(api_scopes_rights(0), CHAT_RIGHTS_NONE);
	cr_assert_eq(api_scopes_rights(API_SCOPE_publish), CHAT_RIGHT_send);
	cr_assert_eq(api_scopes_rights(API_SCOPE_publish | API_SCOPE_read), CHAT_RIGHTS_MEMBER);
	cr_assert_eq(api_scopes_rights(API_SCOPE_metrics), CHAT_RIGHTS_NONE);
	cr_assert_eq(api_scopes_rights(API_SCOPE_admin), CHAT_RIGHTS_ALL);
}
