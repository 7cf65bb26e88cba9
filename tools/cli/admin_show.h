/* admin_show.h - an answer in JSON as a table for people.
 */
#ifndef CLI_ADMIN_SHOW_H
#define CLI_ADMIN_SHOW_H

#include "tools/cli/text.h"

/* An object's members are a line each, a list of objects a table with a column for each key of the first; what lies
 * deeper stays JSON. Nothing in it can move a terminal's cursor. json: one value of valid JSON. */
void admin_show(struct text *out, struct span json);

/* What an error of the API says: its code and message; false where the body is none. */
bool admin_error(struct text *out, struct span json);

#endif
