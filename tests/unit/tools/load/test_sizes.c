#include <criterion/criterion.h>

#include "tools/load/sizes.h"

static struct sizes sizes;

Test(load_sizes, a_mix_is_picked_by_weight)
{
	cr_assert_eq(sizes_parse(&sizes, "100*5,1KiB*3,5000"), 0);
	cr_assert_eq(sizes.count, 3);
	cr_assert_eq(sizes_pick(&sizes, 4), 100);
	cr_assert_eq(sizes_pick(&sizes, 5), 1024);
	cr_assert_eq(sizes_pick(&sizes, 7), 1024);
	cr_assert_eq(sizes_pick(&sizes, 8), 5000);
	cr_assert_eq(sizes_pick(&sizes, 9), 100);
	cr_assert_eq(sizes_largest(&sizes), 5000);
}

Test(load_sizes, what_is_not_understood_is_pointed_at)
{
	cr_expect_eq(sizes_parse(&sizes, ""), 1);
	cr_expect_eq(sizes_parse(&sizes, "0"), 1);
	cr_expect_eq(sizes_parse(&sizes, "-5"), 1);
	cr_expect_eq(sizes_parse(&sizes, "10*0"), 4);
	cr_expect_eq(sizes_parse(&sizes, "10,"), 4);
	cr_expect_eq(sizes_parse(&sizes, "10;20"), 3);
	cr_expect_eq(sizes_parse(&sizes, "1024MiB"), 0);
	cr_expect_eq(sizes_parse(&sizes, "1025MiB"), 1);
	cr_expect_eq(sizes_parse(&sizes, "17592186044416MiB"), 1, "2^64 is not 0");
	cr_expect_eq(sizes_parse(&sizes, "17592186044417MiB"), 1, "2^64 and 1 MiB more is not 1 MiB");
	cr_expect_eq(sizes_parse(&sizes, "1048576KiB"), 0);
	cr_expect_eq(sizes_parse(&sizes, "1048577KiB"), 1);
	cr_expect_eq(sizes_parse(&sizes, "1*1000000"), 0);
	cr_expect_eq(sizes_parse(&sizes, "1*1000001"), 3);
	cr_expect_eq(sizes_parse(&sizes, "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"), 0);
	cr_expect_eq(sizes_parse(&sizes, "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"), 33);
}
