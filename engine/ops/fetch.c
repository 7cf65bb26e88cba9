#include "engine/ops/fetch.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/core/check.h"
#include "engine/core/clock.h"
#include "engine/core/log.h"
#include "engine/ops/boot.h"
#include "engine/ops/fetch_http.h"
#include "engine/ops/fetch_keys.h"
#include "engine/ops/fetch_names.h"
#include "engine/ops/fetch_pause.h"
#include "engine/ops/fetch_set.h"
#include "engine/ops/fetch_setup.h"
#include "engine/ops/sandbox.h"
#include "proto/json/json_scan.h"
#include "proto/utf8/utf8.h"

#define ANSWER_SIZE_MAX (16 * 1024)
#define KEYS_SIZE_MAX (256 * 1024)
#define KEYS_TIMEOUT_MS 10000
#define TURN_MS_MOST 1000
#define TURN_MS_WAITING 50 /* questions wait for a request, or for a name */
#define TURN_MS_STUCK 5 /* answers wait for a core to take them */

struct request {
	struct fetch_http http; /* the first, so that libcurl's pointer to it is one to this */
	struct request *next; /* free ones */
	enum fetch_target target;
	struct hook_question *question; /* NULL: of the key set */
};

struct list {
	struct hook_question *first, **last;
};

struct fetch {
	struct fetch_setup setup;
	struct hook_port port;
	struct fetch_counters counters;
	CURLM *multi;
	pthread_t thread;
	sem_t started; /* it has what it needs from before the seal */
	const int *ring_bells;
	struct random random;
	struct fetch_pause pauses[HOOK_KINDS];
	struct fetch_keys keys;
	struct request keys_request;
	struct request *requests, *requests_free;
	_Atomic(struct hook_question *) asked; /* by cores, the newest first */
	_Atomic uint32_t out; /* questions that have not been given back */
	_Atomic bool keys_wanted, ending;
	struct list waiting, stuck;
	struct fetch_set set;
};

static uint64_t now_ms(void)
{
	return clock_mono_ns() / 1000000;
}

static void list_put(struct list *list, struct hook_question *question)
{
	question->next = NULL;
	*list->last = question;
	list->last = &question->next;
}

static struct hook_question *list_take(struct list *list)
{
	struct hook_question *question = list->first;

	list->first = question->next;
	if (!list->first)
		list->last = &list->first;
	return question;
}

/* From a core's thread. */
static bool ask(void *context, struct hook_question *question)
{
	struct fetch *fetch = context;
	const uint32_t most = fetch->setup.queue_max + fetch->setup.requests_max;

	if (atomic_fetch_add(&fetch->out, 1) >= most) {
		atomic_fetch_sub(&fetch->out, 1);
		return false;
	}
	struct hook_question *newest = atomic_load(&fetch->asked);

	do
		question->next = newest;
	while (!atomic_compare_exchange_weak(&fetch->asked, &newest, question));
	/* From here on it is the thread's, which takes all at once: who adds to some need not wake it again. */
	if (!newest)
		(void)curl_multi_wakeup(fetch->multi);
	return true;
}

void fetch_keys_wanted(struct fetch *fetch)
{
	if (!atomic_exchange(&fetch->keys_wanted, true))
		(void)curl_multi_wakeup(fetch->multi);
}

/* All that was asked, in order. */
static void take_asked(struct fetch *fetch)
{
	struct hook_question *newest = atomic_exchange(&fetch->asked, NULL);
	struct hook_question *oldest = NULL;

	while (newest) {
		struct hook_question *next = newest->next;

		newest->next = oldest;
		oldest = newest;
		newest = next;
	}
	while (oldest) {
		struct hook_question *next = oldest->next;

		list_put(&fetch->waiting, oldest);
		oldest = next;
	}
}

/* To the core that asked. One that cannot take it now is tried again. */
static void give_back(struct fetch *fetch, struct hook_question *question)
{
	if (gate_call(fetch->ring_bells[question->core], &question->call) == 0)
		atomic_fetch_sub(&fetch->out, 1);
	else
		list_put(&fetch->stuck, question);
}

static void give_stuck(struct fetch *fetch)
{
	struct list stuck = fetch->stuck;

	if (!stuck.first)
		return;
	fetch->stuck = (struct list){ NULL, &fetch->stuck.first };
	while (stuck.first) {
		struct hook_question *question = stuck.first;

		stuck.first = question->next;
		give_back(fetch, question);
	}
}

