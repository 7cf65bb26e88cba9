/* How long a start waits for a server, by simulated time: a poll that is refused finds nothing, and all the time that
 * it would have waited is over. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdint.h>

#include "engine/core/clock.h"
#include "engine/core/log.h"
#include "engine/store/postgres.h"
#include "postgres_played.h"
#include "tests/unit/refused.h"

#define FOREVER 1000000
#define MS 1000000ull

struct played {
	int listener;
	const char *state; /* SQLSTATE that all hear */
};

struct one {
	int client;
	const char *state;
};

static void *refuse_one(void *context)
{
	char request[PLAYED_REQUEST_MAX];
	struct one *one = context;

	played_refuse(one->client, one->state, request);
	free(one);
	return NULL;
}

static void *refuse_all(void *context)
{
	const struct played *played = context;

	for (;;) {
		struct one *one = malloc(sizeof(*one));
		pthread_t thread;

		*one = (struct one){ accept(played->listener, NULL, NULL), played->state };
		if (one->client < 0 || pthread_create(&thread, NULL, refuse_one, one) != 0) {
			free(one);
			return NULL;
		}
		pthread_detach(thread);
	}
}

/* So many seconds it took until the start was given up. */
static uint64_t seconds_until_given_up(const char *state)
{
	struct played played = { .state = state };
	struct store_backend backend;
	char url[128], why[256] = "";
	pthread_t thread;
	int port = 0;

	log_setup(LOG_OFF, false);
	played.listener = played_open(&port);
	cr_assert(played.listener >= 0 && listen(played.listener, 64) == 0);
	cr_assert_eq(pthread_create(&thread, NULL, refuse_all, &played), 0);
	snprintf(url, sizeof(url), "postgres://nobody@127.0.0.1:%d/none?connect_timeout=20", port);
	cr_assert_eq(postgres_backend_open(&backend, url, why, sizeof(why)), 0);
	const uint64_t began = clock_mono_ns();

	refused_arm(REFUSED_poll, 1, FOREVER, 0);
	cr_assert(!backend.open(backend.context, STORE_WRITER, why, sizeof(why)));
	refused_came();
	cr_assert(why[0]);
	postgres_backend_close(&backend);
	shutdown(played.listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(played.listener);
	return (clock_mono_ns() - began) / (1000 * MS);
}

TestSuite(postgres_start, .timeout = 120);

Test(postgres_start, a_server_that_starts_is_waited_for_but_not_for_ever)
{
	const uint64_t took = seconds_until_given_up("57P03");

	cr_assert(took >= 60 && took < 600, "%lu", (unsigned long)took);
}

Test(postgres_start, one_that_does_not_is_waited_for_a_little)
{
	const uint64_t took = seconds_until_given_up("28000");

	cr_assert(took >= 10 && took < 50, "%lu", (unsigned long)took);
}
