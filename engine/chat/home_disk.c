#include "engine/chat/home_disk.h"

#include <errno.h>

#include "engine/chat/dispatch.h"
#include "engine/chat/fanout.h"
#include "engine/chat/home_kept.h"
#include "engine/chat/home_mod.h"
#include "engine/chat/home_reading.h"
#include "engine/chat/home_reply.h"
#include "engine/core/check.h"
#include "engine/core/mutant.h"
#include "engine/core/log.h"

#define RETRY_MS 1000
#define FULL_RETRY_MS 5000
#define DAMAGE_TOLD_MS 10000
#define WAITING_BYTES_MAX (32u << 20) /* of commands that wait for the store, a core */

void disk_enter(struct home *home, const struct room *room, struct room_disk *disk)
{
	*disk = (struct room_disk){ .first = 1, .room = room_index(home, room), .next = home->disk_rooms };
	if (disk->next != 0)
		disk_at(home, disk->next)->prev = room->disk;
	home->disk_rooms = room->disk;
}

void disk_leave(struct home *home, struct room_disk *disk)
{
	kept_drop(home, disk);
	if (disk->next != 0)
		disk_at(home, disk->next)->prev = disk->prev;
	if (disk->prev != 0)
		disk_at(home, disk->prev)->next = disk->next;
	else
		home->disk_rooms = disk->next;
}

bool disk_is_busy(const struct room_disk *disk)
{
	return (disk->jobs > 0 && !PLANTED(6)) /* forgotten while something is under way */ || disk->readings;
}

void waiting_list_add(struct waiting_list *list, struct waiting_command *waiting)
{
	waiting->next = NULL;
	if (list->last)
		list->last->next = waiting;
	else
		list->first = waiting;
	list->last = waiting;
}

void waiting_list_forget(struct home *home, struct waiting_list *list)
{
	while (list->first) {
		struct waiting_command *waiting = list->first;

		list->first = waiting->next;
		disk_waited(home, waiting);
	}
	list->last = NULL;
}

void disk_close(struct home *home)
{
	for (uint32_t index = home->disk_rooms; index != 0; index = disk_at(home, index)->next) {
		struct room *room = room_at(home, disk_at(home, index)->room);

		waiting_list_forget(home, &disk_at(home, index)->held);
		reading_end(home, room);
		room_empty(home, room);
	}
}

bool disk_wait(struct home *home, struct waiting_list *list, const struct mail_command *mail)
{
	const size_t size = sizeof(struct waiting_command) + mail_command_size(mail);
	struct waiting_command *waiting = home->waiting_bytes < WAITING_BYTES_MAX ? block_take(size) : NULL;

	if (!waiting)
		return false;
	waiting->size = size;
	mail_command_copy((struct mail_command *)waiting->mail, mail);
	home->waiting_bytes += size;
	waiting_list_add(list, waiting);
	return true;
}

void disk_waited(struct home *home, struct waiting_command *waiting)
{
	home->waiting_bytes -= waiting->size;
	block_give(waiting, waiting->size);
}

struct store_job *disk_job(struct home *home, struct room *room, enum store_op op, const struct mail_command *mail,
			   size_t extra, uint8_t **at)
{
	const struct span name = room_name(home, room);

	if (store_port_is_full(home->store))
		return NULL;
	struct store_job *job = store_job_make(op, home->post->core, sizeof(struct disk_own),
					       name.size + (mail ? mail->user.size : 0) + extra);

	if (!job)
		return NULL;
	struct disk_own *own = store_job_own(job);

	*own = (struct disk_own){ .room = room_index(home, room) };
	*at = span_copy(&job->room, name, store_job_bytes(job, sizeof(*own)));
	if (mail) {
		own->origin = mail->origin;
		own->id = mail->command.id;
		own->op = mail->op;
		own->room_hash = mail->room_hash;
		own->rights = mail->rights;
		own->outside = mail->outside;
		*at = span_copy(&own->user, mail->user, *at);
	}
	job->retention = class_of(home, room)->kept;
	job->now_ms = home->wall_ms;
	job->page_bytes = home->limits.page_bytes;
	return job;
}

