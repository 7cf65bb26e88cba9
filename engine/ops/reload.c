#include "engine/ops/reload.h"

#include <stdlib.h>

#include "engine/auth/auth.h"
#include "engine/core/check.h"
#include "engine/core/log.h"
#include "engine/shard/adopt.h"
#include "engine/shard/retune.h"
#include "engine/ops/boot.h"

#define CHANGES_A_LINE 8 /* of the log */

int reload_open(struct reload *reload)
{
	const int failed = files_start(reload->files);

	if (failed == 0)
		return 0;
	fprintf(stderr, "uproar: no process to read the configuration: %s\n", strerror(-failed));
	return EXIT_CONFIG;
}

void reload_close(struct reload *reload)
{
	files_end(reload->files);
	policy_free(reload->former);
	policy_free(reload->policy);
	reload->former = NULL;
	reload->policy = NULL;
}

static int refuse(struct policy *next, struct options *asked)
{
	policy_free(next);
	free(asked);
	return -1;
}

static bool same(const struct options *a, const struct options *b, enum option_id id)
{
	return strcmp(option_text(a, id), option_text(b, id)) == 0;
}

/* What is asked for against what holds. What needs a restart stays as it is. */
static void compare(const struct options *running, struct options *asked, struct reload_report *report)
{
	report->count = 0;
	for (int i = 0; i < OPTION_COUNT; i++) {
		const enum option_id id = (enum option_id)i;
		struct reload_change *change = &report->changes[report->count];

		if (!same(running, asked, id)) {
			*change = (struct reload_change){ .option = id, .needs_restart = !option_is_live(id) };
			option_shown(running, id, change->from);
			option_shown(asked, id, change->to);
			report->count++;
		}
		if (!option_is_live(id))
			asked->values[id] = running->values[id];
	}
}

static struct reload_change *change_of(struct reload_report *report, enum option_id id)
{
	for (uint32_t i = 0; i < report->count; i++)
		if (report->changes[i].option == id)
			return &report->changes[i];
	return NULL;
}

/* What is right only together with what needs a restart waits for it. */
static void wait_for_restart(const struct options *running, struct options *asked, struct reload_report *report)
{
	static const struct {
		enum option_id live, start;
	} pairs[] = {
		{ OPTION_metrics, OPTION_api_keys },        { OPTION_origins, OPTION_token_cookie },
		{ OPTION_token_issuer, OPTION_token_jwks }, { OPTION_token_audience, OPTION_token_jwks },
		{ OPTION_room_classes, OPTION_data },       { OPTION_room_classes, OPTION_store },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct reload_change *change = change_of(report, pairs[i].live);

		if (!change || !change_of(report, pairs[i].start))
			continue;
		asked->values[pairs[i].live] = running->values[pairs[i].live];
		change->needs_restart = true;
	}
}

/* A room that is there cannot move between disk and memory. The longest prefix that a name has in either list decides
 * for it in both, so it is enough to look at the prefixes. Returns NULL, or the first for which it would be another. */
static const char *class_that_moves(const struct room_classes *from, const struct room_classes *to)
{
	const struct room_classes *const lists[] = { from, to };

	for (size_t list = 0; list < 2; list++)
		for (uint32_t i = 0; i < lists[list]->count; i++) {
			const char *prefix = lists[list]->classes[i].prefix;
			const struct span name = span_of(prefix, strlen(prefix));

			if (room_class_of(from, name)->disk != room_class_of(to, name)->disk)
				return *prefix ? prefix : "*";
		}
	return NULL;
}

int reload_judge(const struct policy *policy, const struct config *config, struct files *files, struct policy **next,
		 struct reload_report *report)
{
	struct options *asked = malloc(sizeof(*asked));
	char unsaid[OPTION_ERROR_MAX];

	*report = (struct reload_report){ 0 };
	*next = NULL;
	if (!asked) {
		snprintf(report->error, OPTION_ERROR_MAX, "there is no memory to read the options");
		return -1;
	}
	if (config_read(config, files, asked, report->error) != 0)
		return refuse(NULL, asked);
	/* It must also be right for the next start, with the options that only that can change. */
	if (policy_check(asked, report->error) != 0)
		return refuse(NULL, asked);
	compare(&policy->options, asked, report);
	if (policy_check(asked, unsaid) != 0)
		wait_for_restart(&policy->options, asked, report);
	*next = policy_make(asked, policy, files, report->error);
	if (!*next)
		return refuse(NULL, asked);

