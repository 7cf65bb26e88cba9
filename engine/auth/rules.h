/* rules.h - the policy's own rules: who may do what in which rooms, and the roles they speak of.
 *
 * As text a rule is a pattern of rooms' names, a colon, and words of proto/chat/rights.h; before it may stand `@ROLE`
 * for those who have that role, otherwise it is for everybody. Rules are separated by `;`:
 *
 *	*: member; private:*: none; dm:{user}:*: member; @moderator *: member moderate; @admin *: all
 */
#ifndef AUTH_RULES_H
#define AUTH_RULES_H

#include "engine/auth/pattern.h"

#define RULES_MAX 128
#define ROLES_MAX 64
#define ROLE_SIZE_MAX 32
#define RULE_OF_ALL ROLES_MAX /* as a role: everybody */

struct rule {
	char pattern[PATTERN_SIZE_MAX];
	uint8_t pattern_size;
	uint8_t role; /* or RULE_OF_ALL */
	uint8_t rights; /* enum chat_right */
};

struct rules {
	struct rule rules[RULES_MAX];
	struct role {
		char name[ROLE_SIZE_MAX];
		uint8_t size;
	} roles[ROLES_MAX];
	uint32_t count, role_count;
};

/* before: the rules that these take the place of, or NULL: roles keep their numbers, so that identities which were
 * made by them keep their roles. Returns 0, or -1 with one line in why. */
int rules_parse(struct rules *rules, const struct rules *before, struct span text, char *why, size_t size);

/* The number of the role of that name; ROLES_MAX: there is none. */
uint32_t rules_role(const struct rules *rules, struct span name);

/* What the most exact rule for that role (or RULE_OF_ALL) allows the user in the room; of two that are as exact, the
 * first. Without any: nothing. */
uint8_t rules_rights(const struct rules *rules, uint32_t role, struct span user, struct span room);

/* Whether both say the same. */
bool rules_equal(const struct rules *a, const struct rules *b);

#endif
