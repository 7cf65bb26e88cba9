/* How much is kept, to the number. */
#include <stdio.h>

#include "tests/unit/engine/store/backend_suite.h"

#define SIZE 9 /* of what suite_fill() appends */

static const char *kept(void)
{
	return suite_range(suite_page(CHAT_PAGE_LATEST, 0, 200));
}

void backend_case_messages_are_kept_to_the_number(void)
{
	const struct store_retention ten = { .messages = 10 };
	struct store_job job = suite_message("\"text\"");

	suite_fill(10, &ten);
	cr_assert_str_eq(kept(), "1..10");
	job.retention = ten;
	suite_append(&job, 1);
	cr_assert(job.seq == 11 && job.first == 2);
	cr_assert_str_eq(kept(), "2..11");
	suite_reopen();
	cr_assert_str_eq(kept(), "2..11");
	job.retention.messages = 3;
	suite_append(&job, 1);
	cr_assert_eq(job.first, 10);
	cr_assert_str_eq(kept(), "10..12");
	job.retention.messages = 1;
	suite_append(&job, 1);
	cr_assert_str_eq(kept(), "13..13");
}

void backend_case_bytes_are_kept_to_the_number(void)
{
	const struct store_retention ten = { .bytes = 10 * SIZE }, less = { .bytes = 10 * SIZE - 1 };
	struct store_job large = suite_message("\"text text text text te\"");

	suite_fill(10, &ten);
	cr_assert_str_eq(kept(), "1..10");
	suite_fill(1, &ten);
	cr_assert_str_eq(kept(), "2..11");
	suite_reopen();
	suite_fill(1, &ten);
	cr_assert_str_eq(kept(), "3..12");
	suite_fill(1, &less);
	cr_assert_str_eq(kept(), "5..13", "nine fit");
	large.retention = ten;
	suite_append(&large, 1); /* 27 bytes: seven of nine just fit beside it */
	cr_assert_eq(large.first, 7);
	cr_assert_str_eq(kept(), "7..14");
	suite_fill(1, &(struct store_retention){ .bytes = 2 * SIZE });
	cr_assert_str_eq(kept(), "15..15", "two would, but for the large one between");
}

void backend_case_one_event_may_be_more_than_all_bytes(void)
{
	struct store_job job = suite_message("\"text\"");

	job.retention.bytes = SIZE - 1;
	suite_append(&job, 1);
	cr_assert(job.status == STORE_OK && job.seq == 1 && job.first == 2);
	cr_assert_str_eq(kept(), "none");
	job.retention.bytes = SIZE;
	suite_append(&job, 1);
	cr_assert(job.seq == 2 && job.first == 2);
	cr_assert_str_eq(kept(), "2..2");
}

static struct store_job aged(uint64_t now_ms)
{
	struct store_job job = { .op = STORE_PAGE,
				 .room = SPAN("r"),
				 .from = CHAT_PAGE_LATEST,
				 .limit = 10,
				 .page_bytes = 1000,
				 .retention = { .age_ms = 1000 },
				 .now_ms = now_ms };

	suite_read(&job);
	return job;
}

void backend_case_age_is_kept_to_the_millisecond(void)
{
	struct store_job job = suite_message("\"text\"");

	job.retention.age_ms = 1000;
	suite_append(&job, 1);
	job.event.ts_ms = job.now_ms = SUITE_NOW + 10;
	suite_append(&job, 1);
	cr_assert_str_eq(suite_range(aged(SUITE_NOW + 999)), "1..2");
	cr_assert_str_eq(suite_range(aged(SUITE_NOW + 1000)), "2..2");
	cr_assert_str_eq(suite_range(aged(SUITE_NOW + 1009)), "2..2");
	cr_assert_str_eq(suite_range(aged(SUITE_NOW + 1010)), "none");
	struct store_job empty = aged(SUITE_NOW + 1010);

	cr_assert(empty.first == 3 && empty.last == 2);
	suite_give(&empty);
	job = suite_change(CHAT_EV_edit, "Ann", 1, "1");
	job.retention.age_ms = 1000;
	job.event.ts_ms = job.now_ms = SUITE_NOW + 1000;
	cr_assert_eq(suite_append_one(job, NULL), STORE_GONE, "too old for an edit");
	job.event.target = 2;
	cr_assert_eq(suite_append_one(job, NULL), STORE_OK);
	suite_tend(SUITE_NOW + 1009);
	cr_assert_str_eq(suite_range(suite_page(CHAT_PAGE_LATEST, 0, 10)), "2..3");
	suite_tend(SUITE_NOW + 1010);
	cr_assert_str_eq(suite_range(aged(SUITE_NOW + 1010)), "3..3");
}

void backend_case_what_is_trimmed_is_no_target_and_no_duplicate(void)
{
	struct store_job first = suite_sent("p", 1, "1");
	struct store_job react = suite_change(CHAT_EV_react, "Ann", 1, NULL);
	uint64_t seq;

	first.retention.messages = react.retention.messages = 3;
	suite_append(&first, 1);
	suite_fill(2, &first.retention);
	cr_assert_eq(suite_append_one(first, &seq), STORE_DUPLICATE, "the oldest that is kept");
	cr_assert_eq(suite_append_one(react, NULL), STORE_OK, "likewise");
	cr_assert_str_eq(kept(), "2..4");
	cr_assert_eq(suite_append_one(react, NULL), STORE_GONE);
	cr_assert_eq(suite_append_one(first, &seq), STORE_OK, "the cid went with its event");
	cr_assert_eq(seq, 5);
	cr_assert_eq(suite_append_one(first, &seq), STORE_DUPLICATE);
	cr_assert_eq(seq, 5);
	suite_tend(SUITE_NOW);
	cr_assert_eq(suite_append_one(first, &seq), STORE_DUPLICATE);
	cr_assert_eq(seq, 5);
}

