#include <criterion/criterion.h>

#include "tools/load/shape.h"

#define S 1000000000ull

static struct shape shape;

Test(load_shape, stages_go_from_where_the_one_before_ended)
{
	cr_assert_eq(shape_parse(&shape, "30s:1000,1m:1000,500ms:2000"), 0);
	cr_assert_eq(shape_at(&shape, 0), 0);
	cr_assert_eq(shape_at(&shape, 15 * S), 500);
	cr_assert_eq(shape_at(&shape, 60 * S), 1000);
	cr_assert_eq(shape_at(&shape, 90 * S + S / 4), 1500);
	cr_assert_eq(shape_at(&shape, 1000 * S), 2000);
	cr_assert_eq(shape_duration(&shape), 90 * S + S / 2);
	cr_assert_eq(shape_peak(&shape), 2000);
}

Test(load_shape, each_kind_has_its_own_way)
{
	cr_assert_eq(shape_parse(&shape, "burst 1s:100"), 0);
	cr_assert_eq(shape_at(&shape, 0), 100);
	cr_assert_eq(shape_parse(&shape, "step/4 4s:100"), 0);
	cr_assert_eq(shape_at(&shape, 0), 25);
	cr_assert_eq(shape_at(&shape, S - 1), 25);
	cr_assert_eq(shape_at(&shape, S), 50);
	cr_assert_eq(shape_at(&shape, 4 * S), 100);
	cr_assert_eq(shape_parse(&shape, "exp 10s:1024"), 0);
	cr_assert_eq(shape_at(&shape, 5 * S), 32);
	cr_assert_eq(shape_parse(&shape, "burst 0s:7"), 0);
	cr_assert_eq(shape_at(&shape, 0), 7);
	cr_assert_eq(shape_parse(&shape, "2s:100,2s:0"), 0);
	cr_assert_eq(shape_at(&shape, 3 * S), 50);
}

Test(load_shape, what_is_not_understood_is_pointed_at)
{
	cr_expect_eq(shape_parse(&shape, ""), 1);
	cr_expect_eq(shape_parse(&shape, "30:100"), 3);
	cr_expect_eq(shape_parse(&shape, "30s:x"), 5);
	cr_expect_eq(shape_parse(&shape, "30s:1,"), 7);
	cr_expect_eq(shape_parse(&shape, "step/0 1s:1"), 6);
	cr_expect_eq(shape_parse(&shape, "step/100000 1s:1"), 0);
	cr_expect_eq(shape_parse(&shape, "step/100001 1s:1"), 6);
	cr_expect_eq(shape_parse(&shape, "step/4294967297 1s:1"), 6, "2^32 and one more is not one");
	cr_expect_eq(shape_parse(&shape, "-1s:1"), 1);
	cr_expect_eq(shape_parse(&shape, "1s:10000000"), 0);
	cr_expect_eq(shape_parse(&shape, "1s:10000001"), 4);
}

Test(load_shape, a_part_of_an_hour_is_rounded_to_the_nanosecond)
{
	cr_assert_eq(shape_parse(&shape, "0.00052h:9"), 0);
	cr_assert_eq(shape_duration(&shape), 1872000000);
}

Test(load_shape, a_stage_is_a_thousand_hours_at_most)
{
	cr_expect_eq(shape_parse(&shape, "1000h:1"), 0);
	cr_expect_eq(shape_parse(&shape, "60000m:1"), 0);
	cr_expect_eq(shape_parse(&shape, "3600000s:1"), 0);
	cr_expect_eq(shape_parse(&shape, "3600000000ms:1"), 0);
	cr_expect_neq(shape_parse(&shape, "1001h:1"), 0);
	cr_expect_neq(shape_parse(&shape, "60001m:1"), 0);
	cr_expect_neq(shape_parse(&shape, "3600001s:1"), 0);
}

Test(load_shape, so_many_stages_and_no_more)
{
	char text[SHAPE_STAGES_MAX * 5 + 10] = "1s:1";

	for (int i = 1; i < SHAPE_STAGES_MAX; i++)
		for (int k = 0; k < 5; k++)
			text[4 + (i - 1) * 5 + k] = ",1s:1"[k];
	cr_expect_eq(shape_parse(&shape, text), 0);
	cr_expect_eq(shape.count, SHAPE_STAGES_MAX);
	for (int k = 0; k < 6; k++)
		text[SHAPE_STAGES_MAX * 5 - 1 + k] = ",1s:1"[k];
	cr_expect_gt(shape_parse(&shape, text), 0);
}
