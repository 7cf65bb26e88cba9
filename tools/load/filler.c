#include "tools/load/filler.h"

#include <stdbool.h>
#include <string.h>

#include "engine/core/random.h"

#define TEXT_SIZE 65536

static const char *const words[] = {
	"the",      "I",         "to",      "you",      "a",        "it",      "that",     "and",     "is",
	"in",       "what",      "we",      "me",       "this",     "of",      "for",      "on",      "have",
	"not",      "do",        "was",     "be",       "no",       "so",      "just",     "can",     "know",
	"there",    "all",       "right",   "like",     "about",    "maybe",   "tomorrow", "deploy",  "Anna",
	"meeting",  "questions", "because", "already",  "released", "looking", "version",  "weekend", "customer",
	"somebody", "Berlin",    "train",   "probably", "pictures", "server",  "yes!",     "haha",    ":)",
};

static uint8_t text[TEXT_SIZE];
static bool is_words;

/* The commoner a word, the more often it comes. */
void filler_words(void)
{
	struct random random;
	size_t used = 0;

	random_seed(&random, 1);
	while (used < TEXT_SIZE) {
		const uint64_t among = 1 + random_below(&random, sizeof(words) / sizeof(words[0]));
		const char *const word = words[random_below(&random, among)];
		const size_t size = strlen(word) < TEXT_SIZE - used ? strlen(word) : TEXT_SIZE - used;

		memcpy(text + used, word, size);
		used += size;
		if (used < TEXT_SIZE)
			text[used++] = ' ';
	}
	is_words = true;
}

void filler_write(uint8_t *out, size_t size, uint64_t key)
{
	size_t from = key * 0x9e3779b97f4a7c15u >> 48;

	if (!is_words) {
		memset(out, 'x', size);
		return;
	}
	while (size > 0) {
		const size_t part = size < TEXT_SIZE - from ? size : TEXT_SIZE - from;

		memcpy(out, text + from, part);
		out += part;
		size -= part;
		from = 0;
	}
}
