#include "engine/chat/home_mod.h"

#include <errno.h>

#include "engine/chat/fanout.h"
#include "engine/chat/home_disk.h"
#include "engine/chat/home_reply.h"
#include "engine/core/check.h"
#include "engine/core/hash.h"
#include "engine/core/log.h"
#include "engine/core/mutant.h"
#include "proto/json/json_scan.h"
#include "proto/json/json_string.h"
#include "proto/json/json_write.h"

#define RETRY_MS 1000
#define ROOMS_A_TICK 64
#define TEXT_MOST (256 + 6 * (CHAT_NAME_SIZE_MAX + CHAT_REASON_SIZE_MAX)) /* of an event's data */

static void unlist(struct home *home, struct room_mod *mod)
{
	if (mod->next != 0)
		room_at(home, mod->next)->mod->prev = mod->prev;
	else
		home->mods_last = mod->prev;
	if (mod->prev != 0)
		room_at(home, mod->prev)->mod->next = mod->next;
	else
		home->mods = mod->next;
	mod->next = mod->prev = 0;
}

static void list_last(struct home *home, struct room_mod *mod)
{
	mod->prev = home->mods_last;
	if (home->mods_last != 0)
		room_at(home, home->mods_last)->mod->next = mod->room;
	else
		home->mods = mod->room;
	home->mods_last = mod->room;
}

static void count_bytes(struct home *home, struct room_mod *mod)
{
	const size_t bytes = sizeof(*mod) + moderation_bytes(&mod->state) + slow_bytes(&mod->slow);

	home->mod_bytes += bytes - mod->bytes;
	mod->bytes = bytes;
}

static struct room_mod *mod_enter(struct home *home, struct room *room)
{
	struct room_mod *mod = room->mod;

	if (mod)
		return mod;
	mod = block_take(sizeof(*mod));
	if (!mod)
		return NULL;
	*mod = (struct room_mod){ .room = room_index(home, room) };
	room->mod = mod;
	list_last(home, mod);
	count_bytes(home, mod);
	return mod;
}

void mod_forget(struct home *home, struct room *room)
{
	struct room_mod *mod = room->mod;

	if (!mod)
		return;
	CHECK(!mod->at_store);
	unlist(home, mod);
	home->mod_bytes -= mod->bytes;
	moderation_forget(&mod->state);
	slow_forget(&mod->slow);
	block_give(mod, sizeof(*mod));
	room->mod = NULL;
}

/* Forgets what has ended, and all of it when nothing is left. */
static void tidy(struct home *home, struct room *room)
{
	struct room_mod *mod = room->mod;

	if (!mod || mod->at_store)
		return;
	if (!moderation_trim(&mod->state, home->wall_ms)) {
		mod_forget(home, room);
		return;
	}
	if (mod->state.every_s == 0)
		slow_forget(&mod->slow);
	count_bytes(home, mod);
}

bool mod_is_needed(const struct home *home, const struct room *room)
{
	return room->mod && (room->mod->at_store || moderation_trim(&room->mod->state, home->wall_ms));
}

void mod_tick(struct home *home)
{
	for (int looked = 0; home->mods != 0 && looked < ROOMS_A_TICK; looked++) {
		struct room *room = room_at(home, home->mods);

		unlist(home, room->mod);
		list_last(home, room->mod);
		tidy(home, room);
		room_tidy(home, room);
	}
}

void mod_close(struct home *home)
{
	while (home->mods != 0) {
		struct room *room = room_at(home, home->mods);

		room->mod->at_store = false; /* it is nobody's any more */
		mod_forget(home, room);
	}
}

int mod_load(struct home *home, struct room *room, const uint8_t *bytes, size_t size)
{
	struct room_mod *mod = home->mod_bytes < MOD_BYTES_MAX ? mod_enter(home, room) : NULL;

	if (!mod)
		return -ENOMEM;
	const int error = moderation_decode(&mod->state, bytes, size, home->wall_ms);

	if (PLANTED(76)) /* a slow room is not, after a restart */
		mod->state.every_s = 0;
	tidy(home, room);
	return error;
}

