#include "engine/ops/key_watch.h"

#include "engine/auth/auth.h"

/* Cores do not speak to the fetcher: what they count says it. */
static uint64_t unknown_keys(const struct shard_links *links)
{
	uint64_t sum = 0;

	for (uint32_t core = 0; core < links->cores; core++)
		sum += cell_read(&links->counters[core]->auth[AUTH_key_unknown]);
	return sum;
}

void key_watch_tend(struct key_watch *watch, struct fetch *fetch, struct reload *reload)
{
	if (!fetch)
		return;
	const struct span jwks = fetch_keys_take(fetch);
	const uint64_t unknown = unknown_keys(reload->links);

	if (jwks.bytes)
		fetch_keys_judged(fetch, reload_fetched(reload, jwks) == 0);
	if (unknown != watch->unknown)
		fetch_keys_wanted(fetch);
	watch->unknown = unknown;
}
