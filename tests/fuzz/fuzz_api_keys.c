/* The file of keys of the HTTP API: what is taken says the same when it is written out again, every line of it is one
 * that may be, and a line that is refused is there. */
#include "engine/auth/api_keys.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>

#define LINE_MOST (API_KEY_NAME_MAX + 128)

static const char *const scope_names[API_SCOPE_COUNT] = {
#define SCOPE(name, rights, allows) #name,
#include "engine/auth/tbl/scopes.h"
#undef SCOPE
};

static struct fuzz_exact exact;
static struct api_keys keys, again;
static char text[API_KEYS_MAX * LINE_MOST];

/* Gives its size. */
static size_t write_key(char *out, const struct api_key *key)
{
	size_t at = (size_t)snprintf(out, LINE_MOST, "%.*s ", (int)key->name_size, (const char *)key->name);

	for (int scope = 0; scope < API_SCOPE_COUNT; scope++)
		if (key->scopes & 1 << scope)
			at += (size_t)snprintf(out + at, LINE_MOST - at, "%s,", scope_names[scope]);
	at--; /* the last comma */
	at += (size_t)snprintf(out + at, LINE_MOST - at, " sha256:");
	check(at + 65 <= LINE_MOST);
	for (int i = 0; i < 32; i++) {
		out[at++] = "0123456789abcdef"[key->hash[i] >> 4];
		out[at++] = "0123456789abcdef"[key->hash[i] & 15];
	}
	out[at++] = '\n';
	return at;
}

static void check_key(const struct api_key *key)
{
	check(key->name_size > 0 && key->name_size <= API_KEY_NAME_MAX);
	for (int i = 0; i < key->name_size; i++)
		check(key->name[i] &&
		      strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", key->name[i]));
	check(key->scopes != 0 && key->scopes < 1 << API_SCOPE_COUNT);
	check(!(key->scopes & API_SCOPE_admin) || key->scopes == (1 << API_SCOPE_COUNT) - 1);
}

static int count_lines(const uint8_t *bytes, size_t size)
{
	int lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += bytes[i] == '\n';
	return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	size_t written = 0;

	if (size > FUZZ_EXACT_MAX)
		return 0;
	const int line = api_keys_parse(&keys, span_of(fuzz_exact(&exact, data, size), size), &why);

	check(line >= 0 && line <= count_lines(data, size) && (line == 0) == (why == NULL));
	if (line != 0)
		return 0;
	check(keys.count <= API_KEYS_MAX);
	for (uint32_t i = 0; i < keys.count; i++) {
		check_key(&keys.keys[i]);
		for (uint32_t j = 0; j < i; j++)
			check(memcmp(keys.keys[i].hash, keys.keys[j].hash, 32) != 0);
		written += write_key(text + written, &keys.keys[i]);
	}
	check(!api_keys_find(&keys, span_of(data, size)) || keys.count > 0);
	check(api_keys_parse(&again, span_of(text, written), &why) == 0 && again.count == keys.count);
	for (uint32_t i = 0; i < keys.count; i++)
		check(memcmp(&again.keys[i], &keys.keys[i], sizeof(keys.keys[i])) == 0);
	return 0;
}
