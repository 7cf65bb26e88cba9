/* What has come from other cores and from the store, and whose it is. */
#include "engine/shard/shard_internal.h"

#include "engine/api/api_list.h"
#include "engine/core/check.h"
#include "engine/core/clock.h"
#include "engine/gate/deliver.h"
#include "engine/gate/render.h"

#define MAIL_PER_TURN 4096 /* mails taken in one turn before what they brought is pumped; */
#define MAIL_MS_MAX 5 /* after so long no more, looked at every */
#define MAIL_LOOK 64 /* mails */

static void run_mail(struct shard *shard, const struct mail *mail)
{
	struct gate *gate = &shard->gate;

	gate_count(gate, COUNTER_mail_in);
	switch (mail->kind) {
	case MAIL_COMMAND:
		home_command(gate->home, (const struct mail_command *)mail, gate->now_ms, gate->wall_ms);
		return;
	case MAIL_EVENT:
		render_event(gate, (const struct mail_event *)mail);
		return;
	case MAIL_REPLY:
		deliver_reply(gate, (const struct mail_reply *)mail);
		return;
	case MAIL_PAGE:
		deliver_page(gate, (const struct mail_page *)mail);
		return;
	case MAIL_ASK:
		api_list_asked(gate, (const struct mail_ask *)mail);
		return;
	case MAIL_TOLD:
		api_list_told(gate, (const struct mail_told *)mail);
		return;
	case MAIL_COUNT:
		user_count_mail(gate, (const struct mail_count *)mail);
		return;
	case MAIL_STANDING:
		user_standing_mail(gate, (const struct mail_standing *)mail);
		return;
	case MAIL_USER:
		user_acts_mail(gate, (const struct mail_user *)mail);
		return;
	case MAIL_BLOCK:
		break;
	}
	CHECK(!"mail of an unknown kind");
}

/* Takes mail from all cores in turns, this one included, until there is none or enough. */
void shard_run_mails(struct shard *shard)
{
	const uint32_t cores = shard->links->cores;
	uint32_t silent = 0;
	uint32_t from = shard->in_next++ % cores;

	for (uint32_t taken = 0; silent < cores && taken < MAIL_PER_TURN;) {
		const struct mail *mail = post_peek(shard->in[from]);

		if (!mail) {
			silent++;
			from = (from + 1) % cores;
			continue;
		}
		silent = 0;
		run_mail(shard, mail);
		post_drop(shard->in[from]);
		taken++;
		if (taken % MAIL_LOOK == 0 && clock_mono_ns() / 1000000 - shard->gate.now_ms >= MAIL_MS_MAX)
			break;
	}
	shard->mail_left = silent < cores;
}

/* What the store has answered, until there is no more or enough: the look at it before sleeping finds the rest. */
void shard_run_stored(struct shard *shard)
{
	struct gate *gate = &shard->gate;
	struct store_job *job;

	if (!gate->has_store)
		return;
	for (uint32_t taken = 0; taken < MAIL_PER_TURN && (job = store_port_take(&gate->store)) != NULL; taken++)
		home_stored(gate->home, job, gate->now_ms, gate->wall_ms);
}

bool shard_mail_waits(struct shard *shard)
{
	if (shard->gate.has_store && store_port_waits(&shard->gate.store))
		return true;
	for (uint32_t from = 0; from < shard->links->cores; from++)
		if (post_peek(shard->in[from]))
			return true;
	return false;
}
