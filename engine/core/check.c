#include "engine/core/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

_Noreturn void check_failed(const char *file, int line, const char *statement)
{
	char text[512];
	const int length = snprintf(text, sizeof(text), "%s:%d: broken: %s\n", file, line, statement);
	const size_t size = length < 0 ? 0 : (size_t)length < sizeof(text) ? (size_t)length : sizeof(text) - 1;

	/* One write, no stdio buffer: the state of this process can no longer be trusted. */
	if (write(STDERR_FILENO, text, size) < 0)
		abort();
	abort();
}
