/* show.h - what is printed: events as lines for people or as JSON, and remarks.
 *
 * Everything that others wrote goes through escape.h when people read it.
 */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "tools/cli/input.h"

struct show {
	bool json;
	bool terminal;            /* standard output is one: colours, and escapes in JSON too */
	bool dated;               /* tell the day as well */
	bool several;             /* name the room on each line */
	const char *self;         /* our name: our own coming and going is no news */
	const struct input *input;
	uint64_t typing_ns;       /* when somebody's typing was last shown */
};

/* An event of the room as the server sent it; numbered: with its number in front. */
void show_event(struct show *show, const char *room, struct span event, bool numbered);

/* The object of an answer, for --json. */
void show_json(const struct show *show, struct span object);

/* A remark within the conversation; text is harmless already. With --json it goes to standard error. */
void show_remark(const struct show *show, const char *room, const char *text);

/* A remark of the program's, to standard error. */
void show_error(const struct show *show, const char *text);

#endif
