/* acts.h - what the callers of the HTTP API have done to rooms, and what must follow from it for everybody.
 *
 * Judged where nobody else moderates: there all are members, whom every act binds. Times are sim.now_ns: the wall clock
 * jumps.
 */
#ifndef SIM_ACTS_H
#define SIM_ACTS_H

#include <stdbool.h>
#include <stdint.h>

enum act { ACT_KICK, ACT_BAN, ACT_UNBAN, ACT_MUTE, ACT_UNMUTE, ACT_SLOW, ACT_LOCK, ACT_UNLOCK, ACTS };

struct act_said {
	enum act act;
	uint32_t room, user, every_s;
	uint64_t said_ns;
};

/* What came of it: it is an entry of the log, it would change nothing, it was refused, or nobody knows. */
enum act_end { ACT_DONE, ACT_IDLE, ACT_FAILED, ACT_UNKNOWN };

extern const char *const act_names[ACTS];

void acts_reset(void);

/* Everything that was under way is gone. */
void acts_crash(void);

void acts_said(const struct act_said *said);

/* epoch, seq: of one that is done. */
void acts_ended(const struct act_said *said, enum act_end end, const char *epoch, uint64_t seq);

/* A client is refused with that error, if it is one of an act's: something must have held. */
void acts_refused(uint32_t room, uint32_t user, const char *answer, uint64_t said_ns);

/* A message of a client was acknowledged that was not known before, of a member who asked to join at joined_ns: it must
 * not come too soon after the last one of that membership. (Where nobody is in a room its pace may be forgotten.) */
void acts_spoke(uint32_t room, const char *epoch, uint64_t seq, uint32_t client, uint64_t said_ns, uint64_t joined_ns);

/* What an act forbids may have been done nevertheless: one that lifts it was taken, and then undone, or it may have. */
bool acts_may_be_undone(uint32_t room);

#endif