/* What an op takes; of several one is enough. */
static uint8_t rights_for(const struct mail_command *mail)
{
	switch (mail->op) {
	case CHAT_OP_join:
	case CHAT_OP_read:
		return CHAT_RIGHT_read;
	case CHAT_OP_send:
	case CHAT_OP_edit:
	case CHAT_OP_react:
	case CHAT_OP_typing:
		return CHAT_RIGHT_send;
	case CHAT_OP_del:
		return CHAT_RIGHT_send | CHAT_RIGHTS_MODERATORS;
	case CHAT_OP_history:
	case CHAT_OP_search:
		return CHAT_RIGHT_history;
	case CHAT_OP_presence:
		return CHAT_RIGHT_presence;
	case CHAT_OP_mod:
		return (uint8_t)(chat_mod_right(mail->command.act) | CHAT_RIGHT_manage);
	}
	CHECK(!"an op that is no room's");
	return 0;
}

/* Until when somebody is held; 0 for ever. */
static uint32_t retry_ms(const struct home *home, uint64_t until_ms)
{
	const uint64_t left_ms = until_ms > home->wall_ms ? until_ms - home->wall_ms : 0;

	return left_ms < UINT32_MAX ? (uint32_t)left_ms : UINT32_MAX;
}

static bool is_held(const struct home *home, const struct room *room, const struct mail_command *mail,
		    enum sanction_kind kind, uint64_t *until_ms)
{
	return room->mod && !mail->outside &&
	       moderation_holds(&room->mod->state, kind, mail->user, mail->rights, home->wall_ms, until_ms);
}

bool mod_admits(struct home *home, const struct room *room, const struct mail_command *mail)
{
	uint64_t until_ms;

	if (mail->op == CHAT_OP_leave || mail->op >= CHAT_OP_COUNT) /* what no client asks is judged by who does */
		return true;
	if (!(mail->rights & rights_for(mail)) && !PLANTED(52)) { /* rights are not asked */
		reply_error(home, mail, CHAT_ERR_forbidden, 0);
		return false;
	}
	if (is_held(home, room, mail, SANCTION_BAN, &until_ms) && !PLANTED(53)) { /* who is banned may come again */
		reply_error(home, mail, CHAT_ERR_banned, retry_ms(home, until_ms));
		return false;
	}
	return true;
}

static uint64_t user_hash(const struct home *home, const struct mail_command *mail)
{
	return hash_bytes(mail->user.bytes, mail->user.size, home->roster.hash_key);
}

/* Whether the room's pace concerns this: messages alone, and not of those who moderate. */
static bool is_paced(const struct room *room, const struct mail_command *mail)
{
	return room->mod && room->mod->state.every_s != 0 && mail->op == CHAT_OP_send && !mail->outside &&
	       !(mail->rights & CHAT_RIGHTS_MODERATORS);
}

enum chat_error mod_hears(const struct home *home, const struct room *room, const struct mail_command *mail,
			  uint32_t *wait_ms)
{
	const bool moderates = mail->outside || (mail->rights & CHAT_RIGHTS_MODERATORS);
	uint64_t until_ms = 0;

	*wait_ms = 0;
	if (!room->mod)
		return CHAT_OK;
	if (is_held(home, room, mail, SANCTION_MUTE, &until_ms) && !(mail->op == CHAT_OP_del && moderates) &&
	    !PLANTED(54)) { /* who is muted is heard */
		*wait_ms = retry_ms(home, until_ms);
		return CHAT_ERR_muted;
	}
	if (room->mod->state.locked && !moderates && !PLANTED(55)) /* a lock is open */
		return CHAT_ERR_read_only;
	if (!is_paced(room, mail))
		return CHAT_OK;
	*wait_ms = (uint32_t)slow_wait_ms(&room->mod->slow, user_hash(home, mail), room->mod->state.every_s * 1000ull,
					  home->now_ms);
	return *wait_ms != 0 && !PLANTED(56) ? CHAT_ERR_slow_mode : CHAT_OK; /* a slow room is not */
}

