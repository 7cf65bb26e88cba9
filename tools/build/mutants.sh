#!/usr/bin/env bash
# mutants.sh [N...] - builds the tests with each planted fault (engine/core/mutant.h) and sees that it is found: by the
# simulation, which must find it again by its seed, or else by the unit tests, or by power cuts. Prints a table: the
# fault, who found it and by what. With numbers: these alone. JOBS (one a processor) of them are under way at a time.
set -u
cd "$(dirname "$0")/../.." || exit 1
self=tools/build/mutants.sh
BUILD=${BUILD:-build}
SEEDS=${SEEDS:-3000}
JOBS=${JOBS:-$(nproc)}

# A copy of the build by links, in which the files that have the fault are compiled again. Their lists of headers are
# written in place by the compiler, so that these links must go, too: the build's own would lose them.
build() {
	rm -rf "$2"
	cp -al "$BUILD" "$2" 2>/dev/null || cp -a "$BUILD" "$2"
	grep -rlE "PLANTED\($1\)" engine --include='*.c' | while read -r file; do rm -f "$2/${file%.c}".[od]; done
	rm -f "$2/test-sim" "$2/test-unit"
	make -s -j2 BUILD="$2" CFLAGS="-DMUTANT=$1" test-sim-build >"$2/mutant.log" 2>&1
}

# Found by a seed that fails alike when it is run again: what it said.
by_simulation() {
	grep -rlE "PLANTED\\($mutant\\)" engine | grep -qv engine/store/sqlite || return 1 # its disk is another one
	timeout 200 "$1/test-sim" --seeds "$SEEDS" >"$1/out" 2>&1 && return 1
	seed=$(grep -aoE 'seed [0-9]+' "$1/out" | head -n 1 | grep -oE '[0-9]+')
	[ -n "$seed" ] || return 1
	timeout 60 "$1/test-sim" --seed "$seed" >"$1/again1" 2>&1
	timeout 60 "$1/test-sim" --seed "$seed" >"$1/again2" 2>&1
	cmp -s "$1/again1" "$1/again2" && grep -qa "seed $seed" "$1/again1" || return 1
	rule="simulation: $(grep -ahE 'broken:|seed ' "$1/out" | head -n 1 | sed -e 's/, digest [0-9a-f]*, at [0-9]* us//' -e 's/^\(.*\.c:[0-9]*\): /\1 /')"
}

by_unit_tests() {
	make -s -j2 BUILD="$1" CFLAGS="-DMUTANT=$2" test-unit-build >>"$1/mutant.log" 2>&1 || return 1
	timeout 250 "$1/test-unit" --fail-fast --filter '@(home*|users|moderation|history|cursor|sqlite*|backend*|worker*|room_log|dedup|data)/*' >"$1/out" 2>&1
	rule=$(grep -aE '^\[(FAIL|CRASH|....)\] [a-z_]+::' "$1/out" | grep -aE 'FAIL|CRASH' | head -n 1 | sed -e 's/^[^ ]* //' -e 's/: ([0-9.]*s)//')
	[ -n "$rule" ] && rule="unit test: $rule"
}

# The whole server on a file system that forgets what was not synced.
by_power_cuts() {
	make -s -j2 BUILD="$1" CFLAGS="-DMUTANT=$2" all lossyfs-build >>"$1/mutant.log" 2>&1 || return 1
	BUILD=$1 timeout 250 tests/lossyfs/powercut --cuts 20 >"$1/out" 2>&1 && return 1
	rule="power cuts: $(grep -aE 'VIOLATED|lost' "$1/out" | head -n 1)"
}

# One fault from build to verdict: a line of the table. Status 0: it was found.
judge() {
	local mutant=$1 dir=$BUILD-mutant-$1 what began verdict=1
	what=$(grep -rhE -A3 "PLANTED\($mutant\)" engine | tr -s '\n\t ' ' ' | grep -oE '/\*[^*]*\*/' | head -n 1 | sed -e 's,^/\* *,,' -e 's, *\*/$,,')
	began=$(date +%s)
	if ! build "$mutant" "$dir"; then
		echo "$mutant | $what | does not build"
		tail "$dir/mutant.log"
	elif by_simulation "$dir" || by_unit_tests "$dir" "$mutant" || by_power_cuts "$dir" "$mutant"; then
		echo "$mutant | $what | $(($(date +%s) - began)) s | $rule"
		verdict=0
	else
		echo "$mutant | $what | NOT found in $SEEDS seeds and the unit tests"
	fi
	rm -rf "$dir"
	return $verdict
}

if [ "${1:-}" = --judge ]; then
	judge "$2" >"$BUILD-mutants/$2.line" 2>&1 && touch "$BUILD-mutants/$2.found"
	cat "$BUILD-mutants/$2.line"
	exit 0
fi

make -s test-sim-build test-unit-build || exit 1
mutants=${*:-$(grep -rhoE 'PLANTED\([0-9]+\)' engine | grep -oE '[0-9]+' | sort -nu)}
rm -rf "$BUILD-mutants"
mkdir -p "$BUILD-mutants"
export BUILD SEEDS
# shellcheck disable=SC2086
printf '%s\n' $mutants | xargs -P "$JOBS" -n 1 "$self" --judge
all=$(wc -w <<<"$mutants")
found=$(find "$BUILD-mutants" -name '*.found' | wc -l)
rm -rf "$BUILD-mutants"
echo "$found passed, $((all - found)) failed"
[ "$found" -eq "$all" ]
