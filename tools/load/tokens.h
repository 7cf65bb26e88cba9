/* tokens.h - who connections are: a token each, out of a file with one a line.
 *
 * Read once, before workers are forked.
 */
#ifndef LOAD_TOKENS_H
#define LOAD_TOKENS_H

#include <stdbool.h>

#include "proto/base/span.h"

#define TOKENS_SIZE_MAX 8192 /* of one */

/* Reads the file, which takes the place of one that was read before. False with why[], and then there are none. */
bool tokens_read(const char *file, char why[160]);

/* That of a connection: the lines go round. Absent without a file. Static. */
struct span tokens_of(uint32_t connection);

/* Bytes of the longest; 0 without a file. */
size_t tokens_longest(void);

#endif
