#!/bin/sh
# Installs the validators of SPDX and CycloneDX into the user's cache, once for
# each list of versions, and prints the folder: python3 finds them there by
# PYTHONPATH. Tests use it; nothing of wpk does.
set -eu
cd "$(dirname "$0")/.."

list=internal/wpktest/sbom/requirements.txt
cache=${XDG_CACHE_HOME:-$HOME/.cache}/wpk-dev/python
place=$cache/sbom-$(sha256sum <"$list" | cut -c1-12)
usable() { PYTHONPATH=$place python3 -c 'import cyclonedx, spdx_tools' 2>/dev/null; }

# Some of them are compiled for one version of Python, and that may have changed.
if ! usable; then
	pip=pip3
	command -v pip3 >/dev/null 2>&1 || pip='python3 -m pip'
	echo "installing the validators of SBOMs (once, into $place)" >&2
	mkdir -p "$cache"
	tmp=$(mktemp -d "$cache/.tmp-XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	trap 'exit 130' INT TERM
	$pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --target "$tmp/sbom" -r "$list" >&2
	rm -rf "$place"
	mv "$tmp/sbom" "$place"
	usable || {
		echo "$0: what was installed cannot be imported" >&2
		exit 1
	}
fi
echo "$place"
