#include "tests/sim/acts.h"

#include <string.h>

#include "tests/sim/modsim.h"
#include "tests/sim/oracle.h"
#include "tests/sim/sim.h"

#define NEVER UINT64_MAX
#define SLOWS_MAX 64
#define CLIENTS_MAX 16
#define SLACK_NS 5000000ull /* the engine counts milliseconds */

enum { LOCKED, SLOWED, BANNED, MUTED = BANNED + MODSIM_USERS, THINGS = MUTED + MODSIM_USERS };

const char *const act_names[ACTS] = { "kick", "ban", "unban", "mute", "unmute", "slow", "lock", "unlock" };

static struct room_acts {
	/* Of a lock, of slowness, of each user's ban and mute: */
	uint64_t imposed_ns[THINGS]; /* when it was last asked for, */
	uint64_t settled_ns[THINGS]; /* and last answered */
	uint64_t off_ns[THINGS]; /* since when it is known to be over; NEVER: it may hold */
	uint32_t open[THINGS]; /* that were asked for, without an answer so far */
	bool undone, unpaced; /* what lifts, what changes the pace: it may have been taken and be nowhere */
	struct slowness {
		char epoch[ORACLE_EPOCH];
		uint64_t seq;
		uint32_t every_s;
	} slows[SLOWS_MAX];
	uint32_t slow_count;
	struct word {
		char epoch[ORACLE_EPOCH];
		uint64_t seq, said_ns;
	} last[CLIENTS_MAX]; /* seq 0: nothing */
} rooms[ORACLE_ROOMS];

static bool imposes(const struct act_said *said)
{
	return said->act == ACT_BAN || said->act == ACT_MUTE || said->act == ACT_LOCK ||
	       (said->act == ACT_SLOW && said->every_s > 0);
}

static int thing_of(const struct act_said *said)
{
	switch (said->act) {
	case ACT_BAN:
	case ACT_UNBAN:
		return BANNED + (int)said->user;
	case ACT_MUTE:
	case ACT_UNMUTE:
		return MUTED + (int)said->user;
	case ACT_SLOW:
		return SLOWED;
	case ACT_LOCK:
	case ACT_UNLOCK:
		return LOCKED;
	default:
		return -1;
	}
}

void acts_reset(void)
{
	memset(rooms, 0, sizeof(rooms));
}

void acts_crash(void)
{
	for (uint32_t i = 0; i < ORACLE_ROOMS; i++) {
		rooms[i].unpaced |= rooms[i].open[SLOWED] > 0;
		memset(rooms[i].open, 0, sizeof(rooms[i].open));
		memset(rooms[i].last, 0, sizeof(rooms[i].last)); /* when each last spoke is not kept */
	}
}

void acts_said(const struct act_said *said)
{
	struct room_acts *room = &rooms[said->room];
	const int thing = thing_of(said);

	if (thing < 0)
		return;
	room->open[thing]++;
	if (imposes(said)) {
		room->imposed_ns[thing] = sim.now_ns;
		room->off_ns[thing] = NEVER;
	}
}

void acts_ended(const struct act_said *said, enum act_end end, const char *epoch, uint64_t seq)
{
	struct room_acts *room = &rooms[said->room];
	const int thing = thing_of(said);

	if (thing < 0)
		return;
	if (end != ACT_UNKNOWN)
		room->open[thing]--;
	const bool nowhere = end == ACT_FAILED || end == ACT_UNKNOWN;

	room->undone |= nowhere && !imposes(said);
	room->unpaced |= nowhere && said->act == ACT_SLOW;
	if (imposes(said))
		room->settled_ns[thing] = sim.now_ns;
	/* That it would change nothing may be because it had ended by itself, until the clock jumps back. What imposes
	 * it, and had no answer yet when this was asked for, may have come after it. */
	if (end == ACT_DONE && !imposes(said) && room->open[thing] == 0 && room->imposed_ns[thing] < said->said_ns &&
	    room->settled_ns[thing] < said->said_ns)
		room->off_ns[thing] = sim.now_ns;
	if (said->act != ACT_SLOW || end != ACT_DONE)
		return;
	struct slowness *slow = &room->slows[room->slow_count++ % SLOWS_MAX];

	*slow = (struct slowness){ .seq = seq, .every_s = said->every_s };
	strncpy(slow->epoch, epoch, sizeof(slow->epoch) - 1);
}

void acts_refused(uint32_t room, uint32_t user, const char *answer, uint64_t said_ns)
{
	static const char *const codes[] = { "\"read_only\"", "\"slow_mode\"", "\"banned\"", "\"muted\"" };
	const uint32_t things[] = { LOCKED, SLOWED, BANNED + user, MUTED + user };

	for (int i = 0; i < 4 && !modsim_auth(); i++)
		if (strstr(answer, codes[i]) && rooms[room].off_ns[things[i]] < said_ns)
			sim_fail("user %u is refused in room %u, of which nothing holds since %lu us: %s", user, room,
				 rooms[room].off_ns[things[i]] / 1000, answer);
}

/* The pace that held from `from` to `to`, as far as it was one; 0: there was none, or it is not known. */
static uint32_t pace(const struct room_acts *room, const char *epoch, uint64_t from, uint64_t to)
{
	const struct slowness *held = NULL;

	for (uint32_t i = 0; i < room->slow_count && i < SLOWS_MAX; i++) {
		const struct slowness *slow = &room->slows[i];

		if (strcmp(slow->epoch, epoch) != 0 || slow->seq > to)
			continue;
		if (slow->seq > from)
			return 0;
		if (!held || slow->seq > held->seq)
			held = slow;
	}
	return held && room->open[SLOWED] == 0 && !room->unpaced ? held->every_s : 0;
}

void acts_spoke(uint32_t number, const char *epoch, uint64_t seq, uint32_t client, uint64_t said_ns, uint64_t joined_ns)
{
	struct room_acts *room = &rooms[number];
	struct word *last = &room->last[client];
	const bool follows =
		last->seq != 0 && last->said_ns > joined_ns && last->seq < seq && strcmp(last->epoch, epoch) == 0;
	const uint32_t every_s = follows ? pace(room, epoch, last->seq, seq) : 0;

	if (modsim_auth() || (last->seq > seq && strcmp(last->epoch, epoch) == 0))
		return;
	if (sim.now_ns + SLACK_NS < last->said_ns + every_s * 1000000000ull)
		sim_fail("client %u room %u: seq %lu is taken within %lu ms of seq %lu, slow is %u s", client, number,
			 seq, (sim.now_ns - last->said_ns) / 1000000, last->seq, every_s);
	*last = (struct word){ .seq = seq, .said_ns = said_ns };
	strncpy(last->epoch, epoch, sizeof(last->epoch) - 1);
}

bool acts_may_be_undone(uint32_t room)
{
	return rooms[room].undone;
}
