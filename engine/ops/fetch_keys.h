/* fetch_keys.h - when the configured key set is fetched again: now and then, soon after a failure, and when a token
 * names a key that is not in it; and never more often than the options say, whoever sends how many such tokens.
 */
#ifndef OPS_FETCH_KEYS_H
#define OPS_FETCH_KEYS_H

#include "engine/core/random.h"

#include <stdbool.h>

#define FETCH_KEYS_AGAIN_MS 1000 /* after the first failure, twice as long after each further one, */
#define FETCH_KEYS_AGAIN_MOST_MS (5 * 60 * 1000) /* up to this */

struct fetch_keys {
	uint32_t every_ms, least_ms; /* between two that went well: usually, and at the least */
	uint64_t due_ms; /* when it is fetched anyway */
	uint64_t earliest_ms; /* ... and when it may be because it is wanted */
	uint32_t pause_ms; /* after the last failure; 0: it went well */
	bool wanted;
	bool out; /* it is being fetched */
};

/* Due at once. */
void fetch_keys_open(struct fetch_keys *keys, uint32_t every_ms, uint32_t least_ms);

/* Whether to fetch now; true: it is out until fetch_keys_done(). */
bool fetch_keys_begin(struct fetch_keys *keys, uint64_t now_ms);
void fetch_keys_done(struct fetch_keys *keys, bool well, uint64_t now_ms, struct random *random);

/* How long fetch_keys_begin() will say no, if nobody wants them. UINT64_MAX: until it is done. */
uint64_t fetch_keys_wait_ms(const struct fetch_keys *keys, uint64_t now_ms);

#endif
