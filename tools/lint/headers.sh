#!/bin/sh
# headers.sh - a header says in its first line what it is, has a guard, and compiles alone.
cd "${1:-.}" || exit 1
find proto engine tools -name '*.h' 2>/dev/null | sort | while read -r file; do
	case $file in
	*/tbl/*) continue ;; # lists, included many times
	esac
	head -n 1 "$file" | grep -q "^/\* $(basename "$file") - " || echo "$file:1: begins with /* $(basename "$file") - one sentence"
	grep -q '^#ifndef [A-Z0-9_]*_H$' "$file" || echo "$file:1: has no include guard"
	${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -I. -I"${BUILD:-build}/gen" -fsyntax-only -x c "$file" 2>/dev/null ||
		echo "$file:1: does not compile alone"
done
