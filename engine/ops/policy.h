/* policy.h - all that a reload can change, made of the options: whole, and never changed once it is made.
 *
 * The cores read it in place. A reload makes another, has every core adopt it (gate_call), and frees the old one when
 * all have: so what a core keeps beyond its turn is a copy, or is exchanged in shard/retune.c.
 *
 * Who adds an option that is LIVE: where it is a number, policy_limits() has it by plan_shard(), and shard/retune hands
 * it to its user. Where it is more (a set of keys, a list of rights), it becomes a member here, made in policy_make(),
 * freed in policy_free(), pointed to by the limits. A file that it names is read through `files`, never opened: a
 * reload may not open it.
 */
#ifndef OPS_POLICY_H
#define OPS_POLICY_H

#include "engine/auth/api_keys.h"
#include "engine/net/networks.h"
#include "engine/ops/config.h"
#include "engine/ops/identity.h"
#include "engine/ops/plan.h"

struct policy {
	struct options options; /* that hold */
	struct room_classes classes;
	struct networks exempt;
	struct identity_files key_files; /* what is fetched later goes with them as they are */
	struct auth *auth; /* held */
	uint8_t *jwks; /* fetched last from --token-jwks; NULL: nothing yet */
	size_t jwks_size;
	struct api_keys api_keys;
};

/* Judges the options together, by themselves. Returns 0, or -1 with one line in error. */
int policy_check(const struct options *options, char error[OPTION_ERROR_MAX]);

/* Judges the options each and together, reads the files that they name, and makes of it what the cores need. before:
 * the policy that it takes the place of, or NULL. Gives NULL with one line in error: where, which option, what it
 * takes. */
struct policy *policy_make(const struct options *options, const struct policy *before, struct files *files,
			   char error[OPTION_ERROR_MAX]);
void policy_free(struct policy *policy);

/* A JWKS was fetched: policy->auth is another one, which is to be handed to the cores (reload_fetched()). No file is
 * read. Returns 0, or -1 with one line in error: then all is as before. */
int policy_fetched(struct policy *policy, struct span jwks, char error[OPTION_ERROR_MAX]);

/* What a core may use under it; points into it. */
struct shard_limits policy_limits(const struct policy *policy, const struct ring_features *features, uint32_t core,
				  uint32_t cores);

#endif
