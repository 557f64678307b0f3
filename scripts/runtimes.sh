#!/bin/sh
# Makes runtime packs with `wpk toolchain build` into the user's cache, once for
# each state of the recipe and the compilers, and prints the folder of each:
# `scripts/runtimes.sh javascript python`, without names all that have a recipe.
# In the folder are pack/, the files, and layout/, the artifact, tagged with the
# language: wpk toolchain install "oci:$(scripts/runtimes.sh python)/layout:python"
# With -n nothing is made: what is not there is exit status 1.
set -eu
export GOTOOLCHAIN=local
cd "$(dirname "$0")/.."

recipes=build/runtimepack/recipes
cache=${XDG_CACHE_HOME:-$HOME/.cache}/wpk-dev/runtimes
make=yes
if [ "${1:-}" = -n ]; then
	make=
	shift
fi
if [ $# = 0 ]; then
	for recipe in "$recipes"/*/recipe.sh; do
		[ ! -f "$recipe" ] || set -- "$@" "$(basename "$(dirname "$recipe")")"
	done
fi
tmp=
trap '[ -z "$tmp" ] || rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

# key LANGUAGE: of all that a pack is made from, but for the sources: those are
# the distribution's, and a change of theirs is no reason to make a pack again.
key() {
	{
		find "$recipes/$1" "$recipes"/* -maxdepth 0 -type f ! -name README.md -exec sha256sum {} +
		find "$recipes/$1" -type f -exec sha256sum {} +
		# The Go files that shape its bytes; the others only look at them.
		(cd build/runtimepack && sha256sum complete.go config.go metadata.go provenance.go recipe.go zip.go)
		sha256sum pack/runtime.go
		dpkg-query -W -f '${Package} ${Version}\n' 'clang-[0-9]*' 'lld-[0-9]*' 'libclang-rt-*' wasi-libc 2>/dev/null
		echo "${WPK_CC:-} ${WASI_SDK_PATH:-}"
	} | LC_ALL=C sort | sha256sum | cut -c1-16
}

build() { # build LANGUAGE FOLDER
	echo "making the $1 runtime (once, into $2)" >&2
	mkdir -p "$cache"
	tmp=$(mktemp -d "$cache/.tmp-XXXXXX")
	go build -tags grpcnotrace -o "$tmp/wpk" ./cmd/wpk
	# The user's own store is left alone; downloads and helpers are kept.
	WPK_DATA_DIR=$tmp/data WPK_CACHE_DIR=$cache/wpk "$tmp/wpk" toolchain build "$1" \
		--output "$tmp/made/pack" -t "oci:$tmp/made/layout:$1" >&2
	# Two runs at once may make the same pack: the first rename wins.
	mv -T "$tmp/made" "$2" 2>/dev/null || [ -d "$2/pack" ]
	rm -rf "$tmp"
	tmp=
	# shellcheck disable=SC2012 # names without special characters; three states are enough
	ls -dt "$cache/$1"-* | tail -n +4 | while read -r old; do rm -rf "$old"; done
}

for language in "$@"; do
	[ -f "$recipes/$language/recipe.sh" ] || { echo "$0: no recipe for $language in $recipes" >&2; exit 2; }
	dir=$cache/$language-$(key "$language")
	if [ ! -d "$dir/pack" ]; then
		[ -n "$make" ] || { echo "$0: the $language runtime is not made" >&2; exit 1; }
		build "$language" "$dir"
	fi
	echo "$dir"
done
