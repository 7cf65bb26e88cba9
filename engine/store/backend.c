#include "engine/store/backend.h"

#include "engine/core/slab.h"

bool store_give_state(struct store_job *job, struct span state)
{
	const size_t size = sizeof(*job->kept_state) + state.size;

	job->kept_state = block_take(size);
	if (!job->kept_state)
		return false;
	job->kept_state->size = size;
	job->kept_state->count = (uint32_t)state.size;
	memcpy(job->kept_state->bytes, state.bytes, state.size);
	return true;
}
