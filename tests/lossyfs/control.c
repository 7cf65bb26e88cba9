#include "tests/lossyfs/control.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 10 };

static const char *const losses[] = { "drop", "keep", "tear", "scatter", "any" };

static const struct {
	const char *name;
	int error;
} errors[] = { { "EIO", -EIO },       { "ENOSPC", -ENOSPC }, { "EROFS", -EROFS },
	       { "EAGAIN", -EAGAIN }, { "EDQUOT", -EDQUOT }, { "ENOMEM", -ENOMEM } };

static bool number(const char *text, uint64_t *value)
{
	char *end;

	if (text == NULL || *text == '\0')
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0';
}

static bool is_loss(const char *text, enum loss *loss)
{
	for (size_t i = 0; text != NULL && i < sizeof(losses) / sizeof(losses[0]); i++) {
		if (strcmp(text, losses[i]) == 0) {
			*loss = (enum loss)i;
			return true;
		}
	}
	return false;
}

/* Each returns NULL or what is wrong. word[0] is the command; words that are not there are NULL. */

static const char *do_cut(struct rig *rig, char **word)
{
	enum loss loss;
	uint64_t seed;

	if (!is_loss(word[1], &loss) || !number(word[2], &seed))
		return "cut drop|keep|tear|scatter|any SEED";
	rig_cut(rig, loss, seed);
	return NULL;
}

static const char *do_cut_at(struct rig *rig, char **word)
{
	uint64_t border;

	if (!number(word[1], &border) || !is_loss(word[2], &rig->cut_loss) || !number(word[3], &rig->cut_seed))
		return "cut-at BORDER drop|keep|tear|scatter|any SEED";
	rig->cut_at = border > 0 ? rig->borders + border : 0;
	return NULL;
}

static const char *do_up(struct rig *rig, char **word)
{
	(void)word;
	rig->down = false;
	return NULL;
}

static const char *do_fail(struct rig *rig, char **word)
{
	struct fault fault = { .op = OPS };
	bool known = word[1] != NULL && strcmp(word[1], "border") == 0;
	uint64_t nth;

	for (size_t i = 0; word[1] != NULL && i < OPS; i++) {
		if (strcmp(word[1], op_names[i]) == 0)
			known = true, fault.op = (enum op)i;
	}
	for (size_t i = 0; word[2] != NULL && i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (strcmp(word[2], errors[i].name) == 0)
			fault.error = errors[i].error;
	}
	if (!known || fault.error == 0 || !number(word[3], &nth) || nth == 0 || word[4] == NULL)
		return "fail OP ERROR N once|on [NAME [OFFSET SIZE]]";
	if (rig->faults_count == FAULTS_MAX)
		return "too many faults; heal first";
	fault.after = nth - 1;
	fault.on = strcmp(word[4], "on") == 0;
	if (word[5] != NULL && strcmp(word[5], "*") != 0)
		snprintf(fault.name, sizeof(fault.name), "%s", word[5]);
	if (word[6] != NULL && (!number(word[6], &fault.offset) || !number(word[7], &fault.size)))
		return "fail OP ERROR N once|on NAME OFFSET SIZE";
	rig->faults[rig->faults_count++] = fault;
	return NULL;
}

static const char *do_heal(struct rig *rig, char **word)
{
	(void)word;
	rig->faults_count = 0;
	rig->fsync_ms = 0;
	rig->read_only = false;
	rig->space = UINT64_MAX;
	return NULL;
}

static const char *do_fsync_ms(struct rig *rig, char **word)
{
	return number(word[1], &rig->fsync_ms) ? NULL : "fsync-ms MS";
}

static const char *do_space(struct rig *rig, char **word)
{
	uint64_t space;

	if (word[1] != NULL && strcmp(word[1], "-1") == 0) {
		rig->space = UINT64_MAX;
		return NULL;
	}
	if (!number(word[1], &space))
		return "space BYTES|-1";
	rig->space = image_used(&rig->image) + space;
	return NULL;
}

static const char *do_read_only(struct rig *rig, char **word)
{
	if (word[1] == NULL)
		return "read-only on|off";
	rig->read_only = strcmp(word[1], "on") == 0;
	return NULL;
}

static const char *do_save(struct rig *rig, char **word)
{
	uint64_t slot;

	if (!number(word[1], &slot) || slot >= SLOTS_MAX)
		return "save 0..7";
	image_copy(&rig->slots[slot], &rig->image);
	return NULL;
}

static const char *do_load(struct rig *rig, char **word)
{
	uint64_t slot;

	if (!number(word[1], &slot) || slot >= SLOTS_MAX)
		return "load 0..7";
	image_copy(&rig->image, &rig->slots[slot]);
	return NULL;
}

static const char *do_sync(struct rig *rig, char **word)
{
	(void)word;
	for (struct file *file = rig->image.files; file != NULL; file = file->next) {
		if (!file->dead)
			file_sync(file, rig->image.orders);
	}
	image_sync_names(&rig->image, rig->image.orders);
	return NULL;
}

static const char *do_trace(struct rig *rig, char **word)
{
	if (word[1] == NULL)
		return "trace FILE|-";
	if (rig->trace != NULL)
		fclose(rig->trace);
	rig->trace = strcmp(word[1], "-") != 0 ? fopen(word[1], "w") : NULL;
	return rig->trace == NULL && strcmp(word[1], "-") != 0 ? strerror(errno) : NULL;
}

static const struct {
	const char *name;
	const char *(*run)(struct rig *rig, char **word);
} commands[] = {
	{ "cut", do_cut },   { "cut-at", do_cut_at },     { "up", do_up },       { "fail", do_fail },
	{ "heal", do_heal }, { "fsync-ms", do_fsync_ms }, { "space", do_space }, { "read-only", do_read_only },
	{ "save", do_save }, { "load", do_load },         { "sync", do_sync },   { "trace", do_trace },
};

static void tell_state(const struct rig *rig, char *answer, size_t size)
{
	uint64_t pending = 0;

	for (const struct file *file = rig->image.files; file != NULL; file = file->next)
		pending += file->pending;
	snprintf(answer, size,
		 "ok down=%d borders=%" PRIu64 " cuts=%" PRIu64 " loss=%s files=%zu used=%" PRIu64 " pending=%" PRIu64
		 " struck=%" PRIu64 "\n",
		 rig->down, rig->borders, rig->cuts, losses[rig->last_loss], rig->image.now.count,
		 image_used(&rig->image), pending, rig->faults_struck);
}

bool control_do(struct rig *rig, char *line, char *answer, size_t size)
{
	char *word[WORDS_MAX + 1] = { NULL };
	char *rest = line;

	for (size_t i = 0; i < WORDS_MAX && rest != NULL;) {
		char *at = strsep(&rest, " ");

		if (*at != '\0')
			word[i++] = at;
	}
	const char *name = word[0] != NULL ? word[0] : "";

	if (strcmp(name, "wait") == 0 && !rig->down)
		return false;
	if (strcmp(name, "state") == 0 || strcmp(name, "wait") == 0) {
		tell_state(rig, answer, size);
		return true;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(name, commands[i].name) != 0)
			continue;
		const char *wrong = commands[i].run(rig, word);

		snprintf(answer, size, wrong != NULL ? "error: %s\n" : "ok\n", wrong);
		return true;
	}
	snprintf(answer, size, "error: no command '%s'\n", name);
	return true;
}
