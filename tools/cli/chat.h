/* chat.h - one run of the program: what was asked for, the session, the screen, the lines.
 */
#ifndef CLI_CHAT_H
#define CLI_CHAT_H

#include "tools/cli/options.h"
#include "tools/cli/session.h"
#include "tools/cli/show.h"

struct chat {
	const struct options *options;
	struct session session;
	struct show show;
	struct input input;
	struct room *current;   /* where lines go; NULL: nowhere */
	uint64_t line_number;
	uint64_t failures;      /* what was to be said and never will be */
	uint64_t typing_ns;     /* when we last told that a key was pressed */
	uint64_t settled_ns;    /* since when there is nothing left to do but to see our own echo */
	bool searched;          /* the answer to a search that was all there was to do */
	bool found;             /* it had something */
	bool refused;           /* a room */
	uint64_t again_ns;      /* since when the line at hand is taken again and again; 0: it is not */
	uint64_t hold_ns;       /* and not before */
	char self[65];          /* who the server takes us for */
	bool quit;
	bool leaving;           /* the current room, once all that was said there is acknowledged */
};

/* Runs it. Returns the exit status. */
int chat_run(struct chat *chat, const struct options *options);

#define COMMANDS_NOT_NOW "not now: there is no connection, or too much is not answered yet"

/* One line of standard input in a room one has joined. */
void commands_line(struct chat *chat, struct span line);

/* The same, of a moderator: /kick and so on. False: there is no such command. */
bool commands_moderate(struct chat *chat, struct span command, struct span rest);

/* Takes the first word off a line, and the blanks behind it. */
struct span commands_word(struct span *rest);

/* Leaves the current room. */
void commands_leave(struct chat *chat);

/* Any other room one is in; NULL: none. */
struct room *commands_other(struct chat *chat, const struct room *room);

/* Lines go to the room now, which is said; NULL: nowhere. */
void commands_go(struct chat *chat, struct room *room);

/* Says a line in the current room. */
void chat_say_line(struct chat *chat, struct span line);

/* Asks the room for messages with the words. False: there is no connection. */
bool chat_search(struct chat *chat, struct room *room, struct span words, uint64_t limit, uint64_t before);

/* What was to be done cannot be: text is for people. */
void chat_fail(struct chat *chat, const char *text);

#endif
