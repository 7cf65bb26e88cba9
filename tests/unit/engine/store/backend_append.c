/* What is appended: seqs, fields, cids. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/engine/store/backend_suite.h"

void backend_case_seqs_are_dense_in_each_room(void)
{
	struct store_job jobs[] = { suite_message("1"), suite_message("2"), suite_message("3") };
	uint64_t seq;

	jobs[1].room = SPAN("other");
	suite_append(jobs, 3);
	cr_assert(jobs[0].seq == 1 && jobs[1].seq == 1 && jobs[2].seq == 2);
	cr_assert(jobs[0].status == STORE_OK && jobs[0].first == 1 && jobs[0].ts_ms == SUITE_NOW);
	suite_reopen();
	cr_assert_eq(suite_append_one(suite_message("4"), &seq), STORE_OK);
	cr_assert_eq(seq, 3);
	cr_assert_str_eq(suite_range(suite_load(10)), "1..3");
}

static void check_same(const struct chat_event *got, const struct chat_event *event)
{
	cr_assert_eq(got->kind, event->kind);
	cr_assert_eq(got->ts_ms, event->ts_ms);
	cr_assert_eq(got->number, event->number);
	cr_assert_eq(got->target, event->target);
	cr_assert_eq(got->on, event->on);
	cr_assert(span_equal(got->from, event->from) && span_equal(got->producer, event->producer));
	cr_assert(span_equal(got->data, event->data) && span_equal(got->key, event->key));
	cr_assert(!got->producer.bytes == !event->producer.bytes && !got->data.bytes == !event->data.bytes);
	cr_assert(!got->deleted);
}

void backend_case_every_field_comes_back(void)
{
	struct store_job jobs[] = { suite_sent("prod", 7, "{\"text\":\"h\xc3\xa9\"}"),
				    suite_change(CHAT_EV_react, "Bob", 1, NULL),
				    suite_change(CHAT_EV_react, "Bob", 1, NULL),
				    suite_change(CHAT_EV_edit, "Ann", 1, "\"new\"") };

	jobs[1].event.ts_ms = SUITE_NOW + 1;
	jobs[2].event.on = false;
	jobs[3].event.producer = SPAN("prod");
	jobs[3].event.number = 8;
	suite_append(jobs, 4);
	suite_reopen();
	struct store_job page = suite_page(CHAT_PAGE_AFTER, 0, 10);

	cr_assert(page.status == STORE_OK && page.page && page.page->count == 4 && !page.page->more);
	for (uint32_t i = 0; i < 4; i++) {
		cr_assert_eq(page.page->events[i].seq, i + 1);
		check_same(&page.page->events[i], &jobs[i].event);
	}
	cr_assert_eq(page.page->events[3].rev, 1);
	suite_give(&page);
}

void backend_case_absent_and_empty_are_not_the_same(void)
{
	struct store_job job = suite_message("1");
	struct store_job react = suite_change(CHAT_EV_react, "Ann", 1, NULL);

	suite_append(&job, 1);
	react.event.key = span_of("", 0);
	suite_append(&react, 1);
	struct store_job page = suite_page(CHAT_PAGE_AFTER, 0, 10);

	cr_assert(!page.page->events[0].key.bytes && !page.page->events[0].producer.bytes);
	cr_assert(page.page->events[1].key.bytes && page.page->events[1].key.size == 0);
	cr_assert(!page.page->events[1].data.bytes);
	suite_give(&page);
}

static char *filled(size_t size, char with)
{
	char *text = malloc(size + 1);

	memset(text, with, size);
	text[size] = 0;
	return text;
}

void backend_case_the_largest_event_is_kept(void)
{
	char *data = filled(CHAT_DATA_SIZE_MAX, 'd');
	char *producer = filled(CHAT_PRODUCER_SIZE_MAX, 'p');
	char *name = filled(CHAT_NAME_SIZE_MAX, 'n');
	char *room = filled(CHAT_ROOM_SIZE_MAX, 'r');
	struct store_job job;
	struct store_job load = { .op = STORE_LOAD, .limit = 1, .page_bytes = 1 << 20, .now_ms = SUITE_NOW };

	data[0] = data[CHAT_DATA_SIZE_MAX - 1] = '"';
	job = suite_sent(producer, CHAT_INTEGER_MAX, data);
	job.room = load.room = suite_text(room);
	job.event.from = suite_text(name);
	cr_assert_eq(suite_append_one(job, NULL), STORE_OK);
	cr_assert_eq(suite_append_one(job, NULL), STORE_DUPLICATE);
	suite_read(&load);
	cr_assert(load.status == STORE_OK && load.known && load.page->count == 1);
	check_same(&load.page->events[0], &job.event);
	suite_give(&load);
	room[CHAT_ROOM_SIZE_MAX - 1] = 's';
	suite_read(&load);
	cr_assert(!load.known, "names that differ in their last byte");
	free(data);
	free(producer);
	free(name);
	free(room);
}

void backend_case_the_first_epoch_is_the_rooms(void)
{
	struct store_job job = suite_message("1");

	suite_append(&job, 1);
	job.epoch = SPAN("another");
	suite_append(&job, 1);
	cr_assert_eq(job.seq, 2);
	struct store_job load = suite_load(10);

	cr_assert_str_eq(load.room_epoch, SUITE_EPOCH);
	suite_give(&load);
}

void backend_case_who_looks_for_a_cid_keeps_nothing(void)
{
	struct store_job jobs[] = { suite_sent("p", 1, "1"), suite_sent("p", 1, "2"), suite_sent("p", 2, "3"),
				    suite_sent("p", 2, "4"), suite_sent("p", 2, "5") };

	jobs[1].look = jobs[2].look = jobs[4].look = true;
	jobs[1].event.ts_ms = SUITE_NOW + 5;
	jobs[2].event.kind = CHAT_EV_edit; /* of what is not there: nobody asks */
	jobs[2].event.target = 9;
	suite_append(jobs, 5);
	cr_assert(jobs[0].status == STORE_OK && jobs[3].status == STORE_OK && jobs[3].seq == 2);
	cr_assert(jobs[1].status == STORE_DUPLICATE && jobs[1].seq == 1 && jobs[1].ts_ms == SUITE_NOW);
	cr_assert_eq(jobs[2].status, STORE_ABSENT);
	cr_assert(jobs[4].status == STORE_DUPLICATE && jobs[4].seq == 2);
	cr_assert_str_eq(suite_range(suite_page(CHAT_PAGE_LATEST, 0, 10)), "1..2");
}

