/* A server that is played: it gives whoever comes one answer, and ends. */
#include "engine/store/postgres_link.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct played {
	int listener, port;
	const char *state; /* SQLSTATE */
	pthread_t thread;
};

static void *play(void *context)
{
	struct played *played = context;
	char request[4096], answer[64];
	const int client = accept(played->listener, NULL, NULL);

	/* A request for encryption is of 8 bytes, and declined with a letter. */
	ssize_t got = read(client, request, sizeof(request));

	if (got == 8 && write(client, "N", 1) == 1)
		got = read(client, request, sizeof(request));
	cr_expect_gt(got, 8);
	const int size = snprintf(answer + 5, sizeof(answer) - 5, "SFATAL%cC%s%cMno%c", 0, played->state, 0, 0) + 1;

	answer[0] = 'E';
	memcpy(answer + 1, &(uint32_t){ htonl((uint32_t)size + 4) }, 4);
	cr_expect_eq(write(client, answer, (size_t)size + 5), size + 5);
	close(client);
	return NULL;
}

static void open_port(struct played *played)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);

	played->listener = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert_eq(bind(played->listener, (struct sockaddr *)&address, size), 0);
	cr_assert_eq(getsockname(played->listener, (struct sockaddr *)&address, &size), 0);
	played->port = ntohs(address.sin_port);
}

static bool is_rejected(int port)
{
	char text[128], *error = NULL;
	struct postgres_link link;

	snprintf(text, sizeof(text), "postgres://nobody@127.0.0.1:%d/none?connect_timeout=20", port);
	PQconninfoOption *address = PQconninfoParse(text, &error);

	cr_assert(address);
	postgres_link_open(&link, address, "test");
	const bool rejected = postgres_link_is_rejected(&link);

	postgres_link_close(&link);
	PQconninfoFree(address);
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
