#!/bin/sh
# Installs moto, a server that speaks like AWS and signs with real keys, into the
# user's cache, and prints the path of its program. Tests of key services use it.
set -eu
version=5.2.5
dir=${XDG_CACHE_HOME:-$HOME/.cache}/wpk-dev/moto@$version
if [ ! -x "$dir/bin/moto_server" ]; then
	echo "installing moto $version (once, into $dir)" >&2
	rm -rf "$dir"
	python3 -m venv "$dir" || {
		echo "$0: needs python3 with venv: apt-get install python3-venv" >&2
		exit 3
	}
	"$dir/bin/pip" install -q --disable-pip-version-check "moto[server]==$version" >&2 || {
		rm -rf "$dir"
		exit 1
	}
fi
echo "$dir/bin/moto_server"
