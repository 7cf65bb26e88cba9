/* json_walk.h - one after the other, the values of an array or the members of an object that json_scan has found.
 *
 * Pure. The text was validated; here it is only cut. What is nested is not looked into.
 */
#ifndef JSON_WALK_H
#define JSON_WALK_H

#include "proto/json/json_scan.h"

struct json_walk {
	const uint8_t *at, *end;
	bool keyed;
};

/* container: a value of type JSON_OBJECT or JSON_ARRAY, which it borrows. */
struct json_walk json_walk_begin(const struct json_value *container);

/* Whether there is another. *key is an object's key, a string's token with its quotes; absent in an array. */
bool json_walk_next(struct json_walk *walk, struct span *key, struct json_value *value);

#endif
