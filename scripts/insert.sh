#!/bin/sh
# Puts bin/NAME.md into a file, in place of what stands between the line
# <!-- NAME --> and the next empty one: `scripts/insert.sh languages README.md`.
set -eu
cd "$(dirname "$0")/.."

[ -s "bin/$1.md" ] || { echo "$0: there is no bin/$1.md" >&2; exit 1; }
awk -v mark="<!-- $1 -->" -v new="bin/$1.md" '
	$0 == mark { print; while ((getline line < new) > 0) print line; skip = 1; next }
	/^$/ { skip = 0 }
	!skip' "$2" >"bin/insert.tmp"
mv bin/insert.tmp "$2"