void disk_give(struct home *home, struct room *room, enum store_worker worker, struct store_job *job)
{
	room_disk(home, room)->jobs++;
	store_port_give(home->store, worker, job);
}

bool disk_begin(struct home *home, struct room *room)
{
	uint8_t *at;
	struct store_job *job = disk_job(home, room, STORE_LOAD, NULL, 0, &at);

	if (!job)
		return false;
	job->from = CHAT_PAGE_LATEST;
	job->limit = home->limits.history_messages < CHAT_PAGE_MAX ? home->limits.history_messages : CHAT_PAGE_MAX;
	room_disk(home, room)->loading = true;
	disk_give(home, room, STORE_READER, job);
	return true;
}

void disk_hold(struct home *home, struct room *room, const struct mail_command *mail)
{
	if (!disk_wait(home, &room_disk(home, room)->held, mail))
		reply_error(home, mail, CHAT_ERR_unavailable, RETRY_MS);
}

struct store_job *disk_append_job(struct home *home, struct room *room, const struct mail_command *mail,
				  const struct chat_event *event, size_t extra, uint8_t **at)
{
	struct store_job *job =
		disk_job(home, room, STORE_APPEND, mail, ROOM_EPOCH_SIZE + event_bytes(event) + extra, at);

	if (!job)
		return NULL;
	*at = span_copy(&job->epoch, room_epoch(room), *at);
	*at = event_copy(&job->event, event, *at);
	return job;
}

void disk_publish(struct home *home, struct room *room, const struct mail_command *mail)
{
	const struct chat_event event = room_event_of(home, mail);
	uint8_t *at;
	struct store_job *job = disk_append_job(home, room, mail, &event, 0, &at);

	if (!job) {
		reply_error(home, mail, CHAT_ERR_unavailable, RETRY_MS);
		return;
	}
	job->moderator = mail->op == CHAT_OP_del && (mail->rights & CHAT_RIGHTS_MODERATORS);
	mod_heard(home, room, mail);
	if (PLANTED(4)) { /* acknowledged before it is kept */
		job->event.seq = room->log.last + 1;
		reply_ack(home, mail, room, &job->event, false);
	}
	disk_give(home, room, STORE_WRITER, job);
}

void disk_look(struct home *home, struct room *room, const struct mail_command *mail, enum chat_error unheard,
	       uint32_t wait_ms)
{
	const struct chat_event event = room_event_of(home, mail);
	uint8_t *at;
	struct store_job *job = disk_append_job(home, room, mail, &event, 0, &at);

	CHECK(unheard != CHAT_OK && event.producer.bytes);
	if (!job) {
		reply_error(home, mail, CHAT_ERR_unavailable, RETRY_MS);
		return;
	}
	struct disk_own *own = store_job_own(job);

	own->unheard = unheard;
	own->wait_ms = wait_ms;
	job->look = true;
	disk_give(home, room, STORE_WRITER, job);
}

void disk_search(struct home *home, struct room *room, const struct mail_command *mail)
{
	const struct chat_command *command = &mail->command;
	uint8_t *at;
	struct store_job *job = disk_job(home, room, STORE_SEARCH, mail, command->query.size, &at);

	if (!job) {
		reply_error(home, mail, CHAT_ERR_unavailable, RETRY_MS);
		return;
	}
	span_copy(&job->query, command->query, at);
	job->seq_asked = command->seq;
	job->limit = command->limit;
	disk_give(home, room, STORE_SEARCHER, job);
}

/* The command that a job was made from, as far as an answer needs it. */
static struct mail_command command_of(const struct store_job *job, const struct disk_own *own)
{
	return (struct mail_command){
		.op = own->op,
		.origin = own->origin,
		.room_hash = own->room_hash,
		.user = own->user,
		.rights = own->rights,
		.outside = own->outside,
		.command = { .id = own->id, .room = job->room, .seq = job->seq_asked },
	};
}

