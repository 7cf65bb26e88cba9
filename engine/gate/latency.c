#include "engine/gate/latency.h"

#define LOOK_BACK 4 /* samples: what was heard by several cores comes in turns */

/* A clock that stands still, as in the simulation, may make it one less than nothing: heard_us is never 0. */
static uint64_t since(const struct gate *gate, uint32_t heard_us)
{
	const uint32_t us = (uint32_t)gate->now_us - heard_us;

	return us <= INT32_MAX ? us : 0;
}

static void settle(struct gate *gate, enum histogram_name histogram, struct latency_list *list)
{
	for (uint32_t i = 0; i < list->count; i++)
		histogram_add(gate->counters, histogram, since(gate, list->samples[i].heard_us),
			      list->samples[i].times);
	list->count = 0;
}

void latency_note(struct gate *gate, enum histogram_name histogram, struct latency_list *list, uint32_t heard_us,
		  uint32_t times)
{
	if (heard_us == 0 || times == 0)
		return;
	for (uint32_t i = list->count; i > 0 && i + LOOK_BACK > list->count; i--)
		if (list->samples[i - 1].heard_us == heard_us) {
			list->samples[i - 1].times += times;
			return;
		}
	if (list->count == LATENCY_SAMPLES) /* from so many turns: this one's beginning will do for them */
		settle(gate, histogram, list);
	list->samples[list->count++] = (struct latency_sample){ heard_us, times };
}

void latency_settle(struct gate *gate)
{
	settle(gate, HISTOGRAM_publish_to_deliver, &gate->latency.delivered);
	settle(gate, HISTOGRAM_ack, &gate->latency.acked);
}
