#include "engine/chat/home.h"

#include "engine/chat/fanout.h"
#include "engine/chat/home_disk.h"
#include "engine/chat/home_mod.h"
#include "engine/chat/home_publish.h"
#include "engine/chat/home_reading.h"
#include "engine/chat/home_reply.h"
#include "engine/core/check.h"
#include "engine/core/mutant.h"
#include "proto/chat/limits.h"

#define TYPING_TTL_MS 6000
#define RETRY_MS 1000

static uint32_t dedup_entries(const struct home_limits *limits)
{
	/* Every kept event has at most one cid, and no record is smaller than this. */
	const uint64_t records = limits->history_bytes_all / sizeof(struct record) + 1;

	return records < UINT32_MAX / 2 ? (uint32_t)records : UINT32_MAX / 2;
}

uint64_t home_bytes_max(const struct home_limits *limits)
{
	return limits->rooms_max * (uint64_t)(sizeof(struct room) + sizeof(struct room_disk)) +
	       limits->roster_max * (uint64_t)(sizeof(struct roster_entry) + CHAT_NAME_SIZE_MAX + 16) +
	       dedup_entries(limits) * (uint64_t)(sizeof(struct dedup_entry) + 16) + MOD_BYTES_MAX;
}

struct home *home_open(const struct home_limits *limits, struct directory *directory, struct post *post,
		       struct counters *counters, uint64_t seed, struct store_port *store)
{
	struct home *home = block_take(sizeof(*home));

	if (!home)
		return NULL;
	memset(home, 0, sizeof(*home));
	home->limits = *limits;
	home->directory = directory;
	home->post = post;
	home->store = store;
	home->counters = counters;
	home->counting = COUNTING_LAST;
	random_seed(&home->random, seed);
	if (slab_open(&home->rooms, "rooms", sizeof(struct room), limits->rooms_max) != 0 ||
	    slab_open(&home->disks, "rooms on disk", sizeof(struct room_disk), limits->rooms_max) != 0 ||
	    roster_open(&home->roster, limits->roster_max, directory->hash_key) != 0 ||
	    dedup_open(&home->dedup, dedup_entries(limits), directory->hash_key) != 0) {
		block_give(home, sizeof(*home));
		return NULL;
	}
	return home;
}

void home_adopt(struct home *home, const struct home_limits *limits)
{
	home->limits.members_max = limits->members_max;
	home->limits.traffic_kib_per_s = limits->traffic_kib_per_s;
	home->limits.history_messages = limits->history_messages;
	home->limits.history_bytes = limits->history_bytes;
	home->limits.history_age_ms = limits->history_age_ms;
	room_classes_change(home, limits->classes);
}

void home_close(struct home *home)
{
	disk_close(home);
	mod_close(home);
	for (uint32_t index = home->coldest; index != 0;) {
		struct room *room = room_at(home, index);

		index = room->warmer;
		while (room->log.count > 0)
			record_give(room_log_shift(&room->log));
	}
	dedup_close(&home->dedup);
	roster_close(&home->roster);
	slab_close(&home->disks);
	slab_close(&home->rooms);
	block_give(home, sizeof(*home));
}

/* Where a member that has `since` goes on; GAP and EPOCH start over with the latest page. */
static enum chat_resume resume_judge(const struct home *home, const struct room *room, const struct chat_command *join)
{
	if (!join->has_since)
		return CHAT_RESUME_NOT_ASKED;
	if (!span_equal(join->epoch, room_epoch(room)) && !PLANTED(19)) /* a position of another epoch counts */
		return CHAT_RESUME_EPOCH;
	if (join->since_seq > room->log.last ||
	    join->since_seq + 1 + 3 * PLANTED(20) < room_first(home, room)) /* a gap is not seen */
		return CHAT_RESUME_GAP;
	return CHAT_RESUME_OK;
}

/* The answer's events. Where the window does not reach back to what the member has, there are none, and it is caught up
 * page by page as one that fell off. */
static struct history_range range_of_join(const struct home *home, const struct room *room,
					  const struct mail_command *mail, enum chat_resume resume)
{
	const struct chat_command *join = &mail->command;
	const bool may_look_back = mail->rights & CHAT_RIGHT_history;
	const size_t bytes = home->limits.page_bytes;
	const uint64_t after = join->since_seq;
	struct history_range range;

	if (resume == CHAT_RESUME_OK && after + 1 < room_log_first(&room->log))
		return (struct history_range){ .from = after + 1, .to = after, .more = true };
	if (resume == CHAT_RESUME_OK)
		return history_after(&room->log, after, CHAT_PAGE_MAX, bytes);
	/* Who may not read what was said before is told where the room stands. */
	if (!may_look_back && !PLANTED(71)) /* a join shows it all the same */
		return (struct history_range){ .from = room->log.last + 1, .to = room->log.last };
	range = history_before(&room->log, UINT64_MAX, join->limit, bytes);
	range.more = range.from > room_first(home, room);
	return range;
}

