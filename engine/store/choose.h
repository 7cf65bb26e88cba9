/* choose.h - which backend an address names.
 */
#ifndef STORE_CHOOSE_H
#define STORE_CHOOSE_H

#include "engine/store/backend.h"
#include "engine/store/memory.h"

struct store_choice {
	struct store_backend backend;
	enum { STORE_IS_NONE, STORE_IS_MEMORY, STORE_IS_SQLITE, STORE_IS_POSTGRES } kind;
	struct store_memory memory; /* kind memory */
};

/* Whether there would be a store. */
bool store_is_any(const char *url, const char *directory);

/* Whether url is of a form that store_choose() takes; nothing is opened. Returns 0, or -EINVAL with a line for people
 * in why (size bytes), without the address: that may hold a password. */
int store_check(const char *url, char *why, size_t size);

/* url: none, memory, sqlite (then directory, or none where that is NULL) or postgres://... Keeps choice and directory.
 * Returns 0, or -EINVAL or -ENOMEM with a line for people in why (size bytes). */
int store_choose(struct store_choice *choice, const char *url, const char *directory, char *why, size_t size);

/* After all handles are closed. */
void store_unchoose(struct store_choice *choice);

#endif
