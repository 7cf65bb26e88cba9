/* Moderation in rooms of class memory and of class disk: who may do what, and what it does. */
#include "engine/chat/home_mod.h"
#include "engine/core/log.h"
#include "tests/unit/engine/chat/disk_fixture.h"

#define MEMBER CHAT_RIGHTS_MEMBER
#define MODERATOR (CHAT_RIGHTS_MEMBER | CHAT_RIGHT_moderate)
#define ROOM SPAN("mem:a")

static void setup(void)
{
	log_setup(LOG_OFF, false);
	disk_setup();
}

#include "tests/unit/refused.h"

#include <errno.h>

TestSuite(home_mod, .init = setup, .fini = disk_teardown);

static void as(uint8_t rights, const char *user, struct chat_command command)
{
	rights_now = rights;
	if (!command.room.bytes)
		command.room = ROOM;
	run(user[0] == 'B' ? 1 : 0, span_of(user, strlen(user)), command);
	rights_now = CHAT_RIGHTS_MEMBER;
}

#define AS(rights, user, ...) as(rights, user, (struct chat_command){ __VA_ARGS__ })
#define MOD(rights, user, act_, whom_, ...)                                                                            \
	AS(rights, user, .op = CHAT_OP_mod, .act = CHAT_MOD_##act_, .whom = SPAN(whom_), ##__VA_ARGS__)
#define SEND(rights, user) AS(rights, user, .op = CHAT_OP_send, .data = SPAN("1"))

static void expect_ack(uint32_t core)
{
	const struct mail *mail;
	bool acked = false;

	while ((mail = next_mail(core)) != NULL) {
		const struct mail_reply *reply = (const struct mail_reply *)mail;

		if (mail->kind != MAIL_REPLY)
			continue;
		cr_assert_eq(reply->reply.kind, CHAT_REPLY_ACK, "%s", chat_error_name(reply->reply.error));
		acked = true;
	}
	cr_assert(acked);
	hush();
}

/* The answer, whatever the room says before it. */
static const struct chat_reply *answered(uint32_t core)
{
	const struct mail *mail;

	while ((mail = next_mail(core)) != NULL && mail->kind != MAIL_REPLY)
		;
	cr_assert_not_null(mail, "core %u hears no answer", core);
	return &((const struct mail_reply *)mail)->reply;
}

static uint32_t expect_refusal(uint32_t core, enum chat_error error)
{
	const struct chat_reply *reply = expect_reply(core, CHAT_REPLY_ERROR);
	const uint32_t retry_ms = reply->retry_ms;

	cr_assert_eq(reply->error, error, "%s", chat_error_name(reply->error));
	expect_silence();
	return retry_ms;
}

/* Ann, who is asked for nothing special, and Bob of core 1. */
static void meet(void)
{
	AS(MEMBER, "Ann", .op = CHAT_OP_join, .limit = 5);
	AS(MEMBER, "Bob", .op = CHAT_OP_join, .limit = 5);
	hush();
}

Test(home_mod, every_op_takes_its_right)
{
	static const struct {
		enum chat_op op;
		uint8_t right;
	} rows[] = {
		{ CHAT_OP_send, CHAT_RIGHT_send },         { CHAT_OP_edit, CHAT_RIGHT_send },
		{ CHAT_OP_react, CHAT_RIGHT_send },        { CHAT_OP_typing, CHAT_RIGHT_send },
		{ CHAT_OP_history, CHAT_RIGHT_history },   { CHAT_OP_search, CHAT_RIGHT_history },
		{ CHAT_OP_presence, CHAT_RIGHT_presence }, { CHAT_OP_read, CHAT_RIGHT_read },
	};

	meet();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		AS((uint8_t)~rows[i].right, "Ann", .op = rows[i].op, .data = SPAN("1"), .query = SPAN("a"));
		expect_refusal(0, CHAT_ERR_forbidden);
		AS(rows[i].right, "Ann", .op = rows[i].op, .data = SPAN("1"), .query = SPAN("a"), .limit = 1);
		for (const struct mail *mail; (mail = next_mail(0)) != NULL;)
			cr_assert(mail->kind != MAIL_REPLY ||
				  ((const struct mail_reply *)mail)->reply.error != CHAT_ERR_forbidden);
		hush();
	}
	AS((uint8_t)~CHAT_RIGHT_read, "Cat", .op = CHAT_OP_join);
	expect_refusal(0, CHAT_ERR_forbidden);
	AS((uint8_t)~CHAT_RIGHT_read, "Cat", .op = CHAT_OP_join, .room = SPAN("mem:new"));
	expect_refusal(0, CHAT_ERR_forbidden);
	cr_assert_null(room_find(home, SPAN("mem:new"), directory_hash(&names, SPAN("mem:new"))));
	AS(0, "Ann", .op = CHAT_OP_leave);
	cr_assert_eq(answered(0)->kind, CHAT_REPLY_EMPTY);
}

