/* The policy but for its keys: guests and their names, and what everybody may do. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "engine/auth/auth.h"
#include "engine/core/slab.h"
#include "proto/chat/limits.h"
#include "proto/chat/rights.h"

static char why[AUTH_WHY_MAX];

static struct auth *policy(enum auth_guests guests, bool tokens, const char *rights)
{
	const struct auth_config config = {
		.guests = guests,
		.tokens = tokens,
		.rights = span_of(rights, strlen(rights)),
	};

	return auth_make(&config, NULL, why);
}

/* The name that a guest gets who asked for one; NULL: is refused with *refusal. */
static const char *guest(const struct auth *auth, const char *asked, enum auth_refusal *refusal)
{
	static uint8_t name[CHAT_NAME_SIZE_MAX + 1];
	size_t size = 0;
	const struct span text = asked ? span_of(asked, strlen(asked)) : SPAN_NONE;

	*refusal = auth_guest(auth, text, 0x123456789abcdef0, name, &size);
	name[size] = 0;
	return *refusal == AUTH_OK ? (const char *)name : NULL;
}

Test(auth, guests_are_who_they_say_where_there_are_no_keys)
{
	struct auth *const policies[] = { NULL, policy(AUTH_GUESTS_AUTO, false, ""),
					  policy(AUTH_GUESTS_NAMED, false, "") };
	enum auth_refusal refusal;

	for (size_t i = 0; i < 3; i++) {
		cr_assert_str_eq(guest(policies[i], "bob", &refusal), "bob");
		cr_assert_str_eq(guest(policies[i], "~bob", &refusal), "~bob");
		cr_assert_null(guest(policies[i], NULL, &refusal));
		cr_assert_eq(refusal, AUTH_name);
		cr_assert_null(guest(policies[i], " ", &refusal));
		cr_assert_eq(refusal, AUTH_name);
		cr_assert_null(guest(policies[i], "@shop", &refusal), "a key of the API speaks under such a name");
		cr_assert_eq(refusal, AUTH_name);
		auth_release(policies[i]);
	}
	cr_assert_eq(block_bytes_out(), 0);
}

Test(auth, with_keys_guests_are_marked_or_not_let_in)
{
	struct auth *none = policy(AUTH_GUESTS_AUTO, true, ""), *named = policy(AUTH_GUESTS_NAMED, true, "");
	char longest[CHAT_NAME_SIZE_MAX + 1];
	enum auth_refusal refusal;

	cr_assert_null(guest(none, "bob", &refusal));
	cr_assert_eq(refusal, AUTH_no_token);
	cr_assert_str_eq(guest(named, "bob", &refusal), "~bob");
	cr_assert_str_eq(guest(named, "~bob", &refusal), "~bob", "as it was given before");
	memset(longest, 'x', sizeof(longest));
	longest[CHAT_NAME_SIZE_MAX - 1] = 0;
	cr_assert_eq(strlen(guest(named, longest, &refusal)), CHAT_NAME_SIZE_MAX);
	longest[CHAT_NAME_SIZE_MAX - 1] = 'x';
	longest[CHAT_NAME_SIZE_MAX] = 0;
	cr_assert_null(guest(named, longest, &refusal));
	cr_assert_eq(refusal, AUTH_name);
	auth_release(none);
	auth_release(named);
}

Test(auth, who_is_anonymous_is_given_a_name)
{
	struct auth *open = policy(AUTH_GUESTS_ANONYMOUS, false, ""), *marked = policy(AUTH_GUESTS_ANONYMOUS, true, "");
	enum auth_refusal refusal;
	char name[CHAT_NAME_SIZE_MAX + 1];

	snprintf(name, sizeof(name), "%s", guest(open, "bob", &refusal));
	cr_assert_eq(strncmp(name, "guest-", 6), 0);
	cr_assert_eq(strlen(name), 16);
	cr_assert_str_eq(guest(open, NULL, &refusal), name, "of the same random number");
	snprintf(name, sizeof(name), "%s", guest(marked, NULL, &refusal));
	cr_assert_eq(strncmp(name, "~guest-", 7), 0);
	auth_release(open);
	auth_release(marked);
}

Test(auth, rights_of_guests_of_roles_and_of_a_tokens_own_rules)
{
	struct auth *auth = policy(AUTH_GUESTS_AUTO, false, "*: read; @mod *: moderate; @admin quiet: all");
	struct identity *identity = block_take(sizeof(*identity) + 2 * sizeof(struct identity_rule));

	cr_assert_not_null(auth, "%s", why);
	memset(identity, 0, sizeof(*identity));
	cr_assert_eq(auth_rights(auth, NULL, SPAN("bob"), SPAN("lobby")), CHAT_RIGHT_read);
	cr_assert_eq(auth_rights(NULL, NULL, SPAN("bob"), SPAN("lobby")), CHAT_RIGHTS_MEMBER);
	identity->roles = 1;
	cr_assert_eq(auth_rights(auth, identity, SPAN("bob"), SPAN("lobby")), CHAT_RIGHT_read | CHAT_RIGHT_moderate);
	identity->roles = 3;
	cr_assert_eq(auth_rights(auth, identity, SPAN("bob"), SPAN("quiet")), CHAT_RIGHTS_ALL);
	identity->roles = 1;
	identity->own_rules = true;
	cr_assert_eq(auth_rights(auth, identity, SPAN("bob"), SPAN("lobby")), CHAT_RIGHT_moderate);
	identity->rules[0] = (struct identity_rule){ SPAN("*"), CHAT_RIGHT_send };
	identity->rules[1] = (struct identity_rule){ SPAN("lob*"), CHAT_RIGHT_history };
	identity->rule_count = 2;
	cr_assert_eq(auth_rights(auth, identity, SPAN("bob"), SPAN("lobby")), CHAT_RIGHT_history | CHAT_RIGHT_moderate);
	cr_assert_eq(auth_rights(auth, identity, SPAN("bob"), SPAN("x")), CHAT_RIGHT_send | CHAT_RIGHT_moderate);
	block_give(identity, sizeof(*identity) + 2 * sizeof(struct identity_rule));
	auth_release(auth);
}

Test(auth, a_policy_that_is_wrong_is_none)
{
	cr_assert_null(policy(AUTH_GUESTS_AUTO, false, "*: reed"));
	cr_assert_not_null(strstr(why, "reed"));
	cr_assert_eq(block_bytes_out(), 0);
}

Test(auth, held_as_often_as_it_is_used)
{
	struct auth *auth = policy(AUTH_GUESTS_AUTO, false, ""), *same = policy(AUTH_GUESTS_NONE, true, "");

	cr_assert(auth_rules_equal(auth, same));
	cr_assert_not(auth_rules_equal(NULL, same));
	cr_assert_eq(auth_hold(auth), auth);
	auth_release(auth);
	cr_assert_gt(block_bytes_out(), 0);
	auth_release(auth);
	auth_release(same);
	cr_assert_eq(block_bytes_out(), 0);
	cr_assert_null(auth_hold(NULL));
}

Test(auth, every_refusal_has_a_name_and_words)
{
	cr_assert_str_eq(auth_refusal_name(AUTH_expired), "expired");
	for (int i = 0; i < AUTH_REFUSAL_COUNT; i++)
		cr_assert(*auth_refusal_name((enum auth_refusal)i) && *auth_refusal_text((enum auth_refusal)i));
}
