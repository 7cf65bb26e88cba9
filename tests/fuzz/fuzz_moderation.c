/* What a room remembers of its moderation, there and back. An even first byte: the rest are bytes from a store; what is
 * taken of them is written as they were, but for what has ended. An odd one: acts, undone or not, against a list kept
 * the obvious way; then through bytes and again. */
#include "engine/chat/moderation.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>

#define USERS 6
#define NOW 1000000

static const char *const names[USERS] = {
	"a", "b", "bob", "@ops", "\xc3\xa9t\xc3\xa9", "0123456789012345678901234567890123456789012345678901234567890123"
};

static struct fuzz_exact exact;
static uint8_t written[MODERATION_SIZE_MAX], again[MODERATION_SIZE_MAX];

static struct span name_of(uint32_t user)
{
	return span_of(names[user], strlen(names[user]));
}

struct known {
	uint64_t until_ms;
	bool is, by_manager;
};

/* What must hold, the slow and obvious way. */
struct model {
	struct known of[2][USERS]; /* by enum sanction_kind */
	uint32_t every_s;
	bool locked;
};

static void compare(const struct moderation *moderation, const struct model *model, uint64_t now_ms)
{
	for (int kind = 0; kind < 2; kind++)
		for (uint32_t user = 0; user < USERS; user++) {
			const struct known *known = &model->of[kind][user];
			const bool is = known->is && (known->until_ms == 0 || known->until_ms > now_ms);
			uint64_t until_ms = 0;

			check(moderation_holds(moderation, (enum sanction_kind)kind, name_of(user), CHAT_RIGHTS_MEMBER,
					       now_ms, &until_ms) == is);
			check(!is || until_ms == known->until_ms);
			check(moderation_holds(moderation, (enum sanction_kind)kind, name_of(user), CHAT_RIGHTS_ALL,
					       now_ms, &until_ms) == (is && known->by_manager));
		}
	check(moderation->locked == model->locked && moderation->every_s == model->every_s);
}

static bool model_has(const struct model *model, uint64_t now_ms)
{
	for (int kind = 0; kind < 2; kind++)
		for (uint32_t user = 0; user < USERS; user++)
			if (model->of[kind][user].is &&
			    (model->of[kind][user].until_ms == 0 || model->of[kind][user].until_ms > now_ms))
				return true;
	return model->locked || model->every_s != 0;
}

/* What the act must come to, or -errno with nothing changed. */
static int model_do(struct model *model, const struct moderation_act *act, uint32_t user, uint64_t now_ms)
{
	const int kind = act->act == CHAT_MOD_mute || act->act == CHAT_MOD_unmute ? SANCTION_MUTE : SANCTION_BAN;
	struct known *known = &model->of[kind][user];
	const bool is = known->is && (known->until_ms == 0 || known->until_ms > now_ms);
	const bool lifts = act->act == CHAT_MOD_unban || act->act == CHAT_MOD_unmute;

	if (act->act == CHAT_MOD_kick)
		return 0;
	if (act->act == CHAT_MOD_slow) {
		const bool changes = model->every_s != act->every_s;

		model->every_s = act->every_s;
		return changes ? 0 : -ENOENT;
	}
	if (act->act == CHAT_MOD_lock || act->act == CHAT_MOD_unlock) {
		const bool changes = model->locked != (act->act == CHAT_MOD_lock);

		model->locked = act->act == CHAT_MOD_lock;
		return changes ? 0 : -ENOENT;
	}
	if (is && known->by_manager && !act->by_manager)
		return -EPERM;
	if (lifts && !is)
		return -ENOENT;
	*known = (struct known){ act->until_ms, !lifts, act->by_manager };
	return 0;
}

static void there_and_back(const struct moderation *moderation, const struct model *model, uint64_t now_ms)
{
	const size_t size = moderation_encode(moderation, now_ms, written);
	struct moderation read = { 0 };

	check((size > 0) == model_has(model, now_ms));
	if (size == 0)
		return;
	check(moderation_decode(&read, fuzz_exact(&exact, written, size), size, now_ms) == 0);
	compare(&read, model, now_ms);
	check(moderation_encode(&read, now_ms, again) == size && memcmp(again, written, size) == 0);
	moderation_forget(&read);
}

static void act(struct fuzz_input input)
{
	struct moderation moderation = { 0 };
	struct model model = { 0 };
	uint64_t now_ms = NOW;

	while (fuzz_left(&input) > 0) {
		struct moderation_undo undo;
		const uint32_t user = fuzz_below(&input, USERS);
		struct model before = model;
		struct moderation_act act = {
			.act = (enum chat_mod)fuzz_below(&input, CHAT_MOD_COUNT),
			.by_manager = fuzz_byte(&input) & 1,
		};

		now_ms += fuzz_below(&input, 40);
		if (chat_mod_of_user(act.act))
			act.whom = name_of(user);
		if (act.act == CHAT_MOD_ban || act.act == CHAT_MOD_mute)
			act.until_ms = fuzz_byte(&input) & 1 ? now_ms + 1 + fuzz_below(&input, 100) : 0;
		if (act.act == CHAT_MOD_slow)
			act.every_s = fuzz_below(&input, 4);
		const int expected = model_do(&model, &act, user, now_ms);

		check(moderation_do(&moderation, &act, now_ms, &undo) == expected);
		compare(&moderation, expected == 0 ? &model : &before, now_ms);
		if (expected != 0) {
			model = before;
			continue;
		}
		if (fuzz_byte(&input) % 4 == 0) {
			moderation_undo(&moderation, &undo);
			model = before;
			compare(&moderation, &model, now_ms);
		}
		there_and_back(&moderation, &model, now_ms);
	}
	moderation_forget(&moderation);
}

static void read_bytes(const uint8_t *bytes, size_t size)
{
	struct moderation moderation = { 0 }, other = { 0 };
	const int error = moderation_decode(&moderation, fuzz_exact(&exact, bytes, size), size, 0);

	check(error == 0 || error == -EBADMSG || error == -ENOMEM);
	if (error != 0) {
		check(moderation.count == 0 && !moderation.sanctions);
		return;
	}
	/* Nothing has ended at 0, so that they are the same, byte for byte. */
	check(moderation_encode(&moderation, 0, written) == size && memcmp(written, bytes, size) == 0);
	check(moderation_decode(&other, bytes, size, NOW) == 0 && other.count <= moderation.count);
	const bool left = moderation_trim(&moderation, NOW);
	const size_t left_size = moderation_encode(&moderation, NOW, written);

	check((left_size > 0) == left && left_size == moderation_encode(&other, NOW, again));
	check(memcmp(written, again, left_size) == 0);
	moderation_forget(&other);
	moderation_forget(&moderation);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > 8192)
		return 0;
	if (data[0] % 2 == 0)
		read_bytes(data + 1, size - 1);
	else
		act(fuzz_input_of(data + 1, size - 1));
	return 0;
}
