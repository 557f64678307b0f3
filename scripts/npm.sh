#!/bin/sh
# Installs what a committed package-lock.json names into the user's cache, once
# for each content of it, and prints the folder that holds node_modules:
# `scripts/npm.sh internal/wpktest/npm/jco`.
# npm itself fetches the packages and checks each against the lock's integrity.
# Their install scripts do not run, and the machine's own packages stay as they
# are.
set -eu

cache=${XDG_CACHE_HOME:-$HOME/.cache}/wpk-dev/npm
tmp=
trap '[ -z "$tmp" ] || rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

install() { # install FOLDER PLACE
	command -v npm >/dev/null 2>&1 || {
		echo "$0: npm is not installed; scripts/setup.sh test installs it (apt: npm)" >&2
		return 1
	}
	echo "installing the packages of $1 (once, into $2)" >&2
	tmp=$(mktemp -d "$cache/.tmp-XXXXXX")
	cp "$1/package.json" "$1/package-lock.json" "$tmp"
	(cd "$tmp" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2) || {
		echo "$0: npm could not install what $1/package-lock.json names; the reason is above (npm config get registry tells where it looks)" >&2
		return 1
	}
	# Two runs at once may install the same: the first rename wins.
	mv -T "$tmp" "$2" 2>/dev/null || rm -rf "$tmp"
	tmp=
}

mkdir -p "$cache"
for folder in "$@"; do
	sum=$(cat "$folder/package.json" "$folder/package-lock.json" | sha256sum | cut -c1-12)
	place=$cache/$(basename "$folder")@$sum
	[ -d "$place/node_modules" ] || install "$folder" "$place"
	echo "$place"
done
