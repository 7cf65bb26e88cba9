#include "engine/ops/exposition.h"

#include <string.h>

#include "engine/core/check.h"
#include "proto/json/json_write.h"

static void put(struct exposition *out, struct span text)
{
	if ((size_t)(out->end - out->at) < text.size) {
		out->full = true;
		return;
	}
	out->at = (char *)json_write_raw((uint8_t *)out->at, text);
}

static void put_text(struct exposition *out, const char *text)
{
	put(out, span_of(text, strlen(text)));
}

static void put_name(struct exposition *out, const struct exposition_name *name)
{
	put_text(out, name->prefix);
	put_text(out, name->name);
	put_text(out, name->suffix);
}

void exposition_head(struct exposition *out, const struct exposition_name *name, const char *kind, const char *help)
{
	put_text(out, "# HELP ");
	put_name(out, name);
	put_text(out, " ");
	put_text(out, help);
	put_text(out, "\n# TYPE ");
	put_name(out, name);
	put_text(out, " ");
	put_text(out, kind);
	put_text(out, "\n");
}

/* Of a label's value the backslash, the quote and the line feed are escaped. */
static void put_value(struct exposition *out, struct span value)
{
	for (size_t i = 0; i < value.size; i++) {
		const uint8_t byte = value.bytes[i];

		if (byte == '\n')
			put_text(out, "\\n");
		else if (byte == '"' || byte == '\\')
			put(out, span_of((const char[]){ '\\', (char)byte }, 2));
		else
			put(out, span_of(&value.bytes[i], 1));
	}
}

static void put_number(struct exposition *out, uint64_t value, uint32_t places)
{
	uint8_t text[JSON_U64_SIZE_MAX + 1];
	uint64_t whole = value, one = 1;

	for (uint32_t i = 0; i < places; i++)
		one *= 10;
	whole = value / one;
	put(out, span_of(text, (size_t)(json_write_u64(text, whole) - text)));
	if (value == whole * one)
		return;
	put_text(out, ".");
	/* The zeros before it are those of a number with a one before them. */
	const size_t size = (size_t)(json_write_u64(text, one + value % one) - text);

	CHECK(size == places + 1);
	put(out, span_of(text + 1, places));
}

void exposition_line(struct exposition *out, const struct exposition_name *name, const struct exposition_label *labels,
		     size_t label_count, uint64_t value, uint32_t places)
{
	char *const begun = out->at;
	bool first = true;

	put_name(out, name);
	for (size_t i = 0; i < label_count; i++) {
		if (!labels[i].value.bytes)
			continue;
		put_text(out, first ? "{" : ",");
		put_text(out, labels[i].name);
		put_text(out, "=\"");
		put_value(out, labels[i].value);
		put_text(out, "\"");
		first = false;
	}
	put_text(out, first ? " " : "} ");
	put_number(out, value, places);
	put_text(out, "\n");
	if (out->full)
		out->at = begun;
}
