#include "engine/auth/api_keys.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "proto/chat/rights.h"

static const struct {
	const char *name;
	uint8_t rights;
} scopes_table[API_SCOPE_COUNT] = {
#define SCOPE(name, rights, allows) { #name, (rights) },
#include "engine/auth/tbl/scopes.h"
#undef SCOPE
};

#define ALL_SCOPES ((1 << API_SCOPE_COUNT) - 1)

uint8_t api_scopes_rights(uint8_t scopes)
{
	uint8_t rights = CHAT_RIGHTS_NONE;

	for (int i = 0; i < API_SCOPE_COUNT; i++)
		if (scopes & 1 << i)
			rights |= scopes_table[i].rights;
	return rights;
}

/* Takes what stands before one of the marks off the text, and the marks that follow. */
static struct span take(struct span *text, const char *marks, size_t count)
{
	size_t end = 0, next;

	while (end < text->size && !memchr(marks, text->bytes[end], count))
		end++;
	for (next = end; next < text->size && memchr(marks, text->bytes[next], count);)
		next++;
	const struct span taken = span_of(text->bytes, end);

	*text = span_of(text->bytes + next, text->size - next);
	return taken;
}

static bool take_name(struct api_key *key, struct span word)
{
	if (word.size == 0 || word.size > API_KEY_NAME_MAX)
		return false;
	for (size_t i = 0; i < word.size; i++) {
		const uint8_t byte = word.bytes[i];

		if ((uint8_t)((byte | 0x20) - 'a') >= 26 && (uint8_t)(byte - '0') >= 10 && byte != '_' && byte != '-')
			return false;
	}
	memcpy(key->name, word.bytes, word.size);
	key->name_size = (uint8_t)word.size;
	return true;
}

static bool take_scopes(struct api_key *key, struct span list)
{
	while (list.size > 0) {
		const struct span word = take(&list, ",", 1);
		int scope = 0;

		while (scope < API_SCOPE_COUNT &&
		       !span_equal(word, span_of(scopes_table[scope].name, strlen(scopes_table[scope].name))))
			scope++;
		if (scope == API_SCOPE_COUNT)
			return false;
		key->scopes |= (uint8_t)(1 << scope);
	}
	if (key->scopes & API_SCOPE_admin)
		key->scopes = ALL_SCOPES;
	return key->scopes != 0;
}

static int hex_of(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static bool take_hash(struct api_key *key, struct span word)
{
	const struct span mark = SPAN("sha256:");

	if (word.size != mark.size + 64 || !span_equal(span_of(word.bytes, mark.size), mark))
		return false;
	for (size_t i = 0; i < 32; i++) {
		const int high = hex_of(word.bytes[mark.size + 2 * i]), low = hex_of(word.bytes[mark.size + 2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		key->hash[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* What comes of hashing a variable that was not set. */
static bool is_of_nothing(const struct api_key *key)
{
	uint8_t hash[SHA256_DIGEST_LENGTH];

	SHA256((const uint8_t *)"", 0, hash);
	return memcmp(key->hash, hash, sizeof(hash)) == 0;
}

static bool is_there(const struct api_keys *keys, const struct api_key *key)
{
	for (uint32_t i = 0; i < keys->count; i++)
		if (memcmp(keys->keys[i].hash, key->hash, sizeof(key->hash)) == 0 ||
		    span_equal(span_of(keys->keys[i].name, keys->keys[i].name_size),
			       span_of(key->name, key->name_size)))
			return true;
	return false;
}

/* NULL, or what is wrong with the line. */
static const char *read_line(struct api_keys *keys, struct span line)
{
	struct api_key key = { 0 };

	if (line.size > 0 && (line.bytes[0] == ' ' || line.bytes[0] == '\t'))
		(void)take(&line, " \t", 2); /* what stands before the name: nothing */
	if (line.size == 0 || line.bytes[0] == '#')
		return NULL;
	if (!take_name(&key, take(&line, " \t", 2)))
		return "a name is 1 to 32 of A-Z a-z 0-9 _ -";
	if (!take_scopes(&key, take(&line, " \t", 2)))
		return "scopes are publish read moderate manage metrics admin, with commas between them";
	if (!take_hash(&key, take(&line, " \t", 2)))
		return "a key is written sha256: and the 64 hex digits of its SHA-256";
	if (line.size > 0)
		return "a line has a name, its scopes and sha256:HEX";
	if (is_of_nothing(&key))
		return "that is the SHA-256 of an empty text: no key was there when it was made";
	if (is_there(keys, &key))
		return "that name or that key is there already";
	if (keys->count == API_KEYS_MAX)
		return "there may be 256 keys";
	keys->keys[keys->count++] = key;
	return NULL;
}

int api_keys_parse(struct api_keys *keys, struct span text, const char **why)
{
	int number = 0;

	keys->count = 0;
	while (text.size > 0) {
		const uint8_t *const feed = memchr(text.bytes, '\n', text.size);
		struct span line = span_of(text.bytes, feed ? (size_t)(feed - text.bytes) : text.size);
		const size_t used = line.size + (feed != NULL);

		line.size -= line.size > 0 && line.bytes[line.size - 1] == '\r';
		number++;
		*why = read_line(keys, line);
		if (*why)
			return number;
		text = span_of(text.bytes + used, text.size - used);
	}
	return 0;
}

const struct api_key *api_keys_find(const struct api_keys *keys, struct span sent)
{
	uint8_t hash[SHA256_DIGEST_LENGTH];
	const struct api_key *found = NULL;

	if (sent.size == 0)
		return NULL;
	SHA256(sent.bytes, sent.size, hash);
	for (uint32_t i = 0; i < keys->count; i++)
		if (CRYPTO_memcmp(keys->keys[i].hash, hash, sizeof(hash)) == 0)
			found = &keys->keys[i];
	return found;
}

static struct span sent_key(const struct http_head *head)
{
	const struct span value = http_head_field(head, "authorization"), own = http_head_field(head, "x-api-key");
	const size_t scheme = sizeof("Bearer ") - 1;

	if (http_head_field_count(head, "authorization") + http_head_field_count(head, "x-api-key") != 1)
		return SPAN_NONE;
	if (own.bytes)
		return own;
	if (value.size <= scheme || !http_text_is(span_of(value.bytes, scheme), "bearer "))
		return SPAN_NONE;
	return http_trim(span_of(value.bytes + scheme, value.size - scheme));
}

const struct api_key *api_keys_asked(const struct api_keys *keys, const struct http_head *head)
{
	const struct span sent = sent_key(head);

	return sent.bytes && keys ? api_keys_find(keys, sent) : NULL;
}
