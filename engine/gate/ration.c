#include "engine/gate/ration.h"

#include <string.h>

#include "engine/core/check.h"
#include "engine/core/mutant.h"
#include "engine/core/slab.h"

/* The rest of a receive that was under way comes behind what was kept first. */
#define CAPACITY_MIN 8192

void ration_open(struct ration *ration, const struct ration_limits *limits)
{
	*ration = (struct ration){ .limits = *limits };
}

static void release(struct waiter *waiter)
{
	if (waiter->bytes)
		block_give(waiter->bytes, waiter->capacity);
	block_give(waiter, sizeof(*waiter));
}

static void put(struct waiter_list *list, struct waiter *waiter)
{
	waiter->next = NULL;
	if (list->first)
		list->last->next = waiter;
	else
		list->first = waiter;
	list->last = waiter;
}

static struct waiter *take(struct waiter_list *list)
{
	struct waiter *first = list->first;

	if (first)
		list->first = first->next;
	return first;
}

void ration_close(struct ration *ration)
{
	struct waiter *waiter;

	CHECK(ration->waiting == 0 && ration->bytes == 0);
	while ((waiter = take(&ration->line)) || (waiter = take(&ration->resting)))
		release(waiter);
}

uint64_t ration_bytes_max(const struct ration_limits *limits)
{
	return limits->bytes_max;
}

void ration_refused(struct ration *ration)
{
	if (ration->message >= ration->limits.costly && ration->limits.rest_ms != 0)
		ration->tired = true;
}

static void queue(struct ration *ration, struct waiter *waiter, uint64_t now_ms)
{
	waiter->until_ms = ration->tired ? now_ms + ration->limits.rest_ms : 0;
	put(ration->tired ? &ration->resting : &ration->line, waiter);
}

static void keep(struct ration *ration, struct waiter *waiter, const uint8_t *bytes, size_t size)
{
	if (size > 0)
		memcpy(waiter->bytes + waiter->size, bytes, size);
	waiter->size += size;
	CHECK(waiter->size <= waiter->capacity && ration->bytes >= waiter->capacity);
}

struct waiter *ration_enter(struct ration *ration, struct conn *conn, const uint8_t *bytes, size_t size,
			    uint64_t now_ms)
{
	const size_t capacity = size > CAPACITY_MIN ? size : CAPACITY_MIN;
	struct waiter *waiter = NULL;
	uint8_t *kept = NULL;

	if (ration->bytes + capacity <= ration->limits.bytes_max)
		waiter = block_take(sizeof(*waiter));
	if (waiter)
		kept = block_take(capacity);
	if (!kept) {
		if (waiter)
			block_give(waiter, sizeof(*waiter));
		return NULL;
	}
	*waiter = (struct waiter){ .conn = conn, .bytes = kept, .capacity = capacity };
	ration->bytes += capacity;
	ration->waiting++;
	keep(ration, waiter, bytes, size);
	queue(ration, waiter, now_ms);
	return waiter;
}

bool ration_add(struct ration *ration, struct waiter *waiter, const uint8_t *bytes, size_t size)
{
	const size_t wanted = waiter->size + size;

	CHECK(waiter->conn);
	if (wanted > waiter->capacity) {
		const size_t capacity = wanted * 2;
		uint8_t *grown = block_grow(waiter->bytes, waiter->capacity, capacity);

		if (!grown)
			return false;
		ration->bytes += capacity - waiter->capacity;
		waiter->bytes = grown;
		waiter->capacity = capacity;
	}
	keep(ration, waiter, bytes, size);
	return true;
}

struct waiter *ration_next(struct ration *ration, uint64_t now_ms)
{
	struct waiter *waiter;

	while (ration->resting.first && (!ration->resting.first->conn || ration->resting.first->until_ms <= now_ms)) {
		waiter = take(&ration->resting);
		waiter->until_ms = 0;
		put(&ration->line, waiter);
	}
	while ((waiter = take(&ration->line)) != NULL && !waiter->conn)
		release(waiter);
	ration->served = waiter;
	return waiter;
}

void ration_again(struct ration *ration, struct waiter *waiter, uint64_t now_ms)
{
	CHECK(waiter->conn && waiter == ration->served);
	ration->served = NULL;
	queue(ration, waiter, now_ms);
}

static void forget(struct ration *ration, struct waiter *waiter)
{
	CHECK(ration->waiting > 0 && ration->bytes >= waiter->capacity);
	ration->waiting--;
	ration->bytes -= waiter->capacity;
}

void ration_done(struct ration *ration, struct waiter *waiter)
{
	CHECK(waiter == ration->served);
	ration->served = NULL;
	if (waiter->conn)
		forget(ration, waiter);
	release(waiter);
}

/* Its place in line stays, empty. */
void ration_leave(struct ration *ration, struct waiter *waiter)
{
	CHECK(waiter->conn);
	forget(ration, waiter);
	waiter->conn = NULL;
	if (waiter == ration->served)
		return; /* its bytes are being read */
	block_give(waiter->bytes, waiter->capacity);
	waiter->bytes = NULL;
}

uint64_t ration_wait_ms(const struct ration *ration, uint64_t now_ms)
{
	if (ration->line.first)
		return 0;
	if (!ration->resting.first)
		return UINT64_MAX;
	return ration->resting.first->until_ms > now_ms ? ration->resting.first->until_ms - now_ms : 0;
}