	const char *moves = class_that_moves(&policy->classes, &(*next)->classes);

	if (moves) {
		snprintf(report->error, OPTION_ERROR_MAX,
			 "%.*s: option 'room-classes': rooms of '%s' would move between disk and memory, which needs "
			 "a restart",
			 OPTION_WHERE_MAX, option_where(asked, OPTION_room_classes), moves);
		refuse(*next, asked);
		*next = NULL;
		return -1;
	}
	free(asked);
	return 1;
}

/* In a core's turn. */
static void adopt(struct gate *gate, struct gate_call *call)
{
	struct reload_core *core = (struct reload_core *)call;

	gate_retune(gate, &core->limits);
	atomic_fetch_sub(&core->reload->untaken, 1); /* from now on it may be used for the next */
}

/* Who is let in goes its own way, since it also changes when keys were fetched. Said twice it does no harm. */
static void hand_auth(struct reload *reload)
{
	reload->auth_untold = adopt_auth(reload->links, auth_hold(reload->policy->auth)) != 0;
}

static void hand_over(struct reload *reload)
{
	CHECK(atomic_load(&reload->untaken) == 0);
	atomic_store(&reload->untaken, reload->cores);
	for (uint32_t i = 0; i < reload->cores; i++) {
		struct reload_core *core = &reload->core[i];

		core->call.run = adopt;
		core->reload = reload;
		core->limits = policy_limits(reload->policy, reload->features, i, reload->cores);
		core->untold = gate_call(reload->links->ring_bells[i], &core->call) != 0;
	}
	hand_auth(reload);
}

int reload_fetched(struct reload *reload, struct span jwks)
{
	char error[OPTION_ERROR_MAX];

	if (policy_fetched(reload->policy, jwks, error) != 0) {
		LOG(LOG_ERROR, "jwks_refused", LOG_TEXT("error", error));
		return -1;
	}
	hand_auth(reload);
	return 0;
}

void reload_tend(struct reload *reload)
{
	for (uint32_t i = 0; i < reload->cores; i++)
		if (reload->core[i].untold)
			reload->core[i].untold = gate_call(reload->links->ring_bells[i], &reload->core[i].call) != 0;
	if (reload->auth_untold)
		hand_auth(reload);
	if (reload->former && atomic_load(&reload->untaken) == 0) {
		policy_free(reload->former);
		reload->former = NULL;
	}
}

/* Several to a line: the log has no more than so many lines of one kind a second. */
static void tell_changes(const struct reload_report *report, bool needs_restart)
{
	struct log_field fields[CHANGES_A_LINE];
	char texts[CHANGES_A_LINE][2 * OPTION_SHOWN_MAX + 8];
	const char *event = needs_restart ? "reload_needs_restart" : "reload_changed";
	const enum log_level level = needs_restart ? LOG_WARN : LOG_INFO;
	size_t count = 0;

	for (uint32_t i = 0; i < report->count; i++) {
		const struct reload_change *change = &report->changes[i];

		if (change->needs_restart != needs_restart)
			continue;
		snprintf(texts[count], sizeof(texts[count]), "%s -> %s", change->from, change->to);
		fields[count] = LOG_TEXT(option_name(change->option), texts[count]);
		if (++count == CHANGES_A_LINE) {
			log_fields(level, event, fields, count);
			count = 0;
		}
	}
	if (count > 0)
		log_fields(level, event, fields, count);
}

int reload_run(struct reload *reload, const char *by)
{
	struct reload_report *report = &reload->report;
	struct policy *next;

	reload_tend(reload);
	if (reload->former)
		return 0;
	if (reload_judge(reload->policy, reload->config, reload->files, &next, report) < 0) {
		LOG(LOG_ERROR, "reload_refused", LOG_TEXT("by", by), LOG_TEXT("error", report->error));
		return -1;
	}
	reload->former = reload->policy;
	reload->policy = next;
	/* Who reads the former ones does so in a turn before the one that adopts: nobody when they are freed. */
	__atomic_store_n(reload->classes, &next->classes, __ATOMIC_RELEASE);
	hand_over(reload);
	LOG(LOG_AUDIT, "audit", LOG_TEXT("act", "reload"), LOG_TEXT("by", by), LOG_U64("options", report->count));
	tell_changes(report, false);
	tell_changes(report, true);
	LOG(LOG_INFO, "reloaded", LOG_TEXT("by", by), LOG_U64("options", report->count));
	return 1;
}