static void run_join(struct home *home, struct room *room, const struct mail_command *mail)
{
	if (!room || room->connections >= home->limits.members_max) {
		reply_error(home, mail, CHAT_ERR_limit, RETRY_MS);
		return;
	}
	struct roster_entry *entry =
		roster_enter(&home->roster, room_index(home, room), &room->roster_first, mail->user);

	if (!entry) {
		reply_error(home, mail, CHAT_ERR_limit, RETRY_MS);
		room_tidy(home, room);
		return;
	}
	const bool first = entry->connections == 1;

	if (mail->rights & CHAT_RIGHTS_MODERATORS)
		roster_promote(entry);
	room->users += first;
	room->connections++;
	room_trim(home, room);
	/* Before the new member's core may count on this event: the answer holds it already. */
	fanout_in(home, room, mail->user, first);
	room->cores |= 1ull << mail->origin.core;

	const enum chat_resume resume = resume_judge(home, room, &mail->command);

	reply_join(home, mail, room, range_of_join(home, room, mail, resume), resume);
}

static void run_leave(struct home *home, struct room *room, const struct mail_command *mail)
{
	if (mail->rights & CHAT_RIGHTS_MODERATORS)
		roster_demote(roster_find(&home->roster, room_index(home, room), mail->user));
	const bool last = roster_leave(&home->roster, room_index(home, room), &room->roster_first, mail->user);

	CHECK(room->connections > 0);
	room->connections--;
	room->users -= last;
	if (mail->last_here)
		room->cores &=
			PLANTED(21) ? 0 : ~(1ull << mail->origin.core); /* who stays on other cores is forgotten */
	/* A core that had a further join under way did not call this its last; if that was refused, nobody is left. */
	if (room->connections == 0)
		room->cores = 0;
	fanout_out(home, room, mail->user, last);
	if (mail->command.id != 0)
		reply_empty(home, mail);
	room_tidy(home, room);
}

static void run_history(struct home *home, struct room *room, const struct mail_command *mail)
{
	const struct chat_command *command = &mail->command;

	room_trim(home, room);
	if (command->from == CHAT_PAGE_AFTER && command->seq + 1 < room_first(home, room))
		reply_error(home, mail, CHAT_ERR_gone, 0);
	else if (room->disk != 0)
		reading_history(home, room, mail);
	else
		reply_history(home, mail, room, history_asked(home, room, command));
}

static void run_fetch(struct home *home, struct room *room, const struct mail_command *mail)
{
	room_trim(home, room);
	if (room->disk != 0)
		reading_fetch(home, room, mail);
	else
		reply_page(home, mail, room,
			   history_after(&room->log, mail->command.seq, CHAT_PAGE_MAX, home->limits.page_bytes));
}

static void run_read(struct home *home, struct room *room, const struct mail_command *mail)
{
	struct roster_entry *entry = roster_find(&home->roster, room_index(home, room), mail->user);
	const uint64_t seq = mail->command.seq < room->log.last ? mail->command.seq : room->log.last;

	if (seq > entry->read) {
		entry->read = seq;
		if (class_of(home, room)->presence && room->connections <= CHAT_USERS_MAX)
			fanout(home, room, &(struct chat_event){ .kind = CHAT_EV_read, .from = mail->user, .seq = seq },
			       NULL);
	}
	if (mail->command.id != 0)
		reply_empty(home, mail);
}

static void run_typing(struct home *home, struct room *room, const struct mail_command *mail)
{
	const struct chat_event event = { .kind = CHAT_EV_typing, .from = mail->user, .ttl_ms = TYPING_TTL_MS };

	uint32_t wait_ms;

	if (mod_hears(home, room, mail, &wait_ms) != CHAT_OK)
		return;
	if (class_of(home, room)->presence && room->connections <= CHAT_USERS_MAX)
		fanout(home, room, &event, NULL);
}

static void run_rights(struct home *home, struct room *room, const struct mail_command *mail)
{
	struct roster_entry *entry = roster_find(&home->roster, room_index(home, room), mail->user);

	if (mail->rights & CHAT_RIGHTS_MODERATORS)
		roster_promote(entry);
	else
		roster_demote(entry);
}

static void run_in_room(struct home *home, struct room *room, const struct mail_command *mail)
{
	switch (mail->op) {
	case CHAT_OP_leave:
		run_leave(home, room, mail);
		return;
	case CHAT_OP_send:
	case CHAT_OP_edit:
	case CHAT_OP_del:
	case CHAT_OP_react:
		home_publish(home, room, mail);
		return;
	case CHAT_OP_mod:
		if (home_within_traffic(home, room, mail))
			mod_run(home, room, mail);
		return;
	case CHAT_OP_history:
		run_history(home, room, mail);
		return;
	case CHAT_OP_search:
		if (room->disk != 0)
			disk_search(home, room, mail);
		else
			reply_error(home, mail, CHAT_ERR_unsupported, 0);
		return;
	case CHAT_OP_presence:
		reply_presence(home, mail, room);
		return;
	case CHAT_OP_typing:
		run_typing(home, room, mail);
		return;
	case CHAT_OP_read:
		run_read(home, room, mail);
		return;
	case MAIL_OP_FETCH:
		run_fetch(home, room, mail);
		return;
	case MAIL_OP_RIGHTS:
		run_rights(home, room, mail);
		return;
	case MAIL_OP_ABOUT:
		reply_about(home, mail, room);
		return;
	case MAIL_OP_MEMBERS:
		reply_members(home, mail, room);
		return;
	}
	CHECK(!"a command that is no room's");
}

