/* json_array.h - the elements of an array that json_scan has found.
 *
 * Pure. What was validated is not looked at again but for where an element ends.
 */
#ifndef JSON_ARRAY_H
#define JSON_ARRAY_H

#include "proto/json/json_scan.h"

/* Takes the next element off *array, which is a whole array token, or what an earlier call left of it.
 * JSON_ABSENT at the end. */
struct json_value json_array_next(struct span *array);

#endif
