#include "tools/cli/output.h"

#include <errno.h>
#include <stdio.h>

static int error;

void output_flush(void)
{
	if ((fflush(stdout) != 0 || ferror(stdout)) && error == 0)
		error = errno;
}

int output_error(void)
{
	return error;
}
