/* identity.h - the policy of who is let in (engine/auth), made of the options.
 */
#ifndef OPS_IDENTITY_H
#define OPS_IDENTITY_H

#include "engine/auth/auth.h"
#include "engine/ops/options.h"

/* before: the policy that it takes the place of, or NULL. Gives a policy, or NULL with one line in error. */
struct auth *identity_make(const struct options *options, const struct auth *before, char error[OPTION_ERROR_MAX]);

#endif
