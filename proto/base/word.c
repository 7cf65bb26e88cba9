#include "proto/base/word.h"

const char *word_shown(struct span word, char out[WORD_SHOWN_MAX + 4])
{
	const size_t size = word.size < WORD_SHOWN_MAX ? word.size : WORD_SHOWN_MAX;

	for (size_t i = 0; i < size; i++)
		out[i] = word.bytes[i] < 0x20 || word.bytes[i] == 0x7f ? '?' : (char)word.bytes[i];
	memcpy(out + size, word.size > size ? "..." : "", word.size > size ? 4 : 1);
	return out;
}
