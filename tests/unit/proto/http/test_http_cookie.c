#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "proto/http/http_cookie.h"

static struct span value;

/* Of two fields, the second in memory of exactly its size. */
static size_t find(const char *first, const char *second)
{
	static uint8_t *exact;
	struct http_head head = { .field_count = 3 };

	free(exact);
	exact = malloc(strlen(second) + 1);
	memcpy(exact, second, strlen(second));
	head.fields[0] = (struct http_field){ SPAN("Cookie"), span_of(first, strlen(first)) };
	head.fields[1] = (struct http_field){ SPAN("X"), SPAN("chat=no") };
	head.fields[2] = (struct http_field){ SPAN("cookie"), span_of(exact, strlen(second)) };
	return http_cookie_find(&head, SPAN("chat"), &value);
}

Test(http_cookie, by_its_name)
{
	cr_assert_eq(find("a=b; chat=x; c", ""), 1);
	cr_assert(span_equal(value, SPAN("x")));
	cr_assert_eq(find("a=b", " ;; chat=a=b;"), 1);
	cr_assert(span_equal(value, SPAN("a=b")));
	cr_assert_eq(find("", "chat="), 1);
	cr_assert(value.bytes && value.size == 0);
	cr_assert_eq(find("chat=1", "chat=2"), 2);
	cr_assert(span_equal(value, SPAN("2")));
	cr_assert_eq(find("chat=1;chat=1", "x"), 2);
}

Test(http_cookie, and_by_no_other)
{
	cr_assert_eq(find("Chat=1; chats=1; chat; xchat=1; chat =1", "\"chat=1\""), 0);
	cr_assert_null(value.bytes);
	cr_assert_eq(find("", ""), 0);
	cr_assert_eq(find(";;;", " ; ;"), 0);
}
