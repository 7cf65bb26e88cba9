/* element.h - walk over the elements of a JSON array, or the members of an object, that json_scan has found.
 */
#ifndef CLI_ELEMENT_H
#define CLI_ELEMENT_H

#include "proto/base/span.h"

/* Takes the next element off *rest, which is the whole array's token at first.
 * Of an object an element is a member: its key, a colon and its value.
 * Returns whether there was one; *element borrows. */
bool element_next(struct span *rest, struct span *element);

#endif
