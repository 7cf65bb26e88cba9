#include "tests/sim/tokens.h"

#include <stdio.h>
#include <string.h>

#include "engine/auth/auth.h"
#include "engine/core/check.h"
#include "engine/core/clock.h"
#include "proto/chat/command.h"
#include "tests/identity/signer.h"
#include "tests/sim/client.h"
#include "tests/sim/modsim.h"
#include "tests/sim/told.h"

#define CLIENTS_MAX 16
#define WARNING_MS 60000 /* before the end it is told */
#define LATE_MS 64 /* that a timer may be (core/timers.h), and more */
#define GRACE_MS 1000 /* for which no deadline counts after the process stood still (shard/shard_turn.c) */

/* What may be wrong with a token: it has ended, its signature is not its own, it is another user's. */
enum flaw { NONE, OVER, FORGED, OTHERS };

/* What is due at some time is done once the core had a turn after it, and another one a grace later. */
struct due {
	uint64_t at_ms, first_ms, done_ms; /* 0: never, not yet */
};

struct shown {
	enum flaw flaw;
	uint64_t said_ms;
	uint64_t ends_ms, late_ms; /* with the leeway that it may have */
};

static struct bearer {
	struct shown came, next; /* with which it came, or which was taken since; which it has shown since */
	uint64_t next_id; /* 0: all has its answer */
	uint64_t wants_ms; /* to show another one */
	uint32_t core;
	bool known, told; /* it was let in; it was told the end */
	struct due end, warning;
} bearers[CLIENTS_MAX];

static const struct signer signer = { JWT_HS256, NULL, "thirty-two letters that we know.", 32 };
static struct random own;
static bool wanted;
static uint64_t leeway_ms;

static uint32_t below(uint32_t bound)
{
	return (uint32_t)random_below(&own, bound);
}

void tokens_draw(uint64_t seed)
{
	random_seed(&own, seed ^ 0x70c3e2);
	memset(bearers, 0, sizeof(bearers));
	wanted = below(2) == 0 && !sim.input.end;
	leeway_ms = below(2) * 2000;
}

void tokens_keys(struct auth_config *config)
{
	static struct auth_source source;

	source = (struct auth_source){
		.name = SPAN("simulated"),
		.text = span_of(signer.secret, signer.secret_size),
		.algorithm = SPAN("HS256"),
	};
	if (!wanted)
		return;
	config->sources = &source;
	config->source_count = 1;
	config->leeway_ms = leeway_ms;
}

bool tokens_rule(void)
{
	return wanted && modsim_auth();
}

/* Mostly it ends while the world turns; in part after its end would be told at once. */
static uint64_t life_ms(void)
{
	switch (below(6)) {
	case 0:
		return 10 + below(3000);
	case 1:
		return WARNING_MS - 2000 + below(20000);
	case 2:
		return 3600000;
	default:
		return 4000 + below(30000);
	}
}

static void make(struct shown *shown, enum flaw flaw, uint32_t client, char token[SIGNER_TEXT_MAX])
{
	const uint64_t now_ms = clock_wall_ms();
	const uint64_t ends_ms = flaw == OVER ? now_ms - leeway_ms - 1 - below(10000) : now_ms + life_ms();
	char payload[128];

	*shown = (struct shown){ .flaw = flaw, .said_ms = now_ms, .ends_ms = ends_ms };
	shown->late_ms = shown->ends_ms + leeway_ms;
	snprintf(payload, sizeof(payload), "{\"sub\":\"u%u\",\"exp\":%lu.%03lu}",
		 (client + (flaw == OTHERS)) % MODSIM_USERS, shown->ends_ms / 1000, shown->ends_ms % 1000);
	const size_t size = signer_token(&signer, payload, token);

	CHECK(size < TOKENS_TEXT - 64);
	if (flaw == FORGED)
		token[size - 20] = token[size - 20] == 'A' ? 'B' : 'A';
}

static struct due due_at(uint64_t at_ms)
{
	return (struct due){ .at_ms = at_ms };
}

