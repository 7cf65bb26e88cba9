#include "tools/load/sizes.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A whole number with an optional unit. Returns where it ends, NULL when there is none. */
static const char *read_size(uint32_t *size, const char *text)
{
	char *end;
	const unsigned long value = strtoul(text, &end, 10);
	uint64_t factor = 1;

	if (end == text || text[0] < '0' || text[0] > '9')
		return NULL;
	if (strncasecmp(end, "KiB", 3) == 0) {
		factor = 1024;
		end += 3;
	} else if (strncasecmp(end, "MiB", 3) == 0) {
		factor = 1048576;
		end += 3;
	} else if (*end == 'B') {
		end++;
	}
	if (value == 0 || value > (1u << 30) / factor)
		return NULL;
	*size = (uint32_t)(value * factor);
	return end;
}

int sizes_parse(struct sizes *sizes, const char *text)
{
	struct sizes read = { .count = 0 };
	const char *at = text;
	uint32_t sum = 0;

	for (;;) {
		unsigned long weight = 1;
		char *end;
		const char *after = read.count < SIZES_MAX ? read_size(&read.size[read.count], at) : NULL;

		if (!after)
			return (int)(at - text) + 1;
		if (*after == '*') {
			at = after + 1;
			weight = strtoul(at, &end, 10);
			if (end == at || weight == 0 || weight > 1000000)
				return (int)(at - text) + 1;
			after = end;
		}
		sum += (uint32_t)weight;
		read.up_to[read.count++] = sum;
		at = after;
		if (*at == '\0')
			break;
		if (*at++ != ',')
			return (int)(at - text);
	}
	*sizes = read;
	return 0;
}

uint32_t sizes_pick(const struct sizes *sizes, uint64_t random)
{
	const uint32_t at = (uint32_t)(random % sizes->up_to[sizes->count - 1]);
	uint32_t i = 0;

	while (at >= sizes->up_to[i])
		i++;
	return sizes->size[i];
}

uint32_t sizes_largest(const struct sizes *sizes)
{
	uint32_t largest = 0;

	for (uint32_t i = 0; i < sizes->count; i++)
		if (sizes->size[i] > largest)
			largest = sizes->size[i];
	return largest;
}
