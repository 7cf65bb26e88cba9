#!/usr/bin/env bash
# mutants.sh - builds the simulation with each planted bug and sees that it is found, and found again by its seed.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
passed=0
failed=0
mutants=$(grep -rhoE 'MUTANT [!=]= [0-9]+' engine | grep -oE '[0-9]+' | sort -nu)
for mutant in $mutants; do
	dir=$BUILD/mutant-$mutant
	mkdir -p "$dir"
	cp -p "$BUILD/config.mk" "$dir/config.mk" # with its age, so that only what changed is compiled again
	make -s -j"$(nproc)" BUILD="$dir" CFLAGS="-DMUTANT=$mutant" test-sim-build >"$dir/build.log" 2>&1 || {
		echo "mutant $mutant: does not build"
		tail "$dir/build.log"
		failed=$((failed + 1))
		continue
	}
	if timeout 120 "$dir/test-sim" --seeds 2000 >"$dir/out" 2>&1; then
		echo "mutant $mutant: NOT found in 2000 seeds"
		failed=$((failed + 1))
		continue
	fi
	seed=$(grep -aoE 'seed [0-9]+' "$dir/out" | head -n 1 | grep -oE '[0-9]+')
	if [ -n "$seed" ]; then
		timeout 60 "$dir/test-sim" --seed "$seed" >"$dir/again1" 2>&1
		timeout 60 "$dir/test-sim" --seed "$seed" >"$dir/again2" 2>&1
	fi
	if [ -n "$seed" ] && cmp -s "$dir/again1" "$dir/again2" && grep -qa "seed $seed" "$dir/again1"; then
		echo "mutant $mutant: found: $(grep -a "seed $seed" "$dir/again1" | head -n 1)"
		passed=$((passed + 1))
	else
		echo "mutant $mutant: seed '$seed' does not replay alike"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
