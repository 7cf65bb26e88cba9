#!/usr/bin/env bash
# bench.sh - runs every bench program and keeps what they printed.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
report=perf/reports/bench-$(date +%Y-%m-%d).txt
{
	echo "# $(uname -srm), $(nproc) cores, $(gcc --version | head -n 1), commit $(git rev-parse --short HEAD 2>/dev/null)"
	for source in perf/bench/bench_*.c; do
		name=$(basename "$source" .c)
		echo "## $name"
		"$BUILD/$name" || exit 1
	done
} | tee "$report"
echo "kept in $report"
