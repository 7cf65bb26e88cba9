#include <errno.h>

#include "engine/chat/home_mod.h"
#include "engine/core/check.h"
#include "engine/core/mutant.h"

int home_save(const struct home *home, home_save_fn *save, void *context)
{
	for (uint32_t index = home->coldest; index != 0; index = room_at(home, index)->warmer) {
		const struct room *room = room_at(home, index);

		if (room->disk != 0)
			continue;
		for (uint64_t seq = room_log_first(&room->log); seq + PLANTED(88) /* but the last */ <= room->log.last;
		     seq++) {
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
	if (room->disk != 0)
		return -ENOTSUP; /* the store has its own */
	if (room->log.count == 0)
		memcpy(room->epoch, epoch.bytes, ROOM_EPOCH_SIZE);
	const int error = room_restore(home, room, event, now_ms);

	room_tidy(home, room);
	return error;
}

int home_save_states(const struct home *home, home_save_state_fn *save, void *context)
{
	uint8_t *state = block_take(MODERATION_SIZE_MAX);
	int result = state ? 0 : -ENOMEM;

	for (uint32_t index = home->mods; result == 0 && index != 0; index = room_at(home, index)->mod->next) {
		const struct room *room = room_at(home, index);
		const size_t size = moderation_encode(&room->mod->state, home->wall_ms, state);

		if (room->disk == 0 && size > 0)
			result = save(context, room_name(home, room), span_of(state, size));
	}
	if (state)
		block_give(state, MODERATION_SIZE_MAX);
	return result;
}

int home_restore_state(struct home *home, struct span name, struct span state, uint64_t wall_ms)
{
	struct room *room = room_enter(home, name, directory_hash(home->directory, name));

	home->wall_ms = wall_ms;
	if (!room)
		return -ENOMEM;
	if (room->disk != 0 || room->mod)
		return room->disk != 0 ? -ENOTSUP : -EINVAL;
	const int error = mod_load(home, room, state.bytes, state.size);

	if (room->mod && PLANTED(77)) /* a lock is open after a restart */
		room->mod->state.locked = false;

	room_tidy(home, room);
	return error;
}
