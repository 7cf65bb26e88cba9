#!/usr/bin/env bash
# mutants.sh [N...] - builds the tests with each planted fault (engine/core/mutant.h) and sees that it is found: by the
# simulation, which must find it again by its seed, or else by the unit tests, or by power cuts. Prints a table: the
# fault, who found it and by what. With numbers: these alone.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
SEEDS=${SEEDS:-3000}
passed=0
failed=0
make -s test-sim-build test-unit-build || exit 1
mutants=${*:-$(grep -rhoE 'PLANTED\([0-9]+\)' engine | grep -oE '[0-9]+' | sort -nu)}

# A copy of the build by links, in which the files that have the fault are compiled again.
build() {
	rm -rf "$2"
	cp -al "$BUILD" "$2" 2>/dev/null || cp -a "$BUILD" "$2"
	grep -rlE "PLANTED\($1\)" engine --include='*.c' | while read -r file; do rm -f "$2/${file%.c}.o"; done
	rm -f "$2/test-sim" "$2/test-unit"
	make -s -j"$(nproc)" BUILD="$2" CFLAGS="-DMUTANT=$1" test-sim-build >"$2/mutant.log" 2>&1
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
	make -s -j"$(nproc)" BUILD="$1" CFLAGS="-DMUTANT=$2" test-unit-build >>"$1/mutant.log" 2>&1 || return 1
	timeout 250 "$1/test-unit" --filter '@(home*|history|cursor|sqlite*|backend*|worker*|room_log|dedup|data)/*' >"$1/out" 2>&1
	rule=$(grep -aE '^\[(FAIL|CRASH|....)\] [a-z_]+::' "$1/out" | grep -aE 'FAIL|CRASH' | head -n 1 | sed -e 's/^[^ ]* //' -e 's/: ([0-9.]*s)//')
	[ -n "$rule" ] && rule="unit test: $rule"
}

# The whole server on a file system that forgets what was not synced.
by_power_cuts() {
	make -s -j"$(nproc)" BUILD="$1" CFLAGS="-DMUTANT=$2" all lossyfs-build >>"$1/mutant.log" 2>&1 || return 1
	BUILD=$1 timeout 250 tests/lossyfs/powercut --cuts 20 >"$1/out" 2>&1 && return 1
	rule="power cuts: $(grep -aE 'VIOLATED|lost' "$1/out" | head -n 1)"
}

for mutant in $mutants; do
	dir=$BUILD-mutant
	what=$(grep -rhE -A3 "PLANTED\($mutant\)" engine | tr -s '\n\t ' ' ' | grep -oE '/\*[^*]*\*/' | head -n 1 | sed -e 's,^/\* *,,' -e 's, *\*/$,,')
	began=$(date +%s)
	if ! build "$mutant" "$dir"; then
		echo "$mutant | $what | does not build"
		tail "$dir/mutant.log"
		failed=$((failed + 1))
	elif by_simulation "$dir" || by_unit_tests "$dir" "$mutant" || by_power_cuts "$dir" "$mutant"; then
		echo "$mutant | $what | $(($(date +%s) - began)) s | $rule"
		passed=$((passed + 1))
	else
		echo "$mutant | $what | NOT found in $SEEDS seeds and the unit tests"
		failed=$((failed + 1))
	fi
done
rm -rf "${BUILD:?}-mutant"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
