/* UTF-8 by the standard's own table: every sequence that can be begun, and texts with mistakes of every kind, each with
 * where a reader that goes on behind a mistake begins anew (Unicode 15, 3.9: maximal subparts). */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/utf8/utf8.h"

/* RFC 3629, 4, as its grammar has it: the ranges of each byte. */
static const struct {
	uint8_t size;
	uint8_t ranges[4][2];
} forms[] = {
	{ 1, { { 0x00, 0x7f } } },
	{ 2, { { 0xc2, 0xdf }, { 0x80, 0xbf } } },
	{ 3, { { 0xe0, 0xe0 }, { 0xa0, 0xbf }, { 0x80, 0xbf } } },
	{ 3, { { 0xe1, 0xec }, { 0x80, 0xbf }, { 0x80, 0xbf } } },
	{ 3, { { 0xed, 0xed }, { 0x80, 0x9f }, { 0x80, 0xbf } } },
	{ 3, { { 0xee, 0xef }, { 0x80, 0xbf }, { 0x80, 0xbf } } },
	{ 4, { { 0xf0, 0xf0 }, { 0x90, 0xbf }, { 0x80, 0xbf }, { 0x80, 0xbf } } },
	{ 4, { { 0xf1, 0xf3 }, { 0x80, 0xbf }, { 0x80, 0xbf }, { 0x80, 0xbf } } },
	{ 4, { { 0xf4, 0xf4 }, { 0x80, 0x8f }, { 0x80, 0xbf }, { 0x80, 0xbf } } },
};

enum step { WRONG, MORE, WHOLE };

/* What the grammar makes of a byte behind others that it took. */
static enum step grammar(const uint8_t *bytes, size_t size)
{
	for (size_t form = 0; form < sizeof(forms) / sizeof(forms[0]); form++) {
		size_t at = 0;

		while (at < size && at < forms[form].size && bytes[at] >= forms[form].ranges[at][0] &&
		       bytes[at] <= forms[form].ranges[at][1])
			at++;
		if (at == size)
			return size == forms[form].size ? WHOLE : MORE;
	}
	return WRONG;
}

static size_t visited;

/* Every byte behind a beginning, and behind those that are taken every byte again. */
static void visit(const struct utf8_state *before, uint8_t bytes[4], size_t size)
{
	for (int byte = 0; byte < 256; byte++) {
		struct utf8_state fast = *before, plain = *before;

		bytes[size] = (uint8_t)byte;
		const enum step expected = grammar(bytes, size + 1);
		const int result = utf8_feed(&fast, bytes + size, 1);

		visited++;
		if ((result == 1) != (expected != WRONG) || utf8_feed_scalar(&plain, bytes + size, 1) != result ||
		    (result == 1 && utf8_complete(&fast) != (expected == WHOLE)))
			cr_assert_fail("%02x %02x %02x %02x, byte %zu", bytes[0], bytes[1], bytes[2], bytes[3], size);
		if (expected == MORE)
			visit(&fast, bytes, size + 1);
	}
}

Test(utf8_rows, every_beginning_and_every_byte_behind_it)
{
	uint8_t bytes[4] = { 0 };

	visit(&(struct utf8_state){ 0 }, bytes, 0);
	/* 51 first bytes, 320 + 720 second ones and so on: that it walked where it should have. */
	cr_assert_gt(visited, 4000000);
}

/* The text as a reader has it that puts a ? for each maximal subpart: characters by their size. */
static void replace(char *out, const uint8_t *bytes, size_t size)
{
	struct utf8_state state = { 0 };
	size_t start = 0;

	for (size_t at = 0; at < size;) {
		const int result = utf8_feed(&state, bytes + at, 1);

		if (result < 0) {
			*out++ = '?';
			at = at > start ? at : at + 1; /* the byte that does not go on may begin another */
			start = at;
			state = (struct utf8_state){ 0 };
			continue;
		}
		at++;
		if (utf8_complete(&state)) {
			*out++ = (char)('0' + (at - start));
			start = at;
		}
	}
	if (start < size)
		*out++ = '?';
	*out = 0;
}

#define UTF8_ROW(text, replaced)                                                                                       \
	{                                                                                                              \
		text, sizeof(text) - 1, replaced                                                                       \
	}

