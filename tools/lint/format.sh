#!/bin/sh
# format.sh - lines that clang-format 14 would write otherwise, each with how it would.
#
# How wide a gap inside a line is, in a table or before a comment, is the author's; so are the rows of a tbl/.
cd "${1:-.}" || exit 1
formatter=$(command -v clang-format-14 || command -v clang-format) || {
	echo 'tools/lint/format.sh:1: clang-format is missing: apt-get install clang-format-14'
	exit 1
}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
find proto engine tools tests perf -name '*.[ch]' ! -path '*/tbl/*' ! -path '*/node_modules/*' 2>/dev/null | sort >"$work/files"
[ -s "$work/files" ] || exit 0

# All files as one stream, as they are and as they would be: starting the formatter once takes one second, not six.
squeeze() { sed -E 's/([^[:blank:]])[[:blank:]]+/\1 /g'; }
xargs cat <"$work/files" | squeeze >"$work/is"
xargs "$formatter" --style=file <"$work/files" | squeeze >"$work/would"
xargs awk 'FNR == 1 { print NR - 1, FILENAME }' <"$work/files" >"$work/starts"
diff "$work/is" "$work/would" | awk -v starts="$work/starts" '
BEGIN { while ((getline line < starts) > 0) { split(line, part, " "); files++; first[files] = part[1]; name[files] = part[2] } }
function place(at) { while (now < files && first[now + 1] < at) now++; return name[now] ":" (at - first[now]) }
function flush() { if (hunk) printf "%s: clang-format has%s\n", hunk, would == "" ? " no such line" : would; hunk = would = "" }
/^[0-9]/ { flush(); split($0, part, /[acd,]/); at = part[1]; if ($0 ~ /^[0-9]+a/) at++; hunk = place(at); next }
/^> / && would == "" { text = substr($0, 3); gsub(/^[[:blank:]]+/, "", text); would = ": " text }
END { flush() }'
