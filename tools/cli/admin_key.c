#include "tools/cli/admin_key.h"

#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define KEY_LETTERS 43 /* of 62 each: 256 bits */
#define NAME_SIZE_MAX 32

/* As engine/auth/tbl/scopes.h has them; a test compares. */
static const char *const scopes[] = { "publish", "read", "moderate", "manage", "metrics", "admin" };

#define SCOPES (sizeof(scopes) / sizeof(scopes[0]))

static bool name_is_valid(const char *name)
{
	const size_t size = strlen(name);

	return size >= 1 && size <= NAME_SIZE_MAX &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == size;
}

static bool scopes_are_valid(const char *text)
{
	for (const char *at = text;; at++) {
		const size_t size = strcspn(at, ",");
		bool known = false;

		for (size_t i = 0; i < SCOPES; i++)
			known |= strlen(scopes[i]) == size && memcmp(scopes[i], at, size) == 0;
		if (!known)
			return false;
		at += size;
		if (!*at)
			return true;
	}
}

static bool draw(char key[KEY_LETTERS + 1])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	for (size_t i = 0; i < KEY_LETTERS;) {
		uint8_t byte;

		if (RAND_bytes(&byte, 1) != 1)
			return false;
		if (byte < 248) /* 4 * 62: each letter as likely as the others */
			key[i++] = letters[byte % 62];
	}
	key[KEY_LETTERS] = 0;
	return true;
}

static int wrong(const char *why)
{
	fprintf(stderr, "uproar-cli admin: new-key: %s\n", why);
	return -1;
}

int admin_key(int count, char **words, bool json)
{
	char key[KEY_LETTERS + 1], hex[2 * SHA256_DIGEST_LENGTH + 1];
	uint8_t hash[SHA256_DIGEST_LENGTH];

	if (count != 2)
		return wrong("takes a name and scopes, as: new-key shop publish,read");
	if (!name_is_valid(words[0]))
		return wrong("a name is 1 to 32 of A-Z a-z 0-9 _ -");
	if (!scopes_are_valid(words[1]))
		return wrong("scopes are publish, read, moderate, manage, metrics and admin, with commas between");
	if (!draw(key))
		return wrong("this machine gives no random numbers");
	SHA256((const uint8_t *)key, KEY_LETTERS, hash);
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	if (json)
		printf("{\"key\":\"%s\",\"line\":\"%s  %s  sha256:%s\"}\n", key, words[0], words[1], hex);
	else
		printf("%s\n%s  %s  sha256:%s\n", key, words[0], words[1], hex);
	return 0;
}