void mod_heard(struct home *home, struct room *room, const struct mail_command *mail)
{
	if (!is_paced(room, mail))
		return;
	slow_note(&room->mod->slow, user_hash(home, mail), room->mod->state.every_s * 1000ull, home->now_ms);
	count_bytes(home, room->mod);
}

/* The members that the event will have, as a JSON object; gives its size. */
static size_t write_data(const struct chat_command *command, uint64_t until_ms, uint8_t out[TEXT_MOST])
{
	const char *act = chat_mod_name(command->act);
	uint8_t *at = json_write_raw(out, SPAN("{\"act\":"));

	at = json_write_string(at, span_of(act, strlen(act)));
	if (command->whom.bytes)
		at = json_write_string(json_write_raw(at, SPAN(",\"user\":")), command->whom);
	if (until_ms != 0)
		at = json_write_u64(json_write_raw(at, SPAN(",\"until\":")), until_ms);
	if (command->act == CHAT_MOD_slow)
		at = json_write_u64(json_write_raw(at, SPAN(",\"every\":")), command->every_s);
	if (command->reason.size > 0)
		at = json_write_string(json_write_raw(at, SPAN(",\"reason\":")), command->reason);
	at = json_write_raw(at, SPAN("}"));
	CHECK(at <= out + TEXT_MOST);
	return (size_t)(at - out);
}

static enum chat_error error_of(int error)
{
	switch (error) {
	case -ENOENT:
		return CHAT_ERR_conflict;
	case -EPERM:
		return CHAT_ERR_forbidden;
	case -ENOSPC:
		return CHAT_ERR_limit;
	default:
		return CHAT_ERR_unavailable;
	}
}

/* Whether the act may be done to that user; a kick is of somebody who is there. */
static enum chat_error whom_judge(const struct home *home, const struct room *room, const struct mail_command *mail)
{
	const struct roster_entry *entry = roster_find(&home->roster, room_index(home, room), mail->command.whom);

	if (mail->command.act == CHAT_MOD_kick && !entry)
		return CHAT_ERR_conflict;
	if (entry && entry->moderators > 0 && !(mail->rights & CHAT_RIGHT_manage) && !PLANTED(57)) /* any moderator's */
		return CHAT_ERR_forbidden;
	return CHAT_OK;
}

/* The act holds from now on; or the member is told why not. */
static bool begin(struct home *home, struct room *room, const struct mail_command *mail, uint64_t until_ms)
{
	const struct chat_command *command = &mail->command;
	const struct moderation_act act = {
		.act = command->act,
		.whom = command->whom,
		.until_ms = until_ms,
		.every_s = command->every_s,
		.by_manager = mail->rights & CHAT_RIGHT_manage,
	};
	enum chat_error error = chat_mod_of_user(command->act) ? whom_judge(home, room, mail) : CHAT_OK;
	struct room_mod *mod = room->mod;

	if (error == CHAT_OK && mod && mod->at_store)
		error = CHAT_ERR_unavailable;
	if (error == CHAT_OK && home->mod_bytes >= MOD_BYTES_MAX)
		error = CHAT_ERR_limit;
	if (error == CHAT_OK) {
		mod = mod_enter(home, room);
		const int failed = mod ? moderation_do(&mod->state, &act, home->wall_ms, &mod->undo) : -ENOMEM;

		error = failed != 0 ? error_of(failed) : CHAT_OK;
	}
	if (error == CHAT_OK) {
		count_bytes(home, mod);
		return true;
	}
	tidy(home, room);
	reply_error(home, mail, error, error == CHAT_ERR_unavailable ? RETRY_MS : 0);
	return false;
}

/* Puts a field of the event's data on the line; absent ones are empty. */
static struct span text_of(const struct json_value *value, uint8_t *room, size_t size)
{
	struct span text;

	if (value->type == JSON_STRING && json_string(&text, value->token, room, size) == 1)
		return text;
	return value->type == JSON_NUMBER ? value->token : SPAN("");
}

