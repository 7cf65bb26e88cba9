#include "engine/ops/fetch_names.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/core/check.h"
#include "engine/core/log.h"
#include "engine/net/lookup.h"
#include "engine/ops/sandbox.h"

#define AGAIN_S 30 /* after one that went well, */
#define AGAIN_FAILED_S 1 /* after one that did not, and twice as long each time up to the former */

struct host {
	char name[FETCH_HOST_SIZE];
	bool literal;
	bool lost; /* not found the last time, which was told */
	int state; /* as fetch_names_of() returns it */
	uint32_t pause_s;
	time_t due_s;
	char addresses[FETCH_ADDRESSES_SIZE];
};

struct fetch_names {
	sem_t started; /* the thread has what it needs from before the seal */
	pthread_mutex_t lock; /* of what is found */
	struct host hosts[FETCH_HOSTS_MAX];
	uint32_t count;
	void (*found)(void *context);
	void *context;
};

struct fetch_names *fetch_names_open(const struct span *hosts, uint32_t count)
{
	struct fetch_names *names = calloc(1, sizeof(*names));

	CHECK(count <= FETCH_HOSTS_MAX);
	if (!names)
		return NULL;
	pthread_mutex_init(&names->lock, NULL);
	names->count = count;
	for (uint32_t i = 0; i < count; i++) {
		struct host *host = &names->hosts[i];

		CHECK(hosts[i].size < FETCH_HOST_SIZE);
		memcpy(host->name, hosts[i].bytes, hosts[i].size);
		host->literal = host->name[0] == 0 || lookup_is_literal(host->name);
		host->state = host->literal;
	}
	if (fetch_names_any(names))
		lookup_prepare();
	return names;
}

void fetch_names_close(struct fetch_names *names)
{
	free(names);
}

bool fetch_names_any(const struct fetch_names *names)
{
	for (uint32_t i = 0; i < names->count; i++)
		if (!names->hosts[i].literal)
			return true;
	return false;
}

static time_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void look_up(struct fetch_names *names, struct host *host)
{
	char addresses[FETCH_ADDRESSES_SIZE];
	const char *why = lookup(host->name, addresses, sizeof(addresses));
	const bool well = !why;

	if (why && !host->lost)
		LOG(LOG_WARN, "name_not_found", LOG_TEXT("host", host->name), LOG_TEXT("reason", why));
	if (well && host->lost)
		LOG(LOG_INFO, "name_found", LOG_TEXT("host", host->name));
	host->lost = !well;
	pthread_mutex_lock(&names->lock);
	/* What was found once is better than nothing while the names' servers are away. */
	if (well)
		memcpy(host->addresses, addresses, sizeof(addresses));
	if (well || host->state == 0)
		host->state = well ? 1 : -1;
	pthread_mutex_unlock(&names->lock);
	host->pause_s = well || host->pause_s >= AGAIN_S ? AGAIN_S : host->pause_s ? host->pause_s * 2 : AGAIN_FAILED_S;
	if (!well && host->pause_s > AGAIN_S)
		host->pause_s = AGAIN_S;
	host->due_s = now_s() + host->pause_s;
	names->found(names->context);
}

static void *thread_main(void *argument)
{
	struct fetch_names *names = argument;
	const struct timespec tick = { .tv_sec = 1 };

	pthread_setname_np(pthread_self(), "uproar/names");
	sandbox_drop_locking();
	sem_post(&names->started);
	for (;;) {
		for (uint32_t i = 0; i < names->count; i++)
			if (!names->hosts[i].literal && now_s() >= names->hosts[i].due_s)
				look_up(names, &names->hosts[i]);
		nanosleep(&tick, NULL);
	}
	return NULL;
}

int fetch_names_start(struct fetch_names *names, void (*found)(void *context), void *context)
{
	pthread_t thread;

	if (!fetch_names_any(names))
		return 0;
	names->found = found;
	names->context = context;
	sem_init(&names->started, 0, 0);
	const int error = pthread_create(&thread, NULL, thread_main, names);

	if (error != 0)
		return -error;
	pthread_detach(thread);
	while (sem_wait(&names->started) != 0)
		CHECK(errno == EINTR);
	return 0;
}

int fetch_names_of(struct fetch_names *names, uint32_t index, char addresses[FETCH_ADDRESSES_SIZE])
{
	struct host *host = &names->hosts[index];

	CHECK(index < names->count);
	pthread_mutex_lock(&names->lock);
	const int state = host->state;

	memcpy(addresses, host->addresses, sizeof(host->addresses));
	pthread_mutex_unlock(&names->lock);
	return state;
}
