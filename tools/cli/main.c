/* uproar-cli: chat from a terminal, or from a script. */
#include <stdlib.h>
#include <string.h>

#include "tools/cli/admin.h"
#include "tools/cli/chat.h"

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "admin") == 0)
		return admin_main(argc - 1, argv + 1);

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