Test(home_mod, a_join_shows_nothing_of_before_to_who_may_not_look_back)
{
	const struct chat_reply *reply;

	meet();
	SEND(MEMBER, "Bob");
	hush();
	AS(CHAT_RIGHT_read, "Cat", .op = CHAT_OP_join, .limit = 5);
	reply = answered(0);
	cr_assert(reply->kind == CHAT_REPLY_JOIN && reply->page.event_count == 0 && reply->page.last == 1 &&
		  !reply->page.more);
}

Test(home_mod, a_ban_is_told_kept_and_holds)
{
	const struct chat_event *event;

	meet();
	MOD(MEMBER, "Ann", ban, "Bob");
	expect_refusal(0, CHAT_ERR_forbidden);
	MOD(MODERATOR, "Ann", ban, "Bob", .for_s = 60, .reason = SPAN("\"a\""));
	event = expect_event(1, CHAT_EV_mod);
	cr_assert(span_equal(event->key, SPAN("ban")));
	cr_assert(span_equal(event->data, SPAN("{\"act\":\"ban\",\"user\":\"Bob\",\"until\":1795229380000,"
					       "\"reason\":\"\\\"a\\\"\"}")),
		  "%.*s", (int)event->data.size, (const char *)event->data.bytes);
	cr_assert(span_equal(event->from, SPAN("Ann")) && event->seq == 1);
	expect_ack(0);
	SEND(MEMBER, "Bob");
	cr_assert_eq(expect_refusal(1, CHAT_ERR_banned), 60000, "what was on its way");
	AS(MEMBER, "Bob", .op = CHAT_OP_leave, .id = 0);
	hush();
	wall_ms += 59999;
	AS(MEMBER, "Bob", .op = CHAT_OP_join);
	cr_assert_eq(expect_refusal(1, CHAT_ERR_banned), 1);
	wall_ms += 1;
	AS(MEMBER, "Bob", .op = CHAT_OP_join);
	cr_assert_eq(answered(1)->kind, CHAT_REPLY_JOIN);
}

Test(home_mod, a_mute_a_lock_and_a_slow_room)
{
	meet();
	MOD(MODERATOR, "Ann", mute, "Bob");
	expect_ack(0);
	SEND(MEMBER, "Bob");
	cr_assert_eq(expect_refusal(1, CHAT_ERR_muted), 0, "for ever");
	AS(MEMBER, "Bob", .op = CHAT_OP_typing);
	expect_silence();
	AS(MEMBER, "Bob", .op = CHAT_OP_react, .target = 1, .key = SPAN("+"));
	expect_refusal(1, CHAT_ERR_muted);
	MOD(MODERATOR, "Ann", unmute, "Bob");
	expect_ack(0);
	SEND(MEMBER, "Bob");
	expect_ack(1);
	MOD(MODERATOR, "Ann", lock, "");
	expect_refusal(0, CHAT_ERR_forbidden);
	MOD(CHAT_RIGHT_manage, "Ann", lock, "");
	expect_ack(0);
	SEND(MEMBER, "Bob");
	expect_refusal(1, CHAT_ERR_read_only);
	SEND(MODERATOR, "Ann");
	expect_ack(0);
	MOD(CHAT_RIGHT_manage, "Ann", unlock, "");
	expect_ack(0);
	AS(CHAT_RIGHT_manage, "Ann", .op = CHAT_OP_mod, .act = CHAT_MOD_slow, .every_s = 10);
	expect_ack(0);
	SEND(MEMBER, "Bob");
	expect_ack(1);
	now_ms += 9999;
	SEND(MEMBER, "Bob");
	cr_assert_eq(expect_refusal(1, CHAT_ERR_slow_mode), 1);
	SEND(MODERATOR, "Ann");
	expect_ack(0);
	SEND(MODERATOR, "Ann");
	expect_ack(0);
	now_ms += 1;
	SEND(MEMBER, "Bob");
	expect_ack(1);
}

