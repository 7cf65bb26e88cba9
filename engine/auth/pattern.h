/* pattern.h - names of rooms with `*` for any number of letters in them, and `{user}` for a user's name.
 *
 * `{user}` fits nothing for somebody whose name has the letter before or behind it, as `:` in `dm:{user}:*`: or `a:b`
 * would be let into the rooms of `a`.
 */
#ifndef AUTH_PATTERN_H
#define AUTH_PATTERN_H

#include "proto/base/span.h"

#define PATTERN_SIZE_MAX 128

/* 1 to 128 of a room's letters and `*`; with users also `{user}`. */
bool pattern_valid(struct span pattern, bool users);

/* Whether the room's name fits a valid pattern: how many of its letters are not for `*`, so that of two patterns the
 * more exact one can be told; negative: it does not fit. user absent: it has no `{user}`. */
int pattern_fits(struct span pattern, struct span user, struct span room);

#endif
