/* What was used is found again, for as long as nobody needs the place more. */
#include <criterion/criterion.h>

#include "engine/gate/allowance.h"

Test(allowance, the_quietest_gives_its_place)
{
	struct allowances table;

	cr_assert_eq(allowances_open(&table), 0);
	cr_assert_null(allowance_find(&table, 7));
	for (uint64_t i = 0; i < ALLOWANCE_WAYS; i++)
		quota_charge(&allowance_of(&table, 7 + i * ALLOWANCE_SETS, 100 + i)->quotas[RATE_SENDS], 1);
	cr_assert_eq(allowance_of(&table, 7, 200)->quotas[RATE_SENDS].spent_milli, 1000);
	/* The second was quiet for longest now. */
	cr_assert_eq(allowance_of(&table, 7 + 9 * ALLOWANCE_SETS, 201)->quotas[RATE_SENDS].spent_milli, 0);
	cr_assert_null(allowance_find(&table, 7 + ALLOWANCE_SETS));
	cr_assert_not_null(allowance_find(&table, 7));
	cr_assert_not_null(allowance_find(&table, 7 + 2 * ALLOWANCE_SETS));
	cr_assert_null(allowance_find(&table, 8));
	allowances_close(&table);
}
