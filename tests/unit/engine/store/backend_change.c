/* Edits, deletions and reactions: what they may be about, and what becomes of that. */
#include "tests/unit/engine/store/backend_suite.h"

void backend_case_only_a_kept_message_is_a_target(void)
{
	static const enum chat_event_kind kinds[] = { CHAT_EV_edit, CHAT_EV_del, CHAT_EV_react };
	uint64_t seq;

	cr_assert_eq(suite_append_one(suite_change(CHAT_EV_react, "Ann", 1, NULL), NULL), STORE_GONE, "no such room");
	suite_fill(2, NULL);
	cr_assert_eq(suite_append_one(suite_change(CHAT_EV_react, "Ann", 1, NULL), NULL), STORE_OK); /* 3 */
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(suite_append_one(suite_change(kinds[i], "Ann", 0, "1"), NULL), STORE_GONE);
		cr_assert_eq(suite_append_one(suite_change(kinds[i], "Ann", 3, "1"), NULL), STORE_GONE, "no message");
		cr_assert_eq(suite_append_one(suite_change(kinds[i], "Ann", 4, "1"), NULL), STORE_GONE, "not yet");
		cr_assert_eq(suite_append_one(suite_change(kinds[i], "Ann", UINT64_MAX, "1"), NULL), STORE_GONE);
		cr_assert_eq(suite_append_one(suite_change(kinds[i], "Ann", (1ull << 32) + 1, "1"), NULL), STORE_GONE);
	}
	cr_assert_eq(suite_append_one(suite_change(CHAT_EV_del, "Ann", 2, NULL), &seq), STORE_OK);
	cr_assert_eq(seq, 4, "no seq is lost to what is refused");
	for (int i = 0; i < 3; i++)
		cr_assert_eq(suite_append_one(suite_change(kinds[i], "Ann", 2, "1"), NULL), STORE_GONE, "deleted");
	cr_assert_eq(suite_append_one(suite_change(CHAT_EV_edit, "Ann", 1, "1"), NULL), STORE_OK); /* 5 */
	for (int i = 0; i < 3; i++)
		cr_assert_eq(suite_append_one(suite_change(kinds[i], "Ann", 5, "1"), NULL), STORE_GONE, "an edit");
}

void backend_case_only_the_author_edits_and_deletes(void)
{
	suite_fill(1, NULL);
	cr_assert_eq(suite_append_one(suite_change(CHAT_EV_edit, "Bob", 1, "1"), NULL), STORE_FORBIDDEN);
	cr_assert_eq(suite_append_one(suite_change(CHAT_EV_del, "Bob", 1, NULL), NULL), STORE_FORBIDDEN);
	cr_assert_eq(suite_append_one(suite_change(CHAT_EV_del, "Anna", 1, NULL), NULL), STORE_FORBIDDEN);
	cr_assert_eq(suite_append_one(suite_change(CHAT_EV_del, "An", 1, NULL), NULL), STORE_FORBIDDEN);
	cr_assert_eq(suite_append_one(suite_change(CHAT_EV_react, "Bob", 1, NULL), NULL), STORE_OK);
	cr_assert_eq(suite_append_one(suite_change(CHAT_EV_edit, "Ann", 1, "1"), NULL), STORE_OK);
	cr_assert_eq(suite_append_one(suite_change(CHAT_EV_del, "Ann", 1, NULL), NULL), STORE_OK);
}

void backend_case_edits_are_counted(void)
{
	struct store_job edit = suite_change(CHAT_EV_edit, "Ann", 1, "\"new\"");

	suite_fill(2, NULL);
	for (uint32_t rev = 1; rev <= 3; rev++) { /* 3 4 5 */
		suite_append(&edit, 1);
		cr_assert(edit.status == STORE_OK && edit.rev == rev);
		suite_reopen();
	}
	edit.event.target = 2;
	suite_append(&edit, 1);
	cr_assert_eq(edit.rev, 1, "each message has its own count");
	struct store_job page = suite_page(CHAT_PAGE_AFTER, 0, 10);

	cr_assert(span_equal(page.page->events[0].data, SPAN("\"text\"")), "a message keeps its first data");
	for (uint32_t i = 2; i < 5; i++)
		cr_assert(page.page->events[i].rev == i - 1 && page.page->events[i].target == 1 &&
			  span_equal(page.page->events[i].data, SPAN("\"new\"")));
	suite_give(&page);
}

void backend_case_a_deletion_drops_data_for_good(void)
{
	static const bool gone[] = { true, false, true, false, true, false };

	suite_fill(2, NULL);
	cr_assert_eq(suite_append_one(suite_change(CHAT_EV_edit, "Ann", 1, "\"3\""), NULL), STORE_OK);
	cr_assert_eq(suite_append_one(suite_change(CHAT_EV_edit, "Ann", 2, "\"4\""), NULL), STORE_OK);
	cr_assert_eq(suite_append_one(suite_change(CHAT_EV_edit, "Ann", 1, "\"5\""), NULL), STORE_OK);
	cr_assert_eq(suite_append_one(suite_change(CHAT_EV_del, "Ann", 1, NULL), NULL), STORE_OK);
	for (int i = 0; i < 2; i++) {
		struct store_job page = suite_page(CHAT_PAGE_AFTER, 0, 10);

		cr_assert_eq(page.page->count, 6);
		for (uint32_t at = 0; at < 6; at++) {
			const struct chat_event *event = &page.page->events[at];

			cr_assert_eq(event->deleted, gone[at], "%u", at + 1);
			cr_assert_eq(!event->data.bytes, gone[at] || event->kind == CHAT_EV_del, "%u", at + 1);
			cr_assert(span_equal(event->from, SPAN("Ann")));
		}
		suite_give(&page);
		suite_reopen();
	}
}

void backend_case_a_target_may_be_of_the_same_batch(void)
{
	struct store_job jobs[] = { suite_message("1"), suite_change(CHAT_EV_edit, "Ann", 1, "2"),
				    suite_change(CHAT_EV_edit, "Ann", 1, "3"),
				    suite_change(CHAT_EV_del, "Ann", 1, NULL),
				    suite_change(CHAT_EV_edit, "Ann", 1, "4") };

	suite_append(jobs, 5);
	for (int i = 0; i < 4; i++)
		cr_assert(jobs[i].status == STORE_OK && jobs[i].seq == (uint64_t)i + 1);
	cr_assert(jobs[1].rev == 1 && jobs[2].rev == 2 && jobs[4].status == STORE_GONE);
	struct store_job page = suite_page(CHAT_PAGE_AFTER, 0, 10);

	for (int i = 0; i < 3; i++)
		cr_assert(page.page->events[i].deleted && !page.page->events[i].data.bytes);
	suite_give(&page);
}

void backend_case_a_refused_change_leaves_no_trace(void)
{
	struct store_job refused = suite_change(CHAT_EV_edit, "Bob", 1, "1");

	suite_fill(1, NULL);
	refused.event.producer = SPAN("p");
	refused.event.number = 1;
	cr_assert_eq(suite_append_one(refused, NULL), STORE_FORBIDDEN);
	cr_assert_eq(suite_append_one(refused, NULL), STORE_FORBIDDEN, "its cid is not taken");
	cr_assert_eq(suite_append_one(suite_sent("p", 1, "1"), NULL), STORE_OK);
	cr_assert_str_eq(suite_range(suite_load(10)), "1..2");
}
