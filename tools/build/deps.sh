#!/bin/sh
# deps.sh run|check - installs the Debian packages that are missing for `make run` or `make check`, and says so.
set -eu
run='gcc libc6-dev liburing-dev libmimalloc-dev libssl-dev zlib1g-dev libconfig-dev'
check="$run libcriterion-dev clang clang-format libclang-rt-14-dev binutils python3 python3-websockets nodejs npm chromium"

case ${1-} in
run) wanted=$run ;;
check) wanted=$check ;;
*)
	echo 'usage: deps.sh run|check' >&2
	exit 64
	;;
esac

if ! command -v dpkg-query >/dev/null; then
	echo "deps: not a Debian system; what is needed is called there: $wanted" >&2
	exit 0
fi
# Programs that came another way than as a package will do.
provided() {
	case $1 in
	nodejs) command -v node >/dev/null ;;
	npm | python3 | chromium | gcc | clang-format) command -v "$1" >/dev/null ;;
	python3-websockets) python3 -c 'import websockets' 2>/dev/null || /usr/bin/python3 -c 'import websockets' 2>/dev/null ;;
	*) false ;;
	esac
}
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
missing=
for package in $wanted; do
	printf '%s\n' "$installed" | grep -qxF "$package" || provided "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

root=
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "deps: missing packages; as root: apt-get install -y$missing" >&2
		exit 1
	fi
	root=sudo
fi
echo "deps: installing what \`make $1\` needs:$missing"
# shellcheck disable=SC2086
install() {
	$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/tmp/uproar-deps.$$ 2>&1
}
if ! install; then
	echo 'deps: refreshing the list of packages first'
	$root apt-get update -q >/dev/null
	if ! install; then
		tail -n 20 /tmp/uproar-deps.$$ >&2
		echo "deps: apt-get could not install:$missing" >&2
		exit 1
	fi
fi
rm -f /tmp/uproar-deps.$$
