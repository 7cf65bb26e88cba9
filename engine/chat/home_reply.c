#include "engine/chat/home_reply.h"

#include "engine/chat/home_mod.h"
#include "engine/core/check.h"
#include "engine/core/mutant.h"
#include "proto/chat/limits.h"

static struct mail_reply *reply_begin(struct home *home, const struct mail_command *to, enum chat_reply_kind kind,
				      size_t bytes)
{
	struct mail_reply *mail = post_begin(home->post, to->origin.core, sizeof(*mail) + bytes);

	mail->mail.kind = MAIL_REPLY;
	mail->op = to->op;
	mail->origin = to->origin;
	mail->room_hash = to->room_hash;
	mail->user = SPAN_NONE;
	mail->reply = (struct chat_reply){ .kind = kind, .re = to->command.id };
	return mail;
}

void reply_error(struct home *home, const struct mail_command *to, enum chat_error error, uint32_t retry_ms)
{
	struct mail_reply *mail = reply_begin(home, to, CHAT_REPLY_ERROR, to->command.room.size);

	mail->reply.error = error;
	mail->reply.retry_ms = retry_ms;
	span_copy(&mail->reply.page.room, to->command.room, mail->bytes);
	post_end(home->post, to->origin.core);
}

void reply_empty(struct home *home, const struct mail_command *to)
{
	struct mail_reply *mail = reply_begin(home, to, CHAT_REPLY_EMPTY, to->command.room.size);

	span_copy(&mail->reply.page.room, to->command.room, mail->bytes);
	post_end(home->post, to->origin.core);
}

void reply_ack(struct home *home, const struct mail_command *to, const struct room *room,
	       const struct chat_event *event, bool duplicate)
{
	const struct span name = room_name(home, room);
	struct mail_reply *mail = reply_begin(home, to, CHAT_REPLY_ACK, name.size + ROOM_EPOCH_SIZE);
	uint8_t *at = span_copy(&mail->reply.page.room, name, mail->bytes);

	span_copy(&mail->reply.page.epoch, room_epoch(room), at);
	mail->reply.page.class =
		room->disk != 0 || PLANTED(16) /* a class that was not reached */ ? CHAT_CLASS_DISK : CHAT_CLASS_MEMORY;
	mail->reply.page.last = event->seq;
	mail->reply.time_ms = event->ts_ms;
	mail->reply.duplicate = duplicate;
	post_end(home->post, to->origin.core);
}

void reply_history(struct home *home, const struct mail_command *to, const struct room *room,
		   struct history_range range)
{
	struct mail_reply *mail = reply_begin(home, to, CHAT_REPLY_HISTORY, history_page_bytes(home, room, range));

	history_page(home, room, range, &mail->reply.page, mail->bytes);
	counter_add(home->counters, COUNTER_pages, 1);
	post_end(home->post, to->origin.core);
}

static void reply_events(struct home *home, const struct mail_command *to, const struct room *room,
			 enum chat_reply_kind kind, const struct store_page *page, uint32_t count, uint64_t last,
			 bool more)
{
	const struct chat_event *events = page ? page->events : NULL;
	struct mail_reply *mail = reply_begin(home, to, kind, history_stored_bytes(home, room, events, count));

	history_stored(home, room, events, count, &mail->reply.page, mail->bytes);
	mail->reply.page.last = last;
	mail->reply.page.more = more;
	counter_add(home->counters, COUNTER_pages, 1);
	post_end(home->post, to->origin.core);
}

void reply_stored(struct home *home, const struct mail_command *to, const struct room *room,
		  const struct store_page *page, uint32_t count, uint64_t last, bool more)
{
	reply_events(home, to, room, CHAT_REPLY_HISTORY, page, count, last, more);
}

void reply_found(struct home *home, const struct mail_command *to, const struct room *room,
		 const struct store_page *page)
{
	reply_events(home, to, room, CHAT_REPLY_SEARCH, page, page ? page->count : 0, room->log.last,
		     page && page->more);
}

/* Some of a room's users, as they are linked. */
struct listed {
	uint32_t first, count; /* of the roster's entries */
	bool more;
};

static struct listed users_listed(const struct room *room)
{
	return (struct listed){
		.first = room->roster_first,
		.count = room->users < CHAT_USERS_MAX ? room->users : CHAT_USERS_MAX,
		.more = room->users > CHAT_USERS_MAX,
	};
}

static size_t users_bytes(const struct home *home, const struct listed *listed)
{
	size_t size = _Alignof(struct chat_user) + listed->count * sizeof(struct chat_user);
	uint32_t index = listed->first;

	for (uint32_t i = 0; i < listed->count; i++) {
		const struct roster_entry *entry = roster_at(&home->roster, index);

		size += roster_user(entry).size;
		index = entry->next;
	}
	return size;
}

