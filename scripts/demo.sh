#!/usr/bin/env bash
# The main job from end to end on real input, printing each command before it
# runs: compile, inspect, run on seven architectures, push, pull elsewhere, run.
# Everything it makes lives in one temporary folder that it removes.
set -euo pipefail
cd "$(dirname "$0")/.."

tmp=$(mktemp -d)
server=
cleanup() {
	[ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
	chmod -R u+w "$tmp" && rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# The user's own store and caches are left alone.
export WPK_DATA_DIR=$tmp/store WPK_CACHE_DIR=$tmp/cache
PATH=$PWD/bin:$PATH

bold='' plain=''
[ ! -t 1 ] || { bold=$'\033[1m' plain=$'\033[0m'; }
step() { printf '\n%s# %s%s\n' "$bold" "$1" "$plain"; }
run() {
	printf '$ %s\n' "$*"
	"$@"
}

step "A registry on this machine, its content in a temporary folder"
printf '$ wpk registry serve --addr 127.0.0.1:0 &\n'
wpk registry serve --addr 127.0.0.1:0 --dir "$tmp/registry" 2>"$tmp/server.log" &
server=$!
for _ in $(seq 100); do
	registry=$(sed -n 's/.*serving on \(.*\)/\1/p' "$tmp/server.log")
	[ -n "$registry" ] && break
	kill -0 "$server" 2>/dev/null || break
	sleep 0.1
done
cat "$tmp/server.log"
[ -n "$registry" ]

step "A key to sign with, and a policy of who may have signed"
export WPK_PASSWORD=demo
run wpk key generate --output "$tmp/demo"
run wpk policy init "$tmp/policy.yaml" --key "$tmp/demo.pub" --image "$registry/demo/**" --require-smoke amd64,arm64,s390x

for language in go c; do
	ref=$registry/demo/$language-hello:1.0
	source=$language-hello/main.$language

	step "$language: from sources to one signed digest in the local store, with how it was made and what is inside"
	run wpk build "./testdata/$language-hello" -t "$ref" --sign --key "$tmp/demo.key" --attest slsaprovenance,spdx
	step "$language: what it is and who can run it"
	run wpk inspect "$ref"
	step "$language: the same digest on seven architectures, with a folder and a file of it"
	run wpk smoke "$ref" --dir ./testdata:/data -- "/data/$source"
	run wpk attest "store:$ref" --type test-result --key "$tmp/demo.key"
	step "$language: to the registry, and again: nothing is left to send"
	run wpk push "$ref"
	run wpk push "$ref"
	step "$language: who has signed it, and a policy that decides: where it ran counts, too"
	run wpk verify "$ref" --key "$tmp/demo.pub"
	run wpk policy check "$tmp/policy.yaml" "$ref"
	step "$language: verified, pulled into another, empty store, and run"
	run env WPK_DATA_DIR="$tmp/other" wpk pull "$ref" --policy "$tmp/policy.yaml"
	run env WPK_DATA_DIR="$tmp/other" wpk run --env GREETING=bonjour --dir ./testdata:/data "$ref" -- "/data/$source"
done

for language in python javascript; do
	case $language in python) short=python ;; javascript) short=js ;; esac
	ref=$registry/demo/$short-hello:1.0

	step "$language: the interpreter as a WebAssembly module, an artifact like any other"
	run wpk toolchain install "oci:$(scripts/runtimes.sh "$language")/layout:$language"
	step "$language: one module of program, packages and interpreter, started up already"
	run wpk build "./testdata/$short-hello" -t "$ref"
	step "$language: the same digest on three architectures"
	run wpk smoke "$ref" --arch amd64,arm64,s390x --stdin ./README.md
	step "$language: to the registry"
	run wpk push "$ref"
	run env WPK_DATA_DIR="$tmp/other" wpk pull "$ref"
	printf '$ echo one two | wpk run %s\n' "$ref"
	echo one two | wpk run "$ref"
done

step "One digest, whoever asks"
# Without the interpreters, which only the builder has.
programs() { wpk list | awk '/\/demo\// { print $1, $2 }'; }
here=$(programs)
there=$(WPK_DATA_DIR=$tmp/other programs)
printf '%s\n' "$here"
[ "$here" = "$there" ] || { printf 'the other store has\n%s\n' "$there" >&2; exit 1; }
printf '\ndemo: all of it worked\n'
