#include "tools/load/audit.h"

#include <string.h>

#include "engine/core/check.h"
#include "engine/core/pages.h"

/* Missing numbers by name, so that a late one is told from one given twice. Beyond so many they are only counted:
 * a late one then counts as a duplicate and its number stays lost. Never the other way round, as good: such a run
 * has failed a million times over anyway. */
#define MISSING_MAX (1u << 20)
#define MISSING_PLACES (MISSING_MAX * 2)

struct track {
	uint32_t next; /* the number expected; 0: takes nothing */
	uint32_t
		sure; /* what is below need not come: the join was under way. A hole there is an earlier membership's */
};

struct audit {
	struct audit_counts counts;
	uint32_t track_count;
	uint32_t missing_count;
	struct track *tracks;
	uint64_t *missing; /* open addressing; 0: free. Reserved whole, touched where used */
};

static size_t tracks_size(uint32_t tracks)
{
	return (size_t)(tracks ? tracks : 1) * sizeof(struct track);
}

struct audit *audit_open(uint32_t tracks)
{
	struct audit *audit = pages_reserve(sizeof(*audit));

	if (!audit)
		return NULL;
	audit->track_count = tracks;
	audit->tracks = pages_reserve(tracks_size(tracks));
	audit->missing = pages_reserve(MISSING_PLACES * sizeof(uint64_t));
	if (audit->tracks && audit->missing)
		return audit;
	audit_close(audit);
	return NULL;
}

void audit_close(struct audit *audit)
{
	pages_release(audit->missing, MISSING_PLACES * sizeof(uint64_t));
	pages_release(audit->tracks, tracks_size(audit->track_count));
	pages_release(audit, sizeof(*audit));
}

uint64_t audit_bytes(const struct audit *audit)
{
	return sizeof(*audit) + tracks_size(audit->track_count) + audit->missing_count * 2 * sizeof(uint64_t);
}

/* Never 0: numbers begin at 1. */
static uint64_t key_of(uint32_t track, uint32_t number)
{
	return (uint64_t)track << 32 | number;
}

static uint32_t home_of(uint64_t key)
{
	return (uint32_t)(key * 0x9e3779b97f4a7c15 >> 32) & (MISSING_PLACES - 1);
}

static uint32_t place_of(const struct audit *audit, uint64_t key)
{
	uint32_t at = home_of(key);

	while (audit->missing[at] != 0 && audit->missing[at] != key)
		at = (at + 1) & (MISSING_PLACES - 1);
	return at;
}

static void miss(struct audit *audit, uint32_t track, uint32_t from, uint32_t end)
{
	audit->counts.lost += end - from;
	for (uint32_t number = from; number < end && audit->missing_count < MISSING_MAX; number++) {
		const uint64_t key = key_of(track, number);
		const uint32_t at = place_of(audit, key);

		audit->missing_count += audit->missing[at] == 0;
		audit->missing[at] = key;
	}
}

/* Those behind it move up, so that no search stops too early. */
static bool found_again(struct audit *audit, uint32_t track, uint32_t number)
{
	uint32_t hole = place_of(audit, key_of(track, number));

	if (audit->missing[hole] == 0)
		return false;
	audit->missing[hole] = 0;
	audit->missing_count--;
	for (uint32_t at = (hole + 1) & (MISSING_PLACES - 1); audit->missing[at] != 0;
	     at = (at + 1) & (MISSING_PLACES - 1)) {
		const uint32_t home = home_of(audit->missing[at]);

		if (((at - home) & (MISSING_PLACES - 1)) < ((at - hole) & (MISSING_PLACES - 1)))
			continue;
		audit->missing[hole] = audit->missing[at];
		audit->missing[at] = 0;
		hole = at;
	}
	return true;
}

static struct track *track_of(const struct audit *audit, uint32_t track)
{
	CHECK(track < audit->track_count);
	return &audit->tracks[track];
}

void audit_begin(struct audit *audit, uint32_t track, uint32_t asked, uint32_t sent)
{
	struct track *state = track_of(audit, track);

	CHECK(asked <= sent);
	*state = (struct track){ .next = asked + 1, .sure = sent + 1 };
}

/* From where on numbers up to `end` were sure to come. */
static uint32_t sure_from(const struct track *state)
{
	return state->next > state->sure ? state->next : state->sure;
}

static bool out_of_order(struct audit *audit, uint32_t track, uint32_t number)
{
	struct track *state = track_of(audit, track);

	if (number > state->next) {
		const uint32_t from = sure_from(state);

		if (number > from)
			miss(audit, track, from, number);
		state->next = number + 1;
	} else if (number >= state->sure && found_again(audit, track, number)) {
		audit->counts.lost--;
		audit->counts.reordered++;
	} else {
		audit->counts.duplicated++;
		return false;
	}
	audit->counts.delivered++;
	return true;
}

bool audit_take(struct audit *audit, uint32_t track, uint32_t number)
{
	struct track *state = track_of(audit, track);

	if (state->next == 0)
		return false;
	if (number != state->next)
		return out_of_order(audit, track, number);
	state->next++;
	audit->counts.delivered++;
	return true;
}

uint32_t audit_excuse(struct audit *audit, uint32_t track, uint32_t number, uint32_t most)
{
	struct track *state = track_of(audit, track);
	const uint32_t from = sure_from(state);

	if (state->next == 0 || number < from || most == 0)
		return 0;

	const uint32_t count = number + 1 - from < most ? number + 1 - from : most;

	audit->counts.excused += count;
	state->next = from + count;
	return count;
}

uint32_t audit_lacks(const struct audit *audit, uint32_t track, uint32_t sent)
{
	const struct track *const state = track_of(audit, track);
	const uint32_t from = sure_from(state);

	return state->next != 0 && sent + 1 > from ? sent + 1 - from : 0;
}

bool audit_was_sure(const struct audit *audit, uint32_t track, uint32_t number)
{
	return number >= track_of(audit, track)->sure;
}

void audit_end(struct audit *audit, uint32_t track, uint32_t sent)
{
	struct track *state = track_of(audit, track);
	const uint32_t lacks = audit_lacks(audit, track, sent);

	if (lacks > 0)
		miss(audit, track, sent + 1 - lacks, sent + 1);
	*state = (struct track){ .next = 0 };
}

const struct audit_counts *audit_counts(const struct audit *audit)
{
	return &audit->counts;
}
