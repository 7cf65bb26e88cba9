#include "tools/cli/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/core/clock.h"
#include "proto/json/json_scan.h"
#include "proto/json/json_string.h"
#include "tools/cli/escape.h"
#include "tools/cli/output.h"

#define TYPING_QUIET_NS 6000000000ull /* one remark stands for as long as its ttl */

enum {
	EV,
	SEQ,
	TS,
	FROM,
	DATA,
	TARGET,
	KEY,
	ON,
	USER,
	N,
	DELETED,
	CODE,
	AFTER,
	NEXT,
	ACT,
	UNTIL,
	EVERY,
	REASON,
	IN_MS,
	COUNT,
};

static const struct json_name names[COUNT] = {
	{ "ev" },  { "seq" },   { "ts" },    { "from" },    { "data" },  { "target" }, { "key" },
	{ "on" },  { "user" },  { "n" },     { "deleted" }, { "code" },  { "after" },  { "next" },
	{ "act" }, { "until" }, { "every" }, { "reason" },  { "in_ms" },
};

/* Writes a line to a stream, around the line that is being typed. */
static void emit(const struct show *show, FILE *stream, const struct text *line)
{
	input_hide(show->input);
	fflush(stdout);
	fwrite(line->bytes, 1, line->size, stream);
	fputc('\n', stream);
	output_flush();
	input_draw(show->input);
}

/* A string's value, without its escapes, made harmless. */
static void put_string(struct text *out, const struct json_value *value)
{
	uint8_t *const room = value->type == JSON_STRING ? malloc(value->token.size) : NULL;
	struct span plain = value->type != JSON_ABSENT ? value->token : SPAN("");

	if (room && json_string(&plain, value->token, room, value->token.size) < 0)
		plain = value->token; /* half a surrogate, or a zero: as it was spelled */
	escape_put(out, plain, ESCAPE_PEOPLE);
	free(room);
}

/* {"text":"..."} is its text; another application's data is shown as it is. */
static void put_data(struct text *out, const struct json_value *data)
{
	static const struct json_name text_name = { "text" };
	struct json_value text;

	if (data->type == JSON_OBJECT &&
	    json_scan_object(&text, &text_name, 1, data->token.bytes, data->token.size) == 1 &&
	    text.type == JSON_STRING)
		put_string(out, &text);
	else if (data->type != JSON_ABSENT)
		escape_put(out, data->token, ESCAPE_JSON);
}

static void put_time(struct text *out, const struct json_value *ts, bool dated)
{
	uint64_t ms = 0;
	char clock[32];
	struct tm local;
	time_t seconds;

	if (ts->type == JSON_NUMBER)
		json_integer(&ms, ts->token);
	seconds = (time_t)(ms / 1000);
	localtime_r(&seconds, &local);
	strftime(clock, sizeof(clock), dated ? "%Y-%m-%d %H:%M:%S " : "%H:%M:%S ", &local);
	text_puts(out, clock);
}

static void put_number(struct text *out, const struct json_value *value)
{
	uint64_t number = 0;

	if (value->type == JSON_NUMBER)
		json_integer(&number, value->token);
	text_number(out, number);
}

static bool word_is(const struct json_value *value, const char *word)
{
	const size_t size = strlen(word);

	return value->type == JSON_STRING && value->token.size == size + 2 &&
	       memcmp(value->token.bytes + 1, word, size) == 0;
}

static bool is_number(const struct json_value *value, uint64_t *number)
{
	return value->type == JSON_NUMBER && json_integer(number, value->token) && *number > 0;
}

/* How long it lasts, and why. */
static void put_terms(struct text *out, const struct json_value *value)
{
	uint64_t until_ms;

	if (is_number(&value[UNTIL], &until_ms)) {
		text_puts(out, " until ");
		put_time(out, &value[UNTIL], true);
		out->size--; /* the blank behind it */
	}
	if (value[REASON].type == JSON_STRING && value[REASON].token.size > 2) {
		text_puts(out, ": ");
		put_string(out, &value[REASON]);
	}
}

/* What a moderator did. */
static void put_act(struct text *out, const struct json_value *value)
{
	static const struct {
		const char *act, *words;
		bool of_user;
	} acts[] = {
		{ "kick", " kicked ", true },
		{ "ban", " banned ", true },
		{ "unban", " took the ban back from ", true },
		{ "mute", " muted ", true },
		{ "unmute", " let speak again ", true },
		{ "lock", " locked the room", false },
		{ "unlock", " unlocked the room", false },
	};
	const size_t count = sizeof(acts) / sizeof(acts[0]);
	uint64_t every_s;
	size_t at = 0;

	while (at < count && !word_is(&value[ACT], acts[at].act))
		at++;
	if (word_is(&value[ACT], "slow") && is_number(&value[EVERY], &every_s)) {
		text_puts(out, " made the room slow: one message a user in ");
		text_number(out, every_s);
		text_puts(out, " s");
	} else if (word_is(&value[ACT], "slow")) {
		text_puts(out, " made the room as fast as ever");
	} else if (at == count) {
		text_puts(out, " did what this client does not know: ");
		put_string(out, &value[ACT]);
	} else {
		text_puts(out, acts[at].words);
	}
	if (at < count && acts[at].of_user)
		put_string(out, &value[USER]);
	put_terms(out, value);
}

