#include "engine/shard/shard_links.h"

#include <errno.h>

#include "engine/core/check.h"
#include "engine/core/pages.h"

int shard_links_open(struct shard_links *links, uint32_t cores, size_t xring_size)
{
	CHECK(cores >= 1 && cores <= CORES_MAX);
	memset(links, 0, sizeof(*links));
	links->cores = cores;
	links->rings = pages_reserve(cores * cores * sizeof(struct xring));
	if (!links->rings)
		return -ENOMEM;
	for (uint32_t i = 0; i < cores * cores; i++) {
		const int error = xring_open(&links->rings[i], xring_size);

		if (error != 0)
			return error;
	}
	return 0;
}

void shard_links_close(struct shard_links *links)
{
	for (uint32_t i = 0; i < links->cores * links->cores; i++) {
		while (post_peek(&links->rings[i]))
			post_drop(&links->rings[i]);
		xring_close(&links->rings[i]);
	}
	pages_release(links->rings, links->cores * links->cores * sizeof(struct xring));
}
