/* sqlite_text.h - what a person reads in a JSON value: its strings, without the keys of objects.
 */
#ifndef STORE_SQLITE_TEXT_H
#define STORE_SQLITE_TEXT_H

#include "proto/base/span.h"

/* Writes the strings of the value, escapes taken out, a space behind each. `out` has value.size bytes, and no more are
 * written. Gives how many; 0 too for what is no JSON. */
size_t text_of_json(uint8_t *out, struct span value);

#endif