/* A retry whose first answer was lost must not learn that it may not speak. */
Test(home_mod, what_was_said_before_is_acknowledged_again)
{
	meet();
	AS(MEMBER, "Bob", .op = CHAT_OP_send, .data = SPAN("1"), .producer = SPAN("p"), .number = 1);
	hush();
	MOD(MODERATOR, "Ann", mute, "Bob");
	hush();
	AS(MEMBER, "Bob", .op = CHAT_OP_send, .data = SPAN("1"), .producer = SPAN("p"), .number = 1);
	cr_assert(expect_reply(1, CHAT_REPLY_ACK)->duplicate);
}

/* Other rules, or another token, while they are in. */
static void renewed(uint8_t rights, const char *user)
{
	const struct chat_command none = { .room = ROOM };

	rights_now = rights;
	run_as(1, span_of(user, strlen(user)), MAIL_OP_RIGHTS, &none, false);
	rights_now = MEMBER;
	expect_silence();
}

/* Of a user's connections one is enough, whichever spoke last. */
Test(home_mod, who_moderates_by_one_connection_is_a_moderator)
{
	meet();
	AS(MODERATOR, "Bob", .op = CHAT_OP_join);
	AS(MEMBER, "Bob", .op = CHAT_OP_presence);
	hush();
	MOD(MODERATOR, "Ann", mute, "Bob");
	expect_refusal(0, CHAT_ERR_forbidden);
	AS(MODERATOR, "Bob", .op = CHAT_OP_leave);
	hush();
	MOD(MODERATOR, "Ann", mute, "Bob");
	expect_ack(0);
}

Test(home_mod, who_moderates_no_longer_is_moderated)
{
	meet();
	renewed(CHAT_RIGHT_read | CHAT_RIGHT_manage, "Bob");
	MOD(MODERATOR, "Ann", mute, "Bob");
	expect_refusal(0, CHAT_ERR_forbidden);
	renewed(MEMBER, "Bob");
	MOD(MODERATOR, "Ann", mute, "Bob");
	expect_ack(0);
}

Test(home_mod, who_moderates_is_moderated_by_managers_alone)
{
	meet();
	renewed(MODERATOR, "Bob");
	MOD(MODERATOR, "Ann", kick, "Bob");
	expect_refusal(0, CHAT_ERR_forbidden);
	MOD(MODERATOR, "Ann", ban, "Bob");
	expect_refusal(0, CHAT_ERR_forbidden);
	MOD(CHAT_RIGHT_manage, "Ann", mute, "Bob");
	expect_ack(0);
	SEND(MODERATOR, "Bob");
	expect_refusal(1, CHAT_ERR_muted);
	MOD(MODERATOR, "Bob", unmute, "Bob");
	expect_refusal(1, CHAT_ERR_forbidden);
	MOD(MODERATOR, "Ann", kick, "Zoe");
	expect_refusal(0, CHAT_ERR_conflict);
	MOD(MODERATOR, "Ann", unban, "Zoe");
	expect_refusal(0, CHAT_ERR_conflict);
}

