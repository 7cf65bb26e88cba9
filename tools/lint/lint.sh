#!/bin/sh
# lint.sh - every check of how the tree reads; each is a ratchet: what it counts may not rise above tools/lint/ratchet.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
LC_ALL=C
export BUILD LC_ALL
passed=0
failed=0

# The least a check was ever allowed: raising a number in the ratchet is itself a fault.
least() {
	{ git log --format= -p -- tools/lint/ratchet 2>/dev/null; cat tools/lint/ratchet; } |
		sed -n "s/^+\{0,1\}$1 \([0-9][0-9]*\)$/\1/p" | sort -n | head -n 1
}

# What was allowed before is not news: of the findings, those in files that changed since the ratchet did, if any are.
newest() {
	findings=$(cat)
	commit=$(git log -1 --format=%H -- tools/lint/ratchet 2>/dev/null)
	changed=$(mktemp)
	# A list for a file: since the ratchet changed it may be longer than a command line.
	{ git diff --name-only "$commit"; git ls-files --others --exclude-standard; } 2>/dev/null | sed 's/$/:/' >"$changed"
	printf '%s\n' "$findings" | grep -F -f "$changed" || printf '%s\n' "$findings"
	rm -f "$changed"
}

for check in house layers includes banned sizes headers symbols format; do
	out=$(tools/lint/$check.sh . 2>&1)
	count=$(printf '%s' "$out" | grep -c .)
	allowed=$(least $check)
	if [ "$count" -gt "${allowed:-0}" ]; then
		printf '%s\n' "$out" | newest | head -n 60
		echo "lint: $check: $count, allowed ${allowed:-0} (tools/lint/$check.sh says why)"
		failed=$((failed + 1))
	else
		passed=$((passed + 1))
		if [ "$count" -lt "${allowed:-0}" ]; then
			echo "lint: $check: $count, allowed $allowed: write $count in tools/lint/ratchet"
		fi
	fi
done
if tools/lint/selftest.sh; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
