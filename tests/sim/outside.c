#include "tests/sim/outside.h"

#include "engine/core/check.h"
#include "engine/core/random.h"
#include "engine/gate/hook.h"
#include "tests/sim/sim.h"

#define WAITING_MAX 24
#define ON_THE_WAY_MAX 40

static struct random chance;
static bool asked_at_all;
static struct shard_links *links;
static struct hook_question *waiting[WAITING_MAX], *on_the_way[ON_THE_WAY_MAX];
static uint32_t waiting_count, on_the_way_count;
static void (*run)(struct gate *gate, struct gate_call *call); /* what a question has as its call */

static bool happens(uint32_t thousandths)
{
	return random_below(&chance, 1000) < thousandths;
}

static bool ask(void *context, struct hook_question *question)
{
	(void)context;
	sim_note("asked", question->core, question->number);
	if (waiting_count == WAITING_MAX || happens(20))
		return false;
	waiting[waiting_count++] = question;
	return true;
}

static struct hook_port port = { .ask = ask };

static void take_off(struct hook_question **list, uint32_t *count, uint32_t at)
{
	list[at] = list[--*count];
}

/* In the core's turn. A core that is gone takes nothing. */
static void arrive(struct gate *gate, struct gate_call *call)
{
	uint32_t at = 0;

	while (&on_the_way[at]->call != call)
		CHECK(++at < on_the_way_count);
	take_off(on_the_way, &on_the_way_count, at);
	call->run = run;
	run(gate, call);
}

static void answer(uint32_t at, bool answered, bool allow)
{
	struct hook_question *question = waiting[at];

	take_off(waiting, &waiting_count, at);
	question->answered = answered;
	question->answer = (struct hook_answer){ .allow = allow };
	sim_note("answered", question->number, answered * 2 + allow);
	run = question->call.run;
	question->call.run = arrive;
	on_the_way[on_the_way_count++] = question;
	CHECK(gate_call(links->ring_bells[question->core], &question->call) == 0);
}

void outside_draw(uint64_t seed)
{
	random_seed(&chance, seed ^ 0x6f757473);
	asked_at_all = happens(300);
	port.asks[HOOK_CONNECT] = happens(600);
	port.asks[HOOK_JOIN] = happens(800);
	port.lenient = happens(500);
}

void outside_begin(struct shard_links *of_cores)
{
	links = of_cores;
	links->hooks = asked_at_all ? &port : NULL;
}

void outside_end(void)
{
	while (waiting_count > 0)
		hook_question_give(waiting[--waiting_count]);
	while (on_the_way_count > 0)
		hook_question_give(on_the_way[--on_the_way_count]);
}

void outside_act(void)
{
	if (waiting_count > 0 && on_the_way_count < ON_THE_WAY_MAX && happens(300))
		answer((uint32_t)random_below(&chance, waiting_count), happens(900), happens(850));
}

void outside_answer(void)
{
	while (waiting_count > 0 && on_the_way_count < ON_THE_WAY_MAX)
		answer(waiting_count - 1, true, true);
}
