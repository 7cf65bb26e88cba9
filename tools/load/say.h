/* say.h - numbers as people read them.
 */
#ifndef LOAD_SAY_H
#define LOAD_SAY_H

#include <stdint.h>

#define SAY_SIZE 40

/* "98,000,000", "3.14", "0.0021", "none" of NAN: whole from 1,000 on, else three digits that tell. Returns out. */
const char *say_number(char out[SAY_SIZE], double value);
/* The same with six digits: what is judged must not be rounded away. */
const char *say_limit(char out[SAY_SIZE], double value);
const char *say_bytes(char out[SAY_SIZE], double bytes); /* "12.3 MiB" */
const char *say_time(char out[SAY_SIZE], double seconds); /* "1:05", "12 s" */

#endif
