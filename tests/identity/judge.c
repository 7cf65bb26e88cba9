/* judge - says of each line of its input whether the signature in it is right, for vectors that others have made:
 *
 *	jws <TAB> keys: a JWK or a JWKS <TAB> compact JWS
 *	raw <TAB> algorithm <TAB> a JWK <TAB> message, hex <TAB> signature, hex
 *
 * One word a line: ok, key (no key could be had), or the name of the refusal. The payload is not looked at. */
#include <stdio.h>
#include <stdlib.h>

#include "engine/auth/keys.h"
#include "engine/core/log.h"
#include "engine/core/slab.h"
#include "proto/jwt/jwt_base64.h"

#define FIELDS_MAX 5

static struct keys keys;

static bool read_keys(const char *text, const char *algorithm)
{
	char why[AUTH_WHY_MAX];
	struct auth_source source = { .name = SPAN("line"), .text = span_of(text, strlen(text)) };

	if (algorithm)
		source.algorithm = span_of(algorithm, strlen(algorithm));
	return keys_read(&keys, &source, why) == 0;
}

/* In memory of exactly its size. */
static struct span unhex(const char *text)
{
	const size_t size = strlen(text) / 2;
	uint8_t *bytes = block_take(size + !size);

	for (size_t i = 0; i < size; i++) {
		const char digits[3] = { text[2 * i], text[2 * i + 1], 0 };

		bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return span_of(bytes, size);
}

static const char *judge_jws(char **fields)
{
	const struct key *key;
	struct jwt_parts parts;

	if (!read_keys(fields[1], NULL))
		return "key";
	if (!jwt_cut(&parts, span_of(fields[2], strlen(fields[2]))))
		return auth_refusal_name(AUTH_malformed);
	const enum auth_refusal why = keys_judge(&keys, NULL, &parts, &key);
	static uint8_t payload[JWT_SIZE_MAX];

	return auth_refusal_name(why == AUTH_OK && !jwt_base64_decode(payload, parts.payload) ? AUTH_malformed : why);
}

static const char *judge_raw(char **fields)
{
	const enum jwt_algorithm algorithm = jwt_algorithm_find(span_of(fields[1], strlen(fields[1])));

	if (algorithm == JWT_ALGORITHM_COUNT)
		return "key";
	if (!read_keys(fields[2], jwt_algorithm_name(algorithm)) || keys.keys[0].algorithm != algorithm)
		return "key";
	const struct span message = unhex(fields[3]), signature = unhex(fields[4]);
	const bool right = key_verifies(&keys.keys[0], message, signature);

	block_give((void *)(uintptr_t)message.bytes, message.size + !message.size);
	block_give((void *)(uintptr_t)signature.bytes, signature.size + !signature.size);
	return auth_refusal_name(right ? AUTH_OK : AUTH_signature);
}

static const char *judge(char *line)
{
	char *fields[FIELDS_MAX] = { line };
	size_t count = 1;

	for (char *at = line; *at && count < FIELDS_MAX; at++)
		if (*at == '\t') {
			*at = 0;
			fields[count++] = at + 1;
		}
	if (strcmp(fields[0], "jws") == 0 && count == 3)
		return judge_jws(fields);
	return strcmp(fields[0], "raw") == 0 && count == 5 ? judge_raw(fields) : "line";
}

int main(void)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t size;

	log_setup(LOG_OFF, false);
	while ((size = getline(&line, &capacity, stdin)) > 0) {
		line[size - (line[size - 1] == '\n')] = 0;
		puts(judge(line));
		keys_close(&keys);
	}
	free(line);
	return 0;
}
