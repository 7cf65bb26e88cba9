/* Search: at once, and again after the housekeeping that may have made an index. */
#include "tests/unit/engine/store/backend_suite.h"

/* What is appended is found the same before and after. */
static void check_found(const char *query, const char *expected)
{
	for (int i = 0; i < 2; i++) {
		const char *found = suite_found(query, 0, 20);

		cr_assert_str_eq(found, expected, "%s: %s, not %s (%d)", query, found, expected, i);
		suite_tend(SUITE_NOW);
	}
}

static void say(const char *data)
{
	cr_assert_eq(suite_append_one(suite_message(data), NULL), STORE_OK);
}

void backend_case_messages_are_found_by_all_words(void)
{
	say("{\"text\":\"Green tea, please\"}");
	say("\"tea is out\"");
	say("[\"please\",{\"a\":[\"wait, tea\"]}]");
	say("\"teapot\"");
	check_found("tea", "1 2 3");
	say("\"TEA\"");
	check_found("tea", "1 2 3 5");
	check_found("Tea PLEASE", "1 3");
	check_found("please  tea", "1 3");
	check_found("please coffee", "");
	check_found("tea,please", "1 3");
}

void backend_case_only_strings_of_this_room_are_searched(void)
{
	struct store_job other = suite_message("\"tea\"");

	other.room = SPAN("other");
	suite_append(&other, 1);
	check_found("tea", "");
	say("{\"tea\":\"cup\",\"n\":[17,true,null]}");
	check_found("tea", "");
	check_found("17", "");
	check_found("true", "");
	check_found("cup", "1");
	say("\"t\\u0065a \\n cup\\tsaucer \\\"x\\\"\"");
	check_found("tea", "2");
	check_found("saucer cup", "2");
	check_found("x", "2");
	cr_assert_eq(suite_append_one(suite_change(CHAT_EV_react, "Ann", 1, NULL), NULL), STORE_OK);
	check_found("Ann", "");
}

void backend_case_what_is_found_goes_on_before_a_seq(void)
{
	for (int i = 0; i < 10; i++) {
		say("\"tea\"");
		say("\"cup\"");
		if (i == 5)
			suite_tend(SUITE_NOW);
	}
	cr_assert_str_eq(suite_found("tea", 0, 4), "13 15 17 19+");
	cr_assert_str_eq(suite_found("tea", 13, 4), "5 7 9 11+");
	cr_assert_str_eq(suite_found("tea", 12, 4), "5 7 9 11+");
	cr_assert_str_eq(suite_found("tea", 5, 4), "1 3");
	cr_assert_str_eq(suite_found("tea", 5, 2), "1 3");
	cr_assert_str_eq(suite_found("tea", 5, 1), "3+");
	cr_assert_str_eq(suite_found("tea", 1, 4), "");
	cr_assert_str_eq(suite_found("tea", 99, 10), "1 3 5 7 9 11 13 15 17 19");
	cr_assert_str_eq(suite_found("tea", 99, 9), "3 5 7 9 11 13 15 17 19+");
}

void backend_case_the_newest_text_is_found(void)
{
	struct store_job job = { .op = STORE_SEARCH,
				 .room = SPAN("r"),
				 .query = SPAN("milk"),
				 .limit = 5,
				 .page_bytes = 1000,
				 .now_ms = SUITE_NOW };

	say("\"tea\"");
	say("\"cup\"");
	for (int i = 0; i < 2; i++) { /* within what is indexed, and before that */
		cr_assert_eq(suite_append_one(suite_change(CHAT_EV_edit, "Ann", 1, "\"coffee\""), NULL), STORE_OK);
		check_found("tea", "");
		check_found("coffee", "1");
		cr_assert_eq(suite_append_one(suite_change(CHAT_EV_edit, "Ann", 1, "\"milk\""), NULL), STORE_OK);
		check_found("coffee", "");
	}
	suite_search(&job);
	cr_assert(job.status == STORE_OK && job.page->count == 1);
	cr_assert(span_equal(job.page->events[0].data, SPAN("\"milk\"")) && job.page->events[0].rev == 4);
	cr_assert(job.page->events[0].seq == 1 && job.page->events[0].kind == CHAT_EV_msg);
	cr_assert(span_equal(job.page->events[0].from, SPAN("Ann")) && job.page->events[0].ts_ms == SUITE_NOW);
	suite_give(&job);
	check_found("cup", "2");
}

