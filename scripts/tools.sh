#!/bin/sh
# Builds pinned Go tools into the user's cache, once for each version, and
# prints the folder of each: `scripts/tools.sh crane registry`.
# They never go into GOBIN: the user's own tools stay as they are.
set -eu
export GOTOOLCHAIN=local

here=$(cd "$(dirname "$0")" && pwd)
list=$here/../internal/wpktest/tools.txt
cache=${XDG_CACHE_HOME:-$HOME/.cache}/wpk-dev/bin
tmp=
trap '[ -z "$tmp" ] || rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

# go install asks the proxy for the list of versions, to warn of deprecated
# ones, and fails where a proxy has none. A module that requires the tool does
# not ask. The tool's module is what its package has before /cmd/ or /trillian/.
scratch() { # scratch VERSION PACKAGE FOLDER
	mkdir "$3/scratch"
	module=${2%%/cmd/*}
	printf 'module scratch\n\nrequire %s %s\n' "${module%%/trillian/*}" "$1" >"$3/scratch/go.mod"
	(cd "$3/scratch" && GOFLAGS=-mod=mod CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o "$3/" "$2") || return
	rm -r "$3/scratch"
}

# ours FOLDER-UNDER-SCRIPTS FOLDER: a program that no one else has; its module
# lists all that it needs.
ours() {
	(cd "$here/$1" && GOFLAGS='' GOWORK=off CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w' -o "$2/" .)
}

install() { # install VERSION PACKAGE FOLDER
	case $2 in
	*.*/*) ;;
	*)
		ours "$2" "$3"
		return
		;;
	esac
	# CGO_ENABLED=0: the tools need no C compiler and run on any libc.
	GOBIN=$3 GOFLAGS='' CGO_ENABLED=0 go install -trimpath -ldflags='-s -w' "$2@$1" || scratch "$1" "$2" "$3"
}

build() { # build NAME VERSION PACKAGE FOLDER
	echo "building $1 $2 (once, into $4)" >&2
	tmp=$(mktemp -d "$cache/.tmp-XXXXXX")
	if ! install "$2" "$3" "$tmp" 2>"$tmp/log"; then
		cat "$tmp/log" >&2
		rm -rf "$tmp"
		echo "$0: could not download or build $3@$2; the reason is above (go env GOPROXY tells where Go looks for modules)" >&2
		return 1
	fi
	rm -f "$tmp/log"
	# go names a program as the last folder of its package.
	[ -x "$tmp/$1" ] || mv "$tmp/${3##*/}" "$tmp/$1"
	# Two runs at once may build the same tool: the first rename wins.
	mv -T "$tmp" "$4" 2>/dev/null || rm -rf "$tmp"
}

mkdir -p "$cache"
for name in "$@"; do
	line=$(grep "^$name " "$list") || { echo "$0: no tool $name in $list" >&2; exit 2; }
	# shellcheck disable=SC2086 # the line is three words
	set -- $line
	dir=$cache/$1@$2
	[ -x "$dir/$1" ] || build "$1" "$2" "$3" "$dir"
	echo "$dir"
done
