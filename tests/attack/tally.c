#include "tests/attack/tally.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

void tally_add(struct tally *tally, const char *name, size_t size)
{
	char clean[TALLY_NAME_SIZE] = { 0 };

	for (size_t i = 0; i < size && i + 1 < sizeof(clean); i++)
		clean[i] = isalnum((unsigned char)name[i]) ? name[i] : '_';
	for (size_t i = 0; i < tally->count; i++)
		if (strcmp(tally->of[i].name, clean) == 0) {
			tally->of[i].value++;
			return;
		}
	if (tally->count + 1 >= TALLY_NAMES_MAX && strcmp(clean, "others") != 0) {
		tally_add(tally, "others", 6);
		return;
	}
	memcpy(tally->of[tally->count].name, clean, sizeof(clean));
	tally->of[tally->count++].value = 1;
}

void tally_add_number(struct tally *tally, int number)
{
	char name[16];

	tally_add(tally, name, (size_t)snprintf(name, sizeof(name), "%d", number));
}

void tally_write(const struct tally *tally, FILE *out)
{
	fputc('{', out);
	for (size_t i = 0; i < tally->count; i++)
		fprintf(out, "%s\"%s\":%" PRIu64, i ? "," : "", tally->of[i].name, tally->of[i].value);
	fputc('}', out);
}
