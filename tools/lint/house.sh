#!/bin/sh
# house.sh - at the top of the tree there are these and no others.
cd "${1:-.}" || exit 1
for name in *; do
	case $name in
	proto | engine | tools | tests | perf | docs | Makefile | configure | README.md | LICENSE | CHANGELOG.md) ;;
	build | build-* | data | uproar-data) [ ! -f "$name" ] || echo "$name:1: a file where a build goes; remove it" ;;
	*) echo "$name:1: is not one of the house's folders; move it into one (docs/ARCHITECTURE.md)" ;;
	esac
done
