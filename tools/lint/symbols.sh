#!/bin/sh
# symbols.sh - proto/ is pure: its objects may need nothing but memory and string functions, and the assertion.
cd "${1:-.}" || exit 1
objects=$(find "${BUILD:-build}/proto" -name '*.o' 2>/dev/null)
[ -n "$objects" ] || exit 0
# shellcheck disable=SC2086
own=$(nm --defined-only -g $objects 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u)
for object in $objects; do
	nm -u "$object" | awk '{ print $NF }' |
		grep -vxE 'mem(cpy|move|set|cmp|chr)|strlen|__assert_fail|__cpu_model|__cpu_indicator_init|_GLOBAL_OFFSET_TABLE_|__(asan|ubsan|tsan)_.*|__stack_chk_fail' |
		while read -r symbol; do
			printf '%s\n' "$own" | grep -qxF "$symbol" || echo "$object: needs $symbol: proto/ is bytes in, values out"
		done
done