void backend_case_what_is_trimmed_stays_away_when_more_is_kept(void)
{
	suite_fill(10, &(struct store_retention){ .messages = 5 });
	suite_fill(1, NULL);
	cr_assert_str_eq(kept(), "6..11");
	suite_tend(SUITE_NOW);
	suite_reopen();
	cr_assert_str_eq(kept(), "6..11");
}

void backend_case_a_room_without_events_keeps_its_last_and_epoch(void)
{
	struct store_job job = suite_message("1");

	suite_fill(200, &(struct store_retention){ .age_ms = 1000 });
	suite_tend(SUITE_NOW + 1000);
	suite_reopen();
	struct store_job load = suite_load(10);

	cr_assert(load.status == STORE_OK && load.known && load.first == 201 && load.last == 200);
	cr_assert_str_eq(load.room_epoch, SUITE_EPOCH);
	cr_assert_str_eq(suite_range(load), "none");
	job.epoch = SPAN("another");
	suite_append(&job, 1);
	cr_assert(job.seq == 201 && job.first == 201);
	load = suite_load(10);
	cr_assert_str_eq(load.room_epoch, SUITE_EPOCH);
	cr_assert_str_eq(suite_range(load), "201..201");
}

void backend_case_housekeeping_changes_nothing_that_is_kept(void)
{
	const struct store_retention ten = { .messages = 10 };

	for (int round = 1; round <= 30; round++) {
		suite_fill(37, &ten);
		suite_tend(SUITE_NOW);
		struct store_job load = suite_load(200);

		cr_assert(load.last == 37ull * (uint64_t)round && load.first == load.last - 9);
		cr_assert_eq(load.page->count, 10);
		suite_give(&load);
	}
}

static const struct store_retention second = { .age_ms = 1000 };

void backend_case_a_silent_room_keeps_what_it_is_to_keep_by_now(void)
{
	struct store_job other = suite_message("1");

	other.room = SPAN("was-it");
	other.retention = second;
	suite_append(&other, 1);
	suite_fill(3, &second);
	suite_reopen();
	suite_go_by(0);
	suite_tend(SUITE_NOW + 5000);
	cr_assert_str_eq(kept(), "1..3");
	suite_reopen();
	suite_go_by(2000);
	suite_tend(SUITE_NOW + 1999);
	cr_assert_str_eq(kept(), "1..3");
	suite_go_by(2000);
	suite_tend(SUITE_NOW + 2000);
	cr_assert_str_eq(kept(), "none");
	struct store_job gone = { .op = STORE_LOAD, .room = other.room, .limit = 10, .page_bytes = 1000 };

	suite_read(&gone);
	cr_assert(gone.known && gone.first == 2, "of it nothing is known");
	cr_assert_str_eq(suite_range(gone), "none");
}

void backend_case_a_silent_room_loses_what_it_is_not_to_keep_any_more(void)
{
	suite_fill(3, NULL);
	suite_reopen();
	suite_go_by(1000);
	suite_tend(SUITE_NOW + 999);
	cr_assert_str_eq(kept(), "1..3");
	suite_go_by(1000);
	suite_tend(SUITE_NOW + 1000);
	cr_assert_str_eq(kept(), "none");
	struct store_job load = suite_load(10);

	cr_assert(load.first == 4 && load.last == 3);
	suite_give(&load);
	suite_fill(1, &second);
	cr_assert_str_eq(kept(), "4..4");
}

/* More rooms than are looked at in a slice, the one that is asked about behind them. */
void backend_case_an_age_that_changes_meanwhile_is_that_of_all_rooms(void)
{
	static struct store_job jobs[700];
	static char names[700][8];

	for (size_t i = 0; i < 700; i++) {
		jobs[i] = suite_message("1");
		jobs[i].room = span_of(names[i], (size_t)snprintf(names[i], sizeof(names[i]), "r%zu", i));
		jobs[i].retention = second;
	}
	suite_append(jobs, 700);
	suite_fill(2, &second);
	suite_go_by(0);
	suite_tend(SUITE_NOW + 5000);
	cr_assert_str_eq(kept(), "1..2");
	suite_go_by(4000);
	suite_tend(SUITE_NOW + 3999);
	cr_assert_str_eq(kept(), "1..2");
	suite_go_by(4000);
	suite_tend(SUITE_NOW + 4000);
	cr_assert_str_eq(kept(), "none");
	for (size_t i = 0; i < 700; i++) {
		struct store_job load = { .op = STORE_LOAD, .room = jobs[i].room, .limit = 10, .page_bytes = 1000 };

		suite_read(&load);
		cr_assert_eq(load.first, 2, "%s", names[i]);
		cr_assert_str_eq(suite_range(load), "none");
	}
}