void disk_refuse(struct home *home, const struct mail_command *to, enum store_status status)
{
	static const struct {
		enum chat_error error;
		uint32_t retry_ms;
	} said[] = {
		[STORE_GONE] = { CHAT_ERR_gone, 0 },
		[STORE_FORBIDDEN] = { CHAT_ERR_forbidden, 0 },
		[STORE_FULL] = { CHAT_ERR_storage_full, FULL_RETRY_MS },
		[STORE_UNAVAILABLE] = { CHAT_ERR_unavailable, RETRY_MS },
		[STORE_CORRUPT] = { CHAT_ERR_internal, 0 },
		[STORE_BAD_QUERY] = { CHAT_ERR_bad_request, 0 },
	};

	CHECK((size_t)status < sizeof(said) / sizeof(said[0]) && said[status].error != CHAT_OK);
	if (status == STORE_FULL)
		counter_add(home->counters, COUNTER_storage_full, 1);
	reply_error(home, to, said[status].error, said[status].retry_ms);
}

/* An act of moderation, or a deletion of what may be another's: the window may not have the message. */
static void audit(struct home *home, struct room *room, const struct store_job *job)
{
	struct record **target = room_log_at(&room->log, job->event.target);
	const struct span author = target ? (*target)->event.from : SPAN_NONE;

	if (job->event.kind == CHAT_EV_mod)
		mod_audit(home, room, &job->event, SPAN_NONE);
	else if (job->moderator && !span_equal(author, job->event.from))
		mod_audit(home, room, &job->event, author);
}

static void stored_append(struct home *home, struct room *room, struct store_job *job)
{
	const struct disk_own *own = store_job_own(job);
	const struct mail_command to = command_of(job, own);
	struct chat_event *event = &job->event;

	if (event->kind == CHAT_EV_mod)
		mod_stored(home, room, job);

	if (job->status == STORE_FULL && PLANTED(9)) { /* a full disk is acknowledged */
		event->seq = room->log.last;
		reply_ack(home, &to, room, event, false);
	} else if (job->status == STORE_OK) {
		event->seq = job->seq;
		event->ts_ms = job->ts_ms;
		event->rev = job->rev;
		room_disk(home, room)->first = job->first;
		audit(home, room, job);
		room_follow(home, room, event);
		room_apply(home, room, event);
		if (event->kind == CHAT_EV_del)
			reading_close(home, room);
		room_published(home, room);
		if (!PLANTED(11) || event->kind != CHAT_EV_del) /* deletions are not told */
			fanout(home, room, event, &own->origin);
		reply_ack(home, &to, room, event, false);
	} else if (job->status == STORE_DUPLICATE) {
		event->seq = PLANTED(5) ? room->log.last : job->seq; /* a retry is told another seq */
		event->ts_ms = job->ts_ms;
		counter_add(home->counters, COUNTER_duplicates, 1);
		reply_ack(home, &to, room, event, true);
	} else if (job->status == STORE_ABSENT) {
		reply_error(home, &to, own->unheard, own->wait_ms);
	} else {
		disk_refuse(home, &to, job->status);
	}
}

static void stored_search(struct home *home, struct room *room, struct store_job *job)
{
	const struct mail_command to = command_of(job, store_job_own(job));

	if (!mod_admits(home, room, &to)) /* banned meanwhile */
		return;
	if (job->status == STORE_OK)
		reply_found(home, &to, room, job->page);
	else
		disk_refuse(home, &to, job->status);
}

/* The window is what was loaded. */
static enum store_status window_fill(struct home *home, struct room *room, const struct store_job *job)
{
	const struct store_page *page = job->page;
	const uint32_t count = page ? page->count : 0;

	if (count > 0 && page->events[0].seq != job->last + 1 - count)
		return STORE_CORRUPT;
	room->log.last = job->last - count -
			 (PLANTED(10) && count == 0 && job->last > 0); /* a seq given again after a restart */
	for (uint32_t i = 0; i < count; i++) {
		const uint64_t ts_ms = page->events[i].ts_ms;
		const uint64_t age_ms = home->wall_ms > ts_ms ? home->wall_ms - ts_ms : 0;

		const int error = room_restore(home, room, &page->events[i], home->now_ms - age_ms);

		if (error != 0)
			return error == -ENOMEM ? STORE_UNAVAILABLE : STORE_CORRUPT;
	}
	return STORE_OK;
}

