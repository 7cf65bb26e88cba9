#include "engine/chat/home.h"

#include <errno.h>

#include "engine/chat/fanout.h"
#include "engine/chat/home_reply.h"
#include "engine/core/check.h"
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
	return limits->rooms_max * (uint64_t)sizeof(struct room) +
	       limits->roster_max * (uint64_t)(sizeof(struct roster_entry) + CHAT_NAME_SIZE_MAX + 16) +
	       dedup_entries(limits) * (uint64_t)(sizeof(struct dedup_entry) + 16);
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
	    roster_open(&home->roster, limits->roster_max, directory->hash_key) != 0 ||
	    dedup_open(&home->dedup, dedup_entries(limits), directory->hash_key) != 0) {
		block_give(home, sizeof(*home));
		return NULL;
	}
	return home;
}

void home_close(struct home *home)
{
	for (uint32_t index = home->coldest; index != 0;) {
		struct room *room = room_at(home, index);

		index = room->warmer;
		while (room->log.count > 0)
			record_give(room_log_shift(&room->log));
	}
	dedup_close(&home->dedup);
	roster_close(&home->roster);
	slab_close(&home->rooms);
	block_give(home, sizeof(*home));
}

/* Where a member that has `since` goes on; GAP and EPOCH start over with the latest page. */
static enum chat_resume resume_judge(const struct room *room, const struct chat_command *join)
{
	if (!join->has_since)
		return CHAT_RESUME_NOT_ASKED;
	if (!span_equal(join->since_epoch, room_epoch(room)))
		return CHAT_RESUME_EPOCH;
	if (join->since_seq > room->log.last || join->since_seq + 1 < room_log_first(&room->log))
		return CHAT_RESUME_GAP;
	return CHAT_RESUME_OK;
}

static void run_join(struct home *home, const struct mail_command *mail)
{
	const struct chat_command *join = &mail->command;
	struct room *room = room_enter(home, join->room, mail->room_hash);

	if (!room || room->connections >= home->limits.members_max) {
		reply_error(home, mail, CHAT_ERR_limit, RETRY_MS);
		return;
	}
	const struct roster_entry *entry =
		roster_enter(&home->roster, room_index(home, room), &room->roster_first, mail->user);

	if (!entry) {
		reply_error(home, mail, CHAT_ERR_limit, RETRY_MS);
		room_tidy(home, room);
		return;
	}
	const bool first = entry->connections == 1;

	room->users += first;
	room->connections++;
	room_trim(home, room);
	/* Before the new member's core may count on this event: the answer holds it already. */
	fanout_in(home, room, mail->user, first);
	room->cores |= 1ull << mail->origin.core;

	const enum chat_resume resume = resume_judge(room, join);
	const size_t bytes = home->limits.page_bytes;

	reply_join(home, mail, room,
		   resume == CHAT_RESUME_OK ? history_after(&room->log, join->since_seq, CHAT_PAGE_MAX, bytes)
					    : history_before(&room->log, UINT64_MAX, join->limit, bytes),
		   resume);
}

static void run_leave(struct home *home, struct room *room, const struct mail_command *mail)
{
	const bool last = roster_leave(&home->roster, room_index(home, room), &room->roster_first, mail->user);

	CHECK(room->connections > 0);
	room->connections--;
	room->users -= last;
	if (mail->last_here)
		room->cores &= ~(1ull << mail->origin.core);
	/* A core that had a further join under way did not call this its last; if that was refused, nobody is left. */
	if (room->connections == 0)
		room->cores = 0;
	fanout_out(home, room, mail->user, last);
	if (mail->command.id != 0)
		reply_empty(home, mail);
	room_tidy(home, room);
}

/* What an edit, a deletion or a reaction is about: CHAT_OK, or why not. */
static enum chat_error target_judge(const struct room *room, const struct mail_command *mail)
{
	struct record **at = room_log_at(&room->log, mail->command.target);

	if (!at || (*at)->event.kind != CHAT_EV_msg || (*at)->event.deleted)
		return CHAT_ERR_gone;
	if (mail->op != CHAT_OP_react && !span_equal((*at)->event.from, mail->user))
		return CHAT_ERR_forbidden;
	return CHAT_OK;
}

static enum chat_event_kind kind_of(uint32_t op)
{
	switch (op) {
	case CHAT_OP_edit:
		return CHAT_EV_edit;
	case CHAT_OP_del:
		return CHAT_EV_del;
	case CHAT_OP_react:
		return CHAT_EV_react;
	default:
		return CHAT_EV_msg;
	}
}

/* send edit del react: what takes a seq. */
static void run_publish(struct home *home, struct room *room, const struct mail_command *mail)
{
	const struct chat_command *command = &mail->command;
	const struct record *earlier =
		command->producer.bytes ? room_find_cid(home, room, command->producer, command->number) : NULL;

	if (earlier) {
		counter_add(home->counters, COUNTER_duplicates, 1);
		reply_ack(home, mail, room, &earlier->event, true);
		return;
	}
	const enum chat_error error = mail->op == CHAT_OP_send ? CHAT_OK : target_judge(room, mail);

	if (error != CHAT_OK) {
		reply_error(home, mail, error, 0);
		return;
	}
	struct record **target = room_log_at(&room->log, command->target);
	struct chat_event event = {
		.kind = kind_of(mail->op),
		.from = mail->user,
		.producer = command->producer,
		.number = command->number,
		.data = command->data,
		.key = command->key,
		.on = command->on,
		.target = command->target,
		.rev = mail->op == CHAT_OP_edit ? (*target)->event.rev + 1 : 0,
	};

	if (mail->op == CHAT_OP_edit)
		(*target)->event.rev++;
	if (mail->op == CHAT_OP_del)
		room_erase(home, room, command->target);
	if (room_append(home, room, &event) != 0) {
		reply_error(home, mail, CHAT_ERR_unavailable, RETRY_MS);
		return;
	}
	counter_add(home->counters, COUNTER_published, 1);
	fanout(home, room, &event, &mail->origin);
	reply_ack(home, mail, room, &event, false);
}