void tokens_opened(const struct sim_client *client, char field[TOKENS_TEXT], char member[TOKENS_TEXT])
{
	struct bearer *bearer = &bearers[client->index];
	char token[SIGNER_TEXT_MAX];

	*field = *member = 0;
	if (!tokens_rule())
		return;
	*bearer = (struct bearer){ .core = client->socket->ring };
	const uint32_t chance = below(20);

	make(&bearer->came, chance == 0 ? OVER : chance == 1 ? FORGED : NONE, client->index, token);
	bearer->end = due_at(bearer->came.late_ms);
	if (below(4) == 0)
		snprintf(field, TOKENS_TEXT, "Authorization: Bearer %.900s\r\n", token);
	else
		snprintf(member, TOKENS_TEXT, ",\"token\":\"%.900s\"", token);
}

/* From now on this one counts. What is left of the leeway has who came after the end. */
static void count_on(struct bearer *bearer, const struct shown *shown)
{
	const uint64_t now_ms = clock_wall_ms();

	bearer->came = *shown;
	if (now_ms < shown->ends_ms)
		bearer->came.late_ms = shown->ends_ms;
	bearer->told = false;
	bearer->wants_ms = 0;
	bearer->end = due_at(bearer->came.late_ms);
	bearer->warning =
		due_at(bearer->came.late_ms > now_ms + WARNING_MS ? bearer->came.late_ms - WARNING_MS : now_ms);
}

static void must_be_good(const struct sim_client *client, const struct shown *shown)
{
	if (shown->flaw != NONE || shown->said_ms >= shown->late_ms)
		sim_fail("client %u: a token that ended at %lu, with flaw %u, is taken", client->index, shown->ends_ms,
			 shown->flaw);
}

static void must_be_bad(const struct sim_client *client, const struct shown *shown, const char *why)
{
	if (shown->flaw == NONE && clock_wall_ms() < shown->ends_ms)
		sim_fail("client %u: a token that ends at %lu is not taken: %s", client->index, shown->ends_ms, why);
}

void tokens_let_in(const struct sim_client *client, const char *text)
{
	struct bearer *bearer = &bearers[client->index];

	if (!tokens_rule())
		return;
	must_be_good(client, &bearer->came);
	if (told_number(text, "\"time\":") >= bearer->came.late_ms)
		sim_fail("client %u: its token had ended at %lu: %s", client->index, bearer->came.ends_ms, text);
	bearer->known = true;
	count_on(bearer, &bearer->came);
}

void tokens_turned_away(const struct sim_client *client, const char *why)
{
	if (!tokens_rule())
		sim_fail("client %u: %s", client->index, why);
	must_be_bad(client, &bearers[client->index].came, why);
}

void tokens_leaving(const struct sim_client *client, uint64_t until_ms, uint64_t after_ms)
{
	const struct bearer *bearer = &bearers[client->index];

	/* It may have ended without having been noticed so far; and time is counted in milliseconds. */
	if (tokens_rule() && bearer->known && after_ms > 0 && until_ms > bearer->came.late_ms + 2)
		sim_fail("client %u may stay until %lu, its token ends at %lu", client->index, until_ms,
			 bearer->came.ends_ms);
}

void tokens_act(struct sim_client *client)
{
	struct bearer *bearer = &bearers[client->index];
	char token[SIGNER_TEXT_MAX];

	if (!tokens_rule() || !bearer->known || bearer->next_id != 0)
		return;
	if ((bearer->wants_ms == 0 || clock_wall_ms() < bearer->wants_ms) && below(150) != 0)
		return;
	const uint32_t chance = below(12);

	make(&bearer->next, chance < OTHERS ? (enum flaw)(chance + 1) : NONE, client->index, token);
	bearer->wants_ms = 0;
	bearer->next_id = ++client->next_id;
	if (bearer->next.flaw == NONE && bearer->next.late_ms > bearer->end.at_ms && bearer->end.done_ms == 0)
		bearer->end = due_at(bearer->next.late_ms);
	client_say(client, "{\"op\":\"refresh\",\"id\":%lu,\"token\":\"%s\"}", bearer->next_id, token);
}

