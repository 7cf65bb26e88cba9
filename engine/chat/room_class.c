#include "engine/chat/room_class.h"

#include <stdarg.h>
#include <stdio.h>

#include "engine/core/quantity.h"
#include "proto/base/word.h"

#define MESSAGES_MAX 1000000000ull
#define BYTES_MAX (1ull << 40)
#define AGE_DAYS_MAX 36500ull
#define DAY_MS 86400000ull
static const struct room_class in_memory = { .presence = true, .page_max = CHAT_PAGE_MAX };

static const struct {
	const char *name, *takes;
} keys[ROOM_KEYS] = {
#define ROOM_KEY(name, takes) { #name, takes },
#include "engine/chat/tbl/room_keys.h"
#undef ROOM_KEY
};

static const char key_names[] =
#define ROOM_KEY(name, takes) " " #name
#include "engine/chat/tbl/room_keys.h"
#undef ROOM_KEY
	;

struct parsing {
	struct room_classes *classes;
	char *why;
	size_t size;
	bool all; /* `*` was there */
};

/* How long the prefix is if the room begins with it; 0 where it does not. */
static size_t fits(const char *prefix, struct span room)
{
	size_t size = 0;

	while (prefix[size] && size < room.size && (uint8_t)prefix[size] == room.bytes[size])
		size++;
	return prefix[size] ? 0 : size;
}

const struct room_class *room_class_of(const struct room_classes *classes, struct span room)
{
	size_t longest = 0;
	uint32_t found = 0;

	if (!classes)
		return &in_memory;
	for (uint32_t i = 1; i < classes->count; i++) {
		const size_t size = fits(classes->classes[i].prefix, room);

		if (size > longest) {
			longest = size;
			found = i;
		}
	}
	return &classes->classes[found];
}

uint32_t room_class_page(const struct room_class *class, uint32_t asked)
{
	return class->page_max != 0 && asked > class->page_max ? class->page_max : asked;
}

__attribute__((format(printf, 2, 3))) static int refuse(struct parsing *parsing, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(parsing->why, parsing->size, format, arguments);
	va_end(arguments);
	return -1;
}

static const char *class_name(const struct room_class *class)
{
	return *class->prefix ? class->prefix : "*";
}

static bool read_choice(struct span value, const char *const *choices, uint32_t *which)
{
	for (*which = 0; choices[*which]; ++*which)
		if (span_equal(value, span_of(choices[*which], strlen(choices[*which]))))
			return true;
	return false;
}

static bool read_quantity(enum quantity kind, struct span value, uint64_t most, uint64_t *number)
{
	uint64_t read;

	if (!quantity_read(kind, value, &read) || read > most)
		return false;
	*number = read;
	return true;
}

/* Whether the key takes that value, which the class then has. */
static bool read_value(struct room_class *class, enum room_key key, struct span value)
{
	static const char *const kinds[] = { "memory", "disk", NULL }, *const switches[] = { "off", "on", NULL };
	static const char *const policies[] = { "catch-up", "latest", "disconnect", NULL };
	struct store_retention *kept = &class->kept;
	uint64_t page;
	uint32_t which;

	switch (key) {
	case ROOM_KEY_messages:
		return read_quantity(QUANTITY_COUNT, value, MESSAGES_MAX, &kept->messages);
	case ROOM_KEY_bytes:
		return read_quantity(QUANTITY_BYTES, value, BYTES_MAX, &kept->bytes);
	case ROOM_KEY_age:
		return read_quantity(QUANTITY_TIME, value, AGE_DAYS_MAX * DAY_MS, &kept->age_ms);
	case ROOM_KEY_page:
		if (!read_quantity(QUANTITY_COUNT, value, CHAT_PAGE_MAX, &page) || page == 0)
			return false;
		class->page_max = (uint32_t)page;
		return true;
	case ROOM_KEY_class:
		if (!read_choice(value, kinds, &which))
			return false;
		class->disk = which == 1;
		return true;
	case ROOM_KEY_presence:
		if (!read_choice(value, switches, &which))
			return false;
		class->presence = which == 1;
		return true;
	case ROOM_KEY_slow:
		if (!read_choice(value, policies, &which))
			return false;
		class->slow = (enum slow_policy)which;
		return true;
	case ROOM_KEYS:
		break;
	}
	return false;
}

static int parse_key(struct parsing *parsing, struct room_class *class, struct span word)
{
	const uint8_t *equals = memchr(word.bytes, '=', word.size);
	const struct span name = span_of(word.bytes, equals ? (size_t)(equals - word.bytes) : word.size);
	char out[WORD_SHOWN_MAX + 4];

	if (!equals)
		return refuse(parsing, "class '%s': '%s' is not of the form key=value", class_name(class),
			      word_shown(word, out));
	for (uint32_t key = 0; key < ROOM_KEYS; key++) {
		const struct span value = span_of(equals + 1, word.size - name.size - 1);

		if (!span_equal(name, span_of(keys[key].name, strlen(keys[key].name))))
			continue;
		if (class->said & 1u << key)
			return refuse(parsing, "class '%s': '%s' is said twice", class_name(class), keys[key].name);
		class->said |= 1u << key;
		if (read_value(class, (enum room_key)key, value))
			return 0;
		return refuse(parsing, "class '%s': '%s' is '%s', but takes %s", class_name(class), keys[key].name,
			      word_shown(value, out), keys[key].takes);
	}
	return refuse(parsing, "class '%s': there is no key '%s'; the keys are%s", class_name(class),
		      word_shown(name, out), key_names);
}

