#include "engine/gate/user_acts.h"

#include <errno.h>

#include "engine/chat/record.h"
#include "engine/core/check.h"
#include "engine/core/log.h"
#include "engine/core/mutant.h"
#include "engine/gate/gate.h"

#define DAY_MS (24 * 3600 * 1000)

static void post_act(struct gate *gate, uint32_t core, const struct mail_user *act)
{
	struct mail_user *mail = post_begin(&gate->post, core, sizeof(*mail) + act->user.size);

	*mail = *act;
	mail->mail.kind = MAIL_USER;
	span_copy(&mail->user, act->user, mail->bytes);
	post_end(&gate->post, core);
}

static void post_all(struct gate *gate, const struct mail_user *act)
{
	for (uint32_t core = 0; core < gate->post.cores; core++)
		post_act(gate, core, act);
}

void user_disconnect(struct gate *gate, struct span user, enum chat_close reason)
{
	post_all(gate, &(struct mail_user){ .act = MAIL_USER_END, .reason = (uint8_t)reason, .user = user });
}

/* By way of the home, so that of two at once every core has the same last. */
int user_ban(struct gate *gate, struct span user, uint64_t until_ms)
{
	const struct mail_user act = { .act = MAIL_USER_BAN, .until_ms = until_ms, .user = user };

	CHECK(user.size > 0 && user.size <= CHAT_NAME_SIZE_MAX);
	if (until_ms > gate->wall_ms && user_banned_until(gate, user) == 0 &&
	    !bans_has_room(&gate->bans, gate->wall_ms))
		return -ENOSPC;
	post_act(gate, user_home(gate, user_hash(gate, user)), &act);
	return 0;
}

uint64_t user_banned_until(const struct gate *gate, struct span user)
{
	return bans_until(&gate->bans, user, gate->wall_ms);
}

uint32_t user_banned_ms(const struct gate *gate, struct span user)
{
	const uint64_t until_ms = user_banned_until(gate, user);
	const uint64_t left_ms = until_ms > gate->wall_ms ? until_ms - gate->wall_ms : 0;

	return left_ms < DAY_MS ? (uint32_t)left_ms : DAY_MS;
}

static void end_here(struct gate *gate, struct span user, enum chat_close reason)
{
	struct conn *conn = users_first(gate, user);

	while (conn) {
		struct conn *next = users_next(gate, conn);

		gate_count(gate, COUNTER_users_ended);
		session_close(gate, conn, reason);
		conn = PLANTED(61) ? NULL : next; /* only one of the user's connections */
	}
}

static void set_ban(struct gate *gate, const struct mail_user *mail)
{
	if (bans_set(&gate->bans, mail->user, mail->until_ms, gate->wall_ms) != 0)
		LOG(LOG_ERROR, "ban_not_kept", LOG_SPAN("user", mail->user)); /* two at once found the last place */
	if (mail->until_ms > gate->wall_ms)
		end_here(gate, mail->user, CHAT_CLOSE_banned);
}

void user_acts_mail(struct gate *gate, const struct mail_user *mail)
{
	struct mail_user all = *mail;

	switch ((enum mail_user_act)mail->act) {
	case MAIL_USER_END:
		end_here(gate, mail->user, (enum chat_close)mail->reason);
		return;
	case MAIL_USER_BAN:
		all.act = MAIL_USER_BANNED;
		if (gate->bans_kept.keep)
			gate->bans_kept.keep(gate->bans_kept.context, mail->user, mail->until_ms);
		post_all(gate, &all);
		return;
	case MAIL_USER_BANNED:
		set_ban(gate, mail);
		return;
	}
	CHECK(!"an act upon a user that is none");
}
