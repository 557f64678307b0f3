#!/usr/bin/env bash
# Proves that `make demo` and `make test` are all that a fresh machine needs:
# a minimal Debian (or Ubuntu) in a folder, with git, make and this machine's Go
# and nothing else, runs them on a clone of the last commit.
#
#   sudo scripts/prove-fresh.sh [SUITE [FOLDER]]     (bookworm, a temporary folder)
#
# It needs root (a root folder, mounts in a namespace of their own), debootstrap,
# and about 4 GB. Package mirrors: debootstrap's default, or $MIRROR.
set -euo pipefail
cd "$(dirname "$0")/.."

suite=${1:-bookworm}
if [ "$(id -u)" != 0 ]; then
	echo "$0: needs root, for debootstrap and chroot" >&2
	exit 1
fi
if ! command -v debootstrap >/dev/null; then
	echo "$0: needs debootstrap: apt-get install debootstrap" >&2
	exit 1
fi
# A namespace of its own: its mounts end with it, however it ends.
if [ "${WPK_PROVE_NAMESPACE:-}" != 1 ]; then
	exec env WPK_PROVE_NAMESPACE=1 unshare --mount --propagation private "$0" "$@"
fi

root=${2:-$(mktemp -d)}
[ -n "${2:-}" ] || trap 'umount --lazy --recursive "$root" 2>/dev/null || true; rm -rf --one-file-system "$root"' EXIT
section() { printf '\n=== %s (%d s so far)\n' "$1" "$SECONDS"; }

section "a minimal $suite in $root"
[ -x "$root/usr/bin/git" ] ||
	debootstrap --variant=minbase --include=git,make,ca-certificates "$suite" "$root" ${MIRROR:+"$MIRROR"} >"$root.log" ||
	{ tail "$root.log" >&2; exit 1; }
rm -f "$root.log"

# How this machine reaches others is its own affair: names, proxies and
# certificates are lent to the root, packages and caches are not.
cp -L /etc/resolv.conf /etc/hosts "$root/etc/" 2>/dev/null || true
bundle=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
cp -L "$bundle" "$root/etc/ssl/certs/lent.crt"
lent=(SSL_CERT_FILE=/etc/ssl/certs/lent.crt)
for name in GIT_SSL_CAINFO CARGO_HTTP_CAINFO NODE_EXTRA_CA_CERTS PIP_CERT; do
	lent+=("$name=/etc/ssl/certs/lent.crt")
done
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
	[ -z "${!name:-}" ] || lent+=("$name=${!name}")
done
for name in GOPROXY GONOSUMDB GOSUMDB GONOPROXY GOPRIVATE; do
	lent+=("$name=$(go env "$name")")
done

rm -rf "$root/usr/local/go" "$root/root/wpk"
cp -a "$(go env GOROOT)" "$root/usr/local/go"
git clone -q --no-local . "$root/root/wpk"

# A mount of its own: programs that start here may leave by pivot_root only then.
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"

# inside USER COMMAND: in the fresh root, with a login's environment.
inside() {
	local home=/root
	[ "$1" = root ] || home=/home/$1
	chroot --userspec="$1:" "$root" env -i HOME="$home" PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		LANG=C.UTF-8 "${lent[@]}" sh -c "cd $home/wpk && $2"
}

id=somebody
grep -q "^$id:" "$root/etc/passwd" || chroot "$root" useradd -m "$id"
rm -rf "$root/home/$id/wpk"
cp -a "$root/root/wpk" "$root/home/$id/wpk"
chroot "$root" chown -R "$id:" "/home/$id/wpk"

if [ ! -e "$root/usr/bin/clang" ]; then
	section "a user who is neither root nor has sudo is told what to ask for"
	if out=$(inside "$id" "make demo" 2>&1); then
		echo "$0: make demo worked without its packages" >&2
		exit 1
	fi
	printf '%s\n' "$out"
	case $out in
	*apt-get*clang*) ;;
	*) echo "$0: the message does not name the packages" >&2; exit 1 ;;
	esac
fi
section "make demo, as root, from nothing"
inside root "make demo"
section "make test, as root"
inside root "CI=true make test"
section "make demo, as a user, the packages being there"
inside "$id" "make demo"
printf '\n=== %s: both commands are enough, proven in %d s\n' "$suite" "$SECONDS"
