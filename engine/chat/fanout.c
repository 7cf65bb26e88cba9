#include "engine/chat/fanout.h"

#include "engine/core/check.h"
#include "engine/core/mutant.h"
#include "proto/chat/limits.h"

#define COUNT_EVERY_MS 1000

static void fanout_core(struct home *home, uint32_t core, const struct place *place, const struct chat_event *event,
			const struct mail_origin *author)
{
	struct chat_event named = *event;

	named.room = place_name(place);
	struct mail_event *mail = post_begin(home->post, core, sizeof(*mail) + event_bytes(&named));

	mail->mail.kind = MAIL_EVENT;
	mail->room_hash = place->hash;
	mail->author = author ? *author : (struct mail_origin){ .core = UINT32_MAX };
	event_copy(&mail->event, &named, mail->bytes);
	post_end(home->post, core);
}

void fanout(struct home *home, const struct room *room, const struct chat_event *event,
	    const struct mail_origin *author)
{
	const struct place *place = directory_at(home->directory, room->place);

	for (uint64_t left = PLANTED(18) && (room->cores & (room->cores - 1)) ? room->cores & (room->cores - 1)
									      : room->cores; /* one core is skipped */
	     left != 0; left &= left - 1)
		fanout_core(home, (uint32_t)__builtin_ctzll(left), place, event, author);
}

static void fanout_change(struct home *home, struct room *room, enum chat_event_kind kind, struct span user,
			  bool user_changed)
{
	if (!class_of(home, room)->presence)
		return;
	if (room->connections > CHAT_USERS_MAX) {
		if (room->next_counting == 0) {
			room->next_counting = home->counting;
			home->counting = room_index(home, room);
		}
	} else if (user_changed) {
		fanout(home, room, &(struct chat_event){ .kind = kind, .from = user, .count = room->connections },
		       NULL);
	}
}

void fanout_in(struct home *home, struct room *room, struct span user, bool first_of_user)
{
	fanout_change(home, room, CHAT_EV_in, user, first_of_user);
}

void fanout_out(struct home *home, struct room *room, struct span user, bool last_of_user)
{
	fanout_change(home, room, CHAT_EV_out, user, last_of_user);
}

void fanout_counts(struct home *home)
{
	uint32_t index = home->counting;

	if (home->now_ms < home->counted_ms + COUNT_EVERY_MS)
		return;
	home->counted_ms = home->now_ms;
	home->counting = COUNTING_LAST;
	while (index != COUNTING_LAST) {
		struct room *room = room_at(home, index);

		index = room->next_counting;
		CHECK(index != 0);
		room->next_counting = 0;
		fanout(home, room, &(struct chat_event){ .kind = CHAT_EV_count, .count = room->connections }, NULL);
		room_tidy(home, room);
	}
}
