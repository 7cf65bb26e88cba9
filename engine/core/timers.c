#include "engine/core/timers.h"

#include <stddef.h>

#include "engine/core/check.h"

/* Ticks are compared by difference, so that their wrapping after four years does no harm;
 * a deadline further away than half of that is brought nearer. */
#define TICKS_MOST (1u << 30)

static bool is_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static void list_open(struct timer *head)
{
	head->next = head->prev = head;
}

static void list_add(struct timer *head, struct timer *timer)
{
	timer->prev = head->prev;
	timer->next = head;
	head->prev->next = timer;
	head->prev = timer;
}

static void list_cut(struct timer *timer)
{
	timer->prev->next = timer->next;
	timer->next->prev = timer->prev;
	timer->next = timer->prev = NULL;
}

void timers_open(struct timers *timers, uint64_t now_ms)
{
	*timers = (struct timers){ .start_ms = now_ms };
	for (uint32_t i = 0; i < TIMER_SLOTS; i++)
		list_open(&timers->slots[i]);
	list_open(&timers->expired);
}

static uint64_t since_start(const struct timers *timers, uint64_t now_ms)
{
	CHECK(now_ms >= timers->start_ms);
	return now_ms - timers->start_ms;
}

static struct timer *slot_of(struct timers *timers, uint32_t tick)
{
	return &timers->slots[tick % TIMER_SLOTS];
}

static uint32_t tick_of(const struct timers *timers, uint64_t now_ms, uint64_t after_ms)
{
	const uint64_t most = (uint64_t)TICKS_MOST * TIMER_TICK_MS;
	const uint64_t due_ms = since_start(timers, now_ms) + (after_ms < most ? after_ms : most);

	return (uint32_t)((due_ms + TIMER_TICK_MS - 1) / TIMER_TICK_MS);
}

void timer_set(struct timers *timers, struct timer *timer, uint64_t now_ms, uint64_t after_ms)
{
	timer_stop(timers, timer);
	timer->due_tick = tick_of(timers, now_ms, after_ms);
	/* The tick of this very moment may have been run already. */
	if (!is_before(timers->tick, timer->due_tick))
		timer->due_tick = timers->tick + 1;
	list_add(slot_of(timers, timer->due_tick), timer);
	timers->marks[timer->due_tick % TIMER_SLOTS / 64] |= 1ull << timer->due_tick % 64;
	timers->armed++;
}

void timer_bring(struct timers *timers, struct timer *timer, uint64_t now_ms, uint64_t after_ms)
{
	if (!timer_is_set(timer) || is_before(tick_of(timers, now_ms, after_ms), timer->due_tick))
		timer_set(timers, timer, now_ms, after_ms);
}

void timer_stop(struct timers *timers, struct timer *timer)
{
	if (!timer_is_set(timer))
		return;
	CHECK(timers->armed > 0);
	list_cut(timer);
	timers->armed--;
}

/* What is due goes to the expired list; what waits for a later turn of the wheel stays. */
static void run_tick(struct timers *timers)
{
	struct timer *head = slot_of(timers, ++timers->tick);
	const uint64_t mark = 1ull << timers->tick % 64;
	uint64_t *marks = &timers->marks[timers->tick % TIMER_SLOTS / 64];

	if (!(*marks & mark))
		return;
	for (struct timer *timer = head->next, *next; timer != head; timer = next) {
		next = timer->next;
		if (is_before(timers->tick, timer->due_tick))
			continue;
		list_cut(timer);
		list_add(&timers->expired, timer);
	}
	if (head->next == head)
		*marks &= ~mark;
}

struct timer *timers_due(struct timers *timers, uint64_t now_ms)
{
	const uint32_t now_tick = (uint32_t)(since_start(timers, now_ms) / TIMER_TICK_MS);
	struct timer *const expired = &timers->expired;

	/* After a long sleep one turn of the wheel sees every slot; without timers nothing needs to be seen. */
	if (timers->armed == 0 && is_before(timers->tick, now_tick))
		timers->tick = now_tick;
	if (is_before(timers->tick, now_tick - TIMER_SLOTS))
		timers->tick = now_tick - TIMER_SLOTS;
	while (expired->next == expired && is_before(timers->tick, now_tick))
		run_tick(timers);
	if (expired->next == expired)
		return NULL;

	struct timer *timer = expired->next;

	list_cut(timer);
	timers->armed--;
	return timer;
}

/* Ticks from the last one run to the next marked slot that has timers; 0 when none has. A mark whose timers were all
 * stopped goes: each is met once. */
static uint32_t ticks_ahead(struct timers *timers)
{
	uint32_t ahead = 1;

	while (ahead <= TIMER_SLOTS) {
		const uint32_t slot = (timers->tick + ahead) % TIMER_SLOTS;
		uint64_t *const word = &timers->marks[slot / 64];
		const uint64_t marks = *word >> slot % 64;

		if (!marks) {
			ahead += 64 - slot % 64;
			continue;
		}
		const uint32_t skip = (uint32_t)__builtin_ctzll(marks);
		const struct timer *head = &timers->slots[slot + skip];

		if (head->next != head)
			return ahead + skip;
		*word &= ~(1ull << (slot + skip) % 64);
		ahead += skip + 1;
	}
	return 0;
}

uint64_t timers_wait_ms(struct timers *timers, uint64_t now_ms)
{
	if (timers->armed == 0)
		return UINT64_MAX;
	if (timers->expired.next != &timers->expired)
		return 0;

	const uint64_t now = since_start(timers, now_ms);
	const uint64_t now_tick = now / TIMER_TICK_MS;
	const uint32_t ahead = ticks_ahead(timers);
	/* From the last run tick, which may lie behind now, to the slot's. */
	const int64_t from_now = (int32_t)(timers->tick + ahead - (uint32_t)now_tick);

	CHECK(ahead > 0);
	if (from_now <= 0)
		return 0;
	return (now_tick + (uint64_t)from_now) * TIMER_TICK_MS - now;
}
