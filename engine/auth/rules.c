#include "engine/auth/rules.h"

#include <stdarg.h>
#include <stdio.h>

#include "proto/base/word.h"
#include "proto/chat/rights.h"

struct parsing {
	struct rules *rules;
	char *why;
	size_t size;
};

__attribute__((format(printf, 2, 3))) static int refuse(const struct parsing *parsing, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(parsing->why, parsing->size, format, arguments);
	va_end(arguments);
	return -1;
}

static bool role_valid(struct span name)
{
	/* The letters of rooms do for roles, but for `@`, which may be a slip. */
	return name.size >= 1 && name.size <= ROLE_SIZE_MAX && memchr(name.bytes, '@', name.size) == NULL &&
	       pattern_valid(name, false) && memchr(name.bytes, '*', name.size) == NULL;
}

uint32_t rules_role(const struct rules *rules, struct span name)
{
	for (uint32_t i = 0; i < rules->role_count; i++)
		if (span_equal(name, span_of(rules->roles[i].name, rules->roles[i].size)))
			return i;
	return ROLES_MAX;
}

/* Its number, which it may get now; ROLES_MAX: there are too many. */
static uint32_t role_enter(struct rules *rules, struct span name)
{
	const uint32_t known = rules_role(rules, name);

	if (known != ROLES_MAX || rules->role_count == ROLES_MAX)
		return known;
	struct role *role = &rules->roles[rules->role_count];

	memcpy(role->name, name.bytes, name.size);
	role->size = (uint8_t)name.size;
	return rules->role_count++;
}

static struct span pattern_of(const struct rule *rule)
{
	return span_of(rule->pattern, rule->pattern_size);
}

static int parse_rights(const struct parsing *parsing, struct rule *rule, struct span text)
{
	char text_shown[WORD_SHOWN_MAX + 4];
	struct span word = word_take(&text);

	if (word.size == 0)
		return refuse(parsing, "rule '%s' allows nothing; say so with `none`",
			      word_shown(pattern_of(rule), text_shown));
	for (; word.size > 0; word = word_take(&text))
		if (!chat_rights_add(&rule->rights, word))
			return refuse(parsing,
				      "'%s' is no right; rights are read, send, history, presence, moderate, manage, "
				      "and none, member, all",
				      word_shown(word, text_shown));
	return 0;
}

/* PATTERN: as one word. */
static int parse_pattern(const struct parsing *parsing, struct rule *rule, struct span word)
{
	const struct span pattern = span_of(word.bytes, word.size > 0 ? word.size - 1 : 0);
	char shown[WORD_SHOWN_MAX + 4];

	if (word.size == 0 || word.bytes[word.size - 1] != ':')
		return refuse(parsing, "'%s' is no rule; a rule is `PATTERN: RIGHTS`, or `@ROLE PATTERN: RIGHTS`",
			      word_shown(word, shown));
	if (!pattern_valid(pattern, true))
		return refuse(parsing,
			      "'%s' is no pattern; one is 1 to %d of A-Z a-z 0-9 _ . : @ ~ - and *, and {user}",
			      word_shown(pattern, shown), PATTERN_SIZE_MAX);
	memcpy(rule->pattern, pattern.bytes, pattern.size);
	rule->pattern_size = (uint8_t)pattern.size;
	for (uint32_t i = 0; i < parsing->rules->count; i++)
		if (parsing->rules->rules[i].role == rule->role &&
		    span_equal(pattern_of(&parsing->rules->rules[i]), pattern))
			return refuse(parsing, "rule '%s' is there twice", word_shown(pattern, shown));
	return 0;
}

static int parse_rule(const struct parsing *parsing, struct span text)
{
	struct rules *rules = parsing->rules;
	struct rule *rule = &rules->rules[rules->count];
	struct span word = word_take(&text);
	char shown[WORD_SHOWN_MAX + 4];

	if (word.size == 0)
		return 0;
	if (rules->count == RULES_MAX)
		return refuse(parsing, "more than %d rules", RULES_MAX);
	*rule = (struct rule){ .role = RULE_OF_ALL };
	if (word.bytes[0] == '@') {
		const struct span name = span_of(word.bytes + 1, word.size - 1);

		if (!role_valid(name))
			return refuse(parsing, "'%s' is no role; one is @ and 1 to %d of A-Z a-z 0-9 _ . : ~ -",
				      word_shown(word, shown), ROLE_SIZE_MAX);
		rule->role = (uint8_t)role_enter(rules, name);
		if (rule->role == ROLES_MAX)
			return refuse(parsing, "more than %d roles, with those of before a reload", ROLES_MAX);
		word = word_take(&text);
	}
	if (parse_pattern(parsing, rule, word) != 0 || parse_rights(parsing, rule, text) != 0)
		return -1;
	rules->count++;
	return 0;
}

int rules_parse(struct rules *rules, const struct rules *before, struct span text, char *why, size_t size)
{
	const struct parsing parsing = { rules, why, size };
	size_t from = 0;

	memset(rules, 0, sizeof(*rules));
	if (before) {
		memcpy(rules->roles, before->roles, sizeof(rules->roles));
		rules->role_count = before->role_count;
	}
	while (from < text.size) {
		const uint8_t *end = memchr(text.bytes + from, ';', text.size - from);
		const size_t part = end ? (size_t)(end - (text.bytes + from)) : text.size - from;

		if (parse_rule(&parsing, span_of(text.bytes + from, part)) != 0)
			return -1;
		from += part + 1;
	}
	return 0;
}

uint8_t rules_rights(const struct rules *rules, uint32_t role, struct span user, struct span room)
{
	uint8_t rights = CHAT_RIGHTS_NONE;
	int most = -1;

	for (uint32_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->rules[i];

		if (rule->role != role)
			continue;
		const int letters = pattern_fits(pattern_of(rule), user, room);

		if (letters <= most)
			continue;
		most = letters;
		rights = rule->rights;
	}
	return rights;
}

static bool rule_equal(const struct rule *a, const struct rule *b)
{
	return a->role == b->role && a->rights == b->rights && span_equal(pattern_of(a), pattern_of(b));
}

bool rules_equal(const struct rules *a, const struct rules *b)
{
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (!rule_equal(&a->rules[i], &b->rules[i]))
			return false;
	return true; /* roles have kept their numbers */
}
