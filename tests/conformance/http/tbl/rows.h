/* How strictly HTTP/1.1 is read, a row each: X(name, bytes, refusal, verdict, source).
 *
 *	HTTP_BYTES   the bytes as they are
 *	HTTP_LINE    a request line; behind it Host: a and the end
 *	HTTP_FIELDS  fields of GET /healthz with Host: a
 *	HTTP_SHAKE   fields more than those of a right WebSocket handshake
 *
 * {x*9} is x nine times. refusal: what proto/http refuses the first head for (proto/http/tbl/http_refusals.h), `not`
 * when it takes it. verdict: the statuses that the server answers with in order, then `close`, `open` (a further
 * request is answered), `frames` (it is a WebSocket now) or `wait` (the head is not whole). Read by ../run and by
 * tests/unit/proto/http/test_http_rows.c. Octal escapes alone. */

/* The ends of lines. */
HTTP_BYTES(good, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", not, "200 open", "RFC 9112 2.1")
HTTP_BYTES(lf_everywhere, "GET /healthz HTTP/1.1\nHost: a\n\n", bare_lf, "400 close", "RFC 9112 2.2")
HTTP_BYTES(lf_behind_request_line, "GET /healthz HTTP/1.1\nHost: a\r\n\r\n", bare_lf, "400 close", "RFC 9112 2.2")
HTTP_BYTES(lf_as_last_line, "GET /healthz HTTP/1.1\r\nHost: a\r\n\n", bare_lf, "400 close", "RFC 9112 2.2")
HTTP_FIELDS(lf_behind_field, "A: b\nC: d\r\n", bare_lf, "400 close", "RFC 9112 2.2")
HTTP_FIELDS(lf_hides_length, "A: b\nContent-Length: 5\r\n", bare_lf, "400 close", "RFC 9112 2.2")
HTTP_LINE(lf_in_target, "GET /\n HTTP/1.1", bare_lf, "400 close", "RFC 9112 2.2")
HTTP_BYTES(cr_everywhere, "GET /healthz HTTP/1.1\rHost: a\r\r", bare_cr, "400 close", "RFC 9112 2.2")
HTTP_FIELDS(cr_in_value, "A: b\rC: d\r\n", bare_cr, "400 close", "RFC 9112 2.2")
HTTP_FIELDS(cr_before_crlf, "A: b\r\r\n", bare_cr, "400 close", "RFC 9112 2.2")
HTTP_FIELDS(cr_in_name, "A\rB: c\r\n", bare_cr, "400 close", "RFC 9112 2.2")
HTTP_FIELDS(cr_hides_coding, "A: b\rTransfer-Encoding: chunked\r\n", bare_cr, "400 close", "RFC 9112 2.2")
HTTP_LINE(cr_in_target, "GET /\r HTTP/1.1", bare_cr, "400 close", "RFC 9112 2.2")
HTTP_LINE(cr_in_method, "G\rT /healthz HTTP/1.1", bare_cr, "400 close", "RFC 9112 2.2")
HTTP_BYTES(empty_line_first, "\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", not, "200 open", "RFC 9112 2.2")
HTTP_BYTES(two_empty_lines_first, "\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", method, "400 close",
	   "RFC 9112 2.2")
HTTP_BYTES(lf_first, "\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", bare_lf, "400 close", "RFC 9112 2.2")
HTTP_BYTES(crlf_lf_first, "\r\n\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", bare_lf, "400 close", "RFC 9112 2.2")
HTTP_BYTES(head_without_end, "GET /healthz HTTP/1.1\r\nHost: a\r\n", not, "wait", "RFC 9112 8")
HTTP_BYTES(head_cut_in_its_end, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r", not, "wait", "RFC 9112 8")

/* Folds and blanks. */
HTTP_FIELDS(fold_space, "A: b\r\n c\r\n", field_name, "400 close", "RFC 9112 5.2")
HTTP_FIELDS(fold_tab, "A: b\r\n\tc\r\n", field_name, "400 close", "RFC 9112 5.2")
HTTP_FIELDS(fold_of_nothing, "A: b\r\n \r\n", field_name, "400 close", "RFC 9112 5.2")
HTTP_FIELDS(fold_like_a_field, "A: b\r\n Content-Length: 5\r\n", field_name, "400 close", "RFC 9112 5.2")
HTTP_FIELDS(fold_of_coding, "Transfer-Encoding:\r\n chunked\r\n", field_name, "400 close", "RFC 9112 5.2")
HTTP_BYTES(fold_first, "GET /healthz HTTP/1.1\r\n Host: a\r\n\r\n", field_name, "400 close", "RFC 9112 2.2")
HTTP_BYTES(blank_line_first, "GET /healthz HTTP/1.1\r\n \r\nHost: a\r\n\r\n", field_name, "400 close", "RFC 9112 2.2")
HTTP_LINE(space_before_method, " GET /healthz HTTP/1.1", method, "400 close", "RFC 9112 3")
HTTP_LINE(tab_before_method, "\tGET /healthz HTTP/1.1", method, "400 close", "RFC 9112 3")
HTTP_FIELDS(space_before_colon, "A : b\r\n", field_name, "400 close", "RFC 9112 5.1")
HTTP_FIELDS(tab_before_colon, "A\t: b\r\n", field_name, "400 close", "RFC 9112 5.1")
HTTP_FIELDS(length_space_colon, "Content-Length : 5\r\n", field_name, "400 close", "RFC 9112 5.1")
HTTP_FIELDS(coding_tab_colon, "Transfer-Encoding\t: chunked\r\n", field_name, "400 close", "RFC 9112 5.1")
HTTP_BYTES(host_space_colon, "GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n", field_name, "400 close", "RFC 9112 5.1")
HTTP_FIELDS(no_space_behind_colon, "A:b\r\n", not, "200 open", "RFC 9112 5")
HTTP_FIELDS(blanks_around_value, "A: \t b \t \r\n", not, "200 open", "RFC 9112 5.1")
HTTP_FIELDS(empty_value, "A:\r\n", not, "200 open", "RFC 9112 5")
HTTP_FIELDS(blank_value, "A: \t\r\n", not, "200 open", "RFC 9112 5")

/* Bytes that stand nowhere, or not everywhere. */
HTTP_FIELDS(nul_in_value, "A: b\000c\r\n", control, "400 close", "RFC 9110 5.5")
HTTP_FIELDS(soh_in_value, "A: \001\r\n", control, "400 close", "RFC 9110 5.5")
HTTP_FIELDS(bell_in_value, "A: \007\r\n", control, "400 close", "RFC 9110 5.5")
HTTP_FIELDS(vt_in_value, "A: b\013\r\n", control, "400 close", "RFC 9110 5.5")
HTTP_FIELDS(ff_in_value, "A: b\014\r\n", control, "400 close", "RFC 9110 5.5")
HTTP_FIELDS(esc_in_value, "A: \033[2J\r\n", control, "400 close", "RFC 9110 5.5")
HTTP_FIELDS(us_in_value, "A: \037\r\n", control, "400 close", "RFC 9110 5.5")
HTTP_FIELDS(del_in_value, "A: \177\r\n", control, "400 close", "RFC 9110 5.5")
HTTP_FIELDS(nul_in_name, "A\000: b\r\n", control, "400 close", "RFC 9110 5.1")
HTTP_FIELDS(vt_before_colon, "Transfer-Encoding\013: chunked\r\n", control, "400 close", "RFC 9112 5.1")
HTTP_FIELDS(nul_behind_length, "Content-Length: 5\000\r\n", control, "400 close", "RFC 9110 5.5")
HTTP_LINE(nul_in_target, "GET /\000 HTTP/1.1", control, "400 close", "RFC 9112 3.2")
HTTP_LINE(nul_in_method, "G\000T / HTTP/1.1", control, "400 close", "RFC 9112 3.1")
HTTP_LINE(ff_for_a_space, "GET\014/healthz HTTP/1.1", control, "400 close", "RFC 9112 3")
HTTP_FIELDS(eight_bit_value, "A: \303\251\r\n", not, "200 open", "RFC 9110 5.5")
HTTP_FIELDS(lowest_eight_bit_value, "A: \200\r\n", not, "200 open", "RFC 9110 5.5")
HTTP_FIELDS(highest_eight_bit_value, "A: \377\r\n", not, "200 open", "RFC 9110 5.5")
HTTP_FIELDS(eight_bit_name, "\303\251: b\r\n", field_name, "400 close", "RFC 9110 5.1")
HTTP_LINE(eight_bit_target, "GET /\303\251 HTTP/1.1", target, "400 close", "RFC 9112 3.2")
HTTP_LINE(eight_bit_method, "G\303T / HTTP/1.1", method, "400 close", "RFC 9112 3.1")
HTTP_LINE(nbsp_for_a_space, "GET\240/healthz HTTP/1.1", method, "400 close", "RFC 9112 3")
HTTP_FIELDS(eight_bit_blank_length, "Content-Length: \2405\r\n", length, "400 close", "RFC 9112 6.2")

/* Names of fields. */
HTTP_FIELDS(all_token_characters, "!#$%&'*+-.^_`|~09azAZ: b\r\n", not, "200 open", "RFC 9110 5.6.2")
HTTP_FIELDS(no_name, ": b\r\n", field_name, "400 close", "RFC 9110 5.1")
HTTP_FIELDS(no_colon, "A b\r\n", field_name, "400 close", "RFC 9112 5")
HTTP_FIELDS(no_colon_last, "A: b\r\nC\r\n", field_name, "400 close", "RFC 9112 5")
HTTP_FIELDS(space_in_name, "A B: c\r\n", field_name, "400 close", "RFC 9110 5.1")
HTTP_FIELDS(parentheses_in_name, "A(b): c\r\n", field_name, "400 close", "RFC 9110 5.1")
HTTP_FIELDS(quote_in_name, "\"A\": c\r\n", field_name, "400 close", "RFC 9110 5.1")
HTTP_FIELDS(slash_in_name, "A/b: c\r\n", field_name, "400 close", "RFC 9110 5.1")
HTTP_FIELDS(brackets_in_name, "A[b]: c\r\n", field_name, "400 close", "RFC 9110 5.1")
HTTP_FIELDS(at_in_name, "A@b: c\r\n", field_name, "400 close", "RFC 9110 5.1")
HTTP_FIELDS(comma_in_name, "A,b: c\r\n", field_name, "400 close", "RFC 9110 5.1")
HTTP_FIELDS(semicolon_in_name, "A;b: c\r\n", field_name, "400 close", "RFC 9110 5.1")
HTTP_FIELDS(equals_in_name, "A=b: c\r\n", field_name, "400 close", "RFC 9110 5.1")
HTTP_FIELDS(backslash_in_name, "A\\b: c\r\n", field_name, "400 close", "RFC 9110 5.1")
HTTP_FIELDS(underscore_length, "Content_Length: 5\r\n", not, "200 open", "RFC 9110 5.1")
HTTP_FIELDS(underscore_coding, "Transfer_Encoding: chunked\r\n", not, "200 open", "RFC 9110 5.1")
HTTP_FIELDS(prefixed_coding, "X-Transfer-Encoding: chunked\r\n", not, "200 open", "RFC 9110 5.1")
HTTP_FIELDS(the_same_field_twice, "A: b\r\nA: c\r\n", not, "200 open", "RFC 9110 5.3")

/* The request line. */
HTTP_LINE(two_spaces_before_target, "GET  /healthz HTTP/1.1", version, "400 close", "RFC 9112 3")
HTTP_LINE(two_spaces_behind_target, "GET /healthz  HTTP/1.1", version, "400 close", "RFC 9112 3")
HTTP_LINE(space_behind_version, "GET /healthz HTTP/1.1 ", version, "400 close", "RFC 9112 3")
HTTP_LINE(tab_behind_version, "GET /healthz HTTP/1.1\t", version, "400 close", "RFC 9112 3")
HTTP_LINE(tab_for_a_space, "GET\t/healthz HTTP/1.1", method, "400 close", "RFC 9112 3")
HTTP_LINE(a_word_more, "GET /healthz a HTTP/1.1", version, "400 close", "RFC 9112 3")
HTTP_LINE(a_request_in_the_target, "GET /healthz HTTP/1.1 GET /healthz HTTP/1.1", version, "400 close", "RFC 9112 3")
HTTP_LINE(method_alone, "GET", method, "400 close", "RFC 9112 3")
HTTP_LINE(no_target, "GET  HTTP/1.1", target, "400 close", "RFC 9112 3")
HTTP_LINE(no_method, "/healthz HTTP/1.1", method, "400 close", "RFC 9112 3")
HTTP_LINE(field_first, "Host: a", method, "400 close", "RFC 9112 3")
HTTP_LINE(head, "HEAD /healthz HTTP/1.1", not, "200 open", "RFC 9110 9.3.2")
HTTP_LINE(lower_case_method, "get /healthz HTTP/1.1", not, "501 close", "RFC 9110 9.1")
HTTP_LINE(mixed_case_method, "Get /healthz HTTP/1.1", not, "501 close", "RFC 9110 9.1")
HTTP_LINE(junk_method, "JUNK /healthz HTTP/1.1", not, "501 close", "RFC 9110 9.1")
HTTP_LINE(method_like_a_prefix, "GETS /healthz HTTP/1.1", not, "501 close", "RFC 9110 9.1")
HTTP_LINE(long_method, "{M*1000} /healthz HTTP/1.1", not, "501 close", "RFC 9110 9.1")
HTTP_LINE(comma_in_method, "GET, /healthz HTTP/1.1", method, "400 close", "RFC 9112 3.1")
HTTP_LINE(quoted_method, "\"GET\" /healthz HTTP/1.1", method, "400 close", "RFC 9112 3.1")
HTTP_LINE(post, "POST /healthz HTTP/1.1", not, "405 close", "RFC 9110 15.5.6")
HTTP_LINE(put, "PUT /healthz HTTP/1.1", not, "405 close", "RFC 9110 15.5.6")
HTTP_LINE(delete, "DELETE /healthz HTTP/1.1", not, "405 close", "RFC 9110 15.5.6")
HTTP_LINE(options, "OPTIONS /healthz HTTP/1.1", not, "405 close", "RFC 9110 15.5.6")
HTTP_LINE(trace, "TRACE /healthz HTTP/1.1", not, "405 close", "RFC 9110 15.5.6")
HTTP_LINE(not_found, "GET /nothing HTTP/1.1", not, "404 open", "RFC 9110 15.5.5")

/* Versions and other protocols. */
HTTP_BYTES(one_zero, "GET /healthz HTTP/1.0\r\n\r\n", not, "200 close", "RFC 9112 9.3")
HTTP_BYTES(one_zero_kept, "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", not, "200 open", "RFC 9112 9.3")
HTTP_LINE(one_two, "GET /healthz HTTP/1.2", version_unknown, "505 close", "RFC 9112 2.3")
HTTP_LINE(two_zero, "GET /healthz HTTP/2.0", version_unknown, "505 close", "RFC 9112 2.3")
HTTP_LINE(three_zero, "GET /healthz HTTP/3.0", version_unknown, "505 close", "RFC 9112 2.3")
HTTP_LINE(zero_nine_named, "GET /healthz HTTP/0.9", version_unknown, "505 close", "RFC 9112 2.3")
HTTP_BYTES(zero_nine, "GET /healthz\r\n", not, "wait", "RFC 9112 2.3")
HTTP_BYTES(zero_nine_ended, "GET /healthz\r\n\r\n", version, "400 close", "RFC 9112 2.3")
HTTP_LINE(no_minor, "GET /healthz HTTP/1", version, "400 close", "RFC 9112 2.3")
HTTP_LINE(no_dot, "GET /healthz HTTP/11", version, "400 close", "RFC 9112 2.3")
HTTP_LINE(two_digits, "GET /healthz HTTP/1.11", version, "400 close", "RFC 9112 2.3")
HTTP_LINE(leading_zero, "GET /healthz HTTP/01.1", version, "400 close", "RFC 9112 2.3")
HTTP_LINE(lower_case_version, "GET /healthz http/1.1", version, "400 close", "RFC 9112 2.3")
HTTP_LINE(comma_version, "GET /healthz HTTP/1,1", version, "400 close", "RFC 9112 2.3")
HTTP_LINE(letter_version, "GET /healthz HTTP/1.x", version, "400 close", "RFC 9112 2.3")
HTTP_LINE(other_protocol, "GET /healthz ICAP/1.0", version, "400 close", "RFC 9112 2.3")
HTTP_BYTES(http2_preface, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", version_unknown, "505 close", "RFC 9113 3.4")
HTTP_FIELDS(http2_upgrade, "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n", not,
	    "200 open", "RFC 9110 7.8")
HTTP_BYTES(tls_hello, "\026\003\001\000\005\001\000\000\001\003\r\n\r\n", control, "400 close", "RFC 9112 3")
HTTP_BYTES(ssh_hello, "SSH-2.0-OpenSSH_9.2\r\n\r\n", method, "400 close", "RFC 9112 3")
HTTP_BYTES(smtp_hello, "EHLO a\r\n\r\n", version, "400 close", "RFC 9112 3")

/* Targets. */
HTTP_LINE(query, "GET /healthz?a=b&c HTTP/1.1", not, "200 open", "RFC 9112 3.2.1")
HTTP_LINE(query_as_browsers_write_it, "GET /healthz?a=[b]|^c HTTP/1.1", not, "200 open", "RFC 3986 3.4")
HTTP_LINE(escape, "GET /a%20b HTTP/1.1", not, "404 open", "RFC 3986 2.1")
HTTP_LINE(escaped_zero, "GET /%00 HTTP/1.1", not, "404 open", "RFC 3986 2.1")
HTTP_LINE(escape_of_no_digits, "GET /%zz HTTP/1.1", target, "400 close", "RFC 3986 2.1")
HTTP_LINE(escape_cut_off, "GET /a%2 HTTP/1.1", target, "400 close", "RFC 3986 2.1")
HTTP_LINE(quote_in_path, "GET /\"a\" HTTP/1.1", target, "400 close", "RFC 3986 3.3")
HTTP_LINE(angles_in_path, "GET /<a> HTTP/1.1", target, "400 close", "RFC 3986 3.3")
HTTP_LINE(backslash_in_path, "GET /a\\..\\b HTTP/1.1", target, "400 close", "RFC 3986 3.3")
HTTP_LINE(angle_in_query, "GET /healthz?<a> HTTP/1.1", target, "400 close", "RFC 3986 3.4")
HTTP_LINE(fragment, "GET /healthz#a HTTP/1.1", target, "400 close", "RFC 9112 3.2.1")
HTTP_LINE(two_slashes, "GET //healthz HTTP/1.1", not, "404 open", "RFC 9112 3.2.1")
HTTP_LINE(dot_dot, "GET /a/../healthz HTTP/1.1", not, "404 open", "RFC 9112 3.2.1")
HTTP_LINE(no_slash, "GET healthz HTTP/1.1", target, "400 close", "RFC 9112 3.2")
HTTP_LINE(absolute, "GET http://a/healthz HTTP/1.1", not, "200 open", "RFC 9112 3.2.2")
HTTP_LINE(absolute_in_capitals, "GET HTTP://A/healthz HTTP/1.1", not, "200 open", "RFC 9112 3.2.2")
HTTP_LINE(absolute_of_another_host, "GET http://b/healthz HTTP/1.1", host_differs, "400 close", "RFC 9112 3.2")
HTTP_LINE(absolute_with_a_port, "GET http://a:80/healthz HTTP/1.1", host_differs, "400 close", "RFC 9112 3.2")
HTTP_BYTES(absolute_without_host, "GET http://a/healthz HTTP/1.1\r\n\r\n", host_missing, "400 close", "RFC 9112 3.2")
HTTP_LINE(absolute_with_a_user, "GET http://u@a/healthz HTTP/1.1", target, "400 close", "RFC 9110 4.2.4")
HTTP_LINE(absolute_without_a_host, "GET http:///healthz HTTP/1.1", target, "400 close", "RFC 9110 4.2.1")
HTTP_LINE(absolute_one_slash, "GET http:/healthz HTTP/1.1", target, "400 close", "RFC 9112 3.2.2")
HTTP_LINE(absolute_of_ftp, "GET ftp://a/healthz HTTP/1.1", target, "400 close", "RFC 9112 3.2.2")
HTTP_LINE(absolute_of_ws, "GET ws://a/ws HTTP/1.1", target, "400 close", "RFC 6455 4.1")
HTTP_LINE(authority_of_get, "GET a:80 HTTP/1.1", target, "400 close", "RFC 9112 3.2.3")
HTTP_BYTES(connect, "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", not, "405 close", "RFC 9112 3.2.3")
HTTP_LINE(connect_elsewhere, "CONNECT b:443 HTTP/1.1", host_differs, "400 close", "RFC 9112 3.2.3")
HTTP_LINE(connect_of_a_path, "CONNECT /healthz HTTP/1.1", target, "400 close", "RFC 9112 3.2.3")
HTTP_LINE(asterisk, "OPTIONS * HTTP/1.1", not, "405 close", "RFC 9112 3.2.4")
HTTP_LINE(asterisk_of_get, "GET * HTTP/1.1", target, "400 close", "RFC 9112 3.2.4")

/* Host. */
HTTP_BYTES(no_host, "GET /healthz HTTP/1.1\r\n\r\n", host_missing, "400 close", "RFC 9112 3.2")
HTTP_BYTES(empty_host, "GET /healthz HTTP/1.1\r\nHost:\r\n\r\n", host, "400 close", "RFC 9112 3.2")
HTTP_FIELDS(host_twice, "Host: a\r\n", host_twice, "400 close", "RFC 9112 3.2")
HTTP_FIELDS(two_hosts, "hOST: b\r\n", host_twice, "400 close", "RFC 9112 3.2")
HTTP_BYTES(list_of_hosts, "GET /healthz HTTP/1.1\r\nHost: a, b\r\n\r\n", host, "400 close", "RFC 9112 3.2")
HTTP_BYTES(space_in_host, "GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n", host, "400 close", "RFC 9112 3.2")
HTTP_BYTES(path_in_host, "GET /healthz HTTP/1.1\r\nHost: a/b\r\n\r\n", host, "400 close", "RFC 9112 3.2")
HTTP_BYTES(user_in_host, "GET /healthz HTTP/1.1\r\nHost: b@a\r\n\r\n", host, "400 close", "RFC 9112 3.2")
HTTP_BYTES(url_in_host, "GET /healthz HTTP/1.1\r\nHost: http://a\r\n\r\n", host, "400 close", "RFC 9112 3.2")
HTTP_BYTES(query_in_host, "GET /healthz HTTP/1.1\r\nHost: a?b\r\n\r\n", host, "400 close", "RFC 9112 3.2")
HTTP_BYTES(eight_bit_host, "GET /healthz HTTP/1.1\r\nHost: \303\251\r\n\r\n", host, "400 close", "RFC 9112 3.2")
HTTP_BYTES(host_with_port, "GET /healthz HTTP/1.1\r\nHost: a:8080\r\n\r\n", not, "200 open", "RFC 9110 7.2")
HTTP_BYTES(host_with_empty_port, "GET /healthz HTTP/1.1\r\nHost: a:\r\n\r\n", not, "200 open", "RFC 3986 3.2.3")
HTTP_BYTES(host_with_no_port, "GET /healthz HTTP/1.1\r\nHost: a:8x\r\n\r\n", host, "400 close", "RFC 3986 3.2.3")
HTTP_BYTES(port_past_the_last, "GET /healthz HTTP/1.1\r\nHost: a:65536\r\n\r\n", host, "400 close", "RFC 9110 7.2")
HTTP_BYTES(host_ipv6, "GET /healthz HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", not, "200 open", "RFC 3986 3.2.2")
HTTP_BYTES(host_ipv6_not_closed, "GET /healthz HTTP/1.1\r\nHost: [::1\r\n\r\n", host, "400 close", "RFC 3986 3.2.2")
HTTP_BYTES(host_twice_in_one_zero, "GET /healthz HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", host_twice, "400 close",
	   "RFC 9112 3.2")

/* Content-Length. */
HTTP_FIELDS(length_zero, "Content-Length: 0\r\n", not, "200 open", "RFC 9112 6.2")
HTTP_FIELDS(length_zeros, "Content-Length: 0000\r\n", not, "200 open", "RFC 9110 8.6")
HTTP_FIELDS(length_five, "Content-Length: 5\r\n", not, "413 close", "RFC 9110 9.3.1")
HTTP_BYTES(length_and_body, "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", not, "413 close",
	   "RFC 9110 9.3.1")
HTTP_BYTES(length_hides_request, "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 33\r\n\r\n"
	   "GET /healthz HTTP/1.1\r\nHost: b\r\n\r\n", not, "405 close", "RFC 9112 11.2")
HTTP_FIELDS(length_twice_alike, "Content-Length: 0\r\nContent-Length: 0\r\n", length_twice, "400 close", "RFC 9112 6.3")
HTTP_FIELDS(length_twice, "Content-Length: 0\r\nContent-Length: 5\r\n", length_twice, "400 close", "RFC 9112 6.3")
HTTP_FIELDS(length_once_empty, "Content-Length: 5\r\nContent-Length:\r\n", length_twice, "400 close", "RFC 9112 6.3")
HTTP_FIELDS(length_list, "Content-Length: 5, 5\r\n", length, "400 close", "RFC 9112 6.3")
HTTP_FIELDS(length_words, "Content-Length: 5 5\r\n", length, "400 close", "RFC 9112 6.3")
HTTP_FIELDS(length_plus, "Content-Length: +5\r\n", length, "400 close", "RFC 9110 8.6")
HTTP_FIELDS(length_minus, "Content-Length: -5\r\n", length, "400 close", "RFC 9110 8.6")
HTTP_FIELDS(length_minus_zero, "Content-Length: -0\r\n", length, "400 close", "RFC 9110 8.6")
HTTP_FIELDS(length_hex, "Content-Length: 0x5\r\n", length, "400 close", "RFC 9110 8.6")
HTTP_FIELDS(length_fraction, "Content-Length: 5.0\r\n", length, "400 close", "RFC 9110 8.6")
HTTP_FIELDS(length_exponent, "Content-Length: 1e1\r\n", length, "400 close", "RFC 9110 8.6")
HTTP_FIELDS(length_empty, "Content-Length:\r\n", length, "400 close", "RFC 9110 8.6")
HTTP_FIELDS(length_word, "Content-Length: five\r\n", length, "400 close", "RFC 9110 8.6")
HTTP_FIELDS(length_quoted, "Content-Length: \"5\"\r\n", length, "400 close", "RFC 9110 8.6")
HTTP_FIELDS(length_arabic, "Content-Length: \331\245\r\n", length, "400 close", "RFC 9110 8.6")
HTTP_FIELDS(length_with_a_parameter, "Content-Length: 5;a\r\n", length, "400 close", "RFC 9110 8.6")
HTTP_FIELDS(length_past_64_bits, "Content-Length: 18446744073709551616\r\n", length, "400 close", "RFC 9110 8.6")
HTTP_FIELDS(length_that_wraps_to_five, "Content-Length: 18446744073709551621\r\n", length, "400 close", "RFC 9110 8.6")
HTTP_FIELDS(length_past_32_bits, "Content-Length: 4294967301\r\n", not, "413 close", "RFC 9110 8.6")
HTTP_FIELDS(length_past_signed, "Content-Length: 9223372036854775808\r\n", not, "413 close", "RFC 9110 8.6")

/* Transfer-Encoding, which is refused whatever it is: nobody has to send a body here. */
HTTP_FIELDS(coding_chunked, "Transfer-Encoding: chunked\r\n", coding, "501 close", "RFC 9112 6.1")
HTTP_FIELDS(coding_in_capitals, "TRANSFER-ENCODING: CHUNKED\r\n", coding, "501 close", "RFC 9112 6.1")
HTTP_FIELDS(coding_identity, "Transfer-Encoding: identity\r\n", coding, "501 close", "RFC 9112 6.1")
HTTP_FIELDS(coding_unknown, "Transfer-Encoding: xchunked\r\n", coding, "501 close", "RFC 9112 6.1")
HTTP_FIELDS(coding_list, "Transfer-Encoding: gzip, chunked\r\n", coding, "501 close", "RFC 9112 6.1")
HTTP_FIELDS(coding_chunked_not_last, "Transfer-Encoding: chunked, identity\r\n", coding, "501 close", "RFC 9112 6.3")
HTTP_FIELDS(coding_chunked_twice, "Transfer-Encoding: chunked, chunked\r\n", coding, "501 close", "RFC 9112 6.1")
HTTP_FIELDS(coding_two_fields, "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", coding, "501 close",
	    "RFC 9112 6.1")
HTTP_FIELDS(coding_empty, "Transfer-Encoding:\r\n", coding, "501 close", "RFC 9112 6.1")
HTTP_FIELDS(coding_quoted, "Transfer-Encoding: \"chunked\"\r\n", coding, "501 close", "RFC 9112 6.1")
HTTP_FIELDS(coding_with_a_parameter, "Transfer-Encoding: chunked;a=b\r\n", coding, "501 close", "RFC 9112 7.1")
HTTP_FIELDS(coding_comma, "Transfer-Encoding: ,chunked\r\n", coding, "501 close", "RFC 9112 6.1")
HTTP_FIELDS(coding_vt, "Transfer-Encoding: \013chunked\r\n", control, "400 close", "RFC 9110 5.5")
HTTP_FIELDS(length_then_coding, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", length_and_coding, "400 close",
	    "RFC 9112 6.3")
HTTP_FIELDS(coding_then_length, "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", length_and_coding, "400 close",
	    "RFC 9112 6.3")
HTTP_BYTES(coding_in_one_zero, "GET /healthz HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", coding_in_1_0,
	   "400 close", "RFC 9112 6.1")
HTTP_BYTES(chunks, "POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	   "5\r\nhello\r\n0\r\n\r\n", coding,
	   "501 close", "RFC 9112 7.1")
HTTP_BYTES(chunk_extension, "POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	   "5;a=b\r\nhello\r\n0\r\n\r\n",
	   coding, "501 close", "RFC 9112 7.1.1")
HTTP_BYTES(chunk_extension_lf, "POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	   "5;\nxx\r\nhello\r\n0\r\n\r\n",
	   coding, "501 close", "RFC 9112 7.1.1")
HTTP_BYTES(chunk_size_lf, "POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	   "5\nhello\r\n0\r\n\r\n", coding,
	   "501 close", "RFC 9112 7.1")
HTTP_BYTES(chunk_size_plus, "POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	   "+5\r\nhello\r\n0\r\n\r\n",
	   coding, "501 close", "RFC 9112 7.1")
HTTP_BYTES(chunk_size_hex, "POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	   "0x5\r\nhello\r\n0\r\n\r\n",
	   coding, "501 close", "RFC 9112 7.1")
HTTP_BYTES(chunk_size_overflow, "POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	   "10000000000000005\r\nhello\r\n0\r\n\r\n", coding, "501 close", "RFC 9112 7.1")
HTTP_BYTES(chunk_without_its_end, "POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	   "5\r\nhelloXX0\r\n\r\n", coding, "501 close", "RFC 9112 7.1")
HTTP_BYTES(chunk_trailers, "POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	   "0\r\nContent-Length: 5\r\n\r\n", coding, "501 close", "RFC 9112 7.1.2")

/* Limits, at each and one past it. */
HTTP_LINE(longest_target, "GET /{a*2047} HTTP/1.1", not, "404 open", "RFC 9112 3")
HTTP_LINE(target_too_long, "GET /{a*2048} HTTP/1.1", target_long, "414 close", "RFC 9112 3")
HTTP_BYTES(line_without_end, "GET /{a*9000}", target_long, "414 close", "RFC 9112 3")
HTTP_BYTES(method_without_end, "{M*9000}", target_long, "414 close", "RFC 9112 3")
HTTP_FIELDS(longest_head, "A: {b*8153}\r\n", not, "200 open", "RFC 9112 5.4")
HTTP_FIELDS(head_too_long, "A: {b*8154}\r\n", head_long, "431 close", "RFC 6585 5")
HTTP_FIELDS(name_too_long, "{A*8200}: b\r\n", head_long, "431 close", "RFC 6585 5")
HTTP_FIELDS(most_fields, "{A: b\r\n*99}", not, "200 open", "RFC 9110 5.4")
HTTP_FIELDS(too_many_fields, "{A: b\r\n*100}", fields_many, "431 close", "RFC 6585 5")
HTTP_FIELDS(too_many_tokens, "Connection: {a,*4000}close\r\n", not, "200 close", "RFC 9110 5.6.1")

/* What is asked for its head alone has no content, whatever it is answered with. */
HTTP_LINE(only_head, "HEAD / HTTP/1.1", not, "200 open", "RFC 9110 9.3.2")
HTTP_LINE(only_head_not_found, "HEAD /nothing HTTP/1.1", not, "404 open", "RFC 9110 9.3.2")
HTTP_LINE(only_head_of_ws, "HEAD /ws HTTP/1.1", not, "400 close", "RFC 9110 9.3.2")
HTTP_BYTES(only_head_of_a_shake, "HEAD /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", not, "400 close",
	   "RFC 9110 9.3.2")
HTTP_BYTES(only_head_and_a_body, "HEAD /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", not, "413 close",
	   "RFC 9110 9.3.2")
HTTP_LINE(only_head_target_too_long, "HEAD /{a*2048} HTTP/1.1", target_long, "414 close", "RFC 9110 9.3.2")
HTTP_BYTES(only_head_too_long, "\r\nHEAD / HTTP/1.1\r\n{A: b\r\n*2000}\r\n", head_long, "431 close", "RFC 9110 9.3.2")
HTTP_BYTES(only_head_without_host, "HEAD / HTTP/1.1\r\n\r\n", host_missing, "400 close", "RFC 9110 9.3.2")
HTTP_LINE(only_head_of_the_api, "HEAD /api/v1/info HTTP/1.1", not, "401 open", "RFC 9110 9.3.2")

/* Keeping the connection, and one request behind the other. */
HTTP_FIELDS(close, "Connection: close\r\n", not, "200 close", "RFC 9112 9.6")
HTTP_FIELDS(close_in_a_list, "Connection: a, CLOSE ,b\r\n", not, "200 close", "RFC 9112 9.6")
HTTP_FIELDS(close_beats_keep_alive, "Connection: keep-alive\r\nConnection: close\r\n", not, "200 close", "RFC 9112 9.3")
HTTP_FIELDS(close_is_a_whole_word, "Connection: closed, not-close\r\n", not, "200 open", "RFC 9110 7.6.1")
HTTP_FIELDS(expect, "Expect: 100-continue\r\n", not, "200 open", "RFC 9110 10.1.1")
HTTP_FIELDS(expect_and_length, "Expect: 100-continue\r\nContent-Length: 5\r\n", not, "413 close", "RFC 9110 10.1.1")
HTTP_BYTES(pipeline, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
	   "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", not, "200 404 open",
	   "RFC 9112 9.3.2")
HTTP_BYTES(pipeline_of_twenty, "{GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n*20}", not,
	   "200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 open", "RFC 9112 9.3.2")
HTTP_BYTES(pipeline_with_empty_line, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
	   "\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
	   not, "200 200 open", "RFC 9112 2.2")
HTTP_BYTES(nothing_behind_close, "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
	   "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", not, "200 close", "RFC 9112 9.6")
HTTP_BYTES(good_then_bad, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\nHost : a\r\n\r\n", not,
	   "200 400 close", "RFC 9112 9.3.2")
HTTP_BYTES(bad_then_good, "GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n"
	   "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", field_name,
	   "400 close", "RFC 9112 9.3.2")
HTTP_BYTES(head_then_get, "HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", not,
	   "200 200 open", "RFC 9110 9.3.2")
HTTP_BYTES(length_zero_then_get, "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
	   "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", not, "200 200 open", "RFC 9112 6.3")

/* To a WebSocket. */
HTTP_SHAKE(shake, "", not, "101 frames", "RFC 6455 4.2.2")
HTTP_SHAKE(shake_length_zero, "Content-Length: 0\r\n", not, "101 frames", "RFC 6455 4.2.1")
HTTP_SHAKE(shake_with_a_body, "Content-Length: 6\r\n", upgrade_body, "400 close", "RFC 6455 4.1")
HTTP_SHAKE(shake_with_chunks, "Transfer-Encoding: chunked\r\n", coding, "501 close", "RFC 6455 4.1")
HTTP_SHAKE(shake_version_twice, "Sec-WebSocket-Version: 13\r\n", not, "400 close", "RFC 6455 11.3.5")
HTTP_SHAKE(shake_key_twice, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", not, "400 close", "RFC 6455 11.3.1")
HTTP_SHAKE(shake_foreign_origin, "Origin: http://b\r\n", not, "403 close", "RFC 6455 4.2.2")
HTTP_SHAKE(shake_null_origin, "Origin: null\r\n", not, "403 close", "RFC 6455 4.2.2")
HTTP_SHAKE(shake_unknown_subprotocol, "Sec-WebSocket-Protocol: b\r\n", not, "101 frames", "RFC 6455 4.2.2")
HTTP_BYTES(shake_without_any, "GET /ws HTTP/1.1\r\nHost: a\r\n\r\n", not, "400 close", "RFC 6455 4.2.1")
HTTP_BYTES(shake_version_12, "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 12\r\n\r\n", not, "426 close",
	   "RFC 6455 4.2.2")
HTTP_BYTES(shake_version_list, "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13, 8\r\n\r\n", not, "426 close",
	   "RFC 6455 4.2.2")
HTTP_BYTES(shake_wrong_version_then_get, "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 9\r\n\r\n"
	   "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", not, "426 close", "RFC 6455 4.2.2")
HTTP_BYTES(shake_short_key, "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\nSec-WebSocket-Version: 13\r\n\r\n", not, "400 close",
	   "RFC 6455 4.2.1")
HTTP_BYTES(shake_key_of_other_digits, "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j-_==\r\nSec-WebSocket-Version: 13\r\n\r\n", not, "400 close",
	   "RFC 4648 4")
HTTP_BYTES(shake_key_not_canonical, "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\nSec-WebSocket-Version: 13\r\n\r\n", not, "400 close",
	   "RFC 4648 3.5")
HTTP_BYTES(shake_of_another_protocol, "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket/13\r\nConnection: Upgrade\r\n"
	   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", not, "400 close",
	   "RFC 6455 4.2.1")
HTTP_BYTES(shake_not_connected, "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: keep-alive\r\n"
	   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", not, "400 close",
	   "RFC 6455 4.2.1")
HTTP_BYTES(shake_one_zero, "GET /ws HTTP/1.0\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", not, "400 close",
	   "RFC 6455 4.2.1")
HTTP_BYTES(shake_by_post, "POST /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", not, "405 close",
	   "RFC 6455 4.2.1")
HTTP_BYTES(shake_in_other_case,
	   "GET /ws HTTP/1.1\r\nhost: a\r\nUPGRADE: WebSocket\r\nconnection: keep-alive, UPGRADE\r\n"
	   "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nSEC-WEBSOCKET-VERSION: 13\r\n\r\n", not, "101 frames",
	   "RFC 6455 4.2.1")
HTTP_BYTES(shake_elsewhere, "GET /healthz HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", not, "200 open",
	   "RFC 9110 7.8")
