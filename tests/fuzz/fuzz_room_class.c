/* The classes of rooms as text: refused with one line, or taken; then written out as what they mean they are read as
 * the same again, and the class of a room is that of the longest prefix. Input: a room's name, a zero, the text. */
#include <stdio.h>

#include "engine/chat/room_class.h"
#include "tests/fuzz/fuzz.h"

static bool same(const struct room_class *a, const struct room_class *b)
{
	return strcmp(a->prefix, b->prefix) == 0 && a->disk == b->disk && a->presence == b->presence &&
	       a->slow == b->slow && a->kept.messages == b->kept.messages && a->kept.bytes == b->kept.bytes &&
	       a->kept.age_ms == b->kept.age_ms && a->page_max == b->page_max;
}

static void check_again(const struct room_classes *classes)
{
	static const char *const policies[] = { "catch-up", "latest", "disconnect" };
	static char text[ROOM_CLASSES_MAX * 400];
	static struct room_classes again;
	char why[512];
	size_t at = 0;

	for (uint32_t i = 0; i < classes->count; i++) {
		const struct room_class *class = &classes->classes[i];

		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "%s class=%s presence=%s slow=%s messages=%lu bytes=%lu age=%lums page=%u;",
				       i ? class->prefix : "*", class->disk ? "disk" : "memory",
				       class->presence ? "on" : "off", policies[class->slow], class->kept.messages,
				       class->kept.bytes, class->kept.age_ms, class->page_max);
	}
	check(room_classes_parse(&again, text, why, sizeof(why)) == 0 && again.count == classes->count);
	for (uint32_t i = 0; i < classes->count; i++)
		check(same(&again.classes[i], &classes->classes[i]));
}

static void check_found(const struct room_classes *classes, struct span room)
{
	const struct room_class *best = &classes->classes[0];

	for (uint32_t i = 1; i < classes->count; i++) {
		const char *const prefix = classes->classes[i].prefix;

		if (strlen(prefix) <= room.size && memcmp(prefix, room.bytes, strlen(prefix)) == 0 &&
		    strlen(prefix) > strlen(best->prefix))
			best = &classes->classes[i];
	}
	check(room_class_of(classes, room) == best);
	check(room_class_page(best, 200) <= 200);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct room_classes classes;
	static char text[8192];
	char why[160] = "";
	struct fuzz_input input = fuzz_input_of(data, size);
	const uint8_t *const zero = size > 0 ? memchr(data, 0, size) : NULL;

	if (size >= sizeof(text))
		return 0;
	const struct span room = fuzz_take(&input, zero ? (size_t)(zero - data) : 0);
	const struct span given = fuzz_take(&input, size);

	memcpy(text, given.bytes, given.size);
	text[given.size] = 0;
	/* What is behind the zero that may stand first counts. */
	if (room_classes_parse(&classes, text + (zero != NULL), why, sizeof(why)) != 0) {
		check(why[0] && !strchr(why, '\n') && strlen(why) < sizeof(why));
		return 0;
	}
	check(classes.count >= 1 && classes.count <= ROOM_CLASSES_MAX);
	check_again(&classes);
	check_found(&classes, room);
	if (room_classes_without_disk(&classes, why, sizeof(why)) == 0)
		for (uint32_t i = 0; i < classes.count; i++)
			check(!classes.classes[i].disk);
	return 0;
}
