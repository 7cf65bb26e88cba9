/* What a room has besides its log, and what a moderator may do to others' messages. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/engine/store/backend_suite.h"

/* Appends a message that changes the state of the room; NULL: leaves it as it is. */
static void say(const char *room, const char *state)
{
	struct store_job job = suite_message("1");

	job.room = suite_text(room);
	job.state = suite_text(state);
	cr_assert_eq(suite_append_one(job, NULL), STORE_OK);
}

static struct span state_of(const struct store_job *job)
{
	return job->kept_state ? span_of(job->kept_state->bytes, job->kept_state->count) : SPAN_NONE;
}

static void check_state(const char *room, const char *expected)
{
	struct store_job load = {
		.op = STORE_LOAD, .room = suite_text(room), .limit = 2, .page_bytes = 1 << 20, .now_ms = SUITE_NOW
	};

	suite_read(&load);
	cr_assert_eq(load.status, STORE_OK);
	cr_assert_eq(!load.kept_state, !expected, "%s", expected);
	cr_assert(span_equal(state_of(&load), suite_text(expected)), "%.*s, not %s", (int)state_of(&load).size,
		  (const char *)state_of(&load).bytes, expected);
	suite_give(&load);
}

void backend_case_a_state_comes_back_with_the_load(void)
{
	check_state("r", NULL);
	say("r", NULL);
	check_state("r", NULL);
	say("r", "{\"bans\":[]}");
	check_state("r", "{\"bans\":[]}");
	suite_reopen();
	check_state("r", "{\"bans\":[]}");
	say("r", NULL);
	suite_reopen();
	check_state("r", "{\"bans\":[]}");
	say("r", "a");
	say("r", "bc");
	check_state("r", "bc");
	suite_tend(SUITE_NOW);
	suite_reopen();
	check_state("r", "bc");
	say("r", "");
	check_state("r", NULL);
	suite_reopen();
	check_state("r", NULL);
	say("r", "again");
	check_state("r", "again");
	cr_assert_str_eq(suite_range(suite_load(20)), "1..7");
}

void backend_case_a_state_is_its_rooms_and_the_last_of_a_batch(void)
{
	static const char *const rooms[] = { "a", "b", "a", "c", "b" }, *const states[] = { "1", "2", "3", NULL, NULL };
	struct store_job jobs[5];

	for (int i = 0; i < 5; i++) {
		jobs[i] = suite_message("1");
		jobs[i].room = suite_text(rooms[i]);
		jobs[i].state = suite_text(states[i]);
	}
	suite_append(jobs, 5);
	for (int i = 0; i < 2; i++) {
		check_state("a", "3");
		check_state("b", "2");
		check_state("c", NULL);
		suite_reopen();
	}
}

void backend_case_what_is_not_kept_changes_no_state(void)
{
	struct store_job again = suite_sent("p", 1, "1"), alien = suite_change(CHAT_EV_edit, "Bob", 1, "1"),
			 gone = suite_change(CHAT_EV_del, "Ann", 7, NULL);

	again.state = SPAN("kept");
	cr_assert_eq(suite_append_one(again, NULL), STORE_OK);
	again.state = SPAN("said twice");
	cr_assert_eq(suite_append_one(again, NULL), STORE_DUPLICATE);
	check_state("r", "kept");
	alien.state = SPAN("not Bob's to change");
	cr_assert_eq(suite_append_one(alien, NULL), STORE_FORBIDDEN);
	check_state("r", "kept");
	gone.state = SPAN("");
	cr_assert_eq(suite_append_one(gone, NULL), STORE_GONE);
	check_state("r", "kept");
	gone.room = SPAN("new");
	gone.state = SPAN("of no room");
	cr_assert_eq(suite_append_one(gone, NULL), STORE_GONE);
	check_state("new", NULL);
}

void backend_case_the_largest_state_is_kept(void)
{
	uint8_t *bytes = malloc(STORE_STATE_SIZE_MAX);
	struct store_job job = suite_message("1"), load;

	for (size_t i = 0; i < STORE_STATE_SIZE_MAX; i++)
		bytes[i] = (uint8_t)(i ^ i >> 8);
	for (size_t size = STORE_STATE_SIZE_MAX; size > 0; size /= 8) {
		job.state = span_of(bytes, size);
		cr_assert_eq(suite_append_one(job, NULL), STORE_OK);
		suite_reopen();
		load = suite_load(10);
		cr_assert(span_equal(state_of(&load), job.state), "%zu bytes", size);
		suite_give(&load);
	}
	free(bytes);
}

