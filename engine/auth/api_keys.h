/* api_keys.h - who may use the HTTP API, and for what: names, scopes, and hashes of keys.
 *
 * The file has a key on a line: a name, its scopes with commas between them, and the SHA-256 of the key:
 *
 *	shop  publish,read  sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
 *
 * Empty lines and those that begin with `#` say nothing. The keys themselves are nowhere kept. A set is made whole and
 * then only read, by all cores at once.
 */
#ifndef AUTH_API_KEYS_H
#define AUTH_API_KEYS_H

#include "proto/base/span.h"
#include "proto/http/http_head.h"

#define API_KEYS_MAX 256
#define API_KEY_NAME_MAX 32
#define API_KEYS_FILE_MAX (API_KEYS_MAX * 256)

enum api_scope_index {
#define SCOPE(name, rights, allows) API_SCOPE_INDEX_##name,
#include "engine/auth/tbl/scopes.h"
#undef SCOPE
	API_SCOPE_COUNT,
};

enum api_scope {
#define SCOPE(name, rights, allows) API_SCOPE_##name = 1 << API_SCOPE_INDEX_##name,
#include "engine/auth/tbl/scopes.h"
#undef SCOPE
};

struct api_key {
	uint8_t hash[32];
	uint8_t scopes; /* enum api_scope; of admin all */
	uint8_t name_size;
	uint8_t name[API_KEY_NAME_MAX]; /* of [A-Za-z0-9_-] */
};

struct api_keys {
	uint32_t count;
	struct api_key keys[API_KEYS_MAX];
};

/* Reads a whole file. Returns 0, or the number of the first line that is wrong, with *why what it takes (static). */
int api_keys_parse(struct api_keys *keys, struct span text, const char **why);

/* The key that was sent, or NULL. Takes as long whichever it is, and whether or not it is one. */
const struct api_key *api_keys_find(const struct api_keys *keys, struct span sent);

/* The same of a request, which brings its key as `Authorization: Bearer KEY` or as `X-API-Key: KEY`, once. keys may be
 * NULL: then there is none. */
const struct api_key *api_keys_asked(const struct api_keys *keys, const struct http_head *head);

/* What a key of these scopes may do in every room: bits of enum chat_right. */
uint8_t api_scopes_rights(uint8_t scopes);

#endif
