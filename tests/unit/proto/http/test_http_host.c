#include <criterion/criterion.h>

#include "proto/http/http_host.h"

#define VALID(text) cr_assert(http_host_is_valid(SPAN(text)), "%s", text)
#define INVALID(text) cr_assert_not(http_host_is_valid(SPAN(text)), "%s", text)

Test(http_host, takes_names_addresses_and_ports)
{
	VALID("a");
	VALID("example.org");
	VALID("Ex-ample_1~.org.");
	VALID("10.0.0.1:8080");
	VALID("a:");
	VALID("a:0");
	VALID("a:65535");
	VALID("[::1]");
	VALID("[fe80::1.2.3.4]:443");
}

Test(http_host, refuses_all_else)
{
	INVALID("");
	INVALID(":80");
	INVALID("a:65536");
	INVALID("a:000080");
	INVALID("a:8o");
	INVALID("a:80:80");
	INVALID("a b");
	INVALID("a/b");
	INVALID("a?b");
	INVALID("a#b");
	INVALID("a\\b");
	INVALID("u@a");
	INVALID("a,b");
	INVALID("a%20b");
	INVALID("\xc3\xa9");
	INVALID("[");
	INVALID("[]");
	INVALID("[:]");
	INVALID("[::1");
	INVALID("[::g]");
	INVALID("[::1]a");
	INVALID("a[::1]");
	INVALID("[::1]:x");
	cr_assert_not(http_host_is_valid(SPAN_NONE));
}
