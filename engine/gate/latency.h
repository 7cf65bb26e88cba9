/* latency.h - how long publishes and acknowledgements took, told to the histograms when the kernel has them.
 *
 * A command is heard in the turn that reads its bytes, and its frames are planned in the turn in which its event, or
 * its answer, comes back from the room's home. They are with the kernel when that turn's sends have been
 * submitted, which is the beginning of the next turn: there latency_settle() notes how long it was. Nothing reads a
 * clock for it. Cores have one clock, so it does not matter who heard and who delivers. Events that were heard in one
 * turn are one sample.
 */
#ifndef GATE_LATENCY_H
#define GATE_LATENCY_H

#include "engine/gate/gate.h"

/* For mail_origin.heard_us; never 0. */
static inline uint32_t latency_heard(const struct gate *gate)
{
	return (uint32_t)gate->now_us | 1;
}

void latency_note(struct gate *gate, enum histogram_name histogram, struct latency_list *list, uint32_t heard_us,
		  uint32_t times);

/* Frames of an event are planned for so many members; the answer to a send is. heard_us 0: not to be told. */
static inline void latency_delivered(struct gate *gate, uint32_t heard_us, uint32_t members)
{
	latency_note(gate, HISTOGRAM_publish_to_deliver, &gate->latency.delivered, heard_us, members);
}

static inline void latency_acked(struct gate *gate, uint32_t heard_us)
{
	latency_note(gate, HISTOGRAM_ack, &gate->latency.acked, heard_us, 1);
}

/* All that was planned before has been submitted. */
void latency_settle(struct gate *gate);

#endif
