/* identity.h - the policy of who is let in (engine/auth), made of the options and the files of keys that they name.
 */
#ifndef OPS_IDENTITY_H
#define OPS_IDENTITY_H

#include "engine/auth/auth.h"
#include "engine/ops/files.h"
#include "engine/ops/options.h"

#define IDENTITY_FILES_MAX 16

/* The files of keys, as they were read. Points into the options. */
struct identity_files {
	struct auth_source sources[IDENTITY_FILES_MAX];
	char *texts[IDENTITY_FILES_MAX];
	size_t count;
};

/* Options that are right each, but not together. Returns 0, or -1 with one line in error. */
int identity_check(const struct options *options, char error[OPTION_ERROR_MAX]);

/* Reads the files. Returns 0, or -1 with one line in error; either way to be given to identity_forget(). */
int identity_read(struct identity_files *read, const struct options *options, struct files *files,
		  char error[OPTION_ERROR_MAX]);
void identity_forget(struct identity_files *read);

/* jwks: what was fetched from --token-jwks last, absent when nothing was yet. before: the policy that it takes the
 * place of, or NULL. Gives a policy, or NULL with one line in error. */
struct auth *identity_make(const struct options *options, const struct identity_files *read, struct span jwks,
			   const struct auth *before, char error[OPTION_ERROR_MAX]);

#endif
