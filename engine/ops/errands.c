#include "engine/ops/errands.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "proto/json/json_write.h"

void errands_give(void *context, struct errand *errand)
{
	struct errands *errands = context;

	errand->next = atomic_load(&errands->given);
	while (!atomic_compare_exchange_weak(&errands->given, &errand->next, errand))
		;
	kill(getpid(), SIGUSR1);
}

/* Behind those that wait, in the order in which they were given. */
static void collect(struct errands *errands)
{
	struct errand *given = atomic_exchange(&errands->given, NULL), *ordered = NULL;
	struct errand **end = &errands->waiting;

	while (given) {
		struct errand *next = given->next;

		given->next = ordered;
		ordered = given;
		given = next;
	}
	while (*end)
		end = &(*end)->next;
	*end = ordered;
}

static uint8_t *write_text(uint8_t *at, const char *text)
{
	return json_write_raw(at, span_of(text, strlen(text)));
}

static uint8_t *write_member(uint8_t *at, const char *before, const char *text)
{
	return json_write_string(write_text(at, before), span_of(text, strlen(text)));
}

#define CHANGE_MAX (64 + 80 + 2 * 6 * OPTION_SHOWN_MAX)

/* As many as there is room for: more never differ but by intent. */
static uint8_t *write_changes(uint8_t *at, const uint8_t *end, const struct reload_report *report, bool needs_restart)
{
	const char *before = "{\"option\":";

	for (uint32_t i = 0; i < report->count && end - at > CHANGE_MAX; i++) {
		const struct reload_change *change = &report->changes[i];

		if (change->needs_restart != needs_restart)
			continue;
		at = write_member(at, before, option_name(change->option));
		at = write_member(at, ",\"from\":", change->from);
		at = write_text(write_member(at, ",\"to\":", change->to), "}");
		before = ",{\"option\":";
	}
	return at;
}

static void write_report(struct errand *errand, const struct reload_report *report)
{
	const uint8_t *const end = errand->body + sizeof(errand->body);
	uint8_t *at = write_text(errand->body, "{\"changed\":[");

	at = write_text(write_changes(at, end - CHANGE_MAX, report, false), "],\"needs_restart\":[");
	at = write_text(write_changes(at, end, report, true), "]}");
	errand->body_size = (size_t)(at - errand->body);
}

static void write_refusal(struct errand *errand, const char *why)
{
	errand->done = false;
	errand->body_size = (size_t)(write_member(errand->body, "", why) - errand->body);
}

/* When its core cannot be told, the next look tries again. */
static bool give_back(struct errands *errands, struct errand *errand)
{
	return gate_call(errands->reload->links->ring_bells[errand->core], &errand->call) == 0;
}

/* Returns as reload_run() does. */
static int reload_now(struct errands *errands, const char *by)
{
	const int result = reload_run(errands->reload, by);

	if (result > 0)
		errands->adopted(errands->context);
	return result;
}

/* False: not now. */
static bool run(struct errands *errands, struct errand *errand)
{
	const int result = reload_now(errands, errand->by);

	if (result > 0)
		write_report(errand, &errands->reload->report);
	else if (result < 0)
		write_refusal(errand, errands->reload->report.error);
	errand->done = result > 0;
	return result != 0;
}

void errands_tend(struct errands *errands, bool serving)
{
	struct errand *errand;

	if (serving)
		reload_tend(errands->reload);
	if (serving && errands->hangup)
		errands->hangup = reload_now(errands, "SIGHUP") == 0;
	collect(errands);
	while ((errand = errands->waiting) != NULL) {
		struct errand *next = errand->next;

		if (errand->body_size == 0 && !serving)
			write_refusal(errand, "the server is about to end");
		if ((errand->body_size == 0 && !run(errands, errand)) || !give_back(errands, errand))
			return;
		errands->waiting = next; /* the errand is its core's again */
	}
}
