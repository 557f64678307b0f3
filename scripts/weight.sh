#!/usr/bin/env bash
# Fails when wpk has become heavier than it may be. Size and start-up are lost
# a package at a time, and nobody sees which one it was.
set -euo pipefail
cd "$(dirname "$0")/.."
export GOTOOLCHAIN=local CGO_ENABLED=0

limit=32000000 # bytes of the stripped binary, without the runners
tags=grpcnotrace
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=
complain() { echo "weight: $*" >&2; failed=1; }

# Types of Kubernetes serve tests only. gob prepares itself at each start: the
# clients of Sigstore's logs bring it along, nothing of ours should.
if go list -deps -tags "$tags" ./cmd/wpk | grep -E '^k8s\.io/(api|apimachinery)/' >"$tmp/found"; then
	complain "wpk links $(head -n 1 "$tmp/found")"
fi
if go list -f '{{.ImportPath}} imports {{join .Imports " "}}' ./... | grep -wF encoding/gob >"$tmp/found"; then
	complain "$(cut -d ' ' -f 1 "$tmp/found" | head -n 1) imports encoding/gob"
fi

# A method that is looked up by a name which is not a constant makes the linker
# keep every exported method of every type: a third of the binary.
go build -tags "$tags" -trimpath -buildvcs=false -ldflags='-s -w -dumpdep' -o "$tmp/wpk" ./cmd/wpk 2>"$tmp/dependencies"
grep -q '^main\.main ' "$tmp/dependencies" || complain "the linker has listed no dependencies"
if grep '<ReflectMethod>' "$tmp/dependencies" >"$tmp/found"; then
	complain "methods are looked up by name: $(head -n 1 "$tmp/found")"
fi

size=$(wc -c <"$tmp/wpk")
echo "stripped binary: $size bytes"
[ "$size" -le "$limit" ] || complain "the limit is $limit bytes"
[ -z "$failed" ]
