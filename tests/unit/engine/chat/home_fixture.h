/* home_fixture.h - a home core and the mail of three cores with members, played by the test.
 *
 * Each test that includes it has its own of everything; Criterion gives each test a process.
 */
#ifndef TEST_HOME_FIXTURE_H
#define TEST_HOME_FIXTURE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/chat/dispatch.h"
#include "engine/chat/home_rooms.h"
#include "proto/chat/rights.h"

#define CORES 3

static const struct home_limits roomy = {
	.rooms_max = 100,
	.members_max = 1000,
	.roster_max = 1000,
	.history_messages = 1000,
	.history_bytes = 1 << 20,
	.history_age_ms = 3600000,
	.history_bytes_all = 1 << 22,
	.page_bytes = 65536,
};

static struct directory names;
static struct xring inbox, outbox[CORES];
static struct post clients, post;
static struct counters counters;
static struct home *home;
static uint64_t now_ms = 1000, wall_ms = 1795229320000;
static uint64_t next_id = 1;
static bool held[CORES];
static uint8_t rights_now = CHAT_RIGHTS_MEMBER;
static bool outside_now;

static inline void home_setup_with(const struct home_limits *limits, struct store_port *store)
{
	cr_assert_eq(directory_open(&names, 1000, 5, 1), 0);
	cr_assert_eq(xring_open(&inbox, 1 << 16), 0);
	clients = (struct post){ .out = { &inbox }, .cores = 1, .counters = &counters };
	post = (struct post){ .cores = CORES, .counters = &counters };
	for (int core = 0; core < CORES; core++) {
		cr_assert_eq(xring_open(&outbox[core], 1 << 22), 0);
		post.out[core] = &outbox[core];
	}
	home = home_open(limits, &names, &post, &counters, 6, store);
	cr_assert_not_null(home);
}

static inline void home_setup_of(const struct home_limits *limits)
{
	home_setup_with(limits, NULL);
}

static inline void home_setup(void)
{
	home_setup_of(&roomy);
}

static inline void home_teardown(void)
{
	home_close(home);
	directory_close(&names);
	xring_close(&inbox);
	for (int core = 0; core < CORES; core++)
		xring_close(&outbox[core]);
	cr_assert_eq(block_bytes_out(), 0, "everything is given back");
}

/* The next mail to a core, or NULL; it stays until the next call. */
static inline const struct mail *next_mail(uint32_t core)
{
	const struct mail *mail;

	if (held[core])
		post_drop(&outbox[core]);
	mail = post_peek(&outbox[core]);
	held[core] = mail != NULL;
	return mail;
}

static inline const struct chat_event *expect_event(uint32_t core, enum chat_event_kind kind)
{
	const struct mail_event *mail = (const struct mail_event *)next_mail(core);

	cr_assert_not_null(mail, "core %u hears nothing", core);
	cr_assert_eq(mail->mail.kind, MAIL_EVENT);
	cr_assert_eq(mail->event.kind, kind, "%s", chat_event_name(mail->event.kind));
	cr_assert_eq(mail->room_hash, directory_hash(&names, mail->event.room));
	return &mail->event;
}

static inline const struct chat_reply *expect_reply(uint32_t core, enum chat_reply_kind kind)
{
	const struct mail_reply *mail = (const struct mail_reply *)next_mail(core);

	cr_assert_not_null(mail, "core %u hears nothing", core);
	cr_assert_eq(mail->mail.kind, MAIL_REPLY);
	cr_assert_eq(mail->reply.kind, kind, "%d: %s", mail->reply.kind, chat_error_name(mail->reply.error));
	cr_assert_not_null(mail->reply.page.room.bytes);
	return &mail->reply;
}

static inline void expect_error(uint32_t core, enum chat_error error)
{
	const struct chat_reply *reply = expect_reply(core, CHAT_REPLY_ERROR);

	cr_assert_eq(reply->error, error, "%s", chat_error_name(reply->error));
}

static inline void expect_silence(void)
{
	for (uint32_t core = 0; core < CORES; core++)
		cr_assert_null(next_mail(core), "core %u", core);
}

/* Everything that waits is read and forgotten. */
static inline void hush(void)
{
	for (uint32_t core = 0; core < CORES; core++)
		while (next_mail(core))
			;
}

static inline struct mail_origin origin_of(uint32_t core)
{
	return (struct mail_origin){ .core = core, .slot = 7, .generation = 3, .cursor = 9, .stamp = 11 };
}

/* What the bytes that came with a mail hold travels; what points elsewhere does not. */
static inline bool is_inside(const struct mail_command *mail, struct span span)
{
	return !span.bytes ||
	       (span.bytes >= mail->bytes && span.bytes + span.size <= (const uint8_t *)mail + mail_command_size(mail));
}

/* Runs a command as it comes from a core: copied to memory of exactly its size, which is gone afterwards. */
static inline void run_as(uint32_t core, struct span user, uint32_t op, const struct chat_command *command,
			  bool last_here)
{
	const struct dispatch_sender sender = {
		.origin = origin_of(core),
		.user = user,
		.rights = rights_now,
		.outside = outside_now,
		.last_here = last_here,
	};
	struct mail *mail;

	dispatch(&clients, &names, op, &sender, directory_hash(&names, command->room), command);
	mail = post_peek(&inbox);
	cr_assert_eq(mail->kind, MAIL_COMMAND);
	cr_assert(is_inside((struct mail_command *)mail, ((struct mail_command *)mail)->command.query));
	home_command(home, (struct mail_command *)mail, now_ms, wall_ms);
	memset(mail, '#', sizeof(struct mail_command));
	post_drop(&inbox);
}

static inline void run(uint32_t core, struct span user, struct chat_command command)
{
	if (command.id == 0)
		command.id = next_id++;
	if (!command.room.bytes)
		command.room = SPAN("room");
	run_as(core, user, command.op, &command, false);
}

#define RUN(core, user, ...) run(core, SPAN(user), (struct chat_command){ __VA_ARGS__ })

static inline void join(uint32_t core, struct span user)
{
	run(core, user, (struct chat_command){ .op = CHAT_OP_join, .limit = 50 });
	hush();
}

static inline uint64_t say(uint32_t core, struct span user, const char *text)
{
	const struct mail *mail;
	uint64_t seq = 0;

	run(core, user, (struct chat_command){ .op = CHAT_OP_send, .data = span_of(text, strlen(text)) });
	while ((mail = next_mail(core)) != NULL)
		if (mail->kind == MAIL_REPLY && ((const struct mail_reply *)mail)->reply.kind == CHAT_REPLY_ACK)
			seq = ((const struct mail_reply *)mail)->reply.page.last;
	cr_assert_neq(seq, 0, "no ack");
	hush();
	return seq;
}

static inline const struct room *the_room(void)
{
	return room_find(home, SPAN("room"), directory_hash(&names, SPAN("room")));
}

#endif
