#!/bin/sh
# sizes.sh - functions over 70 lines, files over 600, lines over 120 columns (a tab is 8).
cd "${1:-.}" || exit 1
find proto engine tools tests perf -name '*.[ch]' 2>/dev/null | sort | while read -r file; do
	expand -t 8 "$file" | awk -v file="$file" '
		length($0) > 120 { printf "%s:%d: %d columns, at most 120\n", file, NR, length($0) }
		/^[a-zA-Z_].*\)$/ || /^[[:space:]]+.*\)$/ { head = NR }
		/^\{/ { start = NR }
		/^\}/ && start { if (NR - start - 1 > 70) printf "%s:%d: a function of %d lines, at most 70\n", file, start, NR - start - 1; start = 0 }
		END { if (NR > 600) printf "%s:1: %d lines, at most 600\n", file, NR }'
done
