/* Which backend an address names. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "engine/store/choose.h"
#include "tests/unit/refused.h"

static struct store_choice choice;
static char why[200];

static int kind(const char *url, const char *directory)
{
	const int error = store_choose(&choice, url, directory, why, sizeof(why));
	const int chosen = error == 0 ? (int)choice.kind : error;

	cr_assert(error != 0 || store_is_any(url, directory) == (chosen != STORE_IS_NONE));
	store_unchoose(&choice);
	return chosen;
}

Test(choose, by_address)
{
	cr_assert_eq(kind("none", "/somewhere"), STORE_IS_NONE);
	cr_assert_eq(kind("sqlite", NULL), STORE_IS_NONE, "nowhere to keep it");
	cr_assert_eq(kind("sqlite", "/somewhere"), STORE_IS_SQLITE);
	cr_assert_eq(kind("memory", NULL), STORE_IS_MEMORY);
	cr_assert_eq(kind("postgres://localhost/uproar", NULL), STORE_IS_POSTGRES);
	cr_assert_eq(kind("postgresql://localhost/uproar", "/somewhere"), STORE_IS_POSTGRES);
}

Test(choose, what_is_no_store)
{
	static const char *const wrong[] = { "", "SQLITE", "sqlite ", "oracle", "/var/lib", "http://localhost" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		why[0] = 0;
		cr_assert_eq(kind(wrong[i], "/somewhere"), -EINVAL, "%s", wrong[i]);
		cr_assert_neq(why[0], 0);
	}
}

/* Without opening anything, and without a directory. */
Test(choose, a_form_is_judged_alone)
{
	static const struct {
		const char *url;
		bool good;
	} rows[] = {
		{ "none", true },
		{ "memory", true },
		{ "sqlite", true },
		{ "postgres://me:secret@db.invalid:5432/uproar?sslmode=require", true },
		{ "postgresql://%2Frun%2Fpostgresql/uproar", true },
		{ "mysql://db/uproar", false },
		{ "postgres://me:secret@[db/uproar", false },
		{ "postgres://db/uproar?no_such_word=1", false },
		{ "", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		why[0] = 0;
		cr_assert_eq(store_check(rows[i].url, why, sizeof(why)), rows[i].good ? 0 : -EINVAL, "%s", rows[i].url);
		cr_assert_eq(why[0] == 0, rows[i].good, "%s: %s", rows[i].url, why);
		cr_assert_null(strstr(why, "secret"), "%s", why);
	}
}

Test(choose, each_has_its_name)
{
	cr_assert_eq(store_choose(&choice, "memory", NULL, why, sizeof(why)), 0);
	cr_assert_str_eq(choice.backend.name, "memory");
	store_unchoose(&choice);
	cr_assert_eq(store_choose(&choice, "sqlite", "/somewhere", why, sizeof(why)), 0);
	cr_assert_str_eq(choice.backend.name, "sqlite");
	store_unchoose(&choice);
}

Test(choose, without_address_space_there_is_no_memory)
{
	refused_arm(REFUSED_mmap, 1, 1, ENOMEM);
	cr_assert_eq(kind("memory", NULL), -ENOMEM);
	cr_assert(refused_came() && why[0]);
}