static void tell_failed(const struct hook_question *question, const char *why)
{
	LOG(LOG_WARN, "hook_failed", LOG_TEXT("hook", hook_kind_name((enum hook_kind)question->kind)),
	    LOG_TEXT("reason", why));
}

/* Of one that fetch_pause_lets() let. wrong: why it was not answered; NULL: it was. */
static void judge(struct fetch *fetch, const struct hook_question *question, const char *wrong, uint64_t now)
{
	struct fetch_pause *pause = &fetch->pauses[question->kind];
	const char *hook = hook_kind_name((enum hook_kind)question->kind);

	if (wrong)
		tell_failed(question, wrong);
	if (!wrong && fetch_pause_well(pause))
		LOG(LOG_INFO, "hook_back", LOG_TEXT("hook", hook));
	if (wrong && fetch_pause_failed(pause, now, &fetch->random))
		LOG(LOG_WARN, "hook_away", LOG_TEXT("hook", hook), LOG_U64("again_ms", pause->until_ms - now));
	fetch_counter_set(&fetch->counters,
			  question->kind == HOOK_JOIN ? FETCH_COUNTER_join_away : FETCH_COUNTER_connect_away,
			  pause->failures >= FETCH_FAILURES_MAX);
}

static bool begin(struct fetch *fetch, struct request *request, const char *addresses, uint32_t timeout_ms,
		  const void *text, size_t text_size)
{
	const struct fetch_address *target = &fetch->setup.addresses[request->target];

	return fetch_http_ask(&request->http, target->url, target->host_port, addresses, timeout_ms, text, text_size) &&
	       curl_multi_add_handle(fetch->multi, request->http.easy) == CURLM_OK;
}

/* What is not to go on, or goes on now, is off the list. False: the first has to wait. */
static bool begin_question(struct fetch *fetch, struct hook_question *question, uint64_t now)
{
	const uint64_t late_ms = question->asked_ms + fetch->setup.timeout_ms;
	char addresses[FETCH_ADDRESSES_SIZE];
	const int known = fetch_names_of(fetch->setup.names, question->kind, addresses);
	struct request *request = fetch->requests_free;

	if (now < late_ms && (known == 0 || !request))
		return false;
	list_take(&fetch->waiting);
	question->answered = false;
	if (now >= late_ms)
		tell_failed(question, known == 0 ? "its host is not known in time" : "no request was free in time");
	if (now >= late_ms || !fetch_pause_lets(&fetch->pauses[question->kind], now)) {
		give_back(fetch, question);
		return true;
	}
	const uint32_t left_ms = (uint32_t)(late_ms - now);
	const char *wrong = known < 0 ? "its host is not found" : "no memory";

	request->target = (enum fetch_target)question->kind;
	if (known < 0 || !begin(fetch, request, addresses, left_ms, question->text, question->text_size)) {
		judge(fetch, question, wrong, now);
		give_back(fetch, question);
		return true;
	}
	request->question = question;
	fetch_count(&fetch->counters, FETCH_COUNTER_hook_requests);
	fetch->requests_free = request->next;
	return true;
}

/* wrong: why it changes nothing; NULL: it holds. */
static void end_keys(struct fetch *fetch, const char *wrong, uint64_t now)
{
	fetch_keys_done(&fetch->keys, !wrong, now, &fetch->random);
	fetch_count(&fetch->counters, wrong ? FETCH_COUNTER_keys_failed : FETCH_COUNTER_keys_fetched);
	if (wrong)
		LOG(LOG_WARN, "keys_failed", LOG_TEXT("reason", wrong),
		    LOG_U64("again_ms", fetch_keys_wait_ms(&fetch->keys, now)));
}

static void begin_keys(struct fetch *fetch, uint64_t now)
{
	char addresses[FETCH_ADDRESSES_SIZE];

	if (!fetch->setup.addresses[FETCH_KEYS].url)
		return;
	fetch->keys.wanted = atomic_load(&fetch->keys_wanted);
	const int known = fetch_names_of(fetch->setup.names, FETCH_KEYS, addresses);

	if (known == 0 || !fetch_keys_begin(&fetch->keys, now))
		return;
	atomic_store(&fetch->keys_wanted, false);
	fetch->keys_request.target = FETCH_KEYS;
	if (known < 0 || !begin(fetch, &fetch->keys_request, addresses, KEYS_TIMEOUT_MS, NULL, 0))
		end_keys(fetch, known < 0 ? "its host is not found" : "no memory", now);
}

