#include "proto/jwt/jwt_claims.h"

#include "proto/json/json_string.h"
#include "proto/json/json_walk.h"
#include "proto/utf8/utf8.h"

enum key { KEY_SUB, KEY_ISS, KEY_AUD, KEY_EXP, KEY_NBF, KEY_IAT, KEY_ROLES, KEY_ROOMS, KEYS };

static const struct json_name names[KEYS] = {
	{ "sub" }, { "iss" }, { "aud" }, { "exp" }, { "nbf" }, { "iat" }, { "roles" }, { "rooms" },
};

/* Takes what it needs of the room; the whole text's size is enough for all. */
static bool take_text(struct span *text, const struct json_value *value, uint8_t **room, const uint8_t *end)
{
	*text = SPAN_NONE;
	if (value->type == JSON_ABSENT)
		return true;
	if (value->type != JSON_STRING || json_string(text, value->token, *room, (size_t)(end - *room)) < 0)
		return false;
	if (text->bytes == *room)
		*room += text->size;
	return true;
}

/* Milliseconds of a number of seconds; further digits are dropped. */
static bool take_time(bool *has, uint64_t *ms, const struct json_value *value)
{
	const struct span token = value->token;
	uint64_t seconds, thousandths = 0;
	size_t point = 0;

	*has = value->type != JSON_ABSENT;
	*ms = 0;
	if (!*has)
		return true;
	if (value->type != JSON_NUMBER)
		return false;
	while (point < token.size && token.bytes[point] != '.')
		point++;
	if (!json_integer(&seconds, span_of(token.bytes, point)))
		return false;
	for (size_t i = point + 1, unit = 100; i < token.size; i++, unit /= 10) {
		if ((uint8_t)(token.bytes[i] - '0') > 9) /* an exponent */
			return false;
		thousandths += (uint64_t)(token.bytes[i] - '0') * unit;
	}
	*ms = seconds * 1000 + thousandths;
	return true;
}

static bool are_texts(const struct json_value *array)
{
	struct json_walk walk = json_walk_begin(array);
	struct json_value value;
	struct span key;

	while (json_walk_next(&walk, &key, &value))
		if (value.type != JSON_STRING)
			return false;
	return true;
}

static bool take_as(struct json_value *claim, const struct json_value *value, enum json_type type)
{
	*claim = *value;
	return value->type == JSON_ABSENT || (value->type == type && (type != JSON_ARRAY || are_texts(value)));
}

bool jwt_claims_read(struct jwt_claims *claims, const uint8_t *text, size_t size, uint8_t *room)
{
	const uint8_t *const end = room + size;
	struct json_value values[KEYS];

	if (!utf8_valid(text, size) || json_scan_object(values, names, KEYS, text, size) < 0)
		return false;
	if (!take_text(&claims->subject, &values[KEY_SUB], &room, end) ||
	    !take_text(&claims->issuer, &values[KEY_ISS], &room, end))
		return false;
	if (!take_time(&claims->has_expiry, &claims->expiry_ms, &values[KEY_EXP]) ||
	    !take_time(&claims->has_not_before, &claims->not_before_ms, &values[KEY_NBF]) ||
	    !take_time(&claims->has_issued, &claims->issued_ms, &values[KEY_IAT]))
		return false;
	claims->audience = values[KEY_AUD];
	if (values[KEY_AUD].type != JSON_STRING && !take_as(&claims->audience, &values[KEY_AUD], JSON_ARRAY))
		return false;
	return take_as(&claims->roles, &values[KEY_ROLES], JSON_ARRAY) &&
	       take_as(&claims->rooms, &values[KEY_ROOMS], JSON_OBJECT);
}

/* Whether a string token says that. One with escapes has room for 256 bytes: no audience of ours is longer. */
static bool says(struct span token, struct span text)
{
	uint8_t room[256];
	struct span said;

	return json_string(&said, token, room, sizeof(room)) > 0 && span_equal(said, text);
}

bool jwt_claims_meant_for(const struct jwt_claims *claims, struct span audience)
{
	struct json_walk walk;
	struct json_value value;
	struct span key;

	if (claims->audience.type == JSON_ABSENT)
		return false;
	if (claims->audience.type == JSON_STRING)
		return says(claims->audience.token, audience);
	walk = json_walk_begin(&claims->audience);
	while (json_walk_next(&walk, &key, &value))
		if (says(value.token, audience))
			return true;
	return false;
}
