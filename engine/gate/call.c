#include "engine/gate/call.h"

#include "engine/core/ring.h"

int gate_call(int bell, struct gate_call *call)
{
	return ring_post(bell, (uint64_t)(uintptr_t)call);
}
