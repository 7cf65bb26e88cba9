#include "engine/store/store_links.h"

#include <errno.h>

#include "engine/core/check.h"
#include "engine/core/pages.h"

/* A pointer and its frame's head. Twice as many as may be out, for those who do not ask whether the port is full. */
#define FRAME_SIZE 16
#define SPARE 2
#define RING_LEAST 4096

static size_t ring_size(uint32_t jobs_max)
{
	size_t size = RING_LEAST;

	while (size < (size_t)jobs_max * FRAME_SIZE * SPARE)
		size *= 2;
	return size;
}

static uint32_t ring_count(const struct store_links *links)
{
	return links->limits.cores * STORE_WORKERS * 2;
}

int store_links_open(struct store_links *links, const struct store_links_limits *limits, struct bell *core_bells,
		     const int *core_ring_bells)
{
	CHECK(limits->cores > 0 && limits->jobs_max > 0);
	*links = (struct store_links){
		.limits = *limits,
		.core_bells = core_bells,
		.core_ring_bells = core_ring_bells,
	};
	links->rings = pages_reserve(ring_count(links) * sizeof(struct xring));
	if (!links->rings)
		return -ENOMEM;
	for (uint32_t i = 0; i < ring_count(links); i++) {
		const int error = xring_open(&links->rings[i], ring_size(limits->jobs_max));

		if (error != 0)
			return error;
	}
	return 0;
}

static void empty(struct xring *ring)
{
	size_t size;

	for (struct store_job **job; (job = xring_peek(ring, &size)) != NULL; xring_drop(ring))
		store_job_give(*job);
}

void store_links_close(struct store_links *links)
{
	for (uint32_t i = 0; i < ring_count(links); i++) {
		empty(&links->rings[i]);
		xring_close(&links->rings[i]);
	}
	pages_release(links->rings, ring_count(links) * sizeof(struct xring));
	links->rings = NULL;
}

void store_links_port(struct store_links *links, uint32_t core, struct store_port *port)
{
	CHECK(core < links->limits.cores);
	*port = (struct store_port){
		.ring_bells = links->ring_bells,
		.jobs_max = links->limits.jobs_max,
		.bytes_max = links->limits.bytes_max,
	};
	for (uint32_t worker = 0; worker < STORE_WORKERS; worker++) {
		port->to[worker] = store_links_in(links, core, worker);
		port->from[worker] = store_links_out(links, core, worker);
		port->bells[worker] = &links->bells[worker];
	}
}

uint64_t store_links_bytes_max(const struct store_links_limits *limits)
{
	return limits->bytes_max + STORE_WORKERS * 2 * (sizeof(struct xring) + ring_size(limits->jobs_max));
}
