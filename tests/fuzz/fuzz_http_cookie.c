/* A request's cookies by their names, beside the plainest reading there is. Input: the size of a name, the name, and up
 * to four lines: a field each. */
#include "proto/http/http_cookie.h"
#include "tests/fuzz/fuzz.h"

#define FIELDS 4
#define NAME_MAX 15

static struct fuzz_exact exact;

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

/* Byte by byte: what a pair is, is known once its semicolon is. */
static size_t plainly(struct span list, struct span name, struct span *value)
{
	size_t count = 0;

	for (size_t at = 0; at < list.size;) {
		size_t begin = at, end = at;

		while (end < list.size && list.bytes[end] != ';')
			end++;
		at = end + 1;
		while (begin < end && is_blank(list.bytes[begin]))
			begin++;
		while (begin < end && is_blank(list.bytes[end - 1]))
			end--;
		if (end - begin <= name.size || list.bytes[begin + name.size] != '=')
			continue;
		if (!span_equal(span_of(list.bytes + begin, name.size), name))
			continue;
		*value = span_of(list.bytes + begin + name.size + 1, end - begin - name.size - 1);
		count++;
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_head head;
	struct span value = SPAN_NONE, found;
	size_t count = 0;

	if (size < 2 || size > 2000)
		return 0;
	const size_t name_size = 1 + data[0] % NAME_MAX;
	const uint8_t *at = fuzz_exact(&exact, data + 1, size - 1), *const end = at + size - 1;

	if (name_size >= size - 1)
		return 0;
	const struct span name = span_of(at, name_size);

	at += name_size;
	for (head.field_count = 0; head.field_count < FIELDS; head.field_count++) {
		const uint8_t *line = memchr(at, '\n', (size_t)(end - at));
		const uint8_t *stop = line && head.field_count < FIELDS - 1 ? line : end;
		const struct span text = span_of(at, (size_t)(stop - at));
		const bool other = text.size > 0 && text.bytes[0] == '!'; /* of another name */

		head.fields[head.field_count] = (struct http_field){ other ? SPAN("cookie2") : SPAN("cOOkie"), text };
		count += other ? 0 : plainly(text, name, &value);
		at = stop == end ? end : stop + 1;
		if (stop == end) {
			head.field_count++;
			break;
		}
	}
	check(http_cookie_find(&head, name, &found) == count);
	check(found.bytes == value.bytes && found.size == value.size);
	return 0;
}
