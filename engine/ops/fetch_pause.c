#include "engine/ops/fetch_pause.h"

static bool is_away(const struct fetch_pause *pause)
{
	return pause->failures >= FETCH_FAILURES_MAX;
}

bool fetch_pause_lets(struct fetch_pause *pause, uint64_t now_ms)
{
	if (!is_away(pause))
		return true;
	if (pause->trying || now_ms < pause->until_ms)
		return false;
	pause->trying = true;
	return true;
}

bool fetch_pause_well(struct fetch_pause *pause)
{
	const bool was_away = is_away(pause);

	*pause = (struct fetch_pause){ .failures = 0 };
	return was_away;
}

bool fetch_pause_failed(struct fetch_pause *pause, uint64_t now_ms, struct random *random)
{
	const bool was_away = is_away(pause);

	/* What was asked before it was known to be away says nothing new. */
	if (was_away && !pause->trying)
		return false;
	pause->trying = false;
	pause->failures += !was_away;
	if (!is_away(pause))
		return false;
	pause->pause_ms = pause->pause_ms == 0 ? FETCH_PAUSE_LEAST_MS : pause->pause_ms * 2;
	if (pause->pause_ms > FETCH_PAUSE_MOST_MS)
		pause->pause_ms = FETCH_PAUSE_MOST_MS;
	pause->until_ms = now_ms + pause->pause_ms / 2 + random_below(random, pause->pause_ms / 2 + 1);
	return !was_away;
}
