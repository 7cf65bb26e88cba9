#include "engine/chat/store_port.h"

#include "engine/core/check.h"
#include "engine/core/slab.h"

#define ALIGN 16

static size_t aligned(size_t size)
{
	return (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

struct store_job *store_job_make(enum store_op op, uint32_t core, size_t owner_size, size_t span_bytes)
{
	const size_t size = aligned(sizeof(struct store_job)) + aligned(owner_size) + span_bytes;
	struct store_job *job = block_take(size);

	if (!job)
		return NULL;
	*job = (struct store_job){ .op = op, .core = core, .size = size };
	return job;
}

void *store_job_own(struct store_job *job)
{
	return (uint8_t *)job + aligned(sizeof(*job));
}

uint8_t *store_job_bytes(struct store_job *job, size_t owner_size)
{
	return (uint8_t *)store_job_own(job) + aligned(owner_size);
}

void store_job_give(struct store_job *job)
{
	if (job->page)
		block_give(job->page, job->page->size);
	if (job->kept_state)
		block_give(job->kept_state, job->kept_state->size);
	block_give(job, job->size);
}

bool store_port_is_full(const struct store_port *port)
{
	return port->jobs_out >= port->jobs_max || port->bytes_out >= port->bytes_max;
}

void store_port_give(struct store_port *port, enum store_worker worker, struct store_job *job)
{
	struct store_job **place = xring_reserve(port->to[worker], sizeof(job));

	CHECK(place);
	*place = job;
	port->jobs_out++;
	port->bytes_out += job->size;
	port->to_ring |= 1u << worker;
	xring_push(port->to[worker], sizeof(job));
}

struct store_job *store_port_take(struct store_port *port)
{
	for (uint32_t looked = 0; looked < STORE_WORKERS; looked++) {
		struct xring *ring = port->from[port->next++ % STORE_WORKERS];
		size_t size;
		struct store_job **place = xring_peek(ring, &size);

		if (!place)
			continue;
		struct store_job *job = *place;

		CHECK(size == sizeof(job) && port->jobs_out > 0 && port->bytes_out >= job->size);
		port->jobs_out--;
		port->bytes_out -= job->size;
		xring_drop(ring);
		return job;
	}
	return NULL;
}

bool store_port_waits(const struct store_port *port)
{
	size_t size;

	for (uint32_t worker = 0; worker < STORE_WORKERS; worker++)
		if (xring_peek(port->from[worker], &size))
			return true;
	return false;
}

void store_port_flush(struct store_port *port, struct ring *ring)
{
	for (uint32_t worker = 0; worker < STORE_WORKERS; worker++)
		if ((port->to_ring >> worker & 1) && bell_must_ring(port->bells[worker]))
			ring_wake(ring, port->ring_bells[worker], 0);
	port->to_ring = 0;
}
