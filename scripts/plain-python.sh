#!/bin/sh
# Makes what one has of Python without wpk: python.wasm and the library in a
# folder beside it, from the sources and with the compilers of the runtime pack.
# Prints the folder, in the user's cache. `make bench` compares with it.
# With -n nothing is made: what is not there is exit status 1.
set -eu
cd "$(dirname "$0")/.."

recipes=build/runtimepack/recipes
cache=${XDG_CACHE_HOME:-$HOME/.cache}/wpk-dev
dir=$cache/fixtures/plain-python-$(find "$recipes/lib.sh" "$recipes/python" -type f -exec sha256sum {} + | LC_ALL=C sort | sha256sum | cut -c1-12)
if [ ! -d "$dir" ]; then
	[ "${1:-}" != -n ] || { echo "$0: python.wasm is not made" >&2; exit 1; }
	echo "making python.wasm (once, into $dir)" >&2
	mkdir -p "$cache/fixtures"
	tmp=$(mktemp -d "$cache/fixtures/.tmp-XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	trap 'exit 130' INT TERM
	mkdir "$tmp/pack" "$tmp/plain" "$tmp/work"
	WPK_PLAIN=$tmp/plain WPK_JOBS=$(nproc) WPK_CACHE=$cache/runtimes/wpk/plain TMPDIR=$tmp/work \
		sh "$recipes/python/recipe.sh" "$tmp/pack" >&2
	mv -T "$tmp/plain" "$dir" 2>/dev/null || [ -f "$dir/python.wasm" ]
fi
echo "$dir"
