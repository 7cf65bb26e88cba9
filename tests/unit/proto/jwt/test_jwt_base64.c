#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/jwt/jwt_base64.h"

/* From and into memory of exactly their sizes. NULL: refused. */
static uint8_t *decode(const char *text, size_t *size)
{
	uint8_t *from = malloc(strlen(text) + 1), *out;
	struct span span;

	memcpy(from, text, strlen(text));
	span = span_of(from, strlen(text));
	*size = jwt_base64_bytes(span.size);
	out = malloc(*size + 1);
	const bool right = jwt_base64_decode(out, span);

	free(from);
	if (right)
		return out;
	free(out);
	return NULL;
}

static bool is(const char *text, const char *bytes)
{
	size_t size;
	uint8_t *out = decode(text, &size);
	const bool same = out && size == strlen(bytes) && memcmp(out, bytes, size) == 0;

	free(out);
	return same;
}

Test(jwt_base64, vectors_of_the_rfc)
{
	cr_assert(is("", ""));
	cr_assert(is("Zg", "f"));
	cr_assert(is("Zm8", "fo"));
	cr_assert(is("Zm9v", "foo"));
	cr_assert(is("Zm9vYg", "foob"));
	cr_assert(is("Zm9vYmE", "fooba"));
	cr_assert(is("Zm9vYmFy", "foobar"));
	cr_assert(is("-_-_", "\xfb\xff\xbf"));
}

Test(jwt_base64, one_spelling_alone)
{
	static const char *const wrong[] = {
		"Z",      "Zm9vY", /* no number of bytes */
		"Zg==",   "Zm8=",   "Zm9v====", "=", /* padding */
		"+_-_",   "/_-_",   "Zm9 ",     " Zm9v", /* another alphabet, blanks */
		"Zm9v\n", "Zm\n9v", "Zm9v.",    "Zm9\xc3\xa4", "Zh", "Zv", "Zm9", "Zm/", /* bits behind the last byte */
	};
	size_t size;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert_null(decode(wrong[i], &size), "%s", wrong[i]);
}

/* Every pair and triple of letters: right exactly when what it stands for is written so. */
Test(jwt_base64, every_tail)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t size, right = 0;

	for (int first = 0; first < 256; first++)
		for (int second = 0; second < 256; second++) {
			const char text[3] = { (char)first, (char)second, 0 };
			const char *b = second ? strchr(letters, second) : NULL;
			uint8_t *out = first && second ? decode(text, &size) : NULL;

			if (!out)
				continue;
			cr_assert(strchr(letters, first) && b && (b - letters) % 16 == 0);
			cr_assert_eq(out[0], (strchr(letters, first) - letters) << 2 | (b - letters) >> 4);
			right++;
			free(out);
		}
	cr_assert_eq(right, 256);
}