Test(home_mod, a_moderator_deletes_what_others_said_and_edits_nothing)
{
	meet();
	SEND(MEMBER, "Bob");
	hush();
	AS(MEMBER, "Ann", .op = CHAT_OP_del, .target = 1);
	expect_refusal(0, CHAT_ERR_forbidden);
	AS(MODERATOR, "Ann", .op = CHAT_OP_edit, .target = 1, .data = SPAN("2"));
	expect_refusal(0, CHAT_ERR_forbidden);
	AS(MODERATOR, "Ann", .op = CHAT_OP_del, .target = 1);
	expect_ack(0);
	SEND(MEMBER, "Bob");
	hush();
	AS(CHAT_RIGHT_manage, "Ann", .op = CHAT_OP_del, .target = 3);
	expect_ack(0);
}

Test(home_mod, a_silent_room_is_remembered_as_long_as_something_holds)
{
	const uint64_t hash = directory_hash(&names, ROOM);

	meet();
	MOD(MODERATOR, "Ann", ban, "Bob", .for_s = 7200);
	AS(MEMBER, "Ann", .op = CHAT_OP_leave);
	AS(MEMBER, "Bob", .op = CHAT_OP_leave);
	hush();
	now_ms += 3600001;
	wall_ms += 3600001;
	home_tick(home, now_ms, wall_ms);
	cr_assert_eq(room_find(home, ROOM, hash)->log.count, 0, "its log is too old");
	now_ms += 3600000;
	wall_ms += 3600000;
	home_tick(home, now_ms, wall_ms);
	home_tick(home, now_ms, wall_ms);
	cr_assert_null(room_find(home, ROOM, hash));
}

static uint8_t saved[MODERATION_SIZE_MAX];
static size_t saved_size;

static int save(void *context, struct span room, struct span state)
{
	(void)context;
	cr_assert(span_equal(room, ROOM) && saved_size == 0);
	memcpy(saved, state.bytes, state.size);
	saved_size = state.size;
	return 0;
}

Test(home_mod, a_state_outlives_a_restart)
{
	meet();
	MOD(MODERATOR, "Ann", ban, "Bob");
	MOD(CHAT_RIGHT_manage, "Ann", lock, "");
	AS(CHAT_RIGHT_manage, "Ann", .op = CHAT_OP_mod, .act = CHAT_MOD_slow, .every_s = 10);
	hush();
	cr_assert_eq(home_save_states(home, save, NULL), 0);
	cr_assert_gt(saved_size, 0);
	disk_teardown();
	memset(held, 0, sizeof(held));
	disk_setup();
	cr_assert_eq(home_restore_state(home, ROOM, span_of(saved, saved_size), wall_ms), 0);
	cr_assert_lt(home_restore_state(home, ROOM, span_of(saved, saved_size), wall_ms), 0, "twice");
	cr_assert_lt(home_restore_state(home, SPAN("mem:b"), span_of(saved, saved_size - 1), wall_ms), 0);
	AS(MEMBER, "Bob", .op = CHAT_OP_join);
	expect_refusal(1, CHAT_ERR_banned);
	AS(MEMBER, "Ann", .op = CHAT_OP_join);
	hush();
	SEND(MEMBER, "Ann");
	expect_refusal(0, CHAT_ERR_read_only);
	MOD(CHAT_RIGHT_manage, "Ann", unlock, "");
	expect_ack(0);
	SEND(MEMBER, "Ann");
	expect_ack(0);
	SEND(MEMBER, "Ann");
	cr_assert_eq(expect_refusal(0, CHAT_ERR_slow_mode), 10000);
}

Test(home_mod, from_outside_no_member_is_needed_and_nothing_is_left_behind)
{
	const uint64_t hash = directory_hash(&names, ROOM);

	outside_now = true;
	MOD(MODERATOR, "@key", kick, "Bob");
	expect_refusal(0, CHAT_ERR_conflict);
	cr_assert_null(room_find(home, ROOM, hash));
	AS(MEMBER, "@key", .op = CHAT_OP_join);
	expect_refusal(0, CHAT_ERR_unsupported);
	cr_assert_null(room_find(home, ROOM, hash));
	MOD(CHAT_RIGHTS_ALL, "@key", lock, "");
	expect_ack(0);
	SEND(CHAT_RIGHT_send, "@key");
	expect_ack(0);
	SEND(0, "@key");
	expect_refusal(0, CHAT_ERR_forbidden);
	AS(CHAT_RIGHT_history, "@key", .op = CHAT_OP_history, .limit = 5);
	cr_assert_eq(expect_reply(0, CHAT_REPLY_HISTORY)->page.event_count, 2);
	outside_now = false;
	meet();
	SEND(MEMBER, "Bob");
	expect_refusal(1, CHAT_ERR_read_only);
}

