#!/bin/sh
# symbols.sh - proto/ is pure: its objects may need nothing but memory and string functions, and the assertion.
cd "${1:-.}" || exit 1
build=${BUILD:-build}
[ -d "$build/proto" ] || exit 0
# Objects whose source is gone say nothing.
objects=$(find "$build/proto" -name '*.o' | while read -r object; do
	source=${object#"$build/"}
	[ ! -f "${source%.o}.c" ] || echo "$object"
done)
[ -n "$objects" ] || exit 0
allowed='^(mem(cpy|move|set|cmp|chr)|strlen|__assert_fail|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_)$'
allowed="$allowed|^__cpu_(model|indicator_init)\$|^__(asan|ubsan|tsan|gcov|sanitizer)_"
deflate='^(deflate|inflate)[A-Za-z0-9_]*$' # zlib, in proto/deflate/ alone
# shellcheck disable=SC2086
nm -A $objects 2>/dev/null | awk -v build="$build/" -v allowed="$allowed" -v deflate="$deflate" '
{ object = $1; sub(/:.*$/, "", object); kind = $(NF - 1); name = $NF }
kind ~ /^[TDRBVW]$/ { own[name] = 1; next }
kind ~ /^[Uvw]$/ { needs[++n] = object; what[n] = name }
END { for (i = 1; i <= n; i++) {
	source = substr(needs[i], length(build) + 1); sub(/\.o$/, ".c", source)
	if (what[i] in own || what[i] ~ allowed || (source ~ /^proto\/deflate\// && what[i] ~ deflate)) continue
	printf "%s:1: needs %s; proto/ is bytes in, values out: let the caller hand it over\n", source, what[i] } }'
