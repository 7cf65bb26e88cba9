#include "engine/ops/fetch_keys.h"

#include "engine/core/check.h"

void fetch_keys_open(struct fetch_keys *keys, uint32_t every_ms, uint32_t least_ms)
{
	*keys = (struct fetch_keys){ .every_ms = every_ms, .least_ms = least_ms };
}

/* Whichever comes first counts. */
static uint64_t begin_ms(const struct fetch_keys *keys)
{
	return keys->wanted && keys->earliest_ms < keys->due_ms ? keys->earliest_ms : keys->due_ms;
}

bool fetch_keys_begin(struct fetch_keys *keys, uint64_t now_ms)
{
	if (keys->out || now_ms < begin_ms(keys))
		return false;
	keys->out = true;
	keys->wanted = false; /* who wants them from here on may want those that come after */
	return true;
}

/* Up to a tenth sooner or later. */
static uint64_t about(uint32_t ms, struct random *random)
{
	return ms - ms / 10 + random_below(random, ms / 5 + 1);
}

void fetch_keys_done(struct fetch_keys *keys, bool well, uint64_t now_ms, struct random *random)
{
	CHECK(keys->out);
	keys->out = false;
	if (well) {
		keys->pause_ms = 0;
		keys->due_ms = now_ms + about(keys->every_ms, random);
		keys->earliest_ms = now_ms + keys->least_ms;
		return;
	}
	keys->pause_ms = keys->pause_ms == 0 ? FETCH_KEYS_AGAIN_MS : keys->pause_ms * 2;
	if (keys->pause_ms > FETCH_KEYS_AGAIN_MOST_MS)
		keys->pause_ms = FETCH_KEYS_AGAIN_MOST_MS;
	keys->due_ms = now_ms + about(keys->pause_ms, random);
	keys->earliest_ms = keys->due_ms;
}

uint64_t fetch_keys_wait_ms(const struct fetch_keys *keys, uint64_t now_ms)
{
	if (keys->out)
		return UINT64_MAX;
	return begin_ms(keys) > now_ms ? begin_ms(keys) - now_ms : 0;
}