#define DISK .room = SPAN("room")

/* In a room of class disk an act holds at once, and is kept with its event. */
Test(home_mod, an_act_holds_while_it_is_at_the_store)
{
	joined(1, 2);
	AS(MEMBER, "Bob", .op = CHAT_OP_join, DISK);
	hush();
	MOD(MODERATOR, "Ann", ban, "Bob", DISK);
	expect_silence();
	AS(MEMBER, "Bob", .op = CHAT_OP_send, .data = SPAN("1"), DISK);
	expect_refusal(1, CHAT_ERR_banned);
	MOD(MODERATOR, "Ann", mute, "Bob", DISK);
	cr_assert_gt(expect_refusal(0, CHAT_ERR_unavailable), 0, "one after the other");

	struct store_job *job = asked(STORE_WRITER, STORE_APPEND);
	struct moderation kept = { 0 };

	cr_assert_eq(job->event.kind, CHAT_EV_mod);
	cr_assert_eq(moderation_decode(&kept, job->state.bytes, job->state.size, wall_ms), 0);
	cr_assert_eq(kept.count, 1);
	moderation_forget(&kept);
	job->seq = 3;
	job->ts_ms = wall_ms;
	job->first = 1;
	answer(STORE_WRITER, job, STORE_OK);
	cr_assert_eq(expect_event(1, CHAT_EV_mod)->seq, 3);
	expect_ack(0);
	AS(MEMBER, "Bob", .op = CHAT_OP_send, .data = SPAN("1"), DISK);
	expect_refusal(1, CHAT_ERR_banned);
	MOD(MODERATOR, "Ann", unban, "Bob", DISK);
	job = asked(STORE_WRITER, STORE_APPEND);
	cr_assert(job->state.bytes && job->state.size == 0, "none from now on");
	job->seq = 4;
	job->first = 1;
	answer(STORE_WRITER, job, STORE_OK);
}

/* Whether it was taken before the store alone knows. */
Test(home_mod, who_is_muted_is_refused_when_the_store_has_not_found_what_they_say)
{
	joined(1, 2);
	AS(MEMBER, "Bob", .op = CHAT_OP_join, DISK);
	MOD(MODERATOR, "Ann", mute, "Bob", DISK, .for_s = 60);
	commit(3);
	hush();
	for (int kept = 0; kept < 2; kept++) {
		AS(MEMBER, "Bob", .op = CHAT_OP_send, .data = SPAN("1"), .producer = SPAN("p"), .number = 1, DISK);
		struct store_job *job = asked(STORE_WRITER, STORE_APPEND);

		cr_assert(job->look && span_equal(job->event.producer, SPAN("p")) && job->event.number == 1);
		answer(STORE_WRITER, job, kept ? STORE_DUPLICATE : STORE_ABSENT);
		cr_assert(kept ? expect_reply(1, CHAT_REPLY_ACK)->duplicate
			       : expect_refusal(1, CHAT_ERR_muted) == 60000);
	}
	port.jobs_max = 0;
	AS(MEMBER, "Bob", .op = CHAT_OP_send, .data = SPAN("1"), .producer = SPAN("p"), .number = 1, DISK);
	expect_refusal(1, CHAT_ERR_unavailable);
}

