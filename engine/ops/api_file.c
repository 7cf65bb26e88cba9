#include "engine/ops/api_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int api_file_read(const struct options *options, struct files *files, struct api_keys *keys,
		  char error[OPTION_ERROR_MAX])
{
	const char *path = option_text(options, OPTION_api_keys), *why = NULL;
	const char *where = option_where(options, OPTION_api_keys);
	char *text;
	int line = 0;

	keys->count = 0;
	if (path[0] == '\0')
		return 0;
	text = malloc(API_KEYS_FILE_MAX);
	const ssize_t size = text ? files_read(files, path, text, API_KEYS_FILE_MAX) : -ENOMEM;

	if (size >= 0)
		line = api_keys_parse(keys, span_of(text, (size_t)size), &why);
	free(text);
	if (size < 0)
		snprintf(error, OPTION_ERROR_MAX, "%.250s: option 'api-keys' (%.250s): cannot be read: %s", path, where,
			 files_error(size));
	else if (line != 0)
		snprintf(error, OPTION_ERROR_MAX, "%.250s:%d: option 'api-keys': %s", path, line, why);
	return size < 0 || line != 0 ? -1 : 0;
}
