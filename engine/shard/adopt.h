/* adopt.h - another policy (engine/auth) for all cores: each takes it in a turn of its own.
 */
#ifndef SHARD_ADOPT_H
#define SHARD_ADOPT_H

#include "engine/gate/gate.h"
#include "engine/shard/shard.h"

/* From one thread at a time, while the cores run. Takes the policy, also when it fails: the cores hold it from now on,
 * and let go of the one they had. Where the rules are others, the rights of all who are in rooms are worked out anew.
 * Returns 0 or -errno: then some cores have the old one still, and it may be tried again with another. */
int adopt_auth(const struct shard_links *links, struct auth *auth);

/* At a core's open and close. Holds the policy, which may be NULL. */
void adopt_open(struct gate *gate, struct auth *auth);
void adopt_close(struct gate *gate);

#endif