Test(home_mod, what_the_store_did_not_keep_is_undone)
{
	joined(1, 2);
	AS(MEMBER, "Bob", .op = CHAT_OP_join, DISK);
	hush();
	MOD(MODERATOR, "Ann", mute, "Bob", DISK);
	answer(STORE_WRITER, asked(STORE_WRITER, STORE_APPEND), STORE_FULL);
	expect_refusal(0, CHAT_ERR_storage_full);
	AS(MEMBER, "Bob", .op = CHAT_OP_send, .data = SPAN("1"), DISK);
	expect_silence();
	commit(3);
	expect_ack(1);
	MOD(MODERATOR, "Ann", kick, "Bob", DISK);
	struct store_job *job = asked(STORE_WRITER, STORE_APPEND);

	cr_assert_null(job->state.bytes, "a kick is no state");
	answer(STORE_WRITER, job, STORE_UNAVAILABLE);
	expect_refusal(0, CHAT_ERR_unavailable);
}

Test(home_mod, a_moderators_deletion_says_so_to_the_store)
{
	joined(1, 2);
	AS(MEMBER, "Ann", .op = CHAT_OP_del, .target = 1, DISK);
	struct store_job *job = asked(STORE_WRITER, STORE_APPEND);

	cr_assert(!job->moderator);
	answer(STORE_WRITER, job, STORE_FORBIDDEN);
	expect_refusal(0, CHAT_ERR_forbidden);
	for (int i = 0; i < 2; i++) {
		AS(i ? CHAT_RIGHT_manage : MODERATOR, "Ann", .op = CHAT_OP_del, .target = 1, DISK);
		job = asked(STORE_WRITER, STORE_APPEND);
		cr_assert(job->moderator);
		answer(STORE_WRITER, job, STORE_GONE);
	}
}

static void answer_load_state(const char *bytes, size_t size)
{
	struct store_job *job = asked(STORE_READER, STORE_LOAD);

	job->known = true;
	job->first = 1;
	memcpy(job->room_epoch, EPOCH, sizeof(EPOCH));
	job->kept_state = block_take(sizeof(*job->kept_state) + size);
	job->kept_state->size = sizeof(*job->kept_state) + size;
	job->kept_state->count = (uint32_t)size;
	memcpy(job->kept_state->bytes, bytes, size);
	answer(STORE_READER, job, STORE_OK);
}

Test(home_mod, a_room_is_loaded_with_its_state_or_not_at_all)
{
	static const char bans_bob[] = "\1\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\3Bob";

	AS(MEMBER, "Bob", .op = CHAT_OP_join, DISK);
	answer_load_state(bans_bob, sizeof(bans_bob) - 1);
	expect_refusal(1, CHAT_ERR_banned);
	cr_assert_null(the_room(), "the store knows it");
	AS(MEMBER, "Ann", .op = CHAT_OP_join, DISK);
	answer_load_state(bans_bob, sizeof(bans_bob) - 2);
	expect_refusal(0, CHAT_ERR_internal);
}

/* A page that was read after the ban is not for who was banned. */
Test(home_mod, what_was_asked_before_a_ban_is_not_answered_after_it)
{
	joined(1, 100);
	AS(MEMBER, "Bob", .op = CHAT_OP_join, .limit = 1, DISK);
	hush();
	AS(MEMBER, "Bob", .op = CHAT_OP_history, .from = CHAT_PAGE_BEFORE, .seq = 20, .limit = 5, DISK);
	AS(MEMBER, "Bob", .op = CHAT_OP_search, .query = SPAN("a"), .limit = 5, DISK);
	MOD(MODERATOR, "Ann", ban, "Bob", DISK);
	commit(101);
	hush();
	struct store_job *job = asked(STORE_READER, STORE_PAGE);

	job->first = 1;
	job->last = 101;
	job->page = page_of(15, 19);
	answer(STORE_READER, job, STORE_OK);
	expect_refusal(1, CHAT_ERR_banned);
	answer(STORE_SEARCHER, asked(STORE_SEARCHER, STORE_SEARCH), STORE_OK);
	expect_refusal(1, CHAT_ERR_banned);
}

