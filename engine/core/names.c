#include "engine/core/names.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int names_sync(const char *directory)
{
	const int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	const int error = fsync(fd) != 0 ? -errno : 0;

	close(fd);
	return error;
}
