/* tally.h - what an attacker saw come back: numbers by name, each name once, written as one JSON object.
 */
#ifndef ATTACK_TALLY_H
#define ATTACK_TALLY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TALLY_NAMES_MAX 64
#define TALLY_NAME_SIZE 32

struct tally {
	size_t count;
	struct {
		char name[TALLY_NAME_SIZE];
		uint64_t value;
	} of[TALLY_NAMES_MAX];
};

/* One more of this name; what no longer fits is counted as "others". Names are cut to their size and cleaned. */
void tally_add(struct tally *tally, const char *name, size_t size);
void tally_add_number(struct tally *tally, int number);
void tally_write(const struct tally *tally, FILE *out);

#endif
