/* http_query.h - the parts of a path and of a query, with their escapes taken out (RFC 3986, 2.1; WHATWG URL, 5.1).
 *
 * Pure; spans borrow. Nothing is repaired: a percent sign that no two hex digits follow is refused, and so is %00.
 */
#ifndef HTTP_QUERY_H
#define HTTP_QUERY_H

#include "proto/base/span.h"

/* Takes escapes out; with `plus` a + stands for a blank, as in a query. *text borrows `raw` where there is nothing to
 * take out, otherwise room[0..text->size). False: not well formed, or no room. */
bool http_unescape(struct span *text, struct span raw, bool plus, uint8_t *room, size_t room_size);

/* Takes the next segment off a path, up to a slash or the end, with what follows left in *path without the slash.
 * SPAN_NONE when *path is absent: a path that ends with a slash has an empty segment last. */
struct span http_segment_next(struct span *path);

/* Takes the next name=value off a query, raw. False at the end. value is absent without a `=`. Empty pairs are passed
 * over. */
bool http_query_next(struct span *query, struct span *name, struct span *value);

#endif