static const char *reason_of(const struct request *request, long status, char out[64])
{
	if (status == 0)
		return request->http.why;
	if (status == 200)
		return "what came is not understood";
	snprintf(out, 64, "status %ld", status);
	return out;
}

static void question_done(struct fetch *fetch, struct request *request, long status, uint64_t now)
{
	struct hook_question *question = request->question;
	char reason[64];

	question->answered = status == 401 || status == 403;
	if (status == 200)
		question->answered = hook_answer_read(&question->answer, request->http.body, request->http.body_size);
	judge(fetch, question, question->answered ? NULL : reason_of(request, status, reason), now);
	give_back(fetch, question);
	request->question = NULL;
	request->next = fetch->requests_free;
	fetch->requests_free = request;
}

/* Whether it may be a key set; what the keys are is judged by who adopts them. */
static bool is_key_set(const uint8_t *text, size_t size)
{
	static const struct json_name keys = { "keys" };
	struct json_value value;

	return utf8_valid(text, size) && json_scan_object(&value, &keys, 1, text, size) == 1 &&
	       value.type == JSON_ARRAY;
}

static void keys_done(struct fetch *fetch, long status, uint64_t now)
{
	const struct fetch_http *http = &fetch->keys_request.http;
	const struct span came = span_of(http->body, http->body_size);
	char reason[64];

	if (status != 200 || !is_key_set(came.bytes, came.size)) {
		end_keys(fetch, reason_of(&fetch->keys_request, status, reason), now);
		return;
	}
	if (fetch_set_is_held(&fetch->set, came))
		end_keys(fetch, NULL, now);
	else if (fetch_set_put(&fetch->set, came))
		kill(getpid(), SIGUSR1); /* the main thread waits for signals */
	else
		end_keys(fetch, "no memory", now);
}

/* One that was refused is fetched again soon: why it was may not be in it. */
static void end_judged(struct fetch *fetch, uint64_t now)
{
	const int result = fetch_set_end(&fetch->set);

	if (result > 0)
		LOG(LOG_INFO, "keys_fetched", LOG_U64("bytes", fetch->set.held_size));
	if (result != 0)
		end_keys(fetch, result > 0 ? NULL : "it was refused", now);
}

struct span fetch_keys_take(struct fetch *fetch)
{
	return fetch_set_take(&fetch->set);
}

void fetch_keys_judged(struct fetch *fetch, bool adopted)
{
	fetch_set_judge(&fetch->set, adopted);
	(void)curl_multi_wakeup(fetch->multi);
}

static void take_done(struct fetch *fetch)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(fetch->multi, &left)) != NULL) {
		CURL *easy = message->easy_handle;
		const CURLcode result = message->data.result;
		char *context = NULL;

		CHECK(message->msg == CURLMSG_DONE);
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &context);
		curl_multi_remove_handle(fetch->multi, easy); /* message is of no more use */
		struct request *request = (struct request *)(void *)context;
		const long status = fetch_http_status(&request->http, result);

		if (request->target == FETCH_KEYS)
			keys_done(fetch, status, now_ms());
		else
			question_done(fetch, request, status, now_ms());
	}
}

static int wait_ms(const struct fetch *fetch, uint64_t now)
{
	uint64_t wait = TURN_MS_MOST;

	if (fetch->setup.addresses[FETCH_KEYS].url && fetch_keys_wait_ms(&fetch->keys, now) < wait)
		wait = fetch_keys_wait_ms(&fetch->keys, now);
	if (fetch->waiting.first && wait > TURN_MS_WAITING)
		wait = TURN_MS_WAITING;
	if (fetch->stuck.first && wait > TURN_MS_STUCK)
		wait = TURN_MS_STUCK;
	/* A key set whose host is not known yet is due, and cannot begin. */
	return wait == 0 ? 1 : (int)wait;
}

static void *thread_main(void *argument)
{
	struct fetch *fetch = argument;
	int running;

	pthread_setname_np(pthread_self(), "uproar/fetch");
	sandbox_drop_locking();
	sem_post(&fetch->started);
	while (!atomic_load(&fetch->ending)) {
		(void)curl_multi_perform(fetch->multi, &running);
		take_done(fetch);
		give_stuck(fetch);
		take_asked(fetch);
		const uint64_t now = now_ms();

		while (fetch->waiting.first && begin_question(fetch, fetch->waiting.first, now))
			;
		end_judged(fetch, now);
		begin_keys(fetch, now);
		/* Not for long where something has just begun: libcurl knows. */
		(void)curl_multi_poll(fetch->multi, NULL, 0, wait_ms(fetch, now), NULL);
	}
	return NULL;
}

