#!/bin/sh
# lint.sh - every check of how the tree reads; each is a ratchet: what it counts may not rise above tools/lint/ratchet.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
export BUILD
passed=0
failed=0
for check in layers includes banned sizes headers symbols format; do
	out=$(tools/lint/$check.sh . 2>&1)
	count=$(printf '%s' "$out" | grep -c .)
	allowed=$(sed -n "s/^$check //p" tools/lint/ratchet)
	if [ "$count" -gt "${allowed:-0}" ]; then
		printf '%s\n' "$out" | head -n 40
		echo "lint: $check: $count, allowed ${allowed:-0}"
		failed=$((failed + 1))
	else
		passed=$((passed + 1))
		if [ "$count" -lt "${allowed:-0}" ]; then
			echo "lint: $check: $count, allowed $allowed: lower it in tools/lint/ratchet"
		fi
	fi
done
if tools/lint/selftest.sh; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
