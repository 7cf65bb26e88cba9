/* Pages: other people's text does no harm in them, and what was not measured is said. */
#include "tests/unit/tools/report/report_fixture.h"

#include "tools/report/markup.h"
#include "tools/report/page_html.h"
#include "tools/report/page_md.h"
#include "tools/report/svg.h"

#define EVIL "<script>alert(\\\"1\\\")</script> & 'x' | `y` [z](javascript:1)"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>

/* What cairo's fonts keep is not ours to free. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig";
}
#endif

static char *text;
static size_t size;

static FILE *stream(void)
{
	FILE *out = open_memstream(&text, &size);

	cr_assert_not_null(out);
	return out;
}

static void expect_markup(void (*put)(FILE *, const char *), const char *from, const char *wanted)
{
	FILE *out = stream();

	put(out, from);
	fclose(out);
	cr_expect_str_eq(text, wanted);
	free(text);
}

Test(report_page, html_is_escaped)
{
	expect_markup(markup_html, "a<b>\"c\"&'d'", "a&lt;b&gt;&quot;c&quot;&amp;&#39;d&#39;");
	expect_markup(markup_html, "line\nend\x1b\x7f", "line end  ");
	expect_markup(markup_html, "grüß 👍", "grüß 👍");
	expect_markup(markup_html, "", "");
}

Test(report_page, markdown_is_escaped_and_stays_one_line)
{
	expect_markup(markup_md, "a|b*c_d`e\\", "a\\|b\\*c\\_d\\`e\\\\");
	expect_markup(markup_md, "<i>&amp;", "&lt;i\\>&amp;amp;");
	expect_markup(markup_md, "[x](y)\n# z", "\\[x\\](y) \\# z");
}

Test(report_page, an_svg_has_ids_of_its_own_and_short_numbers)
{
	static const char document[] = "<?xml?>\n<svg><symbol id=\"glyph0-1\"/><use xlink:href=\"#glyph0-1\"/>"
				       "<g clip-path=\"url(#clip1)\" d=\"M 1.234567 -0.5 L 10 2.999\"/></svg>";
	char *exact = malloc(sizeof(document) - 1);
	FILE *out = stream();

	memcpy(exact, document, sizeof(document) - 1);
	svg_embed(out, exact, sizeof(document) - 1, "d7-");
	fclose(out);
	cr_expect_str_eq(text, "<svg><symbol id=\"d7-glyph0-1\"/><use xlink:href=\"#d7-glyph0-1\"/>"
			       "<g clip-path=\"url(#d7-clip1)\" d=\"M 1.23 -0.5 L 10 2.99\"/></svg>");
	free(text);
	free(exact);
}

static const char evil[] =
	"{\"schema\":1,\"name\":\"" EVIL "\",\"label\":\"" EVIL "\",\"command\":\"" EVIL "\","
	"\"verdict\":{\"valid\":false,\"passed\":false,\"invalid_reasons\":[\"" EVIL "\",\"" EVIL "\"],"
	"\"thresholds\":[{\"metric\":\"" EVIL "\",\"op\":\"<\",\"limit\":1,\"value\":null,"
	"\"passed\":false,\"reference\":true,\"source\":\"https://x/" EVIL "\"}]},"
	"\"summary\":{\"" EVIL "\":null,\"recovered_s\":null},\"scenario\":{\"" EVIL "\":\"" EVIL "\"},"
	"\"machine\":{\"cpu\":\"" EVIL "\"},\"target\":{\"url\":\"" EVIL "\"}}";

static void read_twice(struct runs *runs, struct charts *charts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fixture_must_read(&runs->run[i], evil);
	runs->count = count;
	charts_of(charts, runs);
}

Test(report_page, labels_become_no_tags)
{
	for (size_t count = 1; count <= 2; count++) {
		static struct runs runs;
		static struct charts charts;
		FILE *out = stream();

		read_twice(&runs, &charts, count);
		cr_assert(page_html(out, &runs, &charts));
		fclose(out);
		cr_expect_null(strstr(text, "<script"));
		cr_expect_null(strstr(text, "\"1\""));
		cr_expect_not_null(strstr(text, "&lt;script&gt;"));
		cr_expect_not_null(strstr(text, "not measured"));
		cr_expect_null(strstr(text, "src=")); /* nothing comes from elsewhere */
		cr_expect_null(strstr(text, "nan"));
		free(text);
		out = stream();
		page_md(out, &runs);
		fclose(out);
		cr_expect_null(strstr(text, "<script"));
		cr_expect_null(strstr(text, " | `"));
		cr_expect_null(strstr(text, "nan"));
		cr_expect_not_null(strstr(text, "not measured"));
		free(text);
		for (size_t i = 0; i < count; i++)
			input_free(&runs.run[i]);
	}
}

Test(report_page, charts_of_gaps_single_points_and_nothing)
{
	static struct runs runs;
	static struct charts charts;
	FILE *out = stream();

	fixture_must_read(&runs.run[0], RESULTS("<b>&", "",
						",\"series\":{\"t_s\":[1,2,3,4],\"latency_p99_ms\":[null,5,null,0],"
						"\"sent_per_s\":[null,null,null,null],\"connections\":[0,0,0,0],"
						"\"errors_per_s\":[0,0,0,0]}"));
	runs.count = 1;
	charts_of(&charts, &runs);
	cr_assert_eq(charts.count, 2u); /* sent: nothing measured; errors: none */
	cr_expect_str_eq(charts.chart[0].title, "Delivery time");
	cr_expect_str_eq(charts.chart[1].title, "Connections");
	for (size_t i = 0; i < charts.count; i++)
		cr_expect(svg_put(out, &charts.chart[i], &theme_day, "x-"));
	fclose(out);
	cr_expect_null(strstr(text, "nan"));
	free(text);
	input_free(&runs.run[0]);
}
