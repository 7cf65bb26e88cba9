#include "engine/ops/audit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "engine/core/log.h"

int audit_file_open(const char *path)
{
	if (!path[0])
		return 0;
	const int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);

	if (fd < 0) {
		fprintf(stderr, "uproar: --audit-log '%s': %s\n", path, strerror(errno));
		return EX_CANTCREAT;
	}
	log_audit_to(fd);
	return 0;
}