/* We are in a room no more. */
static void put_removal(struct text *out, const char *room, const struct json_value *value)
{
	text_puts(out, word_is(&value[ACT], "ban")    ? "-- you were banned from "
		       : word_is(&value[ACT], "kick") ? "-- you were kicked out of "
						      : "-- you may not be in ");
	text_puts(out, room);
	text_puts(out, word_is(&value[ACT], "ban") || word_is(&value[ACT], "kick") ? "" : " any more");
	put_terms(out, value);
}

/* What has a number: messages and what became of them. */
static void put_entry(struct text *out, const struct json_value *value, bool dated)
{
	const bool on = value[ON].type == JSON_TRUE;

	put_time(out, &value[TS], dated);
	put_string(out, &value[FROM]);
	if (word_is(&value[EV], "mod")) {
		put_act(out, value);
		return;
	}
	if (word_is(&value[EV], "edit"))
		text_puts(out, " edited ");
	else if (word_is(&value[EV], "del"))
		text_puts(out, " deleted ");
	else if (word_is(&value[EV], "react"))
		text_puts(out, on ? " reacted to " : " took a reaction back from ");
	if (!word_is(&value[EV], "msg"))
		put_number(out, &value[TARGET]);
	if (word_is(&value[EV], "del"))
		return;
	text_puts(out, ": ");
	if (word_is(&value[EV], "react"))
		put_string(out, &value[KEY]);
	else if (value[DELETED].type == JSON_TRUE || value[DATA].type == JSON_NULL)
		text_puts(out, "(deleted)");
	else
		put_data(out, &value[DATA]);
}

static void put_expiry(struct text *out, const struct json_value *value)
{
	uint64_t in_ms = 0;

	is_number(&value[IN_MS], &in_ms);
	text_puts(out, "-- your token ends in ");
	text_number(out, in_ms / 1000);
	text_puts(out, " s");
}

/* What has none. Returns whether there is anything to say. */
static bool put_courtesy(struct show *show, struct text *out, const char *room, const struct json_value *value)
{
	const struct json_value *const who = word_is(&value[EV], "typing") ? &value[FROM] : &value[USER];
	const uint64_t now = clock_mono_ns();

	if (word_is(&value[EV], "notice") && word_is(&value[CODE], "lagged")) {
		text_puts(out, "-- the room went too fast: ");
		put_number(out, &value[N]);
		text_puts(out, " messages are missing before number ");
		put_number(out, &value[NEXT]);
		return true;
	}
	if (word_is(&value[EV], "removed") && room) {
		put_removal(out, room, value);
		return true;
	}
	if (word_is(&value[EV], "expiring")) {
		put_expiry(out, value);
		return true;
	}
	text_puts(out, "-- ");
	put_string(out, who);
	if (who->type == JSON_STRING && who->token.size == strlen(show->self) + 2 &&
	    memcmp(who->token.bytes + 1, show->self, strlen(show->self)) == 0)
		return false;
	if (word_is(&value[EV], "typing") && show->terminal && now - show->typing_ns >= TYPING_QUIET_NS) {
		show->typing_ns = now;
		text_puts(out, " is typing");
		return true;
	}
	if (!word_is(&value[EV], "in") && !word_is(&value[EV], "out"))
		return false;
	text_puts(out, word_is(&value[EV], "in") ? " came in, " : " left, ");
	put_number(out, &value[N]);
	text_puts(out, " here");
	return true;
}

static void put_room(const struct show *show, struct text *out, const char *room)
{
	if (!show->several || !room)
		return;
	text_puts(out, "[");
	text_puts(out, room);
	text_puts(out, "] ");
}

void show_event(struct show *show, const char *room, struct span event, bool numbered)
{
	struct json_value value[COUNT];
	struct text line = { 0 };
	bool entry, worth;

	if (show->json) {
		show_json(show, event);
		return;
	}
	if (json_scan_object(value, names, COUNT, event.bytes, event.size) < 0)
		return;
	entry = word_is(&value[EV], "msg") || word_is(&value[EV], "edit") || word_is(&value[EV], "del") ||
		word_is(&value[EV], "react") || word_is(&value[EV], "mod");
	if (show->terminal && !word_is(&value[EV], "msg"))
		text_puts(&line, "\033[2m");
	put_room(show, &line, room);
	if (entry && numbered) {
		text_puts(&line, "#");
		put_number(&line, &value[SEQ]);
		text_puts(&line, " ");
	}
	if (entry)
		put_entry(&line, value, show->dated);
	worth = entry || put_courtesy(show, &line, room, value);
	if (show->terminal && word_is(&value[EV], "msg") && !numbered) { /* what /edit and the like ask for */
		text_puts(&line, "\033[2m  #");
		put_number(&line, &value[SEQ]);
	}
	text_puts(&line, show->terminal ? "\033[m" : "");
	if (worth)
		emit(show, stdout, &line);
	text_free(&line);
}

void show_json(const struct show *show, struct span object)
{
	struct text line = { 0 };

	escape_put(&line, object, show->terminal ? ESCAPE_JSON : ESCAPE_LINES);
	emit(show, stdout, &line);
	text_free(&line);
}

void show_remark(const struct show *show, const char *room, const char *text)
{
	struct text line = { 0 };

	text_puts(&line, show->terminal ? "\033[2m" : "");
	put_room(show, &line, room);
	text_puts(&line, "-- ");
	text_puts(&line, text);
	text_puts(&line, show->terminal ? "\033[m" : "");
	emit(show, show->json ? stderr : stdout, &line);
	text_free(&line);
}

void show_error(const struct show *show, const char *text)
{
	struct text line = { 0 };

	text_puts(&line, "uproar-cli: ");
	text_puts(&line, text);
	emit(show, stderr, &line);
	text_free(&line);
}
