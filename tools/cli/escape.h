/* escape.h - make other people's text harmless before a terminal sees it.
 *
 * A message may hold what moves the cursor, sets the window's title, or turns
 * the direction of writing round. Such characters are written out: \n, \r, \t, otherwise
 * \u{1b}. All that is a letter, a sign or an emoji passes.
 */
#ifndef CLI_ESCAPE_H
#define CLI_ESCAPE_H

#include "tools/cli/text.h"

enum escape_kind {
	ESCAPE_PEOPLE, /* \u{1b}; bytes that are not UTF-8 too: \x{ff} */
	ESCAPE_JSON,   /* text is JSON: \u001b, which says the same; its line ends become blanks */
	ESCAPE_LINES,  /* text is JSON, for a program: only line ends become blanks, all else as it came */
};

void escape_put(struct text *out, struct span text, enum escape_kind kind);

#endif
