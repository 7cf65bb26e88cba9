/* element.h - walk over the elements of a JSON array that json_scan has found.
 */
#ifndef CLI_ELEMENT_H
#define CLI_ELEMENT_H

#include "proto/base/span.h"

/* Takes the next element off *rest, which is the whole array's token at first.
 * Returns whether there was one; *element borrows. */
bool element_next(struct span *rest, struct span *element);

#endif
