#!/bin/sh
# headers.sh - a header says in its first line what it is, has a guard, and compiles alone.
cd "${1:-.}" || exit 1
find proto engine tools tests perf -name '*.h' ! -path '*/tbl/*' ! -path '*/node_modules/*' 2>/dev/null | sort | while read -r file; do
	head -n 1 "$file" | grep -q "^/\* $(basename "$file") - ." ||
		echo "$file:1: begins with: /* $(basename "$file") - one sentence"
	awk '/^#ifndef [A-Z0-9_]+_H$/ { guard = $2 } /^#define / && $2 == guard && guard != "" { ok = 1 } END { exit !ok }' "$file" ||
		echo "$file:1: has no include guard (#ifndef NAME_H, #define NAME_H)"
	${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -I. -I"${BUILD:-build}/gen" -fsyntax-only -x c "$file" >/dev/null 2>&1 ||
		${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -I. -I"${BUILD:-build}/gen" -fsyntax-only -x c "$file" 2>&1 |
		awk -v file="$file" '/error:/ { sub(/^.*error: /, ""); printf "%s:1: does not compile alone (%s); include what it uses\n", file, $0; exit }'
done
exit 0