void tokens_ending(const struct sim_client *client, const char *text)
{
	struct bearer *bearer = &bearers[client->index];
	const uint64_t in_ms = told_number(text, "\"in_ms\":"), now_ms = clock_wall_ms();
	const struct shown *token = &bearer->came;

	if (!tokens_rule() || !bearer->known || bearer->told)
		sim_fail("client %u is told of an end that is none, or twice: %s", client->index, text);
	if (in_ms == 0 || in_ms > WARNING_MS || token->ends_ms > now_ms + in_ms ||
	    token->late_ms < token->said_ms + in_ms)
		sim_fail("client %u: what was shown at %lu and ends at %lu is told at %lu: %s", client->index,
			 token->said_ms, token->ends_ms, now_ms, text);
	bearer->told = true;
	if (below(10) < 7)
		bearer->wants_ms = now_ms + below(in_ms < 20000 ? (uint32_t)in_ms : 20000);
}

bool tokens_answered(const struct sim_client *client, uint64_t re, const char *text)
{
	struct bearer *bearer = &bearers[client->index];
	const struct shown *next = &bearer->next;

	if (!tokens_rule() || re == 0 || bearer->next_id != re)
		return false;
	bearer->next_id = 0;
	if (!strstr(text, "\"err\":")) {
		must_be_good(client, next);
		count_on(bearer, next);
		return true;
	}
	if (bearer->end.done_ms == 0)
		bearer->end = due_at(bearer->came.late_ms);
	if (strstr(text, "\"unavailable\"") || strstr(text, "\"rate_limited\""))
		return true;
	must_be_bad(client, next, text);
	const bool forbidden = strstr(text, "\"forbidden\"") != NULL;

	if (forbidden ? next->flaw != OTHERS
		      : !strstr(text, "\"unauthorized\"") || (next->flaw == OTHERS && clock_wall_ms() < next->ends_ms))
		sim_fail("client %u: a token with flaw %u is answered with %s", client->index, next->flaw, text);
	return true;
}

void tokens_closed(const struct sim_client *client, uint32_t code)
{
	const struct bearer *bearer = &bearers[client->index];
	const struct shown *token = &bearer->came;

	if (code != chat_close_code(CHAT_CLOSE_expired))
		return;
	if (!tokens_rule() || !bearer->known || clock_wall_ms() < token->ends_ms)
		sim_fail("client %u is ended at %lu for a token that ends at %lu", client->index, clock_wall_ms(),
			 token->ends_ms);
	if (bearer->warning.done_ms != 0 && bearer->warning.done_ms < token->ends_ms && !bearer->told)
		sim_fail("client %u: nobody has told that its token ends at %lu", client->index, token->ends_ms);
}

void tokens_heard(const struct sim_client *client, const char *text)
{
	const struct bearer *bearer = &bearers[client->index];
	const uint64_t ts_ms = told_number(text, "\"ts\":");

	if (tokens_rule() && bearer->end.done_ms != 0 && ts_ms > bearer->end.done_ms)
		sim_fail("client %u: at the latest at %lu its token had ended: %s", client->index, bearer->end.done_ms,
			 text);
}

static void pass(struct due *due, uint64_t now_ms)
{
	if (due->at_ms == 0 || due->done_ms != 0 || now_ms < due->at_ms + LATE_MS)
		return;
	if (due->first_ms == 0)
		due->first_ms = now_ms;
	else if (now_ms >= due->first_ms + GRACE_MS)
		due->done_ms = now_ms;
}

void tokens_turn(uint32_t core)
{
	const uint64_t now_ms = clock_wall_ms();

	for (uint32_t i = 0; tokens_rule() && i < CLIENTS_MAX; i++) {
		if (bearers[i].core != core)
			continue;
		pass(&bearers[i].end, now_ms);
		pass(&bearers[i].warning, now_ms);
	}
}

void tokens_judge(const struct sim_client *client)
{
	const struct bearer *bearer = &bearers[client->index];

	/* What it was told then is read. */
	if (tokens_rule() && bearer->end.done_ms != 0 && clock_wall_ms() > bearer->end.done_ms + 2)
		sim_fail("client %u is there, whose token had ended at %lu", client->index, bearer->end.done_ms);
}
