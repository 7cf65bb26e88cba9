/* log.h - one line an event, for people or as JSON, rate-limited.
 *
 *	LOG(LOG_WARN, "accept_paused", LOG_U64("core", core), LOG_TEXT("reason", "descriptors"));
 *
 * A line goes to standard error in one write, and is lost where that takes nothing at the
 * time; behind a part of one the next begins a line of its own. At most 20 lines a second of
 * one event name and thread; what was left out is counted in the next line ("suppressed").
 * Control bytes, U+2028/9 and bidi marks in values are escaped.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include "proto/base/span.h"

/* LOG_AUDIT is above all levels: such a line is written however many there are, and to the audit log, too, which is
 * waited for. */
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF, LOG_AUDIT };

struct log_field {
	const char *key;
	enum { LOG_FIELD_U64, LOG_FIELD_I64, LOG_FIELD_SPAN } kind;
	union {
		uint64_t u64;
		int64_t i64;
		struct span span;
	};
};

#define LOG_U64(name, value) ((struct log_field){ .key = (name), .kind = LOG_FIELD_U64, .u64 = (value) })
#define LOG_I64(name, value) ((struct log_field){ .key = (name), .kind = LOG_FIELD_I64, .i64 = (value) })
#define LOG_SPAN(name, value) ((struct log_field){ .key = (name), .kind = LOG_FIELD_SPAN, .span = (value) })
#define LOG_TEXT(name, value) LOG_SPAN(name, span_of((value), strlen(value)))

void log_setup(enum log_level least, bool json);

/* From any thread, while others log: the least that is logged. Names: debug info warn error off; log_level_named()
 * gives -1 where it is none of these. */
enum log_level log_level(void);
void log_level_set(enum log_level least);
const char *log_level_name(enum log_level level);
int log_level_named(struct span name);

/* A descriptor opened to append, which stays the caller's; -1: they go to standard error alone; LOG_AUDIT_NOWHERE: not
 * even there, for simulations. */
#define LOG_AUDIT_NOWHERE (-2)
void log_audit_to(int fd);

/* Lines that standard error, or the audit log, did not take whole, all threads. */
uint64_t log_lost(void);

void log_core(uint32_t core); /* names this thread in its lines */
void log_fields(enum log_level level, const char *event, const struct log_field *fields, size_t count);

#define LOG(level, event, ...)                                                                                         \
	log_fields((level), (event), (const struct log_field[]){ __VA_ARGS__ },                                        \
		   sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field))

#endif
