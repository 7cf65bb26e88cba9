/* user_acts.h - what is done to a user on all cores at once: connections ended, a name let in no more.
 */
#ifndef GATE_USER_ACTS_H
#define GATE_USER_ACTS_H

#include "engine/chat/mail.h"

struct gate;

/* Keeps who is banned over a restart: called for every change, by the core that is the name's home. */
struct ban_keeper {
	void (*keep)(void *context, struct span user, uint64_t until_ms);
	void *context;
};

/* Ends all connections of a user, on every core within a turn or two: they are told so by this reason. Nobody is kept
 * from coming again. */
void user_disconnect(struct gate *gate, struct span user, enum chat_close reason);

/* Nobody of this name is let in until then (milliseconds of the wall clock, or USER_BANNED_FOR_EVER), and all who are
 * in are ended (CHAT_CLOSE_banned), on every core within a turn or two. 0 lifts it. Kept over a restart where there is
 * a data directory. Returns 0, or -ENOSPC: as many names are banned as may be (BANS_MAX). */
#define USER_BANNED_FOR_EVER UINT64_MAX
int user_ban(struct gate *gate, struct span user, uint64_t until_ms);

/* Until when, as user_ban() has it; 0: is not banned. */
uint64_t user_banned_until(const struct gate *gate, struct span user);

/* Milliseconds until then, as an answer's retry_ms; at most a day, which is what a ban for ever says. */
uint32_t user_banned_ms(const struct gate *gate, struct span user);

/* The mail by which cores tell each other. */
void user_acts_mail(struct gate *gate, const struct mail_user *mail);

#endif
