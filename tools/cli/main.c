/* uproar-cli: chat from a terminal, or from a script. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cli/admin.h"
#include "tools/cli/chat.h"
#include "tools/cli/output.h"

/* A standard stream that is closed must not become the socket. What is read or written there fails. */
static void streams_fill(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			abort();
}

/* What could not be written is not done. */
static int written(int status)
{
	output_flush();
	if (output_error() == 0)
		return status;
	fprintf(stderr, "uproar-cli: standard output: %s\n", strerror(output_error()));
	return EXIT_NOT_ALL;
}

static int run(int argc, char **argv)
{
	static struct options options;
	static struct chat chat; /* too large for some stacks */
	const int parsed = options_parse(&options, argc, argv);
	int status;

	if (parsed <= 0)
		return parsed == 0 ? EXIT_DONE : EXIT_USAGE;
	status = chat_run(&chat, &options);
	text_free(&options.data);
	text_free(&options.query);
	return status;
}

int main(int argc, char **argv)
{
	streams_fill();
	if (argc > 1 && strcmp(argv[1], "admin") == 0)
		return written(admin_main(argc - 1, argv + 1));
	return written(run(argc, argv));
}
