#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/auth/rules.h"
#include "proto/chat/rights.h"

static struct rules rules;
static char why[256];

static int parse(struct rules *into, const struct rules *before, const char *text)
{
	uint8_t *exact = malloc(strlen(text) + 1);

	memcpy(exact, text, strlen(text));
	const int result = rules_parse(into, before, span_of(exact, strlen(text)), why, sizeof(why));

	free(exact);
	return result;
}

static struct span text_of(const char *text)
{
	return span_of(text, strlen(text));
}

static uint8_t of_all(const char *user, const char *room)
{
	return rules_rights(&rules, RULE_OF_ALL, text_of(user), text_of(room));
}

Test(rules, the_most_exact_one_counts)
{
	cr_assert_eq(
		parse(&rules, NULL, "*: member; private:*: none;dm:{user}:*: read send ; private:lobby: read; \n;"), 0);
	cr_assert_eq(of_all("bob", "lobby"), CHAT_RIGHTS_MEMBER);
	cr_assert_eq(of_all("bob", "private:x"), 0);
	cr_assert_eq(of_all("bob", "private:lobby"), CHAT_RIGHT_read);
	cr_assert_eq(of_all("bob", "dm:bob:1"), CHAT_RIGHT_read | CHAT_RIGHT_send);
	cr_assert_eq(of_all("eve", "dm:bob:1"), CHAT_RIGHTS_MEMBER);
}

Test(rules, of_two_as_exact_the_first)
{
	cr_assert_eq(parse(&rules, NULL, "a*: read; *b: send"), 0);
	cr_assert_eq(of_all("bob", "ab"), CHAT_RIGHT_read);
	cr_assert_eq(parse(&rules, NULL, "*b: send; a*: read"), 0);
	cr_assert_eq(of_all("bob", "ab"), CHAT_RIGHT_send);
}

Test(rules, without_any_nothing_is_allowed)
{
	cr_assert_eq(parse(&rules, NULL, ""), 0);
	cr_assert_eq(of_all("bob", "lobby"), 0);
	cr_assert_eq(parse(&rules, NULL, "@admin *: all"), 0);
	cr_assert_eq(of_all("bob", "lobby"), 0, "a role's rule is not for everybody");
}

Test(rules, of_roles)
{
	cr_assert_eq(parse(&rules, NULL, "*: read; @mod *: member moderate; @mod quiet: none; @admin *: all"), 0);
	const uint32_t mod = rules_role(&rules, SPAN("mod")), admin = rules_role(&rules, SPAN("admin"));

	cr_assert_eq(mod, 0);
	cr_assert_eq(admin, 1);
	cr_assert_eq(rules_role(&rules, SPAN("mo")), ROLES_MAX);
	cr_assert_eq(rules_rights(&rules, mod, SPAN("bob"), SPAN("lobby")), CHAT_RIGHTS_MEMBER | CHAT_RIGHT_moderate);
	cr_assert_eq(rules_rights(&rules, mod, SPAN("bob"), SPAN("quiet")), 0);
	cr_assert_eq(rules_rights(&rules, admin, SPAN("bob"), SPAN("quiet")), CHAT_RIGHTS_ALL);
}

Test(rules, roles_keep_their_numbers)
{
	static struct rules after;

	cr_assert_eq(parse(&rules, NULL, "@a *: read; @b *: send"), 0);
	cr_assert_eq(parse(&after, &rules, "@c *: all; @b *: read"), 0);
	cr_assert_eq(rules_role(&after, SPAN("a")), 0);
	cr_assert_eq(rules_role(&after, SPAN("b")), 1);
	cr_assert_eq(rules_role(&after, SPAN("c")), 2);
	cr_assert_eq(rules_rights(&after, 0, SPAN("bob"), SPAN("x")), 0, "it is spoken of no more");
	cr_assert_eq(rules_rights(&after, 1, SPAN("bob"), SPAN("x")), CHAT_RIGHT_read);
	cr_assert_not(rules_equal(&rules, &after));
	cr_assert_eq(parse(&after, &rules, "  @a *:  read;@b *: send;"), 0);
	cr_assert(rules_equal(&rules, &after));
	cr_assert_eq(parse(&after, &rules, "@a *: read; @b x: send"), 0);
	cr_assert_not(rules_equal(&rules, &after));
	cr_assert_eq(parse(&after, &rules, "@a *: read; @b *: read"), 0);
	cr_assert_not(rules_equal(&rules, &after));
}

Test(rules, what_is_none)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{ "*", "'*' is no rule" },
		{ "* read", "'*' is no rule" },
		{ "*:", "rule '*' allows nothing" },
		{ ": read", "'' is no pattern" },
		{ "a/b: read", "'a/b' is no pattern" },
		{ "*: reed", "'reed' is no right" },
		{ "*: read, send", "'read,' is no right" },
		{ "*: read; *: send", "rule '*' is there twice" },
		{ "@ *: read", "'@' is no role" },
		{ "@a@b *: read", "'@a@b' is no role" },
		{ "@a* *: read", "'@a*' is no role" },
		{ "@a", "'' is no rule" },
		{ "@012345678901234567890123456789012 *: read", "is no role" },
		{ "*: read\x1b\n", "'read?' is no right" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(parse(&rules, NULL, cases[i].text), -1, "%s", cases[i].text);
		cr_assert_not_null(strstr(why, cases[i].said), "%s: %s", cases[i].text, why);
		cr_assert_null(strchr(why, '\n'));
	}
	cr_assert_eq(parse(&rules, NULL, "@01234567890123456789012345678901 *: read"), 0);
	cr_assert_eq(parse(&rules, NULL, "@a *: read; *: send"), 0, "not twice: one is of a role");
}

Test(rules, as_many_as_there_may_be_and_one_more)
{
	char text[8192];
	size_t size = 0;

	for (int i = 0; i < RULES_MAX; i++)
		size += (size_t)snprintf(text + size, sizeof(text) - size, "@r%d x%d: read;", i % ROLES_MAX, i);
	cr_assert_eq(parse(&rules, NULL, text), 0, "%s", why);
	cr_assert_eq(rules.count, RULES_MAX);
	cr_assert_eq(rules.role_count, ROLES_MAX);
	snprintf(text + size, sizeof(text) - size, "y: read");
	cr_assert_eq(parse(&rules, NULL, text), -1);
	cr_assert_str_eq(why, "more than 128 rules");
	size = 0;
	for (int i = 0; i <= ROLES_MAX; i++)
		size += (size_t)snprintf(text + size, sizeof(text) - size, "@r%d *: read;", i);
	cr_assert_eq(parse(&rules, NULL, text), -1);
	cr_assert_str_eq(why, "more than 64 roles, with those of before a reload");
}
