#!/bin/sh
# Installs the validators of SPDX and CycloneDX into the user's cache, once for
# each list of versions, and prints the folder: bin/python there has them.
# Tests use it; nothing of wpk does.
set -eu
cd "$(dirname "$0")/.."

list=internal/wpktest/sbom/requirements.txt
cache=${XDG_CACHE_HOME:-$HOME/.cache}/wpk-dev/python
place=$cache/sbom@$(sha256sum <"$list" | cut -c1-12)
if [ ! -x "$place/bin/python" ]; then
	command -v python3 >/dev/null 2>&1 || {
		echo "$0: python3 is not installed (apt: python3-venv)" >&2
		exit 1
	}
	echo "installing the validators of SBOMs (once, into $place)" >&2
	mkdir -p "$cache"
	# A virtual environment knows its own path, so that it is made in place; what
	# is cut off has no bin/python.
	rm -rf "$place"
	trap '[ -x "$place/bin/python" ] || rm -rf "$place"' EXIT
	python3 -m venv "$place" >&2
	mv "$place/bin/python" "$place/bin/python.new"
	"$place/bin/python3" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: -r "$list" >&2
	mv "$place/bin/python.new" "$place/bin/python"
fi
echo "$place"
