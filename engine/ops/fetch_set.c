#include "engine/ops/fetch_set.h"

#include <stdlib.h>

#include "engine/core/check.h"

enum { NOTHING, PUT, ADOPTED, REFUSED };

bool fetch_set_is_held(const struct fetch_set *set, struct span text)
{
	return set->held && span_equal(span_of(set->held, set->held_size), text);
}

bool fetch_set_put(struct fetch_set *set, struct span text)
{
	CHECK(atomic_load(&set->state) == NOTHING);
	set->put = malloc(text.size + 1);
	if (!set->put)
		return false;
	memcpy(set->put, text.bytes, text.size);
	set->put_size = text.size;
	atomic_store(&set->state, PUT);
	return true;
}

struct span fetch_set_take(const struct fetch_set *set)
{
	return atomic_load(&set->state) == PUT ? span_of(set->put, set->put_size) : SPAN_NONE;
}

void fetch_set_judge(struct fetch_set *set, bool adopted)
{
	CHECK(atomic_load(&set->state) == PUT);
	atomic_store(&set->state, adopted ? ADOPTED : REFUSED);
}

int fetch_set_end(struct fetch_set *set)
{
	const int state = atomic_load(&set->state);

	if (state != ADOPTED && state != REFUSED)
		return 0;
	if (state == ADOPTED) {
		free(set->held);
		set->held = set->put;
		set->held_size = set->put_size;
	} else {
		free(set->put);
	}
	set->put = NULL;
	atomic_store(&set->state, NOTHING);
	return state == ADOPTED ? 1 : -1;
}