/* Of whatever was said nothing may be left, and who is banned still is. */
void backend_case_a_state_outlives_all_events(void)
{
	struct store_job job = suite_message("1");

	job.state = SPAN("banned");
	job.retention.age_ms = 1000;
	cr_assert_eq(suite_append_one(job, NULL), STORE_OK);
	suite_tend(SUITE_NOW + 5000);
	suite_reopen();
	struct store_job load = suite_load(10);

	cr_assert(load.known && load.first == 2 && load.last == 1);
	cr_assert(span_equal(state_of(&load), SPAN("banned")));
	suite_give(&load);
}

void backend_case_a_page_has_no_state(void)
{
	struct store_job page, search = { .op = STORE_SEARCH,
					  .room = SPAN("r"),
					  .query = SPAN("tea"),
					  .limit = 5,
					  .page_bytes = 1000,
					  .now_ms = SUITE_NOW };
	struct store_job job = suite_message("\"tea\"");

	job.state = SPAN("state");
	cr_assert_eq(suite_append_one(job, NULL), STORE_OK);
	page = suite_page(CHAT_PAGE_LATEST, 0, 10);
	cr_assert(page.status == STORE_OK && page.page->count == 1 && !page.kept_state);
	suite_give(&page);
	suite_search(&search);
	cr_assert(search.status == STORE_OK && search.page->count == 1 && !search.kept_state);
	suite_give(&search);
}

void backend_case_a_moderator_deletes_others_messages(void)
{
	struct store_job del = suite_change(CHAT_EV_del, "Mod", 1, NULL),
			 edit = suite_change(CHAT_EV_edit, "Mod", 2, "1");

	suite_fill(2, NULL);
	cr_assert_eq(suite_append_one(del, NULL), STORE_FORBIDDEN);
	del.moderator = true;
	edit.moderator = true;
	cr_assert_eq(suite_append_one(edit, NULL), STORE_FORBIDDEN, "nobody puts words into another's mouth");
	cr_assert_eq(suite_append_one(del, NULL), STORE_OK);
	cr_assert_eq(suite_append_one(del, NULL), STORE_GONE);
	struct store_job page = suite_page(CHAT_PAGE_LATEST, 0, 10);

	cr_assert(page.page->count == 3 && page.page->events[0].deleted && !page.page->events[0].data.bytes);
	cr_assert(span_equal(page.page->events[0].from, SPAN("Ann")) &&
		  span_equal(page.page->events[2].from, SPAN("Mod")) && page.page->events[2].target == 1);
	suite_give(&page);
}

/* It is in the log as any event, is about no message, and is none: not to be changed, and not found. */
void backend_case_an_act_of_moderation_is_kept(void)
{
	static const enum chat_event_kind kinds[] = { CHAT_EV_edit, CHAT_EV_del, CHAT_EV_react };
	struct store_job job = suite_change(CHAT_EV_mod, "Mod", 0, "{\"act\":\"ban\",\"reason\":\"tea\"}"), load;

	job.event.key = SPAN("ban");
	job.state = SPAN("state");
	cr_assert_eq(suite_append_one(job, NULL), STORE_OK, "in a room without a message");
	for (int i = 0; i < 3; i++) {
		struct store_job change = suite_change(kinds[i], "Mod", 1, "1");

		change.moderator = true;
		cr_assert_eq(suite_append_one(change, NULL), STORE_GONE);
	}
	suite_tend(SUITE_NOW);
	cr_assert_str_eq(suite_found("tea", 0, 5), "");
	suite_reopen();
	load = suite_load(10);
	cr_assert_eq(load.page->count, 1);
	const struct chat_event *event = &load.page->events[0];

	cr_assert(event->kind == CHAT_EV_mod && event->seq == 1 && event->target == 0 && !event->deleted);
	cr_assert(span_equal(event->from, SPAN("Mod")) && span_equal(event->key, SPAN("ban")));
	cr_assert(span_equal(event->data, SPAN("{\"act\":\"ban\",\"reason\":\"tea\"}")));
	cr_assert(span_equal(state_of(&load), SPAN("state")));
	suite_give(&load);
}