static uint8_t *users_write(const struct home *home, const struct listed *listed, struct chat_reply *reply, uint8_t *at)
{
	const uintptr_t align = _Alignof(struct chat_user) - 1;
	struct chat_user *users = (struct chat_user *)(((uintptr_t)at + align) & ~align);
	uint32_t index = listed->first;

	reply->with_users = true;
	reply->users = users;
	reply->user_count = listed->count;
	reply->users_more = listed->more;
	at = (uint8_t *)(users + reply->user_count);
	for (uint32_t i = 0; i < reply->user_count; i++) {
		const struct roster_entry *entry = roster_at(&home->roster, index);

		at = span_copy(&users[i].id, roster_user(entry), at);
		users[i].connections = entry->connections;
		index = entry->next;
	}
	return at;
}

void reply_join(struct home *home, const struct mail_command *to, const struct room *room, struct history_range range,
		enum chat_resume resume)
{
	const struct listed listed = users_listed(room);
	const size_t users = to->command.presence ? users_bytes(home, &listed) : 0;
	const struct roster_entry *self = roster_find(&home->roster, room_index(home, room), to->user);
	struct mail_reply *mail =
		reply_begin(home, to, CHAT_REPLY_JOIN, history_page_bytes(home, room, range) + users + to->user.size);
	uint8_t *at = history_page(home, room, range, &mail->reply.page, mail->bytes);

	at = span_copy(&mail->user, to->user, at);
	if (to->command.presence)
		users_write(home, &listed, &mail->reply, at);
	mail->reply.resume = resume;
	mail->after = to->command.since_seq;
	mail->reply.count = room->connections;
	mail->reply.read = self->read;
	mail->reply.rights = to->rights;
	if (room->mod) {
		mail->reply.every_s = room->mod->state.every_s;
		mail->reply.locked = room->mod->state.locked;
	}
	post_end(home->post, to->origin.core);
}

static void reply_users(struct home *home, const struct mail_command *to, const struct room *room,
			const struct listed *listed)
{
	const struct span name = room_name(home, room);
	struct mail_reply *mail = reply_begin(home, to, CHAT_REPLY_PRESENCE, name.size + users_bytes(home, listed));
	uint8_t *at = span_copy(&mail->reply.page.room, name, mail->bytes);

	users_write(home, listed, &mail->reply, at);
	mail->reply.count = room->connections;
	post_end(home->post, to->origin.core);
}

void reply_presence(struct home *home, const struct mail_command *to, const struct room *room)
{
	const struct listed listed = users_listed(room);

	reply_users(home, to, room, &listed);
}

void reply_members(struct home *home, const struct mail_command *to, const struct room *room)
{
	const struct span after = to->command.query;
	struct listed listed = { .first = room->roster_first };

	if (after.bytes) {
		const struct roster_entry *last = roster_find(&home->roster, room_index(home, room), after);

		if (!last) {
			reply_error(home, to, CHAT_ERR_conflict, 0); /* it has left: nobody knows who came after it */
			return;
		}
		listed.first = last->next;
	}
	for (uint32_t index = listed.first; index != 0; index = roster_at(&home->roster, index)->next) {
		listed.more = listed.count == to->command.limit;
		if (listed.more)
			break;
		listed.count++;
	}
	reply_users(home, to, room, &listed);
}

void reply_about(struct home *home, const struct mail_command *to, const struct room *room)
{
	const struct span name = room_name(home, room);
	struct mail_reply *mail = reply_begin(home, to, CHAT_REPLY_PRESENCE, name.size + ROOM_EPOCH_SIZE);
	struct chat_page *page = &mail->reply.page;
	uint8_t *at = span_copy(&page->room, name, mail->bytes);

	span_copy(&page->epoch, room_epoch(room), at);
	page->class = room->disk != 0 ? CHAT_CLASS_DISK : CHAT_CLASS_MEMORY;
	page->first = room_first(home, room);
	page->last = room->log.last;
	mail->reply.count = room->connections;
	mail->reply.user_count = room->users;
	post_end(home->post, to->origin.core);
}

static struct mail_page *page_mail(struct home *home, const struct mail_command *to, size_t bytes)
{
	struct mail_page *mail = post_begin(home->post, to->origin.core, sizeof(*mail) + bytes);

	mail->mail.kind = MAIL_PAGE;
	mail->origin = to->origin;
	mail->room_hash = to->room_hash;
	mail->after = to->command.seq;
	counter_add(home->counters, COUNTER_pages, 1);
	return mail;
}

void reply_page_from(struct home *home, const struct mail_command *to, const struct room *room,
		     struct history_range range, uint64_t first)
{
	struct mail_page *mail = page_mail(home, to, history_page_bytes(home, room, range));

	history_page(home, room, range, &mail->page, mail->bytes);
	mail->page.first = first;
	post_end(home->post, to->origin.core);
}

void reply_page(struct home *home, const struct mail_command *to, const struct room *room, struct history_range range)
{
	reply_page_from(home, to, room, range, room_first(home, room));
}

void reply_page_stored(struct home *home, const struct mail_command *to, const struct room *room,
		       const struct chat_event *events, uint32_t count)
{
	struct mail_page *mail = page_mail(home, to, history_stored_bytes(home, room, events, count));

	history_stored(home, room, events, count, &mail->page, mail->bytes);
	mail->page.first = events[0].seq;
	mail->page.more = events[count - 1].seq < room->log.last && !PLANTED(17); /* live before it is caught up */
	post_end(home->post, to->origin.core);
}