void backend_case_edits_of_old_messages_are_found_in_their_place(void)
{
	static const uint64_t order[] = { 4, 2, 1, 5, 3 };

	for (int i = 0; i < 5; i++)
		say("\"tea\"");
	say("\"milk\"");
	suite_tend(SUITE_NOW);
	for (int i = 0; i < 5; i++)
		cr_assert_eq(suite_append_one(suite_change(CHAT_EV_edit, "Ann", order[i], "\"milk\""), NULL), STORE_OK);
	cr_assert_str_eq(suite_found("tea", 0, 9), "");
	cr_assert_str_eq(suite_found("milk", 0, 2), "5 6+");
	cr_assert_str_eq(suite_found("milk", 0, 1), "6+");
	check_found("milk", "1 2 3 4 5 6");
}

void backend_case_deleted_messages_are_not_found(void)
{
	say("\"tea one\"");
	say("\"tea two\"");
	say("\"tea three\"");
	suite_tend(SUITE_NOW);
	say("\"tea four\"");
	cr_assert_eq(suite_append_one(suite_change(CHAT_EV_del, "Ann", 3, NULL), NULL), STORE_OK);
	cr_assert_eq(suite_append_one(suite_change(CHAT_EV_del, "Ann", 4, NULL), NULL), STORE_OK);
	cr_assert_str_eq(suite_found("tea", 0, 1), "2+", "they take nobody's place");
	check_found("tea", "1 2");
	cr_assert_eq(suite_append_one(suite_change(CHAT_EV_edit, "Ann", 1, "\"tea five\""), NULL), STORE_OK);
	cr_assert_eq(suite_append_one(suite_change(CHAT_EV_del, "Ann", 1, NULL), NULL), STORE_OK);
	check_found("tea", "2");
	check_found("five", "");
	check_found("one", "");
}

void backend_case_trimmed_messages_are_not_found(void)
{
	struct store_job job = suite_message("\"tea\"");

	job.retention.messages = 3;
	for (int i = 0; i < 6; i++)
		suite_append(&job, 1);
	check_found("tea", "4 5 6");
	suite_append(&job, 1);
	cr_assert_str_eq(suite_found("tea", 0, 20), "5 6 7");
	for (int i = 0; i < 100; i++)
		suite_append(&job, 1);
	check_found("tea", "105 106 107");
}

void backend_case_no_query_is_an_error_of_the_store(void)
{
	static const char *const odd[] = {
		"tea AND",     "tea OR cup", "NOT tea",      "NEAR(tea cup)",   "tea + cup",     "^tea",
		"{tea}: cup",  "text:tea",   "\"tea",        "tea\"cup\"",      "tea'; --",      "(tea",
		"tea)",        "tea : *",    "tea\\",        "tea & ! cup",     "tea <-> cup",   "tea:*",
		"%tea_",       "$1 ?1 :a",   "\xff\xfe tea", "tea\xc3\xa9\xcc", "* * \" \" tea", "- tea -",
		"tea\x01\x02", "{ tea }",    "[tea]",        "tea|cup",
	};

	say("\"tea and cup\"");
	for (int round = 0; round < 2; round++) {
		cr_assert_str_eq(suite_found("", 0, 5), "bad");
		cr_assert_str_eq(suite_found(" \t ", 0, 5), "bad");
		cr_assert_str_eq(suite_found("\" ( ) \" * - . ,", 0, 5), "bad");
		cr_assert_str_eq(suite_found("\u0301", 0, 5), "bad", "a mark has nothing to stand on");
		cr_assert_str_eq(suite_found("\"\u0301\" - \u0300\u036f", 0, 5), "bad");
		cr_assert_str_eq(suite_found("\u0301tea - \u0300\u036f cup", 0, 5), "1");
		for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
			cr_assert_str_neq(suite_found(odd[i], 0, 5), "error", "%s", odd[i]);
		for (int byte = 1; byte < 256; byte++) {
			const char query[] = { 't', 'e', 'a', ' ', (char)byte, ' ', 'c', 'u', 'p', 0 };
			const char within[] = { 't', (char)byte, (char)byte, 0 };

			cr_assert_str_neq(suite_found(query, 0, 5), "error", "%d", byte);
			cr_assert_str_neq(suite_found(within, 0, 5), "error", "%d", byte);
		}
		suite_tend(SUITE_NOW);
	}
	cr_assert_str_eq(suite_found("tea, (cup)!", 0, 5), "1");
}