Test(home_mod, who_joins_is_told_how_the_room_is)
{
	const struct chat_reply *reply;

	meet();
	MOD(CHAT_RIGHT_manage, "Ann", lock, "");
	expect_ack(0);
	AS(CHAT_RIGHT_manage, "Ann", .op = CHAT_OP_mod, .act = CHAT_MOD_slow, .every_s = 10);
	expect_ack(0);
	hush();
	AS(MEMBER, "Bea", .op = CHAT_OP_join);
	reply = answered(1);
	cr_assert(reply->kind == CHAT_REPLY_JOIN && reply->rights == MEMBER && reply->locked && reply->every_s == 10);
	MOD(CHAT_RIGHT_manage, "Ann", unlock, "");
	AS(CHAT_RIGHT_manage, "Ann", .op = CHAT_OP_mod, .act = CHAT_MOD_slow, .every_s = 0);
	hush();
	AS(MEMBER, "Ben", .op = CHAT_OP_join);
	reply = answered(1);
	cr_assert(reply->kind == CHAT_REPLY_JOIN && !reply->locked && reply->every_s == 0);
}

static int save_not(void *context, struct span room, struct span state)
{
	(void)room;
	(void)state;
	++*(int *)context;
	return -EIO;
}

Test(home_mod, a_state_that_cannot_be_kept_ends_it)
{
	int calls = 0;

	meet();
	MOD(MODERATOR, "Ann", ban, "Bob");
	hush();
	refused_arm(REFUSED_malloc, 1, 1, ENOMEM);
	cr_assert_eq(home_save_states(home, save_not, &calls), -ENOMEM);
	cr_assert(refused_came() && calls == 0);
	cr_assert_eq(home_save_states(home, save_not, &calls), -EIO);
	cr_assert_eq(calls, 1);
	/* What has ended by now has nothing to say. */
	MOD(MODERATOR, "Ann", unban, "Bob");
	MOD(MODERATOR, "Ann", ban, "Bob", .for_s = 10);
	hush();
	wall_ms += 10000;
	AS(MEMBER, "Zed", .op = CHAT_OP_join, .room = SPAN("mem:z"));
	hush();
	cr_assert_eq(home_save_states(home, save_not, &calls), 0);
	wall_ms -= 10000;
}

static int save_event_not(void *context, struct span room, struct span epoch, const struct chat_event *event)
{
	(void)epoch;
	(void)event;
	return save_not(context, room, SPAN_NONE);
}

Test(home_mod, what_the_store_has_is_not_saved_and_not_put_back)
{
	const struct chat_event event = { .kind = CHAT_EV_msg, .from = SPAN("Ann"), .data = SPAN("1"), .seq = 5 };
	int calls = 0;

	joined(1, 3);
	MOD(CHAT_RIGHTS_ALL, "Ann", lock, "", .room = SPAN("room"));
	cr_assert_eq(home_save(home, save_event_not, &calls), 0);
	cr_assert_eq(home_save_states(home, save_not, &calls), 0);
	cr_assert_eq(calls, 0);
	cr_assert_eq(home_restore(home, SPAN("room"), SPAN(EPOCH), &event, now_ms), -ENOTSUP);
	cr_assert_eq(home_restore_state(home, SPAN("room"), SPAN("x"), wall_ms), -ENOTSUP);
	commit(4);
	hush();
}

Test(home_mod, of_more_rooms_than_there_may_be_nothing_is_put_back)
{
	const struct chat_event event = { .kind = CHAT_EV_msg, .from = SPAN("Ann"), .data = SPAN("1"), .seq = 5 };
	static const uint8_t locked[] = { 1, 1, 0, 0, 0, 0, 0, 0 };
	char name[16];
	int error = 0;

	for (uint32_t i = 0; i < 200 && error == 0; i++) {
		snprintf(name, sizeof(name), "mem:%u", i);
		error = home_restore_state(home, span_of(name, strlen(name)), span_of(locked, sizeof(locked)), wall_ms);
	}
	cr_assert_eq(error, -ENOMEM);
	cr_assert_eq(home_restore(home, SPAN("mem:more"), SPAN(EPOCH), &event, now_ms), -ENOMEM);
}