void backend_case_a_cid_is_kept_once(void)
{
	struct store_job twice[] = { suite_sent("p", 1, "1"), suite_message("2"), suite_sent("p", 1, "3") };
	struct store_job again = suite_sent("p", 1, "4");

	twice[2].event.ts_ms = SUITE_NOW + 5;
	suite_append(twice, 3);
	cr_assert(twice[0].status == STORE_OK && twice[1].status == STORE_OK);
	cr_assert(twice[2].status == STORE_DUPLICATE && twice[2].seq == 1 && twice[2].ts_ms == SUITE_NOW);
	for (int i = 0; i < 2; i++) {
		again.event.ts_ms = again.now_ms = SUITE_NOW + 9;
		again.event.data = SPAN("4");
		again.event.kind = i == 0 ? CHAT_EV_msg : CHAT_EV_edit; /* whatever it is now */
		again.event.target = i == 0 ? 0 : 1;
		suite_append(&again, 1);
		cr_assert(again.status == STORE_DUPLICATE && again.seq == 1 && again.ts_ms == SUITE_NOW);
		cr_assert_eq(again.first, 1);
		suite_reopen();
	}
	uint64_t seq;

	cr_assert_eq(suite_append_one(suite_message("5"), &seq), STORE_OK);
	cr_assert_eq(seq, 3, "no seq is lost to a duplicate");
}

void backend_case_a_cid_is_of_its_room_producer_and_number(void)
{
	struct store_job other = suite_sent("p", 1, "1");
	struct store_job jobs[] = { suite_sent("p", 1, "1"), suite_sent("p", 2, "1"), suite_sent("q", 1, "1"),
				    suite_sent("", 1, "1"),  suite_sent("p", 0, "1"), suite_message("1"),
				    suite_message("1") };

	suite_append(jobs, 7);
	for (int i = 0; i < 7; i++)
		cr_assert(jobs[i].status == STORE_OK && jobs[i].seq == (uint64_t)i + 1, "%d", i);
	other.room = SPAN("other");
	cr_assert_eq(suite_append_one(other, NULL), STORE_OK);
	cr_assert_eq(suite_append_one(suite_sent("", 1, "1"), NULL), STORE_DUPLICATE);
	other.event.number = 9;
	cr_assert_eq(suite_append_one(other, NULL), STORE_OK);
	cr_assert_eq(suite_append_one(suite_sent("p", 9, "1"), NULL), STORE_OK, "sent to a younger room before");
}

static struct store_job sent_by(const char *from, const char *producer, uint64_t number)
{
	struct store_job job = suite_sent(producer, number, "1");

	job.event.from = suite_text(from);
	return job;
}

/* What each is answered with: a seq of its own, or that of the earlier one. */
static void check_dups(struct store_job *jobs, size_t count, const uint64_t *earlier)
{
	for (size_t i = 0; i < count; i++) {
		cr_assert_eq(jobs[i].status, earlier[i] ? STORE_DUPLICATE : STORE_OK, "%zu: %d", i, jobs[i].status);
		cr_assert(!earlier[i] || jobs[i].seq == earlier[i], "%zu: %lu", i, jobs[i].seq);
	}
}

