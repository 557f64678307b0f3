#!/bin/sh
# Runs every fuzz test of the repository for FUZZTIME (10s) each: go test takes
# one fuzz test of one package at a time.
set -eu
export GOTOOLCHAIN=local

for package in $(go list ./...); do
	for name in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "== $package $name"
		go test -run '^$' -fuzz "^$name\$" -fuzztime "${FUZZTIME:-10s}" "$package"
	done
done
