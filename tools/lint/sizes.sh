#!/bin/sh
# sizes.sh - functions over 70 lines, files over 500 (of tests and perf 600), lines over 120 columns (a tab is 8).
cd "${1:-.}" || exit 1
LC_ALL=C
export LC_ALL
find proto engine tools tests perf -name '*.[ch]' ! -path '*/node_modules/*' 2>/dev/null | sort | xargs -r awk '
function over(line, text) { printf "%s:%d: %s\n", file, line, text }
function close_file() { most = file ~ /^(tests|perf)\// ? 600 : 500
	if (file != "" && lines > most) over(1, lines " lines, at most " most "; two nouns live here, part them") }
FNR == 1 { close_file(); file = FILENAME; start = 0 }
{ lines = FNR; wide = $0; columns = 0
	gsub(/[\200-\277]/, "", wide) # a character of UTF-8 is one column
	n = split(wide, part, "\t")
	for (i = 1; i <= n; i++) { columns += length(part[i]); if (i < n) columns += 8 - columns % 8 }
	if (columns > 120) over(FNR, columns " columns, at most 120; break the line") }
/^\{/ { start = FNR }
/^\}/ && start { if (FNR - start - 1 > 70) over(start, "a function of " FNR - start - 1 " lines, at most 70; name a part of it")
	start = 0 }
END { close_file() }'
