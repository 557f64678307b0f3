#!/bin/sh
# Makes the runtime packs of languages, once for each state of their recipes, and prints the folder of each:
# `scripts/runtimes.sh python javascript`. Tests and the demo take them from there.
set -eu
cd "$(dirname "$0")/.."
export GOTOOLCHAIN=local LC_ALL=C

cache=${XDG_CACHE_HOME:-$HOME/.cache}/wpk-dev/runtimes
mkdir -p "$cache"
tmp=$(mktemp -d "$cache/.tmp-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

# key LANGUAGE: the digest of the digests of the recipe's files.
key() {
	(cd build/runtimepack/recipes && LC_ALL=C find "$1" ./*.* -type f ! -name README.md | sed 's|^\./||' | sort | xargs sha256sum) | sha256sum | cut -c 1-16
}

for language; do
	place=$cache/$language-$(key "$language")
	if [ ! -d "$place" ]; then
		echo "making the runtime of $language (once for this recipe, into $place)" >&2
		go run ./cmd/wpk toolchain build "$language" --output "$tmp/$language" -t "oci-archive:$tmp/$language.tar:dev" >&2
		mv -T "$tmp/$language" "$place" 2>/dev/null || [ -d "$place" ]
	fi
	echo "$place"
done
