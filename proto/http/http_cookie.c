#include "proto/http/http_cookie.h"

/* Takes the next name=value off a list. Size 0 at the end. */
static struct span pair_next(struct span *list)
{
	struct span pair;

	do {
		const uint8_t *semicolon = memchr(list->bytes, ';', list->size);
		const size_t size = semicolon ? (size_t)(semicolon - list->bytes) : list->size;
		const size_t taken = size + (semicolon != NULL);

		pair = http_trim(span_of(list->bytes, size));
		*list = span_of(list->bytes + taken, list->size - taken);
	} while (pair.size == 0 && list->size > 0);
	return pair;
}

static size_t find(struct span list, struct span name, struct span *value)
{
	struct span pair;
	size_t count = 0;

	while (list.size > 0 && (pair = pair_next(&list)).size > 0) {
		if (pair.size <= name.size || memcmp(pair.bytes, name.bytes, name.size) != 0 ||
		    pair.bytes[name.size] != '=')
			continue;
		*value = span_of(pair.bytes + name.size + 1, pair.size - name.size - 1);
		count++;
	}
	return count;
}

size_t http_cookie_find(const struct http_head *head, struct span name, struct span *value)
{
	size_t count = 0;

	*value = SPAN_NONE;
	for (uint32_t i = 0; i < head->field_count; i++)
		if (http_text_is(head->fields[i].name, "cookie"))
			count += find(head->fields[i].value, name, value);
	return count;
}