/* The class of a prefix that was not there yet, or NULL. */
static struct room_class *enter(struct parsing *parsing, struct span prefix)
{
	struct room_classes *classes = parsing->classes;
	char out[WORD_SHOWN_MAX + 4];
	bool twice = false;

	if (span_equal(prefix, SPAN("*"))) {
		twice = parsing->all;
		parsing->all = true;
	} else if (!chat_room_valid(prefix)) {
		refuse(parsing, "'%s' is no prefix of a room's name: 1 to 128 of A-Z a-z 0-9 _ . : @ ~ -, or * alone",
		       word_shown(prefix, out));
		return NULL;
	}
	for (uint32_t i = 1; i < classes->count; i++)
		twice |= span_equal(prefix, span_of(classes->classes[i].prefix, strlen(classes->classes[i].prefix)));
	if (twice) {
		refuse(parsing, "class '%s' is there twice", word_shown(prefix, out));
		return NULL;
	}
	if (span_equal(prefix, SPAN("*")))
		return &classes->classes[0];
	if (classes->count == ROOM_CLASSES_MAX) {
		refuse(parsing, "class '%s' is one too many: at most %d beside '*'", word_shown(prefix, out),
		       ROOM_CLASSES_MAX - 1);
		return NULL;
	}
	struct room_class *class = &classes->classes[classes->count++];

	memcpy(class->prefix, prefix.bytes, prefix.size);
	return class;
}

static int parse_class(struct parsing *parsing, struct span text)
{
	struct span word = word_take(&text);

	if (word.size == 0)
		return 0;
	struct room_class *class = enter(parsing, word);

	if (!class)
		return -1;
	while ((word = word_take(&text)).size > 0)
		if (parse_key(parsing, class, word) != 0)
			return -1;
	return 0;
}

static bool is_said(const struct room_class *class, enum room_key key)
{
	return class->said & 1u << key;
}

/* What it does not say it has from the class of all. */
static void inherit(struct room_class *class, const struct room_class *all)
{
	if (!is_said(class, ROOM_KEY_class))
		class->disk = all->disk;
	if (!is_said(class, ROOM_KEY_messages))
		class->kept.messages = all->kept.messages;
	if (!is_said(class, ROOM_KEY_bytes))
		class->kept.bytes = all->kept.bytes;
	if (!is_said(class, ROOM_KEY_age))
		class->kept.age_ms = all->kept.age_ms;
	if (!is_said(class, ROOM_KEY_presence))
		class->presence = all->presence;
	if (!is_said(class, ROOM_KEY_slow))
		class->slow = all->slow;
	if (!is_said(class, ROOM_KEY_page))
		class->page_max = all->page_max;
	class->said |= all->said;
}

/* How much is kept where nobody says it. */
static void keep_usual(struct room_class *class)
{
	if (!is_said(class, ROOM_KEY_messages))
		class->kept.messages = class->disk ? ROOM_DISK_MESSAGES : 0;
	if (!is_said(class, ROOM_KEY_bytes))
		class->kept.bytes = class->disk ? ROOM_DISK_BYTES : 0;
	if (!is_said(class, ROOM_KEY_age))
		class->kept.age_ms = 0;
}

int room_classes_parse(struct room_classes *classes, const char *text, char *why, size_t size)
{
	struct parsing parsing = { .classes = classes, .why = why, .size = size };
	const char *at = text;

	memset(classes, 0, sizeof(*classes));
	classes->count = 1;
	classes->classes[0] = (struct room_class){ .disk = true, .presence = true, .page_max = CHAT_PAGE_MAX };
	while (*at) {
		const size_t part = strcspn(at, ";");

		if (parse_class(&parsing, span_of(at, part)) != 0)
			return -1;
		at += part + (at[part] == ';');
	}
	for (uint32_t i = 1; i < classes->count; i++)
		inherit(&classes->classes[i], &classes->classes[0]);
	for (uint32_t i = 0; i < classes->count; i++)
		keep_usual(&classes->classes[i]);
	return 0;
}

int room_classes_without_disk(struct room_classes *classes, char *why, size_t size)
{
	for (uint32_t i = 0; i < classes->count; i++) {
		struct room_class *class = &classes->classes[i];

		if (class->disk && is_said(class, ROOM_KEY_class)) {
			snprintf(why, size,
				 "class '%s' says class=disk, but there is no store (--data is empty, or --store "
				 "none); name a directory with --data, or say class=memory",
				 class_name(class));
			return -1;
		}
		class->disk = false;
		keep_usual(class);
	}
	return 0;
}