static enum store_status loaded(struct home *home, struct room *room, const struct store_job *job)
{
	if (job->status != STORE_OK || !job->known)
		return job->status;
	if (strlen(job->room_epoch) != ROOM_EPOCH_SIZE || job->last + 1 < job->first)
		return STORE_CORRUPT;
	if (!PLANTED(7)) /* a loaded room has a new epoch */
		memcpy(room->epoch, job->room_epoch, ROOM_EPOCH_SIZE);
	room_disk(home, room)->first = job->first;
	if (job->kept_state) {
		const int error = mod_load(home, room, job->kept_state->bytes, job->kept_state->count);

		if (error != 0)
			return error == -EBADMSG ? STORE_CORRUPT : STORE_UNAVAILABLE;
	}
	return window_fill(home, room, job);
}

static void stored_load(struct home *home, struct room *room, struct store_job *job)
{
	struct room_disk *disk = room_disk(home, room);
	struct waiting_command *waiting = disk->held.first;

	job->status = loaded(home, room, job);
	disk->loading = false;
	disk->held = (struct waiting_list){ 0 };
	if (PLANTED(8) && waiting && waiting->next) { /* what came second while it was loaded is lost */
		struct waiting_command *lost = waiting->next;

		waiting->next = lost->next;
		disk_waited(home, lost);
	}
	while (waiting) {
		struct waiting_command *next = waiting->next;

		if (job->status == STORE_OK)
			home_run(home, waiting_mail(waiting));
		else if (waiting_mail(waiting)->op != CHAT_OP_leave || waiting_mail(waiting)->command.id != 0)
			disk_refuse(home, waiting_mail(waiting), job->status);
		disk_waited(home, waiting);
		waiting = next;
	}
	room_trim(home, room);
}

/* Whoever asks for a damaged room makes no line each time, nor hides another one. */
static bool damage_is_told(struct damage *damage, uint64_t room, uint64_t now_ms)
{
	if (damage->count == 0 || now_ms - damage->since_ms >= DAMAGE_TOLD_MS) {
		damage->since_ms = now_ms;
		damage->count = 0;
	}
	for (uint32_t i = 0; i < damage->count; i++)
		if (damage->rooms[i] == room)
			return true;
	if (damage->count == DAMAGE_ROOMS)
		return true;
	damage->rooms[damage->count++] = room;
	return false;
}

static void damage_tell(struct home *home, const struct room *room, const struct store_job *job)
{
	struct damage *damage = &home->damage;

	if (damage_is_told(damage, directory_at(home->directory, room->place)->hash, home->now_ms)) {
		damage->untold++;
		return;
	}
	LOG(LOG_ERROR, "log_corrupt", LOG_SPAN("room", job->room), LOG_U64("seq", job->seq_asked),
	    LOG_U64("more", damage->untold), LOG_TEXT("do", "restore the store from a copy; other rooms go on"));
	damage->untold = 0;
}

void disk_stored(struct home *home, struct room *room, struct store_job *job)
{
	static void (*const stored[])(struct home *, struct room *, struct store_job *) = {
		[STORE_APPEND] = stored_append,
		[STORE_LOAD] = stored_load,
		[STORE_PAGE] = reading_stored,
		[STORE_SEARCH] = stored_search,
	};
	struct room_disk *disk = room_disk(home, room);

	CHECK(disk->jobs > 0 && (size_t)job->op < sizeof(stored) / sizeof(stored[0]));
	stored[job->op](home, room, job);
	if (job->status == STORE_CORRUPT)
		damage_tell(home, room, job);
	/* Only now may the room be forgotten. */
	disk->jobs--;
	store_job_give(job);
	room_tidy(home, room);
}
