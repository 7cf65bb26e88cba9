/* A server that is played: it gives whoever comes one answer, and ends. */
#include "engine/store/postgres_link.h"

#include <criterion/criterion.h>
#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "engine/core/clock.h"
#include "engine/core/log.h"
#include "postgres_played.h"
#include "tests/unit/refused.h"

#define MS 1000000ull

struct played {
	int listener, port;
	const char *state; /* SQLSTATE */
	char request[PLAYED_REQUEST_MAX]; /* of who came */
	ssize_t size;
	pthread_t thread;
};

static void *play(void *context)
{
	struct played *played = context;
	const int client = accept(played->listener, NULL, NULL);

	played->size = played_refuse(client, played->state, played->request);
	cr_expect_gt(played->size, 8);
	return NULL;
}

static void open_port(struct played *played)
{
	played->listener = played_open(&played->port);
	cr_assert_geq(played->listener, 0);
}

/* A link with an address of its own; close_link() takes both back. */
static void open_link(struct postgres_link *link, const char *text)
{
	char *error = NULL;
	PQconninfoOption *address = PQconninfoParse(text, &error);

	cr_assert(address, "%s", error);
	log_setup(LOG_OFF, false);
	postgres_link_open(link, address, "test");
}

static void close_link(struct postgres_link *link)
{
	PQconninfoOption *address = (PQconninfoOption *)(uintptr_t)link->address;

	postgres_link_close(link);
	PQconninfoFree(address);
}

static bool is_rejected(int port)
{
	char text[200];
	struct postgres_link link;

	snprintf(text, sizeof(text),
		 "postgres://nobody@127.0.0.1:%d/none?connect_timeout=20&keepalives_idle=7&client_encoding=LATIN1",
		 port);
	open_link(&link, text);
	const bool rejected = postgres_link_is_rejected(&link);

	close_link(&link);
	return rejected;
}

static bool is_rejected_with(const char *state)
{
	struct played played = { .state = state };

	open_port(&played);
	cr_assert_eq(listen(played.listener, 1), 0);
	cr_assert_eq(pthread_create(&played.thread, NULL, play, &played), 0);
	const bool rejected = is_rejected(played.port);

	pthread_join(played.thread, NULL);
	close(played.listener);
	/* Texts are ours whatever the address says of them. */
	cr_assert(memmem(played.request, (size_t)played.size, "client_encoding\0UTF8", 21));
	cr_assert(memmem(played.request, (size_t)played.size, "application_name\0test", 22));
	return rejected;
}

Test(postgres_link, a_server_that_starts_or_recovers_is_there)
{
	cr_assert(is_rejected_with("57P03"));
}

Test(postgres_link, one_that_refuses_us_for_another_reason_is_not_starting)
{
	cr_assert_not(is_rejected_with("28000"));
	cr_assert_not(is_rejected_with("3D000"));
}

Test(postgres_link, nobody_there_is_nobody_who_starts)
{
	struct played played;

	open_port(&played); /* bound, and nobody listens */
	cr_assert_not(is_rejected(played.port));
	close(played.listener);
}

Test(postgres_link, who_is_lost_is_tried_again_after_longer_and_longer_pauses)
{
	static const uint32_t pauses[] = { 100, 200, 400, 800, 1600, 3200, 5000, 5000 };
	struct postgres_link link;

	open_link(&link, "postgres://h/d");
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		const uint32_t before = i > 0 ? pauses[i - 1] : 0;
		const uint64_t began = clock_mono_ns();

		postgres_link_lose(&link, i == 3 ? "" : "gone\nDETAIL: far away");
		cr_assert_eq(link.pause_ms, pauses[i]);
		cr_assert_geq(link.retry_ns, began + before / 2 * MS);
		cr_assert_leq(link.retry_ns, clock_mono_ns() + before * MS);
		cr_assert_str_eq(link.why, "gone");
	}
	cr_assert_eq(postgres_link_reach(&link, 0), 0);
	cr_assert_eq(link.state, POSTGRES_AWAY, "it is not due");
	/* What was well is tried again at once. */
	link.state = POSTGRES_CONNECTED;
	postgres_link_ready(&link);
	cr_assert(link.pause_ms == 0 && !link.why[0]);
	postgres_link_lose(&link, "gone");
	cr_assert_leq(link.retry_ns, clock_mono_ns());
	close_link(&link);
}

