/* Numbers as people read them. */
#include <criterion/criterion.h>
#include <math.h>

#include "tools/load/say.h"

static char out[SAY_SIZE];

Test(load_say, numbers)
{
	cr_assert_str_eq(say_number(out, 0), "0");
	cr_assert_str_eq(say_number(out, 999), "999");
	cr_assert_str_eq(say_number(out, 1000), "1,000");
	cr_assert_str_eq(say_number(out, 98000000), "98,000,000");
	cr_assert_str_eq(say_number(out, -1000), "-1,000");
	cr_assert_str_eq(say_number(out, -999999), "-999,999");
	cr_assert_str_eq(say_number(out, 3.14159), "3.14");
	cr_assert_str_eq(say_number(out, 0.0021), "0.0021");
	cr_assert_str_eq(say_number(out, 999.6), "1,000");
	cr_assert_str_eq(say_number(out, NAN), "none");
}

Test(load_say, limits_are_not_rounded_away)
{
	cr_assert_str_eq(say_limit(out, 503.8), "503.8");
	cr_assert_str_eq(say_limit(out, 99.99), "99.99");
	cr_assert_str_eq(say_limit(out, 99.9987), "99.9987");
	cr_assert_str_eq(say_limit(out, 76762), "76,762");
	cr_assert_str_eq(say_limit(out, NAN), "none");
}

Test(load_say, bytes)
{
	cr_assert_str_eq(say_bytes(out, 0), "0 bytes");
	cr_assert_str_eq(say_bytes(out, 1023), "1023 bytes");
	cr_assert_str_eq(say_bytes(out, 1024), "1.0 KiB");
	cr_assert_str_eq(say_bytes(out, 12.34 * 1048576), "12.3 MiB");
	cr_assert_str_eq(say_bytes(out, 200.0 * 1073741824), "200 GiB");
	cr_assert_str_eq(say_bytes(out, NAN), "none");
}

Test(load_say, times)
{
	cr_assert_str_eq(say_time(out, -1), "0 s");
	cr_assert_str_eq(say_time(out, 0.2), "1 s");
	cr_assert_str_eq(say_time(out, 59), "59 s");
	cr_assert_str_eq(say_time(out, 60), "1:00");
	cr_assert_str_eq(say_time(out, 3599), "59:59");
	cr_assert_str_eq(say_time(out, 3665), "1:01:05");
}
