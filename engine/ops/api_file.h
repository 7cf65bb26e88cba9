/* api_file.h - the file of keys of the HTTP API, read whole.
 */
#ifndef OPS_API_FILE_H
#define OPS_API_FILE_H

#include "engine/auth/api_keys.h"
#include "engine/ops/files.h"
#include "engine/ops/options.h"

/* Reads the file that the option api-keys names, none for an empty name. Returns 0, or -1 with one line in error: the
 * file, the line, and what it takes. */
int api_file_read(const struct options *options, struct files *files, struct api_keys *keys,
		  char error[OPTION_ERROR_MAX]);

#endif
