#include "tools/load/resume.h"

#include <stdio.h>
#include <string.h>

#include "engine/core/check.h"
#include "engine/core/pages.h"
#include "proto/json/json_scan.h"

#define JOIN_ID (1ull << 52) /* plus the room: dialect_native.c's */
#define PAGE 200 /* events in the answer; what is more follows by itself */

enum key { KEY_OK, KEY_EPOCH, KEY_SEQ, KEY_RECOVERED, KEY_EVENTS, KEY_COUNT };

bool resume_open(struct worker *worker)
{
	const uint64_t memberships = (uint64_t)worker->crowd.members * worker->crowd.rooms_per_connection;
	struct resume *resume;

	if (!worker->scenario->storm || worker->target->dialect != dialect_find("native"))
		return true;
	resume = worker->resume = pages_reserve(sizeof(*resume));
	if (!resume)
		return false;
	resume->position = pages_reserve((memberships + 1) * sizeof(uint64_t));
	resume->away = pages_reserve((memberships / 64 + 1) * sizeof(uint64_t));
	resume->epoch = pages_reserve((uint64_t)worker->crowd.rooms * sizeof(resume->epoch[0]));
	return resume->position && resume->away && resume->epoch;
}

static uint64_t number_at(const uint8_t *at, const uint8_t *end)
{
	uint64_t number = 0;

	while (at < end && *at >= '0' && *at <= '9')
		number = number * 10 + (uint64_t)(*at++ - '0');
	return number;
}

uint64_t resume_position(struct span message)
{
	const uint8_t *const at = memmem(message.bytes, message.size, "\"seq\":", 6);

	return at ? number_at(at + 6, message.bytes + message.size) : 0;
}

void resume_leave(struct worker *worker, uint64_t membership)
{
	worker->resume->away[membership / 64] |= 1ull << membership % 64;
}

bool resume_is_away(const struct worker *worker, uint64_t membership)
{
	return worker->resume->away[membership / 64] >> membership % 64 & 1;
}

bool resume_ask(const struct worker *worker, uint64_t membership, uint32_t room, struct dialect_out *out)
{
	const struct resume *const resume = worker->resume;
	char name[64];

	if (!resume_is_away(worker, membership))
		return false;
	dialect_room_name(name, room);
	out->size = (size_t)snprintf((char *)out->bytes, out->capacity,
				     "{\"op\":\"join\",\"id\":%llu,\"room\":\"%s\",\"limit\":%d,"
				     "\"since\":{\"seq\":%llu,\"epoch\":\"%s\"}}",
				     (unsigned long long)JOIN_ID + room, name, PAGE,
				     (unsigned long long)resume->position[membership], resume->epoch[room]);
	CHECK(out->size < out->capacity);
	return true;
}

static bool read_answer(struct json_value values[KEY_COUNT], struct span answer)
{
	static const struct json_name ok[] = { { "ok" } };
	static const struct json_name rest[] = { { "epoch" }, { "seq" }, { "events" } };
	struct json_value found[3] = { 0 };

	memset(values, 0, KEY_COUNT * sizeof(values[0]));
	if (json_scan_object(&values[KEY_OK], ok, 1, answer.bytes, answer.size) != 1 ||
	    values[KEY_OK].type != JSON_OBJECT ||
	    json_scan_object(found, rest, 3, values[KEY_OK].token.bytes, values[KEY_OK].token.size) != 1)
		return false;
	values[KEY_EPOCH] = found[0];
	values[KEY_SEQ] = found[1];
	values[KEY_EVENTS] = found[2];
	/* Nine letters are too long for a name to be looked for; in an answer of the server's own making it is this. */
	if (memmem(answer.bytes, answer.size, "\"recovered\":true", 16))
		values[KEY_RECOVERED].type = JSON_TRUE;
	return found[0].type == JSON_STRING && found[0].token.size < sizeof(((struct resume *)0)->epoch[0]) &&
	       found[1].type == JSON_NUMBER;
}

/* The end of the object that begins at `at`. Its validity is known. */
static const uint8_t *object_end(const uint8_t *at, const uint8_t *end)
{
	bool quoted = false;
	int depth = 0;

	for (; at < end; at++) {
		if (quoted && *at == '\\')
			at++;
		else if (*at == '"')
			quoted = !quoted;
		else if (!quoted && *at == '{')
			depth++;
		else if (!quoted && *at == '}' && --depth == 0)
			return at + 1;
	}
	return end;
}

static void take_missed(struct worker *worker, uint32_t index, struct span events)
{
	const uint8_t *at = events.bytes;
	const uint8_t *const end = events.bytes + events.size;

	worker->catching_up = true;
	while ((at = at < end ? memchr(at, '{', (size_t)(end - at)) : NULL)) {
		const uint8_t *const after = object_end(at, end);

		intake_message(worker, index, at, (size_t)(after - at));
		at = after;
	}
	worker->catching_up = false;
}

void resume_joined(struct worker *worker, uint32_t index, uint32_t room, struct span answer)
{
	struct resume *resume = worker->resume;
	const uint64_t membership = rooms_membership(worker, index, room);
	struct json_value values[KEY_COUNT];

	if (membership == UINT64_MAX || !read_answer(values, answer)) {
		client_complain(worker, "the answer to a join has no epoch and seq");
		rooms_joined(worker, index, room);
		return;
	}
	const struct span epoch = values[KEY_EPOCH].token, seq = values[KEY_SEQ].token;
	const bool recovered = values[KEY_RECOVERED].type == JSON_TRUE;

	memcpy(resume->epoch[room], epoch.bytes + 1, epoch.size - 2);
	resume->epoch[room][epoch.size - 2] = '\0';
	if (!recovered)
		resume->position[membership] = number_at(seq.bytes, seq.bytes + seq.size);
	if (resume_is_away(worker, membership)) {
		resume->away[membership / 64] &= ~(1ull << membership % 64);
		if (recovered)
			worker->goes_on = true;
		else
			rooms_gave_up(worker, index, room);
	}
	rooms_joined(worker, index, room);
	worker->goes_on = false;
	if (recovered && values[KEY_EVENTS].type == JSON_ARRAY)
		take_missed(worker, index, values[KEY_EVENTS].token);
}