static const struct row {
	const char *text;
	size_t size;
	const char *replaced; /* only digits: all of it is right */
} rows[] = {
	/* The ends of each length. */
	UTF8_ROW("\0\x7f", "11"),
	UTF8_ROW("\xc2\x80\xdf\xbf", "22"),
	UTF8_ROW("\xe0\xa0\x80\xef\xbf\xbf", "33"),
	UTF8_ROW("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "44"),
	UTF8_ROW("\xed\x9f\xbf\xee\x80\x80", "33"),
	/* One past the last of each; what would have five and six bytes. */
	UTF8_ROW("\xf4\x90\x80\x80", "????"),
	UTF8_ROW("\xf7\xbf\xbf\xbf", "????"),
	UTF8_ROW("\xf8\x88\x80\x80\x80", "?????"),
	UTF8_ROW("\xfb\xbf\xbf\xbf\xbf", "?????"),
	UTF8_ROW("\xfc\x84\x80\x80\x80\x80", "??????"),
	UTF8_ROW("\xfd\xbf\xbf\xbf\xbf\xbf", "??????"),
	/* Bytes that begin nothing. */
	UTF8_ROW("\x80", "?"),
	UTF8_ROW("\xbf", "?"),
	UTF8_ROW("\x80\xbf\x80\xbf\x80\xbf\x80", "???????"),
	UTF8_ROW("a\x80z", "1?1"),
	UTF8_ROW("\xfe", "?"),
	UTF8_ROW("\xff", "?"),
	UTF8_ROW("\xff\xfe\xfe\xff", "????"),
	/* First bytes alone, each before a blank. */
	UTF8_ROW("\xc2 \xdf ", "?1?1"),
	UTF8_ROW("\xe0 \xef ", "?1?1"),
	UTF8_ROW("\xf0 \xf4 ", "?1?1"),
	UTF8_ROW("\xc0 \xc1 \xf5 \xff ", "?1?1?1?1"),
	/* Cut at each place, at the end and before something else. */
	UTF8_ROW("\xc3", "?"),
	UTF8_ROW("\xe2", "?"),
	UTF8_ROW("\xe2\x82", "?"),
	UTF8_ROW("\xf0", "?"),
	UTF8_ROW("\xf0\x9f", "?"),
	UTF8_ROW("\xf0\x9f\x91", "?"),
	UTF8_ROW("\xc3q", "?1"),
	UTF8_ROW("\xe2q\xe2\x82q", "?1?1"),
	UTF8_ROW("\xf0q\xf0\x9fq\xf0\x9f\x91q", "?1?1?1"),
	UTF8_ROW("\xc3\xe2\x82\xf0\x9f\x91\xc3\xa9", "???2"),
	UTF8_ROW("\xf0\x9f\x91\xf0\x9f\x91\x8d", "?4"),
	/* Longer than need be, the least and the most of each. */
	UTF8_ROW("\xc0\x80", "??"),
	UTF8_ROW("\xc0\xaf", "??"),
	UTF8_ROW("\xc1\xbf", "??"),
	UTF8_ROW("\xe0\x80\x80", "???"),
	UTF8_ROW("\xe0\x80\xaf", "???"),
	UTF8_ROW("\xe0\x9f\xbf", "???"),
	UTF8_ROW("\xf0\x80\x80\x80", "????"),
	UTF8_ROW("\xf0\x80\x80\xaf", "????"),
	UTF8_ROW("\xf0\x8f\xbf\xbf", "????"),
	UTF8_ROW("\xf8\x80\x80\x80\xaf", "?????"),
	UTF8_ROW("\xfc\x80\x80\x80\x80\xaf", "??????"),
	/* Halves of pairs, alone and together. */
	UTF8_ROW("\xed\xa0\x80", "???"),
	UTF8_ROW("\xed\xad\xbf", "???"),
	UTF8_ROW("\xed\xae\x80", "???"),
	UTF8_ROW("\xed\xaf\xbf", "???"),
	UTF8_ROW("\xed\xb0\x80", "???"),
	UTF8_ROW("\xed\xbe\x80", "???"),
	UTF8_ROW("\xed\xbf\xbf", "???"),
	UTF8_ROW("\xed\xa0\xbd\xed\xb1\x8d", "??????"),
	UTF8_ROW("\xed\xb1\x8d\xed\xa0\xbd", "??????"),
	/* Noncharacters, marks and what is not assigned are characters. */
	UTF8_ROW("\xef\xb7\x90\xef\xb7\xaf", "33"),
	UTF8_ROW("\xef\xbf\xbe\xef\xbf\xbf", "33"),
	UTF8_ROW("\xf0\x9f\xbf\xbe\xf3\xbf\xbf\xbf", "44"),
	UTF8_ROW("\xef\xbb\xbf", "3"),
	UTF8_ROW("\xf0\x9b\xbf\xbe", "4"),
	UTF8_ROW("\xe2\x80\xa8\xe2\x80\xae", "33"),
	/* Several mistakes, one behind the other. */
	UTF8_ROW("\xc1\xaf\xe0\x81\xbf\xf0\x82\x83Q", "????????1"),
	UTF8_ROW("\xed\xa1\x81\xed\xbe\xbe\xed\xaeQ", "????????1"),
	UTF8_ROW("\xf4\x92\x93\x94\xfe"
		 "Q\x81\xbeR",
		 "?????1??1"),
	UTF8_ROW("\xe1\x81\xe2\xf0\x92\x93\xf1\xbeQ", "????1"),
};

Test(utf8_rows, where_a_reader_begins_anew)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t *const exact = malloc(rows[i].size);
		char replaced[64];

		memcpy(exact, rows[i].text, rows[i].size);
		replace(replaced, exact, rows[i].size);
		cr_expect_str_eq(replaced, rows[i].replaced, "row %zu: %s", i, replaced);
		cr_expect_eq(utf8_valid(exact, rows[i].size), !strchr(rows[i].replaced, '?'), "row %zu", i);
		free(exact);
	}
}
