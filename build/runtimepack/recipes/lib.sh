# shellcheck shell=sh
# What the recipes of all runtimes share: sourced by <language>/recipe.sh, which runs as `sh recipe.sh OUTDIR`.
# recipes/README.md tells what a recipe is given and what it leaves.

say() { echo "$*" >&2; }

# recipe_begin OUTDIR: sets $out, $work (private, removed at the end), $recipe (the language's folder), $recipes (the
# folder of this file) and $jobs, and makes everything that compilers look at the same on all machines.
recipe_begin() {
	out=$1
	recipe=$(cd "$(dirname "$0")" && pwd)
	# shellcheck disable=SC2034 # for the recipe
	recipes=$(dirname "$recipe")
	# shellcheck disable=SC2034
	jobs=${WPK_JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)}
	work=$(mktemp -d "${TMPDIR:-/tmp}/wpk-recipe-XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' INT TERM
	export LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=0
	umask 022
	unset CFLAGS CPPFLAGS CXXFLAGS LDFLAGS CPATH C_INCLUDE_PATH LIBRARY_PATH || true
	tab=$(printf '\t')
	: >"$out/metadata"
}

# fact KEY FIELD...: a line of the metadata.
fact() {
	line=$1
	shift
	for field; do line=$line$tab$field; done
	printf '%s\n' "$line" >>"$out/metadata"
}

# missing KIND NAME PURPOSE: gives up because this machine lacks something (kinds: tool, target, sysroot).
missing() {
	printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$out/missing"
	say "missing $1: $2 ($3)"
	exit 3
}

# need COMMAND PURPOSE
need() { command -v "$1" >/dev/null 2>&1 || missing tool "$1" "$2"; }

# find_wasi_cc: a clang that links a program for WASI. Sets $CC (words: the compiler with the arguments that make it
# compile for WASI), $clang (the compiler alone) and $clang_major.
find_wasi_cc() {
	printf '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n' >"$work/probe.c"
	for clang in "${WPK_CC:-}" "${WASI_SDK_PATH:+$WASI_SDK_PATH/bin/clang}" clang \
		clang-23 clang-22 clang-21 clang-20 clang-19 clang-18 clang-17 clang-16 clang-15 clang-14; do
		[ -n "$clang" ] || continue
		command -v "${clang%% *}" >/dev/null 2>&1 || continue
		for target in wasm32-wasi wasm32-wasip1; do
			CC="$clang --target=$target"
			$CC -o "$work/probe.wasm" "$work/probe.c" >/dev/null 2>&1 || continue
			wasi_headers
			clang_major=$($clang -dumpversion | cut -d. -f1)
			wasi_tools
			return
		done
		[ -z "${WPK_CC:-}" ] || break # a choice that does not do is not replaced
	done
	missing tool clang 'compiles C to WebAssembly, with lld, wasi-libc and the compiler-rt for wasm32'
}

# Debian's C library shares its prefix with the machine's own: clang would go on to search /usr/include, and find
# headers of libraries that are not there for WebAssembly.
wasi_headers() {
	libc=$($CC -print-file-name=libc.a)
	case $libc in
	/*) ;;
	*) return 0 ;;
	esac
	lib=$(dirname "$libc")
	include=$(cd "$lib/../../include/$(basename "$lib")" 2>/dev/null && pwd) || return 0
	if [ -f "$include/stdio.h" ] && [ -f "$(dirname "$include")/stdio.h" ]; then
		CC="$CC -nostdlibinc -isystem $include"
	fi
}

wasi_tools() {
	fact tool clang "$($clang -dumpversion)"
	fact tool wasm-ld "$("$($CC -print-prog-name=wasm-ld)" --version | sed 's/^[^0-9]*\([0-9.]*\).*/\1/')"
	libc=$(dpkg-query -W -f '${Version}' wasi-libc 2>/dev/null) || libc=
	fact tool wasi-libc "$libc"
}

# find_wasi_ar: sets $AR to an archiver that indexes WebAssembly objects. Call it after find_wasi_cc.
find_wasi_ar() {
	for AR in "$($CC -print-prog-name=llvm-ar)" "llvm-ar-$clang_major" llvm-ar; do
		command -v "$AR" >/dev/null 2>&1 && return
	done
	missing tool llvm-ar 'makes libraries of WebAssembly objects'
}

