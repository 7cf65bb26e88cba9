#!/bin/sh
# compile_commands.sh FILE ... - says how each file is compiled, as editors want to know it. The command is in $COMPILE.
set -eu
cd "$(dirname "$0")/../.."
quoted() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }
here=$(quoted "$(pwd)")
command=$(quoted "$COMPILE")
comma=
echo '['
for file; do
	printf '%s{ "directory": "%s", "file": "%s", "command": "%s -c %s" }' "$comma" "$here" "$file" "$command" "$file"
	comma=',
'
done
echo
echo ']'