Test(postgres_link, what_cannot_be_begun_is_lost)
{
	struct postgres_link link;

	open_link(&link, "postgres://127.0.0.1:99999/d");
	cr_assert_eq(postgres_link_reach(&link, 1000), 0);
	cr_assert_eq(link.state, POSTGRES_AWAY);
	cr_assert(strstr(link.why, "99999"), "%s", link.why);
	close_link(&link);

	open_link(&link, "postgres://127.0.0.1/d");
	refused_arm(REFUSED_PQconnectStartParams, 1, 1, ENOMEM);
	cr_assert_eq(postgres_link_reach(&link, 1000), 0);
	cr_assert(refused_came() && link.state == POSTGRES_AWAY);
	cr_assert_str_eq(link.why, "out of memory");
	close_link(&link);
}

/* Whoever listens there takes no notice of who comes: each step is given up in its time, and in the end all of it. */
Test(postgres_link, an_attempt_without_an_answer_is_given_up)
{
	struct played played;
	struct postgres_link link;
	char text[64];
	int slices = 0;

	open_port(&played);
	cr_assert_eq(listen(played.listener, 1), 0);
	snprintf(text, sizeof(text), "postgres://nobody@127.0.0.1:%d/none", played.port);
	open_link(&link, text);
	refused_arm(REFUSED_poll, 1, 100, 0);
	do {
		cr_assert_eq(postgres_link_reach(&link, 200), 0);
		slices++;
	} while (link.state == POSTGRES_CONNECTING && slices < 100);
	refused_came();
	cr_assert_eq(link.state, POSTGRES_AWAY);
	cr_assert(slices >= 10 && slices <= 16, "%d", slices);
	cr_assert_str_eq(link.why, "no answer to an attempt to connect");
	close_link(&link);
	close(played.listener);
}

/* A signal in a wait is not its end. */
Test(postgres_link, a_wait_that_is_disturbed_goes_on)
{
	struct played played;
	struct postgres_link link;
	char text[64];

	open_port(&played);
	cr_assert_eq(listen(played.listener, 1), 0);
	snprintf(text, sizeof(text), "postgres://nobody@127.0.0.1:%d/none", played.port);
	open_link(&link, text);
	refused_arm(REFUSED_poll, 1, 2, EINTR);
	cr_assert_eq(postgres_link_reach(&link, 1), 0);
	cr_assert(refused_came());
	cr_assert_eq(link.state, POSTGRES_CONNECTING);
	close_link(&link);
	close(played.listener);
}

static PGresult *one_value(const void *bytes, int size)
{
	PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc column = { .name = (char *)(uintptr_t) "n", .format = 1 };

	cr_assert(PQsetResultAttrs(result, 1, &column));
	cr_assert(PQsetvalue(result, 0, 0, (char *)(uintptr_t)bytes, bytes ? size : -1));
	return result;
}

static void integer_is(const void *bytes, int size, int64_t wanted)
{
	PGresult *result = one_value(bytes, size);

	cr_assert_eq(postgres_integer(result, 0, 0), wanted, "%ld", (long)wanted);
	PQclear(result);
}

Test(postgres_link, integers_of_all_sizes)
{
	integer_is(NULL, 0, 0);
	integer_is("\0", 1, 0);
	integer_is("\1", 1, 1);
	integer_is("\0\0\1\2", 4, 258);
	integer_is("\377\377\377\376", 4, -2);
	integer_is("\177\377\377\377\377\377\377\377", 8, INT64_MAX);
	integer_is("\200\0\0\0\0\0\0\0", 8, INT64_MIN);
}

Test(postgres_link, values_that_a_statement_is_given)
{
	static const uint64_t numbers[][2] = {
		{ 0, 0 }, { INT64_MAX - 1, INT64_MAX - 1 }, { INT64_MAX, INT64_MAX - 1 }, { UINT64_MAX, INT64_MAX - 1 }
	};
	struct postgres_values values = { .count = 0 };

	for (size_t i = 0; i < 4; i++) {
		postgres_values_integer(&values, numbers[i][0]);
		cr_assert(values.sizes[i] == 8 && be64toh(values.integers[i]) == numbers[i][1], "%zu", i);
	}
	postgres_values_bool(&values, true);
	postgres_values_bool(&values, false);
	postgres_values_text(&values, NULL, 0);
	cr_assert(values.bytes[4][0] == 1 && values.bytes[5][0] == 0 && !values.bytes[6]);
	cr_assert_eq(values.count, 7);
}

/* What libpq says by itself has no number of the server's. */
Test(postgres_link, an_error_without_a_number_may_pass)
{
	PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_FATAL_ERROR);

	cr_assert_eq(postgres_error(result), -EAGAIN);
	PQclear(result);
}
