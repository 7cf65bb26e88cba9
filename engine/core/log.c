#include "engine/core/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "engine/core/clock.h"

#define LINES_A_SECOND 20
#define LINE_MOST 4096
#define TURN_NS 50000000 /* that a thread waits for its turn to write, at most */
#define VALUE_MOST 1024 /* bytes of one value; what is longer is cut and marked with "..." */

static _Atomic int log_least = LOG_INFO;
static atomic_bool log_json;
static _Atomic int log_audit_fd = -1;
static _Atomic uint64_t log_lines_lost;
static _Thread_local uint32_t log_core_id = UINT32_MAX;

/* What was logged in this second, by event name. Two names in one place take it from each other: then
 * a few lines more come, never fewer. */
#define RATES 64

static _Thread_local struct rate {
	const char *event;
	uint64_t second;
	uint32_t lines, suppressed;
} rates[RATES];

void log_setup(enum log_level least, bool json)
{
	atomic_store(&log_least, least);
	atomic_store(&log_json, json);
}

static const char *const level_names[] = { "debug", "info", "warn", "error", "off", "audit" };

enum log_level log_level(void)
{
	return (enum log_level)atomic_load(&log_least);
}

void log_level_set(enum log_level least)
{
	atomic_store(&log_least, least);
}

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

int log_level_named(struct span name)
{
	for (int level = LOG_DEBUG; level <= LOG_OFF; level++)
		if (span_equal(name, span_of(level_names[level], strlen(level_names[level]))))
			return level;
	return -1;
}

uint64_t log_lost(void)
{
	return atomic_load_explicit(&log_lines_lost, memory_order_relaxed);
}

void log_audit_to(int fd)
{
	atomic_store(&log_audit_fd, fd);
}

void log_core(uint32_t core)
{
	log_core_id = core;
}

struct line {
	char text[LINE_MOST];
	size_t size;
	size_t most; /* less than LINE_MOST: the end of the line must always fit */
};

/* All of it or nothing, so that a full line has no half escape at its end. */
static bool put(struct line *line, const char *text, size_t size)
{
	if (size > line->most - line->size)
		return false;
	memcpy(line->text + line->size, text, size);
	line->size += size;
	return true;
}

static bool put_text(struct line *line, const char *text)
{
	return put(line, text, strlen(text));
}

static bool is_tail(const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if ((bytes[i] & 0xc0) != 0x80)
			return false;
	return true;
}

/* Reads one character of UTF-8. Returns its size, or 0 where there is none: overlong forms, halves
 * of pairs, and what is past the last character are refused. */
static size_t read_character(const uint8_t *bytes, size_t size, uint32_t *character)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t first = bytes[0];
	const size_t length = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 :
			      first < 0xf8 ? 4 : 0;

	if (length == 0 || length > size || !is_tail(bytes + 1, length - 1))
		return 0;
	*character = length == 1 ? first : first & (0x7fu >> length);
	for (size_t i = 1; i < length; i++)
		*character = *character << 6 | (bytes[i] & 0x3f);
	if (*character < least[length] || *character > 0x10ffff || (*character >= 0xd800 && *character < 0xe000))
		return 0;
	return length;
}

