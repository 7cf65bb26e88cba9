/* identity.h - the policy of who is let in (engine/auth), made of the options and the files of keys that they name.
 */
#ifndef OPS_IDENTITY_H
#define OPS_IDENTITY_H

#include "engine/auth/auth.h"
#include "engine/ops/files.h"
#include "engine/ops/options.h"

/* Names the files of keys. Returns 0, or -1 with one line in error. */
int identity_name_files(const struct options *options, struct files *files, char error[OPTION_ERROR_MAX]);

/* Options that are right each, but not together. Returns 0, or -1 with one line in error. */
int identity_check(const struct options *options, char error[OPTION_ERROR_MAX]);

/* jwks: what was fetched from --token-jwks last, absent when nothing was yet. before: the policy that it takes the
 * place of, or NULL. Gives a policy, or NULL with one line in error. */
struct auth *identity_make(const struct options *options, struct files *files, struct span jwks,
			   const struct auth *before, char error[OPTION_ERROR_MAX]);

#endif
