/* author.h - who counts as the author of a cid: the name it came under, or any of the names that guests were given.
 *
 * A guest who is to have no name of their own (--guests anonymous) is given another one with each connection, so what
 * they send again after a reconnect comes under another name than before. Given names therefore are one author's here:
 * such guests can take each other's cids, and nobody else's.
 */
#ifndef CHAT_AUTHOR_H
#define CHAT_AUTHOR_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/span.h"

/* Where tokens are expected a guest's name begins with this, and that of nobody who has one. */
#define CHAT_NAME_MARK_GUEST '~'

#define CHAT_GIVEN_SIZE 16 /* of a name that is given, without the mark */

/* A name nobody else is likely to have: "guest-" and 50 of the random bits, as letters not taken for each other. */
struct span chat_name_give(uint8_t name[CHAT_GIVEN_SIZE], uint64_t random);

/* Whether it has the shape of one, with the mark or without. */
bool chat_name_given(struct span name);

/* The part of a name that all names of one author have in common. A view into name. */
struct span chat_author(struct span name);

/* Whether a cid that b sends may be the one that a has sent. What has the mark and what has not are two authors. */
bool chat_same_author(struct span a, struct span b);

#endif
