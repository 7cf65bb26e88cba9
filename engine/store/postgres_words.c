#include "engine/store/postgres_words.h"

#include <locale.h>
#include <pthread.h>
#include <wctype.h>

#include "proto/json/json_string.h"

#define NO_CHARACTER 0xffffffffu /* what no word has */

/* Of all languages; 0: there is no such locale here, and letters beyond ASCII stay as they are. */
static locale_t letters;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void letters_open(void)
{
	letters = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/* Where a word is being written, or would begin: what the server makes of a mark alone is no word. */
static bool in_word(uint32_t character, bool within)
{
	if (character < 0x80)
		return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
		       (character >= 'A' && character <= 'Z');
	if (character == NO_CHARACTER || (character >= 0xd800 && character <= 0xdfff))
		return false;
	if (character >= 0x300 && character <= 0x36f)
		return within;
	return letters == (locale_t)0 || iswalnum_l((wint_t)character, letters);
}

static uint32_t folded(uint32_t character)
{
	if (character < 0x80)
		return character >= 'A' && character <= 'Z' ? character | 0x20 : character;
	return letters == (locale_t)0 ? character : (uint32_t)towlower_l((wint_t)character, letters);
}

static uint8_t *put(uint8_t *out, uint32_t character)
{
	if (character < 0x80) {
		*out++ = (uint8_t)character;
	} else if (character < 0x800) {
		*out++ = (uint8_t)(0xc0 | character >> 6);
		*out++ = (uint8_t)(0x80 | (character & 0x3f));
	} else if (character < 0x10000) {
		*out++ = (uint8_t)(0xe0 | character >> 12);
		*out++ = (uint8_t)(0x80 | (character >> 6 & 0x3f));
		*out++ = (uint8_t)(0x80 | (character & 0x3f));
	} else {
		*out++ = (uint8_t)(0xf0 | character >> 18);
		*out++ = (uint8_t)(0x80 | (character >> 12 & 0x3f));
		*out++ = (uint8_t)(0x80 | (character >> 6 & 0x3f));
		*out++ = (uint8_t)(0x80 | (character & 0x3f));
	}
	return out;
}

/* The character at *at of what is UTF-8, or NO_CHARACTER for what is not; *at moves on by one byte at least. */
static uint32_t take_utf8(struct span text, size_t *at)
{
	const uint8_t lead = text.bytes[(*at)++];
	const int more = lead < 0x80 ? 0 : lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : -1;
	uint32_t character = more <= 0 ? lead : lead & (0x3fu >> more);

	if (more < 0 || text.size - *at < (size_t)more)
		return NO_CHARACTER;
	for (int i = 0; i < more; i++)
		character = character << 6 | (text.bytes[(*at)++] & 0x3f);
	return character <= 0x10ffff ? character : NO_CHARACTER;
}

/* Four hex digits at `at`, or NO_CHARACTER. */
static uint32_t hex4(struct span text, size_t at)
{
	uint32_t value = 0;

	if (text.size < at + 4)
		return NO_CHARACTER;
	for (size_t i = at; i < at + 4; i++) {
		const uint8_t digit = text.bytes[i] | 0x20;

		if (digit >= '0' && digit <= '9')
			value = value << 4 | (uint32_t)(digit - '0');
		else if (digit >= 'a' && digit <= 'f')
			value = value << 4 | (uint32_t)(digit - 'a' + 10);
		else
			return NO_CHARACTER;
	}
	return value;
}

/* What stands behind a backslash; *at is there and moves on. */
static uint32_t take_escape(struct span text, size_t *at)
{
	if (*at >= text.size || text.bytes[(*at)++] != 'u')
		return NO_CHARACTER; /* all of the others stand for no letter */
	const uint32_t high = hex4(text, *at);

	if (high == NO_CHARACTER)
		return NO_CHARACTER;
	*at += 4;
	if (high < 0xd800 || high > 0xdbff || text.size < *at + 6 || memcmp(text.bytes + *at, "\\u", 2) != 0)
		return high;
	const uint32_t low = hex4(text, *at + 2);

	if (low < 0xdc00 || low > 0xdfff)
		return NO_CHARACTER;
	*at += 6;
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/* Words of one text, as they are written. */
struct words {
	uint8_t *out;
	uint8_t *word; /* where the one that is being written begins, or NULL */
};

static void feed(struct words *words, uint32_t character)
{
	if (!in_word(character, words->word != NULL)) {
		words->word = NULL;
		return;
	}
	if (!words->word) {
		*words->out++ = ' ';
		words->word = words->out;
	}
	if (words->out - words->word <= POSTGRES_WORD_SIZE_MAX - 4)
		words->out = put(words->out, folded(character));
}

size_t postgres_words_of_json(uint8_t *out, struct span value)
{
	struct words words = { .out = out };
	size_t at = 0;

	pthread_once(&once, letters_open);
	while (at < value.size) {
		if (value.bytes[at++] != '"')
			continue;
		uint8_t *const before = words.out;

		words.word = NULL;
		while (at < value.size && value.bytes[at] != '"') {
			if (value.bytes[at] == '\\') {
				at++;
				feed(&words, take_escape(value, &at));
			} else {
				feed(&words, take_utf8(value, &at));
			}
		}
		at += at < value.size;
		if (json_is_name(value, at))
			words.out = before;
	}
	return (size_t)(words.out - out);
}

size_t postgres_words_of_query(uint8_t *out, struct span text)
{
	uint8_t *const start = out;
	struct words words = { .out = out };
	bool open = false;

	pthread_once(&once, letters_open);
	for (size_t at = 0; at < text.size;) {
		const uint32_t character = take_utf8(text, &at);

		if (!in_word(character, words.word != NULL)) {
			words.word = NULL;
			continue;
		}
		if (!words.word) {
			memcpy(words.out, open ? "' & '" : "'", open ? 5 : 1);
			words.out += open ? 5 : 1;
			words.word = words.out;
			open = true;
		}
		if (words.out - words.word <= POSTGRES_WORD_SIZE_MAX - 4)
			words.out = put(words.out, folded(character));
	}
	if (open)
		*words.out++ = '\'';
	return (size_t)(words.out - start);
}
