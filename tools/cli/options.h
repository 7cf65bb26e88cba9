/* options.h - what the command line asks for.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "tools/cli/room.h"
#include "tools/cli/text.h"
#include "tools/cli/url.h"

#define OPTIONS_ROOMS_MAX 128

enum options_exit {
	EXIT_DONE = 0,
	EXIT_NOTHING = 1, /* was found */
	EXIT_USAGE = 64,
	EXIT_NO_SERVER = 69,
	EXIT_NOT_ALL = 75,
};

enum options_mode {
	MODE_JOIN,
	MODE_READ,
	MODE_SEND,
	MODE_SEARCH,
};

struct options {
	enum options_mode mode;
	struct url url;
	char name[65];
	const char *token;          /* in place of a name; NULL: none */
	bool json;
	bool follow;
	uint64_t timeout_s;
	uint64_t limit;
	bool since;                 /* these two are given: */
	char since_epoch[ROOM_EPOCH_SIZE_MAX + 1];
	uint64_t since_seq;
	const char *rooms[OPTIONS_ROOMS_MAX];
	size_t room_count;
	uint64_t before;            /* search: a seq; 0: of all */
	struct text query;
	struct text data;           /* send's one message, as JSON; empty: lines of standard input */
};

/* Reads the command line. Returns 1, 0 when help or the version was asked for and is
 * printed, or -1 when something is wrong, which is said on standard error. */
int options_parse(struct options *options, int argc, char **argv);

/* A message of plain text as our own page sends it. False when it is not UTF-8. */
bool options_data_of(struct text *data, struct span line);

#endif
