/* filler.h - what stands behind a payload's figures: words as people write them, or one letter over and over.
 *
 * The letter is the default. Words are for runs with compression: 'x' a thousand times would be nothing at all.
 * Printable ASCII without a quote or a backslash, either way.
 */
#ifndef LOAD_FILLER_H
#define LOAD_FILLER_H

#include <stddef.h>
#include <stdint.h>

/* From now on, and in processes forked from now on, words. */
void filler_words(void);

/* Writes out[0..size): of words, those that key says, so that messages differ. */
void filler_write(uint8_t *out, size_t size, uint64_t key);

#endif