/* Somebody who is no member speaks to and moderates any room, and asks about those that there are: with members, or
 * with something kept. Whether a room on disk is one of these is known when it is loaded. */
static bool makes(const struct mail_command *mail)
{
	return mail->op == CHAT_OP_send || mail->op == CHAT_OP_mod;
}

static void run_outside(struct home *home, struct room *room, const struct mail_command *mail)
{
	if (!room) {
		reply_error(home, mail, makes(mail) ? CHAT_ERR_limit : CHAT_ERR_gone, makes(mail) ? RETRY_MS : 0);
		return;
	}
	room->pinned = true;
	if (mail->op == CHAT_OP_join || mail->op == CHAT_OP_leave || mail->op == CHAT_OP_read)
		reply_error(home, mail, CHAT_ERR_unsupported, 0);
	else if (!makes(mail) && room->connections == 0 && room->log.last == 0)
		reply_error(home, mail, CHAT_ERR_gone, 0);
	else if (mod_admits(home, room, mail))
		run_in_room(home, room, mail);
	room->pinned = false;
	room_tidy(home, room);
}

/* Whether the command makes a room that this core does not have: of one on disk it may have no more than forgotten. */
static bool enters(const struct home *home, const struct mail_command *mail)
{
	if (mail->op == CHAT_OP_join)
		return true;
	return mail->outside &&
	       (makes(mail) || (home->store && room_class_of(home->limits.classes, mail->command.room)->disk));
}

/* Commands of one turn come before any of their answers is read, so the gate's look at what waits is not enough. */
void home_run(struct home *home, const struct mail_command *mail)
{
	if (mail_is_answered_at_length(mail->op) && post_is_busy(home->post)) {
		reply_error(home, mail, CHAT_ERR_unavailable, RETRY_MS);
		return;
	}

	struct room *room = enters(home, mail) ? room_enter(home, mail->command.room, mail->room_hash)
					       : room_find(home, mail->command.room, mail->room_hash);

	if (room && room->disk != 0 && room_disk(home, room)->loading) {
		disk_hold(home, room, mail);
		return;
	}
	if (mail->outside) {
		run_outside(home, room, mail);
		return;
	}
	if (mail->op == CHAT_OP_join) {
		if (room && !mod_admits(home, room, mail))
			room_tidy(home, room);
		else
			run_join(home, room, mail);
		return;
	}

	struct roster_entry *entry = room ? roster_find(&home->roster, room_index(home, room), mail->user) : NULL;

	/* A join that was refused here may have had others pipelined behind it. */
	if (!entry) {
		if (mail->op != CHAT_OP_leave || mail->command.id != 0)
			reply_error(home, mail, CHAT_ERR_not_joined, 0);
		return;
	}
	if (mod_admits(home, room, mail))
		run_in_room(home, room, mail);
}

void home_command(struct home *home, const struct mail_command *mail, uint64_t now_ms, uint64_t wall_ms)
{
	home->now_ms = now_ms;
	home->wall_ms = wall_ms;
	home_run(home, mail);
}

void home_stored(struct home *home, struct store_job *job, uint64_t now_ms, uint64_t wall_ms)
{
	struct disk_own *own = store_job_own(job);

	home->now_ms = now_ms;
	home->wall_ms = wall_ms;
	disk_stored(home, room_at(home, own->room), job);
}

void home_tick(struct home *home, uint64_t now_ms, uint64_t wall_ms)
{
	home->now_ms = now_ms;
	home->wall_ms = wall_ms;
	fanout_counts(home);
	reading_tick(home);
	mod_tick(home);
	while (home->coldest != 0) {
		struct room *room = room_at(home, home->coldest);
		const uint32_t before = room->log.count;

		room_trim(home, room);
		const bool trimmed = room->log.count < before;

		room_tidy(home, room);
		if (!trimmed)
			return;
	}
}

uint32_t home_busy(struct home *home, struct home_busy *rooms, uint32_t most)
{
	struct busy_slot top[HOME_BUSY_MAX];
	const uint32_t count = busy_take(&home->busy, top, most < HOME_BUSY_MAX ? most : HOME_BUSY_MAX);

	for (uint32_t i = 0; i < count; i++) {
		const struct room *room = room_at(home, top[i].room);

		rooms[i] = (struct home_busy){
			.name = room_name(home, room),
			.deliveries = top[i].deliveries,
			.events = top[i].events,
			.connections = room->connections,
			.users = room->users,
		};
	}
	return count;
}
