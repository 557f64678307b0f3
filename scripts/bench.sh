#!/usr/bin/env bash
# Prints a Markdown table of ratios, which mean the same on any machine: wpk
# against crane (start, push), against plain go build, and the smoke matrix
# against its cells one after another. RUNS=50 for steadier figures.
set -euo pipefail
cd "$(dirname "$0")/.."
export GOTOOLCHAIN=local

runs=${RUNS:-20}
tmp=$(mktemp -d)
server=
cleanup() {
	[ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
	rm -rf "$tmp"
}
trap cleanup EXIT
export WPK_DATA_DIR=$tmp/store WPK_CACHE_DIR=$tmp/cache
PATH=$PWD/bin:$(scripts/tools.sh crane):$PATH

# seconds [HYPERFINE OPTION...] COMMAND: the fastest of the runs, which other work on the machine disturbs least.
seconds() {
	hyperfine --style none --shell="${shell:-bash}" --warmup 2 --runs "$runs" --export-json "$tmp/time.json" "$@" >"$tmp/log" 2>&1 ||
		{ cat "$tmp/log" >&2; return 1; }
	sed -n 's/^ *"min": \([0-9.e-]*\),*$/\1/p' "$tmp/time.json"
}
row() { # row WHAT MEASURED-SECONDS OTHER-SECONDS OF-WHAT
	[ -n "$2" ] && [ -n "$3" ] || exit 1 # what was measured has failed, and said so
	awk -v what="$1" -v a="$2" -v b="$3" -v of="$4" \
		'BEGIN { printf "| %s | %.1f ms | %.1f ms | %.2f of %s |\n", what, a * 1000, b * 1000, a / b, of }'
}
megabytes() { awk -v n="$(wc -c <"$1")" 'BEGIN { printf "%.1f MB", n / 1e6 }'; }

wpk registry serve --addr 127.0.0.1:0 --dir "$tmp/registry" 2>"$tmp/server.log" &
server=$!
for _ in $(seq 100); do
	registry=$(sed -n 's/.*serving on \(.*\)/\1/p' "$tmp/server.log")
	[ -n "$registry" ] && break
	sleep 0.1
done
hello=$PWD/testdata/go-hello
ref=$registry/bench/hello:1
wpk build -q "$hello" -t "$ref" >/dev/null
wpk copy -q "store:$ref" "oci:$tmp/layout:1" >/dev/null

echo "| what | wpk | the other | ratio |"
echo "|---|---|---|---|"
# Without a shell, whose own start is as long.
row "start (\`version\`)" "$(shell=none seconds 'wpk version')" "$(shell=none seconds 'crane version')" "crane"
# A new repository for each push, so that each sends all of it.
row "push of a new universal image (32 objects)" \
	"$(seconds "wpk copy -q oci:$tmp/layout:1 $registry/bench/wpk-\$RANDOM\$RANDOM:1")" \
	"$(seconds "crane push --index $tmp/layout $registry/bench/crane-\$RANDOM\$RANDOM:1")" "crane push"
row "push of what is there already" \
	"$(seconds "wpk copy -q oci:$tmp/layout:1 $ref")" \
	"$(seconds "crane push --index $tmp/layout $ref")" "crane push"
compile="cd $hello && GOOS=wasip1 GOARCH=wasm CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w -buildid=' -o $tmp/plain.wasm ."
row "build and pack, nothing changed" "$(seconds "wpk build -q $hello -t $ref")" "$(seconds "$compile")" "go build"
# An edit that changes the module: what stays the same is not compressed again.
touched="mkdir -p $tmp/src && cp $hello/* $tmp/src/ && sed -i \"s/%d lines/%d lines \$RANDOM\$RANDOM/\" $tmp/src/main.go"
row "build and pack, one file changed" \
	"$(seconds --prepare "$touched" "wpk build -q $tmp/src -t $ref")" \
	"$(seconds --prepare "$touched" "${compile/cd $hello/cd $tmp/src}")" "go build"

# The same edit in C and in Rust, against the compiler that wpk has chosen.
edit() { # edit LANGUAGE FILE TEXT BARE-COMMAND: in $tmp/LANGUAGE, a copy of the sample
	mkdir -p "$tmp/$1" && cp -r "testdata/$1-hello/." "$tmp/$1"
	wpk build -q "$tmp/$1" -t "$ref" >/dev/null
	(cd "$tmp/$1" && eval "$4")
	local touched="sed -i \"s/$3[^,]*lines/$3 \$RANDOM\$RANDOM lines/\" $tmp/$1/$2"
	row "$1: build and pack, one file changed" \
		"$(seconds --prepare "$touched" "wpk build -q $tmp/$1 -t $ref")" \
		"$(seconds --prepare "$touched" "cd $tmp/$1 && $4")" "${5:-${4%% *}}"
}
wpk toolchain list --json >"$tmp/toolchains.json"
compiler() { sed -n "/\"name\": \"$1\"/,/}/s/.*\"path\": \"\(.*\)\".*/\1/p" "$tmp/toolchains.json" | head -n 1; }
if cc=$(compiler clang) && [ -n "$cc" ]; then
	edit c main.c %ld "$cc --target=wasm32-wasi -O2 -Iinclude main.c src/count.c -o $tmp/plain.wasm"
fi
if rustc=$(compiler rustc) && [ -n "$rustc" ]; then
	target=wasm32-wasip1
	"$rustc" --print target-list | grep -q "^$target$" || target=wasm32-wasi
	edit rust src/main.rs '{}' "env CARGO_TARGET_DIR=$tmp/cargo RUSTC=$rustc $(dirname "$rustc")/cargo build -q --release --target $target" cargo
fi

# Python: the interpreter's start-up is in the module, or happens at each run.
if python=$(scripts/runtimes.sh -n python); then
	wpk toolchain install -q "oci:$python/layout:python" >/dev/null
	wpk build -q testdata/python-hello -o "$tmp/snapshot.wasm" >/dev/null
	wpk build -q testdata/python-hello --no-snapshot --library all -o "$tmp/attached.wasm" >/dev/null
	input="<$tmp/toolchains.json"
	row "start of a Python program, against one that starts the interpreter up" \
		"$(seconds "wpk run $tmp/snapshot.wasm $input")" "$(seconds "wpk run $tmp/attached.wasm $input")" "--no-snapshot"
	row "the same, with nothing compiled to machine code" \
		"$(seconds "wpk run --engine interpreter $tmp/snapshot.wasm $input")" \
		"$(seconds "wpk run --engine interpreter $tmp/attached.wasm $input")" "--no-snapshot"

	# What one has without wpk: the interpreter, and its library and the program in folders that are mounted.
	plain=$(scripts/plain-python.sh)
	mounted="wpk run --dir $plain/lib:/usr/lib --dir testdata/python-hello/src:/src --env PYTHONHOME=/usr --env PYTHONPATH=/src"
	row "start of a Python program, against python.wasm and a mounted library" \
		"$(seconds "wpk run $tmp/snapshot.wasm $input")" \
		"$(seconds "$mounted --env PYTHONDONTWRITEBYTECODE=1 $plain/python.wasm $input -- -c 'from hello.cli import main; main()'")" "python.wasm"
	echo "| size of that module; of python.wasm and the library | $(megabytes "$tmp/snapshot.wasm") |" \
		"$(du -sbc --exclude=test --exclude=__pycache__ "$plain/python.wasm" "$plain/lib" | awk 'END { printf "%.1f MB", $1 / 1e6 }') | |"
fi

# The first matrix fills the caches; the second is measured. TOTAL is its own
# clock for each cell, in nanoseconds in JSON.
wpk smoke -q "$ref" >/dev/null
start=$(date +%s%N)
cells=$(wpk smoke -q --json "$ref" | tr ',{' '\n' | sed -n 's/^ *"total": *\([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n / 1e9 }')
row "smoke on seven architectures" "$(awk -v a="$start" -v b="$(date +%s%N)" 'BEGIN { print (b - a) / 1e9 }')" "$cells" "the sum of its cells"

CGO_ENABLED=0 go build -tags grpcnotrace -trimpath -buildvcs=false -ldflags='-s -w' -o "$tmp/wpk" ./cmd/wpk
echo "| stripped binary, without and with nine runners | $(megabytes "$tmp/wpk") | $(megabytes bin/wpk) | |"
echo "| crane, stripped | | $(megabytes "$(command -v crane)") | |"