/* Characters that end, hide or turn around a line for its reader. */
static bool is_dangerous(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

static bool put_character(struct line *line, const uint8_t *bytes, size_t length, uint32_t character)
{
	char escape[16];

	if (length == 0) /* a byte that is no UTF-8 */
		return put(line, escape, (size_t)snprintf(escape, sizeof(escape), "\\\\x%02x", bytes[0]));
	if (is_dangerous(character))
		return put(line, escape, (size_t)snprintf(escape, sizeof(escape), "\\u%04x", character));
	if (character == '"' || character == '\\')
		return put(line, (char[2]){ '\\', (char)character }, 2);
	return put(line, (const char *)bytes, length);
}

static bool put_value(struct line *line, struct span value)
{
	const size_t most = value.size < VALUE_MOST ? value.size : VALUE_MOST;
	bool room = put_text(line, "\"");

	for (size_t at = 0; room && at < most;) {
		uint32_t character = 0;
		const size_t length = read_character(value.bytes + at, value.size - at, &character);

		room = put_character(line, value.bytes + at, length, character);
		at += length ? length : 1;
	}
	if (value.size > VALUE_MOST)
		room = room && put_text(line, "...");
	return put_text(line, "\"") && room;
}

static bool put_key(struct line *line, const char *key, bool json)
{
	return json ? put_text(line, ",\"") && put_text(line, key) && put_text(line, "\":")
		    : put_text(line, " ") && put_text(line, key) && put_text(line, "=");
}

static bool put_field(struct line *line, const struct log_field *field, bool json)
{
	char number[32];

	if (!put_key(line, field->key, json))
		return false;
	if (field->kind == LOG_FIELD_SPAN)
		return put_value(line, field->span);
	if (field->kind == LOG_FIELD_U64)
		snprintf(number, sizeof(number), "%llu", (unsigned long long)field->u64);
	else
		snprintf(number, sizeof(number), "%lld", (long long)field->i64);
	return put_text(line, number);
}

/* A field that does not fit is left out whole. */
static void put_field_whole(struct line *line, const struct log_field *field, bool json)
{
	const size_t before = line->size;

	if (!put_field(line, field, json))
		line->size = before;
}

static void put_head(struct line *line, enum log_level level, const char *event, bool json)
{
	const uint64_t now_ms = clock_wall_ms();
	const time_t seconds = (time_t)(now_ms / 1000);
	char stamp[32], head[192];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(head, sizeof(head), json ? "{\"time\":\"%s.%03uZ\",\"level\":\"%s\",\"event\":\"%.100s\"" :
		 "%s.%03uZ %-5s %.100s", stamp, (unsigned)(now_ms % 1000), level_names[level], event);
	put_text(line, head);
}

static struct rate *rate_of(const char *event)
{
	uint32_t hash = 2166136261;

	for (const char *c = event; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619;

	struct rate *rate = &rates[hash % RATES];

	if (!rate->event || strcmp(rate->event, event) != 0)
		*rate = (struct rate){ .event = event };
	return rate;
}

static bool may_log(struct rate *rate)
{
	const uint64_t second = clock_mono_ns() / 1000000000;

	if (rate->second != second) {
		rate->second = second;
		rate->lines = 0;
	}
	if (rate->lines < LINES_A_SECOND) {
		rate->lines++;
		return true;
	}
	rate->suppressed++;
	return false;
}

/* Returns how much of it was taken; errno says why not all. */
static size_t write_rest(int fd, const char *text, size_t size)
{
	size_t done = 0;
	ssize_t got = 1;

	while (done < size && (got > 0 || (got < 0 && errno == EINTR))) {
		got = write(fd, text + done, size - done);
		done += got > 0 ? (size_t)got : 0;
	}
	return done;
}

/* Files, terminals, and pipes before Linux 6.4 know no RWF_NOWAIT: they are asked whether they take something. */
static size_t write_alone(int fd, const char *text, size_t size)
{
	const struct iovec whole = { .iov_base = (void *)(uintptr_t)text, .iov_len = size };
	const ssize_t got = pwritev2(fd, &whole, 1, -1, RWF_NOWAIT);
	const size_t done = got > 0 ? (size_t)got : 0;
	struct pollfd out = { .fd = fd, .events = POLLOUT };

	if (done == size || ppoll(&out, 1, &(struct timespec){ 0 }, NULL) == 0)
		return done;
	return done + write_rest(fd, text + done, size - done); /* of a file perhaps a part is there already */
}

/* A pipe or a socket that is full because nobody reads it must not stop who logs. One thread at a time: where two find
 * room for one line, the second would wait for a reader. Who holds the lock does so only where another process took
 * that room; then the lines of the others are lost. */
static size_t write_unless_full(int fd, const char *text, size_t size)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += TURN_NS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	if (pthread_mutex_timedlock(&lock, &until) != 0)
		return 0;
	const size_t done = write_alone(fd, text, size);

	pthread_mutex_unlock(&lock);
	return done;
}

/* Where lines go, and whether the last that came there was cut, as on a disk that is full. */
struct sink {
	atomic_bool cut;
	size_t (*write)(int fd, const char *text, size_t size);
};

/* Behind a part the line begins anew. False: it was not taken whole, and is lost. */
static bool put_out(struct sink *sink, int fd, const struct line *line)
{
	const bool cut = atomic_exchange(&sink->cut, false);
	const char *text = line->text + (cut ? 0 : 1);
	const size_t size = line->size - (cut ? 0 : 1), done = sink->write(fd, text, size);

	if (done == size)
		return true;
	if (cut || done > 0)
		atomic_store(&sink->cut, true);
	atomic_fetch_add_explicit(&log_lines_lost, 1, memory_order_relaxed);
	return false;
}

void log_fields(enum log_level level, const char *event, const struct log_field *fields, size_t count)
{
	const bool json = atomic_load_explicit(&log_json, memory_order_relaxed);
	const bool audit = level == LOG_AUDIT;
	const int audit_fd = atomic_load(&log_audit_fd);
	static struct sink stderr_sink = { .write = write_unless_full }, audit_sink = { .write = write_rest };
	struct line line;

	if (audit && audit_fd == LOG_AUDIT_NOWHERE)
		return;
	if (!audit && ((int)level < atomic_load_explicit(&log_least, memory_order_relaxed) || level >= LOG_OFF))
		return;

	struct rate *rate = rate_of(event);

	if (!audit && !may_log(rate))
		return;
	line.text[0] = '\n'; /* for put_out() */
	line.size = 1;
	line.most = sizeof(line.text) - 2; /* "}\n" */
	put_head(&line, level, event, json);
	if (log_core_id != UINT32_MAX)
		put_field_whole(&line, &LOG_U64("core", log_core_id), json);
	if (rate->suppressed > 0)
		put_field_whole(&line, &LOG_U64("suppressed", rate->suppressed), json);
	for (size_t i = 0; i < count; i++)
		put_field_whole(&line, &fields[i], json);
	line.most = sizeof(line.text);
	put_text(&line, json ? "}\n" : "\n");

	rate->suppressed = put_out(&stderr_sink, STDERR_FILENO, &line) ? 0 : rate->suppressed + 1;
	if (audit && audit_fd >= 0 && !put_out(&audit_sink, audit_fd, &line))
		LOG(LOG_ERROR, "audit_not_kept", LOG_TEXT("reason", strerror(errno)));
}
