#include "engine/shard/adopt.h"

#include <errno.h>

#include "engine/auth/auth.h"
#include "engine/core/check.h"
#include "engine/core/mutant.h"
#include "engine/core/slab.h"
#include "engine/gate/call.h"
#include "engine/gate/permit.h"

struct adoption {
	struct gate_call call;
	struct auth *auth; /* held for the core */
};

static void take(struct gate *gate, struct gate_call *call)
{
	struct adoption *adoption = (struct adoption *)call;
	struct auth *before = gate->auth;
	const bool same = auth_rules_equal(before, adoption->auth);

	gate->auth = adoption->auth;
	if (!same && !PLANTED(82)) /* who is there keeps the rights that were */
		permit_renew_all(gate);
	auth_release(before);
	block_give(adoption, sizeof(*adoption));
}

/* Nothing of it is left when the core does not get it. */
static int hand(int bell, struct auth *auth)
{
	struct adoption *adoption = block_take(sizeof(*adoption));

	if (!adoption)
		return -ENOMEM;
	*adoption = (struct adoption){ .call = { take }, .auth = auth_hold(auth) };
	const int error = gate_call(bell, &adoption->call);

	if (error != 0) {
		auth_release(auth);
		block_give(adoption, sizeof(*adoption));
	}
	return error;
}

int adopt_auth(const struct shard_links *links, struct auth *auth)
{
	int error = 0;

	CHECK(auth);
	for (uint32_t core = 0; core < links->cores && error == 0; core++)
		error = hand(links->ring_bells[core], auth);
	auth_release(auth);
	return error;
}

void adopt_open(struct gate *gate, struct auth *auth)
{
	gate->auth = auth_hold(auth);
}

void adopt_close(struct gate *gate)
{
	auth_release(gate->auth);
	gate->auth = NULL;
}
