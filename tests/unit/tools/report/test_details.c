/* What a page says of the runs themselves. */
#include "tests/unit/tools/report/report_fixture.h"

#include "tools/report/details.h"

Test(report_details, a_file_of_any_name_is_text)
{
	static struct runs runs = { .count = 1 };
	static struct details details;
	const struct details_row *file;

	fixture_must_read(&runs.run[0], RESULTS("a", "", ""));
	runs.run[0].file = "r\xff\xc3/\xc3\xa9\xf0\x9f\x91\x8d\xed\xa0\x80.\xf0\x9f";
	details_read(&details, &runs, DETAILS_RUN);
	file = &details.row[details.rows - 1];
	cr_assert_str_eq(file->name, "file");
	cr_expect_str_eq(file->value[0], "r\?\?/\xc3\xa9\xf0\x9f\x91\x8d\?\?\?.\?\?");
	details_free(&details);
	input_free(&runs.run[0]);
}
