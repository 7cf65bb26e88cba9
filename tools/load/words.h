/* words.h - numbers as people read them.
 */
#ifndef LOAD_WORDS_H
#define LOAD_WORDS_H

#include <stdint.h>

#define WORDS_SIZE 40

/* "98,000,000", "3.14", "0.0021", "none" of NAN: whole from 1,000 on, else three digits that tell. Returns out. */
const char *words_number(char out[WORDS_SIZE], double value);
const char *words_bytes(char out[WORDS_SIZE], double bytes); /* "12.3 MiB" */
const char *words_time(char out[WORDS_SIZE], double seconds); /* "1:05", "12 s" */

#endif
