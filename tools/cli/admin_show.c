#include "tools/cli/admin_show.h"

#include <stdio.h>
#include <time.h>

#include "proto/json/json_scan.h"
#include "proto/json/json_string.h"
#include "proto/utf8/utf8.h"
#include "tools/cli/element.h"
#include "tools/cli/escape.h"

#define COLUMNS_MAX 16
#define CELL_WIDTH_MAX 60

/* Cuts the key and the value of the next member off an object's token, which is whole at first. */
static bool member_next(struct span *rest, struct span *key, struct span *value)
{
	struct span element;

	if (!element_next(rest, &element) || element.bytes[0] != '"')
		return false;

	size_t end = 1;

	while (end < element.size && element.bytes[end] != '"')
		end += element.bytes[end] == '\\' ? 2 : 1;
	*key = span_of(element.bytes, end + 1);
	for (end++; end < element.size && (element.bytes[end] == ' ' || element.bytes[end] == ':'); end++)
		;
	*value = span_of(element.bytes + end, element.size - end);
	return true;
}

static bool begins(struct span token, char with)
{
	return token.size > 0 && token.bytes[0] == (uint8_t)with;
}

/* A value as people read it, on one line. */
static void put_value(struct text *out, struct span token)
{
	struct text room = { 0 };
	struct span value = token;

	if (begins(token, '"') && json_string(&value, token, text_room(&room, token.size), token.size) > 0)
		escape_put(out, value, ESCAPE_PEOPLE);
	else
		escape_put(out, token, ESCAPE_JSON);
	text_free(&room);
}

static bool is_key(struct span key, const char *name)
{
	return key.size == strlen(name) + 2 && memcmp(key.bytes + 1, name, key.size - 2) == 0;
}

/* Milliseconds since 1970 are a date for people. */
static bool put_date(struct text *out, struct span key, struct span token)
{
	char stamp[32];
	uint64_t ms;

	if (!(is_key(key, "ts") || is_key(key, "until") || is_key(key, "time")) || !json_integer(&ms, token) || ms == 0)
		return false;

	const time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S", &tm);
	text_puts(out, stamp);
	return true;
}

/* Columns on a screen, about: letters. */
static size_t width_of(struct span text)
{
	size_t width = 0;

	for (size_t i = 0; i < text.size; i++)
		width += (text.bytes[i] & 0xc0) != 0x80;
	return width;
}

static void fill_cell(struct text *cell, struct span key, struct span token)
{
	text_clear(cell);
	if (!put_date(cell, key, token))
		put_value(cell, token);
	if (width_of(text_span(cell)) <= CELL_WIDTH_MAX)
		return;

	size_t at = 0;

	for (size_t width = 0; at < cell->size; at++) {
		width += (cell->bytes[at] & 0xc0) != 0x80;
		if (width > CELL_WIDTH_MAX - 3)
			break;
	}
	cell->size = at;
	text_puts(cell, "...");
}

struct columns {
	struct span keys[COLUMNS_MAX];
	size_t widths[COLUMNS_MAX];
	size_t count;
};

static struct span find(struct span object, struct span key)
{
	struct span rest = object, name, value;

	while (member_next(&rest, &name, &value))
		if (span_equal(name, key))
			return value;
	return SPAN("\"\"");
}

static void put_blanks(struct text *out, size_t count)
{
	while (count-- > 0)
		text_puts(out, " ");
}

static void put_row(struct text *out, struct columns *columns, struct span object, bool measure)
{
	struct text cell = { 0 };

	for (size_t i = 0; i < columns->count; i++) {
		fill_cell(&cell, columns->keys[i], find(object, columns->keys[i]));
		const size_t width = width_of(text_span(&cell));

		if (measure) {
			columns->widths[i] = width > columns->widths[i] ? width : columns->widths[i];
			continue;
		}
		text_put(out, text_span(&cell));
		if (i + 1 < columns->count)
			put_blanks(out, columns->widths[i] - width + 2);
	}
	if (!measure)
		text_puts(out, "\n");
	text_free(&cell);
}

static void put_heads(struct text *out, const struct columns *columns)
{
	for (size_t i = 0; i < columns->count; i++) {
		struct text head = { 0 };

		put_value(&head, columns->keys[i]);
		text_put(out, text_span(&head));
		if (i + 1 < columns->count)
			put_blanks(out, columns->widths[i] - width_of(text_span(&head)) + 2);
		text_free(&head);
	}
	text_puts(out, "\n");
}

/* As it is shown, which may be wider than it was sent. */
static size_t head_width(struct span key)
{
	struct text head = { 0 };

	put_value(&head, key);
	const size_t width = width_of(text_span(&head));
	text_free(&head);
	return width;
}

static void put_table(struct text *out, struct span array)
{
	struct columns columns = { .count = 0 };
	struct span rest = array, element, key, value;

	while (element_next(&rest, &element)) {
		struct span members = element;

		while (member_next(&members, &key, &value)) {
			size_t i = 0;

			while (i < columns.count && !span_equal(columns.keys[i], key))
				i++;
			if (i == columns.count && i < COLUMNS_MAX) {
				columns.widths[i] = head_width(key);
				columns.keys[columns.count++] = key;
			}
		}
	}
	for (rest = array; element_next(&rest, &element);)
		put_row(out, &columns, element, true);
	put_heads(out, &columns);
	for (rest = array; element_next(&rest, &element);)
		put_row(out, &columns, element, false);
}

static void put_list(struct text *out, struct span array)
{
	struct span rest = array, element;

	if (element_next(&rest, &element) && begins(element, '{')) {
		put_table(out, array);
		return;
	}
	for (rest = array; element_next(&rest, &element);) {
		put_value(out, element);
		text_puts(out, "\n");
	}
}

static void put_member(struct text *out, struct span key, struct span value)
{
	struct text cell = { 0 };

	if (begins(value, '[')) {
		put_value(out, key);
		text_puts(out, ":\n");
		put_list(out, value);
		return;
	}
	put_value(out, key);
	text_puts(out, ": ");
	if (!put_date(&cell, key, value))
		put_value(&cell, value);
	text_put(out, text_span(&cell));
	text_puts(out, "\n");
	text_free(&cell);
}

void admin_show(struct text *out, struct span json)
{
	struct span rest = json, key, value;

	if (begins(json, '[')) {
		put_list(out, json);
	} else if (begins(json, '{')) {
		while (member_next(&rest, &key, &value))
			put_member(out, key, value);
	} else {
		put_value(out, json);
		text_puts(out, "\n");
	}
}

bool admin_error(struct text *out, struct span json)
{
	const struct json_name names[] = { { "error" } };
	const struct json_name inner[] = { { "code" }, { "message" } };
	struct json_value error, parts[2];

	if (!utf8_valid(json.bytes, json.size) || json_scan_object(&error, names, 1, json.bytes, json.size) < 0 ||
	    error.type != JSON_OBJECT || json_scan_object(parts, inner, 2, error.token.bytes, error.token.size) < 0 ||
	    parts[0].type != JSON_STRING)
		return false;
	put_value(out, parts[0].token);
	text_puts(out, ": ");
	if (parts[1].type == JSON_STRING)
		put_value(out, parts[1].token);
	return true;
}
