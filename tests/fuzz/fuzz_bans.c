/* The file of who is banned from the server: whatever a crash has left of it, names are banned as its whole lines say,
 * the last about each; and what is written out of them is read as the same. */
#include "engine/ops/ban_file.c"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/one_file.h"

#define NOW 1000
#define NAMES_MAX (BANS_MAX < 512 ? BANS_MAX : 512)

static struct fuzz_exact exact, written;

/* Nothing here is given to a core. */
int shard_restore_ban(struct shard *shard, struct span user, uint64_t until_ms, uint64_t wall_ms)
{
	(void)shard, (void)user, (void)until_ms, (void)wall_ms;
	return 0;
}

static struct known {
	struct span name;
	uint64_t until_ms;
} known[NAMES_MAX];

/* A line as it must be: a number, a blank, a name. False: it says nothing. */
static bool read_line(struct span line, struct known *one)
{
	size_t at = 0;
	uint64_t until_ms = 0;

	for (; at < line.size && line.bytes[at] >= '0' && line.bytes[at] <= '9'; at++) {
		const uint64_t digit = line.bytes[at] - '0';

		until_ms = until_ms > (UINT64_MAX - digit) / 10 ? UINT64_MAX : until_ms * 10 + digit;
	}
	if (at == 0 || at + 1 >= line.size || line.bytes[at] != ' ')
		return false;
	*one = (struct known){ span_of(line.bytes + at + 1, line.size - at - 1), until_ms };
	return utf8_valid(one->name.bytes, one->name.size) && chat_name_valid(one->name);
}

/* By the whole lines, of which none is longer than there may be: how many names there are. -1: not to be judged so. */
static int read_all(const uint8_t *text, size_t size)
{
	int count = 0;

	for (size_t begin = 0, at = 0; at < size; at++) {
		struct known one;
		int same = 0;

		if (text[at] == 0 || at - begin > LINE_MAX - 3)
			return -1;
		if (text[at] != '\n')
			continue;
		const struct span line = span_of(text + begin, at - begin);

		begin = at + 1;
		/* strtoull takes more than we write. */
		if (line.size > 0 && !(line.bytes[0] >= '0' && line.bytes[0] <= '9'))
			return -1;
		if (!read_line(line, &one))
			continue;
		while (same < count && !span_equal(known[same].name, one.name))
			same++;
		if (same == NAMES_MAX)
			return -1;
		known[same] = one;
		count += same == count;
	}
	return count;
}

static void check_names(const struct bans *bans, int count)
{
	for (int i = 0; i < count; i++) {
		const uint64_t until_ms = known[i].until_ms > NOW ? known[i].until_ms : 0;

		check(bans_until(bans, known[i].name, NOW) == until_ms);
	}
}

/* The file that is written: linked with --wrap. */
#define FILE_NEW 12345

static uint8_t text[FUZZ_EXACT_MAX];
static size_t text_size;

ssize_t __wrap_write(int fd, const void *bytes, size_t size);
ssize_t __real_write(int fd, const void *bytes, size_t size);
int __wrap_fsync(int fd);

ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
	if (fd != FILE_NEW)
		return __real_write(fd, bytes, size);
	check(size <= sizeof(text) - text_size);
	memcpy(text + text_size, bytes, size);
	text_size += size;
	return (ssize_t)size;
}

int __wrap_fsync(int fd)
{
	check(fd == FILE_NEW);
	return 0;
}

/* What a start writes into the new file. */
static void write_again(const struct bans *bans)
{
	struct ban_file whole = { .bans = *bans, .file = FILE_NEW };

	text_size = 0;
	check(put_all(&whole) == 0);
	file_bytes = fuzz_exact(&written, text, text_size);
	file_size = text_size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bans bans, again;
	uint32_t count = 0, count_again = 0;
	uint64_t until_ms, until_again_ms;

	if (size > 16384)
		return 0;
	file_bytes = fuzz_exact(&exact, data, size);
	file_size = size;
	check(bans_open(&bans, 1) == 0 && bans_open(&again, 1) == 0);
	check(load(&bans, PATH, NOW) == 0 || size == 0);
	check_names(&bans, read_all(data, size));
	write_again(&bans);
	check(file_size == 0 || load(&again, PATH, NOW) == 0);
	for (uint32_t at = 0; at <= bans.by_hash.mask; at++) {
		const struct span user = bans_at(&bans, at, &until_ms);

		count += user.size > 0;
		check(user.size == 0 || bans_until(&again, user, NOW) == until_ms);
	}
	for (uint32_t at = 0; at <= again.by_hash.mask; at++)
		count_again += bans_at(&again, at, &until_again_ms).size > 0;
	check(count_again == count);
	bans_close(&bans);
	bans_close(&again);
	return 0;
}
