#!/bin/sh
# Fetches the sources of real programs of others into the user's cache, once,
# and prints the folder of each: `scripts/fixtures.sh gojq yq zlib`.
# Go programs come through the module proxy and its checksum database, zlib
# from the distribution's own source package, checked by apt.
set -eu
export GOTOOLCHAIN=local

cache=${XDG_CACHE_HOME:-$HOME/.cache}/wpk-dev/fixtures
mkdir -p "$cache"
tmp=$(mktemp -d "$cache/.tmp-XXXXXX")
trap 'rm -rf "$tmp"' EXIT

# keep SOURCE NAME: into its place in one step; another run may have been first.
keep() {
	chmod -R u+w "$1"
	mv -T "$1" "$cache/$2" 2>/dev/null || [ -d "$cache/$2" ]
}

# go_module NAME MODULE@VERSION: a writable copy, as a person's clone would be.
go_module() {
	json=$(cd "$tmp" && GOFLAGS='' GOWORK=off go mod download -json "$2") || {
		printf '%s\n' "$json" >&2
		return 1
	}
	cp -r "$(printf '%s\n' "$json" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",$/\1/p')" "$tmp/$1"
	keep "$tmp/$1" "$1@${2##*@}"
}

# debian_source NAME PACKAGE: the upstream part of a source package. The
# machine's own sources are asked for source packages in private folders, so
# neither root nor a change to the system is needed.
debian_source() {
	apt=$tmp/apt
	mkdir -p "$apt/sources" "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/get"
	# deb-src lines only; options such as signed-by stay as they are.
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
		[ -f "$file" ] || continue
		case $file in
		*.sources) sed 's/^Types:.*/Types: deb-src/' "$file" ;;
		*) sed -n 's/^deb[[:space:]]/deb-src /p' "$file" ;;
		esac >"$apt/sources/${file##*/}"
	done
	set -- "$1" "$2" -q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$apt/sources" \
		-o Dir::State="$apt" -o Dir::State::status=/dev/null -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=
	name=$1 package=$2
	shift 2
	# One source that cannot be reached is no reason to stop: the next says so.
	apt-get "$@" update >&2 || true
	(cd "$apt/get" && apt-get "$@" source --download-only --only-source "$package" >&2)
	mkdir "$tmp/$name"
	tar -xf "$apt/get/$package"_*.orig.tar.* --strip-components=1 -C "$tmp/$name"
	keep "$tmp/$name" "$name"
}

for name in "$@"; do
	case $name in
	gojq) place=gojq@v0.12.20 get='go_module gojq github.com/itchyny/gojq@v0.12.20' ;;
	yq) place=yq@v4.54.1 get='go_module yq github.com/mikefarah/yq/v4@v4.54.1' ;;
	zlib) place=zlib get='debian_source zlib zlib' ;;
	*)
		echo "usage: $0 gojq|yq|zlib ..." >&2
		exit 2
		;;
	esac
	if [ ! -d "$cache/$place" ]; then
		echo "fetching the sources of $name (once, into $cache/$place)" >&2
		$get
	fi
	echo "$cache/$place"
done