void mod_audit(const struct home *home, const struct room *room, const struct chat_event *event, struct span author)
{
	static const struct json_name names[] = { { "user" }, { "until" }, { "every" }, { "reason" } };
	struct json_value values[4] = { 0 };
	uint8_t user[CHAT_NAME_SIZE_MAX], reason[CHAT_REASON_SIZE_MAX];
	const struct span act = event->kind == CHAT_EV_mod ? event->key : SPAN("del");

	if (event->kind == CHAT_EV_mod && json_scan_object(values, names, 4, event->data.bytes, event->data.size) < 0)
		memset(values, 0, sizeof(values));
	LOG(LOG_AUDIT, "audit", LOG_SPAN("act", act), LOG_SPAN("by", event->from),
	    LOG_SPAN("room", room_name(home, room)), LOG_U64("seq", event->seq),
	    LOG_SPAN("user", author.bytes ? author : text_of(&values[0], user, sizeof(user))),
	    LOG_U64("target", event->target), LOG_SPAN("until", text_of(&values[1], NULL, 0)),
	    LOG_SPAN("every", text_of(&values[2], NULL, 0)),
	    LOG_SPAN("reason", text_of(&values[3], reason, sizeof(reason))));
}

static void run_on_disk(struct home *home, struct room *room, const struct mail_command *mail,
			const struct chat_event *event)
{
	struct room_mod *mod = room->mod;
	const size_t size = MODERATION_SIZE_MAX < 1024 + mod->state.count * (10 + CHAT_NAME_SIZE_MAX)
				    ? MODERATION_SIZE_MAX
				    : 1024 + mod->state.count * (10 + CHAT_NAME_SIZE_MAX);
	uint8_t *at;
	struct store_job *job = disk_append_job(home, room, mail, event, size, &at);

	if (!job) {
		moderation_undo(&mod->state, &mod->undo);
		tidy(home, room);
		reply_error(home, mail, CHAT_ERR_unavailable, RETRY_MS);
		return;
	}
	mod->at_store = true;
	if (event->kind == CHAT_EV_mod && mail->command.act != CHAT_MOD_kick && !PLANTED(58)) /* kept by nobody */
		job->state = span_of(at, moderation_encode(&mod->state, home->wall_ms, at));
	if (job->state.size == 0 && PLANTED(83)) /* what is lifted comes back with a restart */
		job->state = SPAN_NONE;
	disk_give(home, room, STORE_WRITER, job);
}

static void run_in_memory(struct home *home, struct room *room, const struct mail_command *mail,
			  struct chat_event *event)
{
	if (room_append(home, room, event) != 0) {
		moderation_undo(&room->mod->state, &room->mod->undo);
		tidy(home, room);
		reply_error(home, mail, CHAT_ERR_unavailable, RETRY_MS);
		return;
	}
	room_published(home, room);
	fanout(home, room, event, &mail->origin);
	reply_ack(home, mail, room, event, false);
	mod_audit(home, room, event, SPAN_NONE);
	tidy(home, room);
}

void mod_run(struct home *home, struct room *room, const struct mail_command *mail)
{
	const struct chat_command *command = &mail->command;
	const char *act = chat_mod_name(command->act);
	const uint64_t from_ms = PLANTED(79) ? home->now_ms : home->wall_ms; /* an end by a clock that begins anew */
	const uint64_t until_ms = command->for_s > 0 ? from_ms + command->for_s * 1000ull : 0;
	uint8_t data[TEXT_MOST];

	if (!begin(home, room, mail, until_ms))
		return;
	struct chat_event event = {
		.kind = CHAT_EV_mod,
		.from = mail->user,
		.ts_ms = home->wall_ms,
		.key = span_of(act, strlen(act)),
		.data = span_of(data, write_data(command, until_ms, data)),
	};

	if (room->disk != 0)
		run_on_disk(home, room, mail, &event);
	else
		run_in_memory(home, room, mail, &event);
}

void mod_stored(struct home *home, struct room *room, const struct store_job *job)
{
	struct room_mod *mod = room->mod;

	CHECK(mod && mod->at_store);
	mod->at_store = false;
	if (job->status != STORE_OK && !PLANTED(59)) /* an act that was not kept goes on */
		moderation_undo(&mod->state, &mod->undo);
	tidy(home, room);
}