void backend_case_a_cid_is_its_authors(void)
{
	struct store_job jobs[] = { suite_message("1"),
				    suite_change(CHAT_EV_react, "Bob", 1, NULL),
				    sent_by("Ann", "p", 2),
				    sent_by("Ann", "p", 2),
				    sent_by("Bob", "p", 2),
				    sent_by("~Ann", "p", 2),
				    sent_by("Anna", "p", 2),
				    sent_by("guest-aaaaaaaaaa", "p", 2),
				    suite_change(CHAT_EV_edit, "Ann", 1, "2") };
	struct store_job again[] = { sent_by("Bob", "p", 2), sent_by("Ann", "p", 2), sent_by("Anna", "p", 2),
				     sent_by("Cat", "p", 2), sent_by("Cat", "p", 2) };

	jobs[1].event.producer = jobs[8].event.producer = SPAN("p");
	jobs[1].event.number = jobs[8].event.number = 2;
	suite_append(jobs, 9);
	check_dups(jobs, 9, (const uint64_t[]){ 0, 0, 0, 3, 2, 0, 0, 0, 3 });
	suite_reopen();
	suite_append(again, 5);
	check_dups(again, 5, (const uint64_t[]){ 2, 3, 5, 0, 7 });
	cr_assert_str_eq(suite_range(suite_page(CHAT_PAGE_LATEST, 0, 20)), "1..7");
}

void backend_case_given_names_are_one_author(void)
{
	struct store_job jobs[] = { sent_by("guest-lllllllllk", "p", 1),  sent_by("guest-", "p", 1),
				    sent_by("guest-abcdefghij", "p", 1),  sent_by("guest-kmnpqrstuv", "p", 1),
				    sent_by("guest-wxyz234567", "p", 1),  sent_by("~guest-kmnpqrstuv", "p", 1),
				    sent_by("~guest-8989898989", "p", 1), sent_by("guest-abcdefghi", "p", 1),
				    sent_by("guest-abcdefghijk", "p", 1), sent_by("guest-abcdefghio", "p", 1),
				    sent_by("guest-0abcdefghi", "p", 1),  sent_by("Guest-abcdefghij", "p", 1),
				    sent_by("@guest-abcdefghi", "p", 1),  sent_by("guest-\u00e9bcdefghi", "p", 1) };
	const uint64_t earlier[] = { 0, 0, 0, 3, 3, 0, 4, 0, 0, 0, 0, 0, 0, 0 };

	suite_append(jobs, 14);
	check_dups(jobs, 14, earlier);
}

void backend_case_a_cid_that_is_trimmed_is_its_authors(void)
{
	struct store_job jobs[] = { sent_by("Bob", "p", 1), sent_by("Ann", "p", 1), suite_message("3"),
				    sent_by("Bob", "p", 1), sent_by("Ann", "p", 1), sent_by("Bob", "p", 1) };

	for (int i = 0; i < 6; i++)
		jobs[i].retention.messages = i < 3 ? 2 : 3;
	suite_append(jobs, 6);
	check_dups(jobs, 6, (const uint64_t[]){ 0, 0, 0, 0, 2, 4 });
	cr_assert_eq(jobs[3].seq, 4, "Bob's went with its event, Ann's did not");
}

void backend_case_a_batch_of_a_thousand_goes_to_a_hundred_rooms(void)
{
	static struct store_job jobs[1000];
	static char names[100][8];

	for (uint32_t batch = 0; batch < 2; batch++) {
		for (uint32_t i = 0; i < 1000; i++) {
			snprintf(names[i % 100], sizeof(names[0]), "r%u", i % 100);
			jobs[i] = suite_sent("p", batch * 1000 + i, "1");
			jobs[i].room = suite_text(names[i % 100]);
		}
		suite_append(jobs, 1000);
		for (uint32_t i = 0; i < 1000; i++)
			cr_assert(jobs[i].status == STORE_OK && jobs[i].seq == batch * 10 + i / 100 + 1, "%u", i);
	}
}

void backend_case_more_rooms_than_are_remembered(void)
{
	static struct store_job jobs[1000];
	static char names[1000][16];

	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t batch = 0; batch < 70; batch++) {
			for (uint32_t i = 0; i < 1000; i++) {
				snprintf(names[i], sizeof(names[0]), "room-%u-%u", batch, i);
				jobs[i] = suite_message("1");
				jobs[i].room = suite_text(names[i]);
			}
			suite_append(jobs, 1000);
			for (uint32_t i = 0; i < 1000; i++)
				cr_assert(jobs[i].status == STORE_OK && jobs[i].seq == round + 1);
		}
}