static void run_history(struct home *home, struct room *room, const struct mail_command *mail)
{
	const struct chat_command *command = &mail->command;
	const struct room_log *log = &room->log;
	const size_t bytes = home->limits.page_bytes;

	room_trim(home, room);
	if (command->from == CHAT_PAGE_AFTER && command->seq + 1 < room_log_first(log)) {
		reply_error(home, mail, CHAT_ERR_gone, 0);
		return;
	}
	switch (command->from) {
	case CHAT_PAGE_AFTER:
		reply_history(home, mail, room, history_after(log, command->seq, command->limit, bytes));
		return;
	case CHAT_PAGE_AROUND:
		reply_history(home, mail, room, history_around(log, command->seq, command->limit, bytes));
		return;
	case CHAT_PAGE_BEFORE:
		reply_history(home, mail, room, history_before(log, command->seq, command->limit, bytes));
		return;
	case CHAT_PAGE_LATEST:
		reply_history(home, mail, room, history_before(log, UINT64_MAX, command->limit, bytes));
		return;
	}
}

static void run_read(struct home *home, struct room *room, const struct mail_command *mail)
{
	struct roster_entry *entry = roster_find(&home->roster, room_index(home, room), mail->user);
	const uint64_t seq = mail->command.seq < room->log.last ? mail->command.seq : room->log.last;

	if (seq > entry->read) {
		entry->read = seq;
		if (room->connections <= CHAT_USERS_MAX)
			fanout(home, room, &(struct chat_event){ .kind = CHAT_EV_read, .from = mail->user, .seq = seq },
			       NULL);
	}
	if (mail->command.id != 0)
		reply_empty(home, mail);
}

static void run_typing(struct home *home, struct room *room, const struct mail_command *mail)
{
	const struct chat_event event = { .kind = CHAT_EV_typing, .from = mail->user, .ttl_ms = TYPING_TTL_MS };

	if (room->connections <= CHAT_USERS_MAX)
		fanout(home, room, &event, NULL);
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
		run_publish(home, room, mail);
		return;
	case CHAT_OP_history:
		run_history(home, room, mail);
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
		room_trim(home, room);
		reply_page(home, mail, room,
			   history_after(&room->log, mail->command.seq, CHAT_PAGE_MAX, home->limits.page_bytes));
		return;
	}
	CHECK(!"a command that is no room's");
}

void home_command(struct home *home, const struct mail_command *mail, uint64_t now_ms, uint64_t wall_ms)
{
	home->now_ms = now_ms;
	home->wall_ms = wall_ms;
	if (mail->op == CHAT_OP_join) {
		run_join(home, mail);
		return;
	}
	struct room *room = room_find(home, mail->command.room, mail->room_hash);

	/* A join that was refused here may have had others pipelined behind it. */
	if (!room || !roster_find(&home->roster, room_index(home, room), mail->user)) {
		if (mail->op != CHAT_OP_leave || mail->command.id != 0)
			reply_error(home, mail, CHAT_ERR_not_joined, 0);
		return;
	}
	run_in_room(home, room, mail);
}

void home_stored(struct home *home, struct store_job *job, uint64_t now_ms, uint64_t wall_ms)
{
	(void)job;
	home->now_ms = now_ms;
	home->wall_ms = wall_ms;
	CHECK(!"a job came back and none was given");
}

void home_tick(struct home *home, uint64_t now_ms, uint64_t wall_ms)
{
	home->now_ms = now_ms;
	home->wall_ms = wall_ms;
	fanout_counts(home);
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

int home_save(const struct home *home, home_save_fn *save, void *context)
{
	for (uint32_t index = home->coldest; index != 0; index = room_at(home, index)->warmer) {
		const struct room *room = room_at(home, index);

		for (uint64_t seq = room_log_first(&room->log); seq <= room->log.last; seq++) {
			const int result = save(context, room_name(home, room), room_epoch(room),
						&(*room_log_at(&room->log, seq))->event);

			if (result != 0)
				return result;
		}
	}
	return 0;
}

int home_restore(struct home *home, struct span name, struct span epoch, const struct chat_event *event,
		 uint64_t now_ms)
{
	if (epoch.size != ROOM_EPOCH_SIZE)
		return -EINVAL;
	struct room *room = room_enter(home, name, directory_hash(home->directory, name));

	if (!room)
		return -ENOMEM;
	home->now_ms = now_ms;
	if (room->log.count == 0)
		memcpy(room->epoch, epoch.bytes, ROOM_EPOCH_SIZE);
	const int error = room_restore(home, room, event);

	room_tidy(home, room);
	return error;
}
