#include "tests/sim/oracle.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define EPOCHS_MAX 4096

static struct epoch {
	char name[ORACLE_EPOCH];
	uint32_t room;
	uint64_t *contents; /* by seq; 0: not yet known */
	uint64_t newest;
} epochs[EPOCHS_MAX];

static uint32_t epoch_count;
static uint64_t event_count;

void oracle_reset(void)
{
	/* Their memory stays for the next run: most of it was never written to. */
	for (uint32_t i = 0; i < epoch_count; i++)
		memset(epochs[i].contents, 0, (epochs[i].newest + 1) * sizeof(uint64_t));
	epoch_count = 0;
	event_count = 0;
}

uint64_t oracle_events(void)
{
	return event_count;
}

static struct epoch *epoch_of(uint32_t room, const char *name)
{
	for (uint32_t i = 0; i < epoch_count; i++)
		if (epochs[i].room == room && strcmp(epochs[i].name, name) == 0)
			return &epochs[i];
	if (epoch_count == EPOCHS_MAX)
		sim_fail("more epochs than rooms were ever made");
	struct epoch *epoch = &epochs[epoch_count++];

	uint64_t *const contents = epoch->contents ? epoch->contents : calloc(ORACLE_SEQS, sizeof(uint64_t));

	*epoch = (struct epoch){ .room = room, .contents = contents };
	strncpy(epoch->name, name, sizeof(epoch->name) - 1);
	return epoch;
}

void oracle_event(uint32_t room, const char *name, uint64_t seq, uint64_t content)
{
	struct epoch *epoch = epoch_of(room, name);

	event_count++;
	if (seq == 0 || seq >= ORACLE_SEQS)
		sim_fail("room %u: seq %lu out of range", room, seq);
	if (epoch->contents[seq] != 0 && epoch->contents[seq] != content)
		sim_fail("room %u epoch %s: seq %lu is two different events", room, name, seq);
	epoch->contents[seq] = content;
	if (seq > epoch->newest)
		epoch->newest = seq;
}

void oracle_disk(uint32_t room, const char *name, uint64_t first, uint64_t last)
{
	for (uint32_t i = 0; i < epoch_count; i++) {
		const struct epoch *epoch = &epochs[i];

		if (epoch->room != room || epoch->newest == 0)
			continue;
		if (strcmp(epoch->name, name) != 0)
			sim_fail("room %u: clients know epoch %s, the disk has %s", room, epoch->name, name);
		if (epoch->newest > last)
			sim_fail("room %u: clients know seq %lu, the disk has %lu to %lu", room, epoch->newest, first,
				 last);
	}
}

void oracle_kept(uint32_t room, const char *name, uint64_t last)
{
	if (epoch_of(room, name)->newest > last)
		sim_fail("room %u epoch %s: clients know seq %lu, a restart %lu", room, name,
			 epoch_of(room, name)->newest, last);
}

void oracle_disk_none(uint32_t room)
{
	oracle_disk(room, "none", 1, 0);
}

uint64_t oracle_content(uint32_t room, const char *name, uint64_t seq)
{
	return seq < ORACLE_SEQS ? epoch_of(room, name)->contents[seq] : 0;
}

void oracle_ack(uint32_t room, const char *name, uint64_t seq, uint64_t content)
{
	struct epoch *epoch = epoch_of(room, name);

	oracle_event(room, name, seq, content);
	if (!sim.world.roomy)
		return; /* a cid is known only as long as its event is kept */
	for (uint64_t other = seq > 400 ? seq - 400 : 1; other < ORACLE_SEQS && other <= seq + 400; other++)
		if (other != seq && epoch->contents[other] == content)
			sim_fail("room %u epoch %s: one cid has seq %lu and %lu", room, name, other, seq);
}