static void known(void *context)
{
	struct fetch *fetch = context;

	(void)curl_multi_wakeup(fetch->multi);
}

static bool open_requests(struct fetch *fetch)
{
	const struct fetch_setup *setup = &fetch->setup;
	const bool hooks = setup->addresses[FETCH_CONNECT].url || setup->addresses[FETCH_JOIN].url;
	const uint32_t count = hooks ? setup->requests_max : 0;

	fetch->requests = calloc(count + 1, sizeof(*fetch->requests));
	for (uint32_t i = 0; fetch->requests && i < count; i++) {
		struct request *request = &fetch->requests[i];

		if (!fetch_http_open(&request->http, ANSWER_SIZE_MAX, setup->fields, setup->trust))
			return false;
		request->next = fetch->requests_free;
		fetch->requests_free = request;
	}
	return fetch->requests &&
	       fetch_http_open(&fetch->keys_request.http, KEYS_SIZE_MAX, setup->keys_fields, setup->trust);
}

struct fetch *fetch_open(const struct options *options, int *status)
{
	struct fetch *fetch = calloc(1, sizeof(*fetch));

	*status = fetch ? fetch_setup(&fetch->setup, options) : EXIT_MEMORY;
	if (!fetch || *status != 0 || !fetch_setup_any(&fetch->setup)) {
		if (fetch)
			fetch_setup_undo(&fetch->setup);
		free(fetch);
		return NULL;
	}
	fetch->port = (struct hook_port){
		.context = fetch,
		.asks = { fetch->setup.addresses[FETCH_CONNECT].url, fetch->setup.addresses[FETCH_JOIN].url },
		.lenient = fetch->setup.lenient,
		.ask = ask,
	};
	fetch->waiting.last = &fetch->waiting.first;
	fetch->stuck.last = &fetch->stuck.first;
	random_seed(&fetch->random, random_entropy());
	fetch_keys_open(&fetch->keys, fetch->setup.keys_every_ms, fetch->setup.keys_least_ms);
	fetch->multi = curl_multi_init();
	if (fetch->multi && open_requests(fetch))
		return fetch;
	fprintf(stderr, "uproar: no memory for requests to others; lower --hook-requests\n");
	*status = EXIT_MEMORY;
	return NULL;
}

const struct outbound *fetch_outbound(const struct fetch *fetch)
{
	return &fetch->setup.outbound;
}

const struct fetch_counters *fetch_figures(const struct fetch *fetch)
{
	return &fetch->counters;
}

const struct hook_port *fetch_hooks(const struct fetch *fetch)
{
	return &fetch->port;
}

int fetch_start(struct fetch *fetch, const int *ring_bells)
{
	fetch->ring_bells = ring_bells;
	sem_init(&fetch->started, 0, 0);
	if (pthread_create(&fetch->thread, NULL, thread_main, fetch) != 0)
		fetch->ring_bells = NULL; /* there is nothing to end */
	while (fetch->ring_bells && sem_wait(&fetch->started) != 0)
		CHECK(errno == EINTR);
	if (fetch->ring_bells && fetch_names_start(fetch->setup.names, known, fetch) == 0)
		return 0;
	fprintf(stderr, "uproar: the system gives no further thread\n");
	return EXIT_MEMORY;
}

static void end_list(struct hook_question *first)
{
	while (first) {
		struct hook_question *next = first->next;

		hook_question_give(first);
		first = next;
	}
}

/* What the thread of names may still use stays: it cannot be waited for. */
void fetch_end(struct fetch *fetch)
{
	if (!fetch || !fetch->ring_bells)
		return;
	atomic_store(&fetch->ending, true);
	(void)curl_multi_wakeup(fetch->multi);
	pthread_join(fetch->thread, NULL);
	for (struct request *at = fetch->requests; at->http.easy; at++) {
		if (at->question)
			hook_question_give(at->question);
		(void)curl_multi_remove_handle(fetch->multi, at->http.easy);
		fetch_http_close(&at->http);
	}
	end_list(atomic_load(&fetch->asked));
	end_list(fetch->waiting.first);
	end_list(fetch->stuck.first);
}
