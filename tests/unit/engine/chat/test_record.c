/* A record is a copy: whatever happens to what it was made from, and no byte more than it says. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "engine/chat/record.h"
#include "engine/core/slab.h"
#include "tests/unit/refused.h"

/* Copies the text to an allocation of exactly its size, so that reading past it is seen. */
static struct span exact(const char *text)
{
	const size_t size = strlen(text);
	uint8_t *bytes = malloc(size);

	memcpy(bytes, text, size);
	return span_of(bytes, size);
}

static void let_go(struct span span)
{
	memset((void *)(uintptr_t)span.bytes, '#', span.size);
	free((void *)(uintptr_t)span.bytes);
}

static struct chat_event full(void)
{
	return (struct chat_event){
		.kind = CHAT_EV_msg,
		.room = exact("general"),
		.from = exact("Ann"),
		.seq = 7,
		.ts_ms = 1795229320123,
		.producer = exact("8f1c"),
		.number = 9,
		.data = exact("{\"text\":\"hello\"}"),
		.key = exact("+1"),
		.target = 3,
		.rev = 2,
		.on = true,
	};
}

static void forget(struct chat_event *event)
{
	let_go(event->room);
	let_go(event->from);
	let_go(event->producer);
	let_go(event->data);
	let_go(event->key);
}

static bool inside(const struct record *record, struct span span)
{
	return span.bytes >= record->bytes && span.bytes + span.size <= (const uint8_t *)record + record->size;
}

static void expect_rest(const struct chat_event *event)
{
	cr_assert(event->kind == CHAT_EV_msg && event->seq == 7 && event->ts_ms == 1795229320123);
	cr_assert(event->number == 9 && event->target == 3 && event->rev == 2 && event->on);
	cr_assert(span_equal(event->from, SPAN("Ann")));
	cr_assert(span_equal(event->producer, SPAN("8f1c")));
	cr_assert(span_equal(event->key, SPAN("+1")));
}

Test(record, outlives_what_it_was_made_from)
{
	struct chat_event event = full();
	struct record *record = record_make(&event);

	forget(&event);
	expect_rest(&record->event);
	cr_assert(span_equal(record->event.data, SPAN("{\"text\":\"hello\"}")));
	cr_assert_null(record->event.room.bytes, "the log knows its room");
	cr_assert(inside(record, record->event.from) && inside(record, record->event.producer));
	cr_assert(inside(record, record->event.data) && inside(record, record->event.key));
	cr_assert_eq(record->size, sizeof(*record) + strlen("Ann8f1c{\"text\":\"hello\"}+1"));
	record_give(record);
	cr_assert_eq(block_bytes_out(), 0);
}

Test(record, absent_stays_absent_and_empty_stays_empty)
{
	const struct chat_event event = { .kind = CHAT_EV_msg, .from = SPAN("A"), .data = SPAN("") };
	struct record *record = record_make(&event);

	cr_assert_null(record->event.producer.bytes);
	cr_assert_null(record->event.key.bytes);
	cr_assert_not_null(record->event.data.bytes);
	cr_assert_eq(record->event.data.size, 0);
	record_give(record);
}

Test(record, an_event_is_copied_to_exactly_its_bytes)
{
	struct chat_event event = full(), copy;
	const size_t size = event_bytes(&event);
	uint8_t *bytes = malloc(size);

	cr_assert_eq(size, strlen("generalAnn8f1c{\"text\":\"hello\"}+1"));
	cr_assert_eq(event_copy(&copy, &event, bytes), bytes + size);
	forget(&event);
	expect_rest(&copy);
	cr_assert(span_equal(copy.room, SPAN("general")));
	cr_assert(span_equal(copy.data, SPAN("{\"text\":\"hello\"}")));
	free(bytes);
}

Test(record, deleting_lets_go_of_the_data_alone)
{
	struct chat_event event = full();
	struct record *record = record_make(&event);

	record->kept_ms = 42;
	const uint32_t before = record->size;

	record = record_delete(record);
	forget(&event);
	expect_rest(&record->event);
	cr_assert(record->event.deleted);
	cr_assert_null(record->event.data.bytes);
	cr_assert_eq(record->kept_ms, 42, "its age goes on");
	cr_assert_eq(record->size, before - strlen("{\"text\":\"hello\"}"));
	cr_assert_eq(block_bytes_out(), record->size, "the first record is gone");
	record = record_delete(record);
	expect_rest(&record->event);
	record_give(record);
	cr_assert_eq(block_bytes_out(), 0);
}

Test(record, without_memory_the_data_goes_all_the_same)
{
	struct chat_event event = full();
	struct record *record = record_make(&event);
	const uint32_t before = record->size;

	refused_arm(REFUSED_malloc, 1, 2, ENOMEM);
	cr_assert_null(record_make(&event));
	cr_assert_eq(record_delete(record), record);
	cr_assert(refused_came());
	forget(&event);
	expect_rest(&record->event);
	cr_assert(record->event.deleted && !record->event.data.bytes);
	cr_assert_eq(record->size, before, "of the block");
	record_give(record);
	cr_assert_eq(block_bytes_out(), 0);
}