# debian_source NAME SUITE...: the upstream part of a Debian source package, unpacked, without Debian's patches. Sets
# $source_dir, $source_version (Debian's) and $source_debian (the archive with Debian's part). The archives are taken from
# the folder $WPK_SOURCE when they are there; else they are fetched from the first suite that has the package.
debian_source() {
	name=$1
	shift
	from=
	[ -z "${WPK_SOURCE:-}" ] || from=$(source_archive "$WPK_SOURCE" "$name")
	if [ -z "$from" ]; then
		for suite; do
			! fetch_source "$name" "$suite" || break
		done
		from=$(source_archive "$work/apt" "$name")
		[ -n "$from" ] || missing source "$name" "Debian's source package, from deb.debian.org with apt-get or in the folder WPK_SOURCE"
	fi
	upstream=${from##*/"${name}_"}
	upstream=${upstream%.orig.tar.*}
	source_debian=$(find "$(dirname "$from")" -name "${name}_$upstream-*.debian.tar.*" | sort -V | tail -n 1)
	source_version=${source_debian##*/"${name}_"}
	source_version=${source_version%.debian.tar.*}
	source_dir=$work/$name
	mkdir "$source_dir"
	# Most archives hold one folder; some have their files at the top.
	strip=$(tar -tf "$from" | sed 's|^\./||; s|/.*||' | grep . | sort -u | wc -l)
	[ "$strip" = 1 ] || strip=0
	tar -xf "$from" --strip-components="$strip" -C "$source_dir"
	for archive in "$from" ${source_debian:+"$source_debian"}; do
		fact source "$name" "${source_version:-$upstream}" "sha256:$(sha256sum "$archive" | cut -d' ' -f1)" \
			"pkg:deb/debian/$name@$(printf '%s' "${source_version:-$upstream}" | sed 's/+/%2B/g; s/~/%7E/g')?arch=source" "$(basename "$archive")"
	done
	say "$name ${source_version:-$upstream}"
}

source_archive() { find "$1" -name "$2_*.orig.tar.*" ! -name '*.asc' 2>/dev/null | sort -V | tail -n 1; }

# fetch_source NAME SUITE: apt with folders of its own: it needs no root and changes nothing on the system. The list of
# the suite's sources is signed; each archive must have the digest that it says.
fetch_source() {
	need apt-get "fetches Debian's sources; or put them into the folder WPK_SOURCE"
	apt=$work/apt/$2
	if [ ! -d "$apt" ]; then
		mkdir -p "$apt/sources" "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/get"
		keyring=/usr/share/keyrings/debian-archive-keyring.gpg
		[ -f "$keyring" ] || missing tool debian-archive-keyring "the keys that Debian's sources are signed with"
		printf 'Types: deb-src\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' \
			"$(debian_mirror)" "$2" "$keyring" >"$apt/sources/debian.sources"
		private_apt apt-get update >&2 || return 1
	fi
	private_apt apt-get source --print-uris --only-source "$1" >"$apt/uris" || return 1
	sed -n "s/^'\([^']*\)' \([^ ]*\.\(orig\|debian\)\.tar\.[a-z0-9]*\) [0-9]* \(SHA256:[0-9a-f]*\)\$/\1 \2 \4/p" "$apt/uris" >"$apt/archives"
	while read -r uri archive digest; do
		private_apt /usr/lib/apt/apt-helper download-file "$uri" "$apt/get/.part" "$digest" >&2 || return 1
		mv "$apt/get/.part" "$apt/get/$archive"
	done <"$apt/archives"
}

private_apt() {
	command=$1
	shift
	"$command" -q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$apt/sources" -o Dir::State="$apt" \
		-o Dir::State::status=/dev/null -o Dir::Cache="$apt/cache" -o APT::Sandbox::User= -o Acquire::Retries=3 "$@"
}

# The mirror that this machine uses, if it uses Debian at all.
debian_mirror() {
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
		sed -n 's|^URIs: *\(http[^ ]*/debian\)/* *$|\1|p; s|^deb .*\(http[^ ]*/debian\)/* .*|\1|p' | head -n 1 | grep . ||
		echo http://deb.debian.org/debian
}

# licence NAME FILE...
licence() {
	mkdir -p "$out/licences/$1"
	to=$out/licences/$1
	shift
	cp "$@" "$to/"
	chmod 644 "$to"/*
}
