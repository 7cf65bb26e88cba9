#include "engine/ops/api_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* All of it, or nothing that is larger than there may be. */
static ssize_t read_whole(const char *path, char *text, size_t capacity)
{
	const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t size = 0;
	ssize_t got = 0;

	if (file < 0)
		return -errno;
	while (size < capacity && (got = read(file, text + size, capacity - size)) > 0)
		size += (size_t)got;
	const int error = got < 0 ? errno : 0;

	close(file);
	if (error != 0)
		return -error;
	return size < capacity ? (ssize_t)size : -EFBIG;
}

int api_file_read(const struct options *options, struct api_keys *keys, char error[OPTION_ERROR_MAX])
{
	const char *path = option_text(options, OPTION_api_keys), *why = NULL;
	const char *where = option_where(options, OPTION_api_keys);
	char *text;
	int line = 0;

	keys->count = 0;
	if (path[0] == '\0')
		return 0;
	text = malloc(API_KEYS_FILE_MAX);
	const ssize_t size = text ? read_whole(path, text, API_KEYS_FILE_MAX) : -ENOMEM;

	if (size >= 0)
		line = api_keys_parse(keys, span_of(text, (size_t)size), &why);
	free(text);
	if (size < 0)
		snprintf(error, OPTION_ERROR_MAX, "%.250s: option 'api-keys' names %.250s: %s", where, path,
			 strerror((int)-size));
	else if (line != 0)
		snprintf(error, OPTION_ERROR_MAX, "%.250s:%d: option 'api-keys': %s", path, line, why);
	return size < 0 || line != 0 ? -1 : 0;
}
